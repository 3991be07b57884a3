//! Does a step stay orthogonal to the embedding when encoders are trained? One condition of G3 and D2 after another is
//! relaxed: embeddings of their own, then shared parameters, then momentum, then weight decay (statement S4).

mod claims;
mod course;
mod figures;

use clap::{ArgAction, Args};
use embedding_norms::lab::claim::Claim;
use embedding_norms::lab::figure::Figure;
use embedding_norms::lab::sweep::{self, Unit, UnitContext};
use embedding_norms::lab::table::{Table, Value};
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::simulation::{Simulation, Tables};
pub use course::{Cell, Kind, Rule};
use course::{Seen, course};

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

    /// Median angle in radians that the first plain step turns embeddings by; sets the learning rate of each encoder
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

impl sweep::Cell for Cell {
    fn label(&self) -> String {
        format!("{}, {}", self.kind.name(), self.rule.name())
    }

    fn cost(&self) -> f64 {
        self.last_step() as f64 * (self.samples * self.samples) as f64
    }
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

    type Cell = Cell;
    type Finding = Vec<Seen>;

    fn cells(&self) -> Result<Vec<Cell>, Failure> {
        let mut steps = self.steps.clone();
        steps.sort_unstable();
        steps.dedup();
        let cell = |kind: Kind, rule: Rule| Cell {
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
        Ok(Kind::ALL.iter().flat_map(|&kind| Rule::ALL.map(|rule| cell(kind, rule))).collect())
    }

    fn simulate(unit: &mut UnitContext<'_, Cell>) -> Result<Vec<Seen>, Failure> {
        course(unit)
    }

    fn tables(&self, cells: &[Cell], found: Vec<(Unit, Vec<Seen>)>) -> Result<Tables, Failure> {
        let mut main = Table::new(&COLUMNS);
        for (unit, course) in found {
            let cell = &cells[unit.cell];
            course.into_iter().for_each(|seen| main.push(row(cell, unit, seen)));
        }
        Ok(Tables::new([("", main)]))
    }

    fn claims(&self, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
        claims::claims(tables.get("")?, replicates)
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        Ok(vec![("", figures::figure(tables.get("")?, tables.stated())?)])
    }
}

const COLUMNS: [&str; 21] = [
    "encoder",
    "rule",
    "replicate",
    "step",
    "loss",
    "learning_rate",
    "median_norm",
    "largest_share",
    "rms_share",
    "mean_share",
    "shortened",
    "angle_05",
    "angle_25",
    "angle_50",
    "angle_75",
    "angle_95",
    "kernel_residual",
    "decay_residual",
    "last_layer_share",
    "first_layer_share",
    "stop",
];

fn row(cell: &Cell, unit: Unit, seen: Seen) -> [Value; 21] {
    let [low, quarter, median, three_quarters, high] = seen.angles;
    [
        cell.kind.name().into(),
        cell.rule.name().into(),
        unit.replicate.into(),
        seen.step.into(),
        seen.loss.into(),
        seen.learning_rate.into(),
        seen.median_norm.into(),
        seen.largest_share.into(),
        seen.rms_share.into(),
        seen.mean_share.into(),
        seen.shortened.into(),
        low.into(),
        quarter.into(),
        median.into(),
        three_quarters.into(),
        high.into(),
        seen.kernel_residual.into(),
        seen.decay_residual.into(),
        seen.last_layer_share.into(),
        seen.first_layer_share.into(),
        "steps".into(),
    ]
}
