//! What a simulation is to the command: settings, studies, tables, claims, figures.

use embedding_norms_lab::claim::Claim;
use embedding_norms_lab::figure::Figure;
use embedding_norms_lab::sweep::Unit;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::study::{Found, Plan};
pub use super::tables::Tables;
use crate::cli::failure::Failure;
use crate::cli::rates::Averages;

/// A simulation as a plan of studies. The implementing type is its settings, which are also its options on the command
/// line.
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

    /// The work to do.
    fn plan(&self) -> Result<Plan, Failure>;

    /// Adds the tables that follow from those that the studies filled. Most simulations have none.
    fn derive(&self, _tables: &mut Tables) -> Result<(), Failure> {
        Ok(())
    }

    /// Holds the tables against the statements. `replicates` is how many there are of each cell.
    fn claims(&self, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure>;

    /// Draws the figures, by part (the empty name is the main one), from the tables alone. A number that a claim states is
    /// taken from [`Tables::stated`] and not computed again.
    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure>;

    /// Its options of learning rates on a mean, each with the number of embeddings that the mean is taken over; none where
    /// the rate is per embedding.
    fn averages(&self) -> Averages {
        Averages::new()
    }

    /// Draws the frames of looping animations, by part, from the tables alone. Most simulations have none.
    fn animations(_tables: &Tables) -> Result<Vec<(&'static str, Vec<Figure>)>, Failure> {
        Ok(Vec::new())
    }
}

/// The tables of a simulation: those of its studies, from what they found, and those that follow from them.
pub fn tables<S: Simulation>(settings: &S, found: Vec<(Unit, Found)>) -> Result<Tables, Failure> {
    let mut tables = settings.plan()?.tables(found)?;
    settings.derive(&mut tables)?;
    Ok(tables)
}
