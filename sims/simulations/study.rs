//! Studies: the kinds of work of a simulation, each with its settings, its cost and its rows.
//!
//! A row is a struct whose fields are the columns of a table. A study is one kind of cell: what it costs, and the rows
//! that a replicate of it finds. A [`Plan`] lists the studies of a simulation in the order of their cells.

use embedding_norms_lab::sweep::{Cell, Unit, UnitContext, exact};
use embedding_norms_lab::table::Table;
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

pub use super::tables::Row;
use super::tables::Tables;
use crate::cli::failure::Failure;

/// One kind of work. What `Serialize` writes is the identity of the cell and names its random numbers, so everything that
/// can change a result belongs in it, and nothing else.
pub trait Study: Serialize + Send + Sync + 'static {
    /// What a replicate finds: a `Vec` of one kind of rows, or a tuple of several.
    type Rows: Rows;

    /// A few words that distinguish this cell from the others.
    fn label(&self) -> String;

    /// Nanoseconds of one replicate, roughly.
    fn cost(&self) -> f64;

    /// Does one replicate.
    fn run(&self, unit: &mut Context<'_>) -> Result<Self::Rows, Failure>;
}

/// What a replicate is given: its number, its random numbers, and whether it should stop.
pub type Context<'a> = UnitContext<'a, Work>;

/// The rows of one replicate as JSON, a list for each table of its study.
pub type Found = Vec<Box<RawValue>>;

/// Rows for one table or several.
pub trait Rows {
    /// The tables that the rows go to, without rows.
    fn tables() -> Vec<(&'static str, Table)>;

    /// The rows of each table.
    ///
    /// # Errors
    /// A number that is not finite.
    fn encode(&self) -> Result<Found, Failure>;
}

impl<R: Row> Rows for Vec<R> {
    fn tables() -> Vec<(&'static str, Table)> {
        vec![(R::TABLE, Table::of_rows::<R>())]
    }

    fn encode(&self) -> Result<Found, Failure> {
        exact(self)?;
        Ok(vec![to_raw_value(self)?])
    }
}

impl<A: Rows, B: Rows> Rows for (A, B) {
    fn tables() -> Vec<(&'static str, Table)> {
        [A::tables(), B::tables()].concat()
    }

    fn encode(&self) -> Result<Found, Failure> {
        Ok([self.0.encode()?, self.1.encode()?].into_iter().flatten().collect())
    }
}

/// The cells of a simulation and the tables that they fill.
#[derive(Default)]
pub struct Plan {
    cells: Vec<Work>,
    tables: Vec<(&'static str, Table)>,
}

/// A cell: a study, under the name of its kind where a simulation has several kinds.
pub struct Work {
    study: Box<dyn Erased>,
    settings: Value,
}

impl Plan {
    /// Adds cells whose settings determine their kind, or that are the only kind.
    pub fn cells<S: Study>(self, studies: impl IntoIterator<Item = S>) -> Result<Self, Failure> {
        self.add(studies, |settings| settings)
    }

    /// Adds cells of one of several kinds, whose name becomes part of their identity.
    pub fn kind<S: Study>(self, name: &str, studies: impl IntoIterator<Item = S>) -> Result<Self, Failure> {
        self.add(studies, |settings| json!({ name: settings }))
    }

    fn add<S: Study>(
        mut self,
        studies: impl IntoIterator<Item = S>,
        identity: impl Fn(Value) -> Value,
    ) -> Result<Self, Failure> {
        for (name, table) in S::Rows::tables() {
            if !self.tables.iter().any(|(known, _)| *known == name) {
                self.tables.push((name, table));
            }
        }
        for study in studies {
            exact(&study)?;
            let settings = identity(serde_json::to_value(&study)?);
            self.cells.push(Work { study: Box::new(study), settings });
        }
        Ok(self)
    }

    /// The cells, without the tables.
    pub fn into_cells(self) -> Vec<Work> {
        self.cells
    }

    /// Puts the results into tables, in the order of cells and replicates.
    pub fn tables(&self, found: impl IntoIterator<Item = (Unit, Found)>) -> Result<Tables, Failure> {
        let mut tables = self.tables.clone();
        for (unit, lists) in found {
            for (name, rows) in self.cells[unit.cell].study.tables().into_iter().zip(lists) {
                let table = tables.iter_mut().find(|(known, _)| *known == name);
                table.expect("a plan has the tables of its studies").1.extend_json(rows.get())?;
            }
        }
        Ok(tables.into_iter().map(|(name, table)| (name.to_owned(), table)).collect())
    }
}

impl Work {
    /// Does one replicate of the study.
    pub fn run(unit: &mut Context<'_>) -> Result<Found, Failure> {
        unit.cell.study.run(unit)
    }
}

impl Serialize for Work {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.settings.serialize(serializer)
    }
}

impl Cell for Work {
    fn label(&self) -> String {
        self.study.label()
    }

    fn cost(&self) -> f64 {
        self.study.cost()
    }
}

/// A study of any kind.
trait Erased: Send + Sync {
    fn label(&self) -> String;
    fn cost(&self) -> f64;
    fn tables(&self) -> Vec<&'static str>;
    fn run(&self, unit: &mut Context<'_>) -> Result<Found, Failure>;
}

impl<S: Study> Erased for S {
    fn label(&self) -> String {
        Study::label(self)
    }

    fn cost(&self) -> f64 {
        Study::cost(self)
    }

    fn tables(&self) -> Vec<&'static str> {
        S::Rows::tables().into_iter().map(|(name, _)| name).collect()
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Found, Failure> {
        Study::run(self, unit)?.encode()
    }
}

/// Booleans as 0 and 1.
pub mod digit {
    use serde::{Deserialize, Deserializer, Serializer};

    /// 0 or 1.
    pub fn serialize<S: Serializer>(value: &bool, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(u8::from(*value))
    }

    /// False for 0.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
        Ok(u8::deserialize(deserializer)? != 0)
    }
}

/// The name that a variant without fields has in tables.
pub fn name_of(variant: &impl Serialize) -> String {
    let name = serde_json::to_value(variant).ok();
    name.as_ref().and_then(Value::as_str).expect("a variant without fields is written as its name").to_owned()
}

/// Booleans as "yes" and "no".
pub mod yes_no {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    /// "yes" or "no".
    pub fn serialize<S: Serializer>(value: &bool, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(if *value { "yes" } else { "no" })
    }

    /// One of the two, and nothing else.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "yes" => Ok(true),
            "no" => Ok(false),
            other => Err(D::Error::unknown_variant(other, &["yes", "no"])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, serde::Deserialize)]
    struct Answers {
        #[serde(with = "digit")]
        digit: bool,
        #[serde(with = "yes_no")]
        word: bool,
    }

    #[test]
    fn booleans_are_read_as_they_are_written() {
        let rows = [Answers { digit: true, word: false }, Answers { digit: false, word: true }];
        let mut table = Table::of_rows::<Answers>();
        table.extend(&rows).unwrap();
        assert_eq!(table.to_csv().unwrap(), "digit,word\n1,no\n0,yes\n");
        assert_eq!(table.typed::<Answers>().unwrap(), rows);
        let doubtful = Table::read_csv("digit,word\n1,maybe\n".as_bytes()).unwrap();
        assert!(doubtful.typed::<Answers>().unwrap_err().to_string().contains("maybe"));
    }
}
