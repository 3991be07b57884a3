//! Tidy rows: what a simulation found, one row per cell and replicate, and nothing about how it was found.
//!
//! A table is the wall between computing and showing: figures and fits are made from the table alone, so each can be
//! made again without simulating. CSV and JSON hold the same values; numbers are written in the shortest form that
//! reads back to the same bits, and a missing value is an empty field (JSON `null`), never 0.

mod rows;
pub mod spaced;

use std::io::{Read, Write};

use serde::{Deserialize, Serialize};

/// One field of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Nothing was measured, or the value has no meaning here.
    Missing,
    /// A count or an index.
    Integer(i64),
    /// A real number. Not-a-number and infinities are stored as missing.
    Real(f64),
    /// A name.
    Text(String),
}

impl Value {
    /// The number in this field: `None` if it is missing or a name.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Integer(value) => Some(*value as f64),
            Self::Real(value) => Some(*value),
            Self::Missing | Self::Text(_) => None,
        }
    }

    /// The field as it stands in a CSV file.
    pub fn field(&self) -> String {
        match self {
            Self::Missing => String::new(),
            Self::Integer(value) => value.to_string(),
            Self::Real(value) => shortest(*value),
            Self::Text(value) => value.clone(),
        }
    }

    fn parse(field: &str) -> Self {
        if field.is_empty() {
            Self::Missing
        } else if let Ok(value) = field.parse() {
            Self::Integer(value)
        } else {
            match field.parse::<f64>() {
                Ok(value) if value.is_finite() => Self::Real(value),
                Ok(_) => Self::Missing,
                Err(_) => Self::Text(field.to_owned()),
            }
        }
    }
}

/// The shortest decimal that reads back to the same bits, in scientific notation where that is shorter to read.
fn shortest(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude == 0.0 || (1e-5..1e16).contains(&magnitude) { value.to_string() } else { format!("{value:e}") }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        if value.is_finite() { Self::Real(value) } else { Self::Missing }
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        i64::try_from(value).map_or(Self::Real(value as f64), Self::Integer)
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        i64::try_from(value).map_or(Self::Real(value as f64), Self::Integer)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Missing, Into::into)
    }
}

/// What can be wrong with a table.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// A column that a figure or a fit needs is not there.
    #[error("the table has no column '{wanted}'; it has {present}")]
    MissingColumn {
        /// The name asked for.
        wanted: String,
        /// The names that are there.
        present: String,
    },
    /// A table that a figure or a fit needs is not there.
    #[error("there is no table '{wanted}'; there are {present}")]
    MissingTable {
        /// The name asked for.
        wanted: String,
        /// The names that are there.
        present: String,
    },
    /// A field that should hold a number does not.
    #[error("row {row}, column '{column}': expected a number, found '{found}'")]
    NotANumber {
        /// The row, counted from 1 without the header.
        row: usize,
        /// The column.
        column: String,
        /// What stands there.
        found: String,
    },
    /// A row is longer or shorter than the header.
    #[error("row {row} has {found} fields, the header has {expected}")]
    WrongWidth {
        /// The row, counted from 1 without the header.
        row: usize,
        /// Fields in the header.
        expected: usize,
        /// Fields in the row.
        found: usize,
    },
    /// A row does not hold what its columns should.
    #[error("row {row}{place}: {reason}")]
    Row {
        /// The row, counted from 1 without the header.
        row: usize,
        /// The column, where it is known.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// The file is not CSV, or could not be read or written.
    #[error("cannot read or write the table as CSV: {0}")]
    Csv(#[from] csv::Error),
    /// The writer failed.
    #[error("cannot write the table: {0}")]
    Write(#[from] std::io::Error),
}

/// Named columns and rows of values.
///
/// ```
/// use embedding_norms_lab::table::{Table, Value};
/// let mut table = Table::new(&["norm", "steps"]);
/// table.push([Value::from(0.5), Value::from(24_usize)]);
/// table.push([Value::from(1.0), Value::Missing]);
/// assert_eq!(table.numbers("norm")?, vec![Some(0.5), Some(1.0)]);
/// assert_eq!(table.to_csv()?, "norm,steps\n0.5,24\n1,\n");
/// # Ok::<(), embedding_norms_lab::table::TableError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
}

impl Table {
    /// An empty table with these columns.
    pub fn new(columns: &[&str]) -> Self {
        Self { columns: columns.iter().map(|&name| name.to_owned()).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    ///
    /// # Panics
    /// If the row does not have one value per column: a mistake of the caller, not of the data.
    pub fn push(&mut self, row: impl IntoIterator<Item = Value>) {
        let row: Vec<Value> = row.into_iter().collect();
        assert_eq!(row.len(), self.columns.len(), "a row has one value per column");
        self.rows.push(row);
    }

    /// The names of the columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The rows, in the order in which they were added.
    pub fn rows(&self) -> &[Vec<Value>] {
        &self.rows
    }

    /// The place of a column.
    ///
    /// # Errors
    /// [`TableError::MissingColumn`] if there is none of that name.
    pub fn position(&self, column: &str) -> Result<usize, TableError> {
        self.columns
            .iter()
            .position(|name| name == column)
            .ok_or_else(|| TableError::MissingColumn { wanted: column.to_owned(), present: self.columns.join(", ") })
    }

    /// A column of numbers; `None` where a value is missing.
    ///
    /// # Errors
    /// A missing column, or a name where a number should stand.
    pub fn numbers(&self, column: &str) -> Result<Vec<Option<f64>>, TableError> {
        let position = self.position(column)?;
        self.rows.iter().enumerate().map(|(index, row)| number_or_missing(row, index, position, column)).collect()
    }

    /// A column of names, as they stand in the file.
    ///
    /// # Errors
    /// A missing column.
    pub fn texts(&self, column: &str) -> Result<Vec<String>, TableError> {
        let position = self.position(column)?;
        Ok(self.rows.iter().map(|row| row[position].field()).collect())
    }

    /// Writes the table as CSV with a header line.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn write_csv(&self, writer: impl Write) -> Result<(), TableError> {
        let mut writer = csv::Writer::from_writer(writer);
        writer.write_record(&self.columns)?;
        for row in &self.rows {
            writer.write_record(row.iter().map(Value::field))?;
        }
        Ok(writer.flush()?)
    }

    /// The table as CSV text.
    ///
    /// # Errors
    /// As for [`Table::write_csv`].
    pub fn to_csv(&self) -> Result<String, TableError> {
        let mut bytes = Vec::new();
        self.write_csv(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Reads a table from CSV with a header line; lines that begin with `#` are skipped.
    ///
    /// # Errors
    /// A row of another width than the header, or what the reader reports.
    pub fn read_csv(reader: impl Read) -> Result<Self, TableError> {
        let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).flexible(true).from_reader(reader);
        let columns: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
        let mut rows = Vec::new();
        for (index, record) in reader.records().enumerate() {
            let record = record?;
            if record.len() != columns.len() {
                return Err(TableError::WrongWidth { row: index + 1, expected: columns.len(), found: record.len() });
            }
            rows.push(record.iter().map(Value::parse).collect());
        }
        Ok(Self { columns, rows })
    }
}

fn number_or_missing(row: &[Value], index: usize, position: usize, column: &str) -> Result<Option<f64>, TableError> {
    match &row[position] {
        Value::Text(found) => {
            Err(TableError::NotANumber { row: index + 1, column: column.to_owned(), found: found.clone() })
        }
        value => Ok(value.number()),
    }
}
