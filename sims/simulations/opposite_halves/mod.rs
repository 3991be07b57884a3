//! How the initial angle of positives governs the steps that gradient descent needs (statements D1, L3, L4).
//!
//! Each embedding gets a positive between a random direction and itself (t < 0) or its opposite (t > 0):
//! normalize((1 − |t|)·random − t·embedding). The pairs descend the negative cosine until the mean cosine is 1 − ε, once
//! with the cosine's gradient throughout and once with the first step of the published notebook, from the same
//! directions. Single pairs show the divergence towards the antipode.

mod claims;
mod figures;
mod populations;
mod single;

use clap::{ArgAction, Args};
use embedding_norms::setting::within;
use embedding_norms_lab::claim::Claim;
use embedding_norms_lab::figure::Figure;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::pairs::{FirstGradient, PairOptions};
use crate::simulations::simulation::{Simulation, Tables};
use crate::simulations::study::Plan;
use populations::{Descent, Published, RunRow};
use single::{Antipodal, Divergence};

/// γ/ρ² of the single pairs that show the limit of small steps.
const SMALL_STEP: f64 = 1e-3;

/// Settings; the defaults are the paper's.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OppositeHalves {
    /// Interpolations t between −1 (the positive is the embedding), 0 (a random direction) and 1 (the opposite)
    #[arg(long, value_name = "t,…", value_delimiter = ',', action = ArgAction::Set, value_parser = interpolation,
          allow_hyphen_values = true, num_args = 1,
          default_value = "-0.96,-0.92,-0.88,-0.84,-0.8,-0.76,-0.72,-0.68,-0.64,-0.6,-0.56,-0.52,-0.48,-0.44,-0.4,-0.36,\
                           -0.32,-0.28,-0.24,-0.2,-0.16,-0.12,-0.08,-0.04,0,0.04,0.08,0.12,0.16,0.2,0.24,0.28,0.32,0.36,\
                           0.4,0.44,0.48,0.52,0.56,0.6,0.64,0.68,0.72,0.76,0.8,0.84,0.88,0.92,0.96")]
    interpolations: Vec<f64>,

    /// Initial norm of both members of every pair
    #[arg(long, value_name = "ρ", value_parser = values::positive, default_value_t = 1.0)]
    norm: f64,

    #[command(flatten)]
    #[serde(flatten)]
    options: PairOptions,

    /// What the very first step follows: the cosine, the inner product as in the published notebook, or each in turn
    #[arg(long, value_name = "GRADIENT,…", value_delimiter = ',', action = ArgAction::Set, num_args = 1,
          default_value = "cosine,dot-product")]
    first_step: Vec<FirstGradient>,

    /// Single pairs per replicate between a right angle and the antipode
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 40)]
    single_pairs: usize,
}

/// An interpolation strictly between −1 and 1.
fn interpolation(text: &str) -> Result<f64, String> {
    let value: f64 = text.trim().parse().map_err(|_| format!("'{text}' is not a number"))?;
    let inside = value > -1.0 && value < 1.0;
    within("the interpolation", value, inside, "above −1 (aligned) and below 1 (opposite)")
        .map_err(|error| error.to_string())
}

impl Simulation for OppositeHalves {
    const NAME: &'static str = "opposite-halves";
    const ABOUT: &'static str =
        "Steps to convergence against the initial angle of positives: the opposite-halves effect";
    const EXAMPLES: &'static str = "\
Examples:
  embedding-norms opposite-halves
  embedding-norms opposite-halves --interpolations=-0.9,0,0.9 --norm 2 --learning-rate 0.02
  embedding-norms opposite-halves --first-step dot-product   (the published notebook's first step)";
    const STATEMENTS: &'static [&'static str] = &["D1", "L1", "L3", "L4"];
    const REPLICATES: u64 = 20;
    const QUICK: &'static [&'static str] = &[
        "--interpolations=-0.96,-0.72,-0.48,-0.24,0,0.24,0.48,0.72,0.96",
        "--pairs=100",
        "--replicates=3",
        "--published-runs=0",
        "--single-pairs=20",
    ];
    const FULL: &'static [&'static str] = &["--replicates=200", "--published-runs=10000"];

    fn plan(&self) -> Result<Plan, Failure> {
        let settings = self.options.at(self.norm, FirstGradient::Cosine);
        let mut first_steps = self.first_step.clone();
        first_steps.sort();
        first_steps.dedup();
        let descent = |&interpolation: &f64| Descent {
            interpolation,
            settings: settings.clone(),
            first_steps: first_steps.clone(),
        };
        let published = (self.norm == 1.0 && self.options.predicts_published()).then(|| Published {
            settings: self.options.at(self.norm, FirstGradient::DotProduct),
            runs: self.options.published_runs.div_ceil(Self::REPLICATES as usize),
        });
        let mut step_sizes = vec![SMALL_STEP, settings.step_size()];
        step_sizes.dedup();
        let (tolerance, budget) = (self.options.tolerance, self.options.budget);
        let single = |step_size| Divergence { step_size, pairs: self.single_pairs, tolerance, budget };
        Plan::default()
            .kind("descent", self.interpolations.iter().map(descent))?
            .kind("published", published)?
            .kind("divergence", step_sizes.into_iter().map(single))?
            .kind("antipodal", [Antipodal { settings: settings.clone() }])
    }

    fn derive(&self, tables: &mut Tables) -> Result<(), Failure> {
        let runs: Vec<RunRow> = tables.take()?;
        if !runs.is_empty() {
            tables.push_rows(&populations::published(&runs))?;
        }
        Ok(())
    }

    fn claims(&self, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
        claims::claims(self, tables, replicates)
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        figures::figures(tables)
    }
}

impl OppositeHalves {
    /// u = γ/ρ².
    fn step_size(&self) -> f64 {
        self.options.learning_rate.get() / (self.norm * self.norm)
    }
}
