//! Pairs of unequal norms, with and without a stop-gradient (statements L1, L5 and D1).
//!
//! Random pairs start at every combination of two norms. The full engine moves the vectors, D1's recursion counts the
//! same steps, and L1's closed form predicts them. The angles that the members turn altogether show who travels.

mod claims;
mod figures;
mod runs;

use clap::{ArgAction, Args};
use embedding_norms::lab::claim::Claim;
use embedding_norms::lab::figure::Figure;
use embedding_norms::lab::sweep::{self, Unit, UnitContext};
use embedding_norms::lab::table::{Table, Value};
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::simulation::{Simulation, Tables};

/// The table of total angles against the step size.
const TURNED: &str = "turned";

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
    #[arg(long, value_name = "γ", value_parser = values::positive, default_value_t = 0.02)]
    learning_rate: f64,

    /// Stop when the cosine is at least 1 − ε
    #[arg(long, value_name = "ε", value_parser = values::tolerance, default_value_t = 1e-3)]
    tolerance: f64,

    /// Ratios ρ_j/ρ_i at which the angles turned are followed to small steps
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

/// What all runs of a piece of work have in common.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Shared {
    dimension: usize,
    tolerance: f64,
    budget: usize,
}

/// A piece of work: one random pair of directions, run at many norms.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cell {
    /// Every combination of two norms.
    Norms { norms: Vec<f64>, stop_gradient: bool, learning_rate: f64, shared: Shared },
    /// One ratio of norms at many step sizes.
    StepSizes { ratio: f64, step_sizes: Vec<f64>, shared: Shared },
}

/// What one run of one pair finds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    first_norm: f64,
    second_norm: f64,
    learning_rate: f64,
    angle: f64,
    steps: Option<u64>,
    stop: String,
    pair_steps: Option<u64>,
    pair_crossing: Option<f64>,
    closed_form: f64,
    flow_steps: f64,
    turned: (f64, f64),
    /// By how much the vectors' own angles differ from those sums of D1.
    turned_deviation: f64,
    turned_law: Option<f64>,
}

impl sweep::Cell for Cell {
    fn label(&self) -> String {
        match self {
            Self::Norms { stop_gradient: true, .. } => "stop-gradient".to_owned(),
            Self::Norms { .. } => "both members move".to_owned(),
            Self::StepSizes { ratio, .. } => format!("norms 1:{ratio}"),
        }
    }

    /// Nanoseconds, roughly: 100 for each step that L1 predicts from a right angle.
    fn cost(&self) -> f64 {
        let rates: Vec<f64> = match self {
            Self::Norms { norms, stop_gradient, learning_rate, .. } => norms
                .iter()
                .flat_map(|first| norms.iter().map(move |second| (first, second)))
                .map(|(first, second)| {
                    learning_rate / (first * first)
                        + if *stop_gradient { 0.0 } else { learning_rate / (second * second) }
                })
                .collect(),
            Self::StepSizes { step_sizes, .. } => step_sizes.clone(),
        };
        rates.into_iter().map(|rate| 400.0 / rate).sum()
    }
}

impl Simulation for UnequalNorms {
    const NAME: &'static str = "unequal-norms";
    const ABOUT: &'static str = "Pairs of unequal norms and stop-gradient: how many steps, and who travels";
    const EXAMPLES: &'static str = "\
Examples:
  embedding-norms unequal-norms
  embedding-norms unequal-norms --norms 0.5,1,2,4,8,16 --learning-rate 0.01
  embedding-norms unequal-norms --ratios 2,5 --step-sizes 0.001,0.01,0.1,0.5   (beyond small steps)";
    const STATEMENTS: &'static [&'static str] = &["D1", "L1", "L5"];
    const REPLICATES: u64 = 20;
    const QUICK: &'static [&'static str] = &["--norms=1,2,4", "--step-sizes=0.005,0.01,0.02", "--replicates=3"];
    const FULL: &'static [&'static str] = &["--norms=0.5,0.71,1,1.41,2,2.83,4,5.66,8,11.3,16", "--replicates=200"];

    type Cell = Cell;
    type Finding = Vec<Run>;

    fn cells(&self) -> Result<Vec<Cell>, Failure> {
        let shared = Shared { dimension: self.dim, tolerance: self.tolerance, budget: self.budget };
        let (norms, learning_rate) = (&self.norms, self.learning_rate);
        let grid = |stop_gradient| Cell::Norms { norms: norms.clone(), stop_gradient, learning_rate, shared };
        let along = |&ratio: &f64| Cell::StepSizes { ratio, step_sizes: self.step_sizes.clone(), shared };
        Ok([false, true].map(grid).into_iter().chain(self.ratios.iter().map(along)).collect())
    }

    fn simulate(unit: &mut UnitContext<'_, Cell>) -> Result<Vec<Run>, Failure> {
        runs::simulate(unit)
    }

    fn tables(&self, cells: &[Cell], found: Vec<(Unit, Vec<Run>)>) -> Result<Tables, Failure> {
        let mut main = Table::new(&MAIN);
        let mut turned = Table::new(&[
            "norm_ratio",
            "step_size",
            "replicate",
            "angle",
            "steps",
            "stop",
            "turned_first",
            "turned_second",
            "turned_relative",
            "turned_law",
        ]);
        for (unit, runs) in found {
            for run in runs {
                match &cells[unit.cell] {
                    Cell::Norms { stop_gradient, .. } => main.push(row(&run, *stop_gradient, unit.replicate)),
                    Cell::StepSizes { ratio, .. } => turned.push([
                        (*ratio).into(),
                        run.learning_rate.into(),
                        unit.replicate.into(),
                        run.angle.into(),
                        run.steps.into(),
                        run.stop.as_str().into(),
                        run.turned.0.into(),
                        run.turned.1.into(),
                        (run.turned.0 / run.turned.1 / (ratio * ratio)).into(),
                        run.turned_law.map(|law| law / (ratio * ratio)).into(),
                    ]),
                }
            }
        }
        Ok(Tables::new([("", main), (TURNED, turned)]))
    }

    fn claims(&self, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
        claims::claims(tables, replicates)
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        Ok(vec![("", figures::figure(tables)?)])
    }
}

/// The columns of the main table.
const MAIN: [&str; 17] = [
    "first_norm",
    "second_norm",
    "stop_gradient",
    "replicate",
    "angle",
    "steps",
    "pair_steps",
    "pair_crossing",
    "closed_form",
    "flow_steps",
    "stop",
    "turned_first",
    "turned_second",
    "turned_ratio",
    "turned_law",
    "turned_deviation",
    "learning_rate",
];

fn row(run: &Run, stop_gradient: bool, replicate: u64) -> [Value; 17] {
    let ratio = (!stop_gradient).then_some(run.turned.0 / run.turned.1);
    [
        run.first_norm.into(),
        run.second_norm.into(),
        u64::from(stop_gradient).into(),
        replicate.into(),
        run.angle.into(),
        run.steps.into(),
        run.pair_steps.into(),
        run.pair_crossing.into(),
        run.closed_form.into(),
        run.flow_steps.into(),
        run.stop.as_str().into(),
        run.turned.0.into(),
        run.turned.1.into(),
        ratio.into(),
        run.turned_law.into(),
        run.turned_deviation.into(),
        run.learning_rate.into(),
    ]
}
