//! The tables of a simulation, and the rows of each.

use embedding_norms_lab::claim::Claim;
use embedding_norms_lab::table::{Table, TableError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::simulations::stated::Stated;

/// A row of a table: its fields are the columns, in their order.
pub trait Row: Serialize + DeserializeOwned {
    /// The table that holds rows of this kind; the main one has the empty name.
    const TABLE: &'static str;
}
/// The tables of a simulation, the main one with the empty name, and what its claims say of them once that is known.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    all: Vec<(String, Table)>,
    stated: Stated,
}

impl FromIterator<(String, Table)> for Tables {
    fn from_iter<I: IntoIterator<Item = (String, Table)>>(tables: I) -> Self {
        Self { all: tables.into_iter().collect(), stated: Stated::default() }
    }
}

impl Tables {
    /// The table of this name.
    pub fn get(&self, name: &str) -> Result<&Table, TableError> {
        self.find(name).ok_or_else(|| TableError::MissingTable {
            wanted: name.to_owned(),
            present: self.all.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", "),
        })
    }

    /// The rows of one kind.
    pub fn rows<R: Row>(&self) -> Result<Vec<R>, TableError> {
        self.get(R::TABLE)?.typed()
    }

    /// Adds rows of one kind as a table of their own: the main one before all others, any other behind them.
    pub fn push_rows<R: Row>(&mut self, rows: &[R]) -> Result<(), TableError> {
        let table = Table::from_rows(rows)?;
        let place = if R::TABLE.is_empty() { 0 } else { self.all.len() };
        self.all.insert(place, (R::TABLE.to_owned(), table));
        Ok(())
    }

    /// The table of this name, if it is there.
    pub fn find(&self, name: &str) -> Option<&Table> {
        self.all.iter().find(|(present, _)| present == name).map(|(_, table)| table)
    }

    /// All tables with their names.
    pub fn each(&self) -> impl Iterator<Item = (&str, &Table)> {
        self.all.iter().map(|(name, table)| (name.as_str(), table))
    }

    /// The same tables with the claims of their run.
    pub fn with_claims(self, claims: Vec<Claim>) -> Self {
        Self { stated: claims.into(), ..self }
    }

    /// What the claims say.
    pub fn stated(&self) -> &Stated {
        &self.stated
    }

    /// The rows of one kind; none where there is no such table.
    pub fn rows_if_any<R: Row>(&self) -> Result<Vec<R>, TableError> {
        self.find(R::TABLE).map_or(Ok(Vec::new()), Table::typed)
    }

    /// Takes out the rows of one kind, which only other tables are made of.
    pub fn take<R: Row>(&mut self) -> Result<Vec<R>, TableError> {
        let rows = self.rows()?;
        self.all.retain(|(name, _)| name != R::TABLE);
        Ok(rows)
    }
}
