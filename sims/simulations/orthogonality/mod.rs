//! Does a step stay orthogonal to the embedding when encoders are trained? One condition of G3 and D2 after another is
//! relaxed: embeddings of their own, then shared parameters, then momentum, then weight decay (statement S4).

mod claims;
mod course;
mod figures;

use clap::{ArgAction, Args};
use embedding_norms_lab::claim::Claim;
use embedding_norms_lab::figure::Figure;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::simulation::{Simulation, Tables};
use crate::simulations::study::Plan;
use course::{Condition, Kind, Rule};

/// Settings.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Orthogonality {
    /// Steps after which displacements are looked at
    #[arg(long, value_name = "STEP,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::count,
          default_value = "1,2,5,10,20,50,100,200", num_args = 1)]
    steps: Vec<usize>,

    /// Number of samples n, all of them in every batch
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 128)]
    samples: usize,

    /// Number of classes, equally likely
    #[arg(long, value_name = "CLASSES", value_parser = values::count, default_value_t = 4)]
    classes: usize,

    /// Dimension d of the embeddings, and of the points behind the features
    #[arg(long, value_name = "D", value_parser = values::dimension, default_value_t = 10)]
    dim: usize,

    /// Width of the features and of the perceptron's hidden layer
    #[arg(long, value_name = "WIDTH", value_parser = values::count, default_value_t = 64)]
    width: usize,

    /// Median angle in radians by which the first plain step rotates embeddings; sets the learning rate of each encoder
    #[arg(long, value_name = "RADIANS", value_parser = values::angle, default_value_t = 0.02)]
    turn: f64,

    /// Momentum β of heavy ball, whose learning rate is 1 − β times the plain one
    #[arg(long, value_name = "β", value_parser = values::share, default_value_t = 0.9)]
    momentum: f64,

    /// Share ηλ of every parameter that decoupled weight decay takes away at each step
    #[arg(long, value_name = "SHARE", value_parser = values::share, default_value_t = 0.001)]
    decay: f64,

    /// Temperature τ of the supervised InfoNCE
    #[arg(long, value_name = "τ", value_parser = values::positive, default_value_t = 1.0)]
    temperature: f64,
}

impl Simulation for Orthogonality {
    const NAME: &'static str = "orthogonality";
    const ABOUT: &'static str =
        "Plain steps are orthogonal to embeddings with parameters of their own, not to those of a shared encoder";
    const EXAMPLES: &'static str = "\
Examples:
  embedding-norms orthogonality
  embedding-norms orthogonality --turn 0.002 --steps 1,10,100,1000
  embedding-norms orthogonality --momentum 0.99 --decay 0.01";
    const STATEMENTS: &'static [&'static str] = &["S4", "G3", "D2"];
    const REPLICATES: u64 = 8;
    const QUICK: &'static [&'static str] =
        &["--steps=1,5,20", "--samples=32", "--width=16", "--dim=6", "--replicates=2"];
    const FULL: &'static [&'static str] =
        &["--steps=1,2,5,10,20,50,100,200,500,1000,2000", "--samples=512", "--replicates=40"];

    fn plan(&self) -> Result<Plan, Failure> {
        let mut steps = self.steps.clone();
        steps.sort_unstable();
        steps.dedup();
        let condition = |kind, rule| Condition {
            kind,
            rule,
            steps: steps.clone(),
            samples: self.samples,
            classes: self.classes,
            dimension: self.dim,
            width: self.width,
            turn: self.turn,
            momentum: self.momentum,
            decay: self.decay,
            temperature: self.temperature,
        };
        Plan::default().cells(Kind::ALL.iter().flat_map(|&kind| Rule::ALL.map(|rule| condition(kind, rule))))
    }

    fn claims(&self, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
        Ok(claims::claims(&tables.rows()?, replicates))
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        Ok(vec![("", figures::figure(&tables.rows()?, tables.stated()))])
    }
}
