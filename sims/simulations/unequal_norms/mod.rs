//! Pairs of unequal norms, with and without a stop-gradient (statements L1, L5 and D1).
//!
//! Random pairs start at every combination of two norms. The full engine moves the vectors, D1's recursion counts the
//! same steps, and L1's closed form predicts them. The total rotation of each member shows which one moves.

mod claims;
mod figures;
mod runs;

use clap::{ArgAction, Args};
use embedding_norms_lab::claim::Claim;
use embedding_norms_lab::figure::Figure;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::rates::{self, PerEmbedding};
use crate::cli::values;
use crate::simulations::simulation::{Simulation, Tables};
use crate::simulations::study::Plan;
use runs::{Norms, Shared, StepSizes};

/// Settings.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnequalNorms {
    /// Initial norms; each is combined with each
    #[arg(long, value_name = "ρ,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::positive,
          default_value = "1,1.41,2,2.83,4,5.66,8", num_args = 1)]
    norms: Vec<f64>,

    /// Dimension d of the embeddings; in three dimensions all cosines are equally likely
    #[arg(long, value_name = "D", value_parser = values::dimension, default_value_t = 3)]
    dim: usize,

    /// Learning rate γ per pair
    #[arg(long, value_name = "γ", value_parser = rates::read_per_embedding, default_value = "0.02")]
    learning_rate: PerEmbedding,

    /// Stop when the cosine is at least 1 − ε
    #[arg(long, value_name = "ε", value_parser = values::tolerance, default_value_t = 1e-3)]
    tolerance: f64,

    /// Ratios ρ_j/ρ_i at which total rotations are measured down to small steps
    #[arg(long, value_name = "RATIO,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::positive,
          default_value = "2,3,10", num_args = 1)]
    ratios: Vec<f64>,

    /// Step sizes γ/ρ_i² of the first member, for the same
    #[arg(long, value_name = "α,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::positive,
          default_value = "0.001,0.002,0.005,0.01,0.02,0.05,0.1", num_args = 1)]
    step_sizes: Vec<f64>,

    /// Steps after which a run is given up
    #[arg(long, value_name = "STEPS", value_parser = values::count, default_value_t = 10_000_000)]
    budget: usize,
}

impl Simulation for UnequalNorms {
    const NAME: &'static str = "unequal-norms";
    const ABOUT: &'static str = "Pairs of unequal norms and stop-gradient: how many steps, and which member rotates";
    const EXAMPLES: &'static str = "\
Examples:
  embedding-norms unequal-norms
  embedding-norms unequal-norms --norms 0.5,1,2,4,8,16 --learning-rate 0.01
  embedding-norms unequal-norms --ratios 2,5 --step-sizes 0.001,0.01,0.1,0.5   (beyond small steps)";
    const STATEMENTS: &'static [&'static str] = &["D1", "L1", "L5"];
    const REPLICATES: u64 = 20;
    const QUICK: &'static [&'static str] = &["--norms=1,2,4", "--step-sizes=0.005,0.01,0.02", "--replicates=3"];
    const FULL: &'static [&'static str] = &["--norms=0.5,0.71,1,1.41,2,2.83,4,5.66,8,11.3,16", "--replicates=200"];

    fn plan(&self) -> Result<Plan, Failure> {
        let shared = Shared { dimension: self.dim, tolerance: self.tolerance, budget: self.budget };
        let (norms, learning_rate) = (&self.norms, self.learning_rate.get());
        let grid = |stop_gradient| Norms { norms: norms.clone(), stop_gradient, learning_rate, shared };
        let along = |&ratio: &f64| StepSizes { ratio, step_sizes: self.step_sizes.clone(), shared };
        Plan::default().kind("norms", [false, true].map(grid))?.kind("step-sizes", self.ratios.iter().map(along))
    }

    fn claims(&self, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
        Ok(claims::claims(&tables.rows()?, &tables.rows()?, replicates))
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        Ok(vec![("", figures::figure(&tables.rows()?, &tables.rows()?)?)])
    }
}
