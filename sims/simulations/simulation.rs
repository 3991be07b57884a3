//! What a simulation is to the command: settings, cells, work, tables, claims, figures.

use embedding_norms::lab::claim::Claim;
use embedding_norms::lab::figure::Figure;
use embedding_norms::lab::sweep::{Cell, Unit, UnitContext};
use embedding_norms::lab::table::{Table, TableError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::study::{Found, Plan, Row, Work};
use crate::cli::failure::Failure;
use crate::simulations::stated::Stated;

/// A simulation. The implementing type is its settings, which are also its options on the command line.
pub trait Simulation: clap::Args + Serialize + DeserializeOwned + Sync + 'static {
    /// The name on the command line and of the files.
    const NAME: &'static str;
    /// What it shows, in one line.
    const ABOUT: &'static str;
    /// Examples for its help.
    const EXAMPLES: &'static str;
    /// The statements that it speaks to.
    const STATEMENTS: &'static [&'static str];
    /// How many replicates its claims need.
    const REPLICATES: u64;
    /// The options that `--quick` stands for.
    const QUICK: &'static [&'static str];
    /// The options that `--full` stands for.
    const FULL: &'static [&'static str];

    /// The settings of one piece of work.
    type Cell: Cell;
    /// What a piece of work finds.
    type Finding: Serialize + DeserializeOwned + Send;

    /// The pieces of work.
    fn cells(&self) -> Result<Vec<Self::Cell>, Failure>;

    /// Does one replicate of one piece.
    fn simulate(unit: &mut UnitContext<'_, Self::Cell>) -> Result<Self::Finding, Failure>;

    /// Lays what was found out as tidy tables.
    fn tables(&self, cells: &[Self::Cell], found: Vec<(Unit, Self::Finding)>) -> Result<Tables, Failure>;

    /// Holds the tables against the statements. `replicates` is how many there are of each cell.
    fn claims(&self, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure>;

    /// Draws the figures, by part (the empty name is the main one), from the tables alone. A number that a claim states is
    /// taken from [`Tables::stated`] and not computed again.
    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure>;

    /// Draws the frames of looping animations, by part, from the tables alone. Most simulations have none.
    fn animations(_tables: &Tables) -> Result<Vec<(&'static str, Vec<Figure>)>, Failure> {
        Ok(Vec::new())
    }
}

/// A simulation as a plan of studies. The implementing type is its settings, which are also its options on the command
/// line.
pub trait Planned: clap::Args + Serialize + DeserializeOwned + Sync + 'static {
    /// The name on the command line and of the files.
    const NAME: &'static str;
    /// What it shows, in one line.
    const ABOUT: &'static str;
    /// Examples for its help.
    const EXAMPLES: &'static str;
    /// The statements that it speaks to.
    const STATEMENTS: &'static [&'static str];
    /// How many replicates its claims need.
    const REPLICATES: u64;
    /// The options that `--quick` stands for.
    const QUICK: &'static [&'static str];
    /// The options that `--full` stands for.
    const FULL: &'static [&'static str];

    /// The work to do.
    fn plan(&self) -> Result<Plan, Failure>;

    /// Adds the tables that follow from those that the studies filled. Most simulations have none.
    fn derive(&self, _tables: &mut Tables) -> Result<(), Failure> {
        Ok(())
    }

    /// Holds the tables against the statements. `replicates` is how many there are of each cell.
    fn claims(&self, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure>;

    /// Draws the figures, by part (the empty name is the main one), from the tables alone.
    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure>;

    /// Draws the frames of looping animations, by part, from the tables alone. Most simulations have none.
    fn animations(_tables: &Tables) -> Result<Vec<(&'static str, Vec<Figure>)>, Failure> {
        Ok(Vec::new())
    }
}

impl<P: Planned> Simulation for P {
    const NAME: &'static str = P::NAME;
    const ABOUT: &'static str = P::ABOUT;
    const EXAMPLES: &'static str = P::EXAMPLES;
    const STATEMENTS: &'static [&'static str] = P::STATEMENTS;
    const REPLICATES: u64 = P::REPLICATES;
    const QUICK: &'static [&'static str] = P::QUICK;
    const FULL: &'static [&'static str] = P::FULL;

    type Cell = Work;
    type Finding = Found;

    fn cells(&self) -> Result<Vec<Work>, Failure> {
        Ok(self.plan()?.into_cells())
    }

    fn simulate(unit: &mut UnitContext<'_, Work>) -> Result<Found, Failure> {
        Work::run(unit)
    }

    fn tables(&self, _cells: &[Work], found: Vec<(Unit, Found)>) -> Result<Tables, Failure> {
        let mut tables = self.plan()?.tables(found)?;
        self.derive(&mut tables)?;
        Ok(tables)
    }

    fn claims(&self, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
        Planned::claims(self, tables, replicates)
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        <P as Planned>::figures(tables)
    }

    fn animations(tables: &Tables) -> Result<Vec<(&'static str, Vec<Figure>)>, Failure> {
        <P as Planned>::animations(tables)
    }
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
    /// Tables with these names.
    pub fn new<const N: usize>(tables: [(&str, Table); N]) -> Self {
        tables.into_iter().map(|(name, table)| (name.to_owned(), table)).collect()
    }

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
        let mut table = Table::of_rows::<R>();
        table.extend(rows)?;
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

    /// Takes the rows of one kind out of the tables: what other tables are made of, and no file shows.
    pub fn take<R: Row>(&mut self) -> Result<Vec<R>, TableError> {
        let rows = self.rows()?;
        self.all.retain(|(name, _)| name != R::TABLE);
        Ok(rows)
    }
}
