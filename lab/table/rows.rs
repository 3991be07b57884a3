//! Rows as structs: the fields of a struct are the columns of a table.

use csv::StringRecord;
use serde::de::value::Error;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde::{Serialize, forward_to_deserialize_any};
use serde_json::{Map, Value as Json};

use super::{Table, TableError, Value};

impl Table {
    /// A table whose columns are the fields of `R`, with these rows.
    ///
    /// ```
    /// use embedding_norms_lab::table::Table;
    /// #[derive(serde::Serialize, serde::Deserialize, Debug, PartialEq)]
    /// struct Row {
    ///     norm: f64,
    ///     steps: Option<u64>,
    /// }
    /// let rows = [Row { norm: 0.5, steps: Some(24) }, Row { norm: 1.0, steps: None }];
    /// let table = Table::from_rows(&rows)?;
    /// assert_eq!(table.to_csv()?, "norm,steps\n0.5,24\n1,\n");
    /// assert_eq!(table.typed::<Row>()?, rows);
    /// # Ok::<(), embedding_norms_lab::table::TableError>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Table::extend`].
    ///
    /// # Panics
    /// As for [`Table::of_rows`].
    pub fn from_rows<R: Serialize + DeserializeOwned>(rows: &[R]) -> Result<Self, TableError> {
        let mut table = Self::of_rows::<R>();
        table.extend(rows)?;
        Ok(table)
    }

    /// An empty table whose columns are the fields of `R`.
    ///
    /// # Panics
    /// If `R` is not a struct with named fields: a mistake of the caller, not of the data.
    pub fn of_rows<R: DeserializeOwned>() -> Self {
        let columns = fields::<R>();
        assert!(!columns.is_empty(), "a row is a struct with named fields");
        Self::new(columns)
    }

    /// Adds rows.
    ///
    /// # Errors
    /// [`TableError::Row`] if a row has other fields than the table has columns.
    pub fn extend<R: Serialize>(&mut self, rows: &[R]) -> Result<(), TableError> {
        rows.iter().try_for_each(|row| self.push_json(serde_json::to_value(row).map_err(|error| self.odd(&error))?))
    }

    /// Adds rows that were written as a JSON list of objects.
    ///
    /// # Errors
    /// [`TableError::Row`] as for [`Table::extend`].
    pub fn extend_json(&mut self, text: &str) -> Result<(), TableError> {
        let rows: Vec<Json> = serde_json::from_str(text).map_err(|error| self.odd(&error))?;
        rows.into_iter().try_for_each(|row| self.push_json(row))
    }

    /// All rows as structs. A missing value is `None`.
    ///
    /// # Errors
    /// [`TableError::MissingColumn`] or [`TableError::Row`].
    pub fn typed<R: DeserializeOwned>(&self) -> Result<Vec<R>, TableError> {
        fields::<R>().iter().try_for_each(|column| self.position(column).map(drop))?;
        let header = StringRecord::from(self.columns.clone());
        let row = |(index, row): (usize, &Vec<Value>)| {
            let record: StringRecord = row.iter().map(Value::field).collect();
            record.deserialize(Some(&header)).map_err(|error| self.misfit(index, &error))
        };
        self.rows.iter().enumerate().map(row).collect()
    }

    fn push_json(&mut self, row: Json) -> Result<(), TableError> {
        let Json::Object(fields) = row else { return Err(self.odd(&"not an object")) };
        if !fields.keys().eq(&self.columns) {
            return Err(self.odd(&format!("its fields are {}", names(&fields))));
        }
        self.rows.push(fields.into_iter().map(|(_, value)| field(value)).collect());
        Ok(())
    }

    fn odd(&self, reason: &impl ToString) -> TableError {
        TableError::Row { row: self.rows.len() + 1, place: String::new(), reason: reason.to_string() }
    }

    fn misfit(&self, index: usize, error: &csv::Error) -> TableError {
        let row = index + 1;
        let csv::ErrorKind::Deserialize { err, .. } = error.kind() else {
            return TableError::Row { row, place: String::new(), reason: error.to_string() };
        };
        let column = err.field().and_then(|at| self.columns.get(at as usize));
        let place = column.map_or_else(String::new, |column| format!(", column '{column}'"));
        let found = err.field().and_then(|at| self.rows[index].get(at as usize)).map(|value| match value {
            Value::Missing => "no value".to_owned(),
            value => format!("found '{}'", value.field()),
        });
        let reason = [Some(err.kind().to_string()), found].into_iter().flatten().collect::<Vec<_>>().join(", ");
        TableError::Row { row, place, reason }
    }
}

fn names(fields: &Map<String, Json>) -> String {
    fields.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn field(value: Json) -> Value {
    match value {
        Json::Null => Value::Missing,
        Json::Bool(value) => Value::Text(value.to_string()),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Value::Integer(integer),
            (None, real) => Value::from(real),
        },
        Json::String(text) => Value::Text(text),
        list => Value::Text(list.to_string()),
    }
}

/// The names of the fields of a struct, in their order.
fn fields<R: DeserializeOwned>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    // Ends in an error by design: only the requested fields matter.
    let _ = R::deserialize(Asked(&mut names));
    names
}

/// A deserializer that records which fields are requested, and has no values.
struct Asked<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Asked<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(Error::custom("not a struct"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        Err(Error::custom("only asked"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
