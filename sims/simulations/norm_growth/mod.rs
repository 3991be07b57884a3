//! How norms grow (statements D2, G3, S1 and S2).
//!
//! Pairs that converge gain what their loss has to spend, shared by the inverse squares of their norms, and momentum
//! multiplies it. Under targets that are drawn anew at every update, norms grow as the fourth root of time. Every
//! single step lengthens every embedding, by exactly the square of the step.

mod budget;
mod claims;
mod figures;
mod lengthening;
mod persistent;

use clap::{ArgAction, Args};
use embedding_norms::lab::claim::Claim;
use embedding_norms::lab::figure::Figure;
use embedding_norms::lab::sweep::{self, Unit, UnitContext};
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::simulation::{Simulation, Tables};
use budget::{Budget, BudgetRun, Momentum, MomentumRun, Rule};
use lengthening::{Lengthening, LengtheningRun};
use persistent::{Persistent, PersistentRun};

/// The table of momentum.
const MOMENTUM: &str = "momentum";
/// The table of persistent gradients.
const PERSISTENT: &str = "persistent";
/// The table of single steps.
const LENGTHENING: &str = "lengthening";

/// Dimension and step size γ/ρ² at the start of the long run.
const LONG: (usize, f64) = (8, 0.5);

/// Settings.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NormGrowth {
    /// Initial norms of the first members of pairs
    #[arg(long, value_name = "ρ,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::positive,
          default_value = "0.5,4", num_args = 1)]
    norms: Vec<f64>,

    /// Ratios of the second members' norms to the first members'
    #[arg(long, value_name = "RATIO,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::positive,
          default_value = "1,1.5,2,3,5", num_args = 1)]
    ratios: Vec<f64>,

    /// Step sizes γ/ρ² of the first members
    #[arg(long, value_name = "u,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::positive,
          default_value = "0.001,0.002,0.005,0.01,0.02,0.05,0.1", num_args = 1)]
    step_sizes: Vec<f64>,

    /// Pairs of each run
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 100)]
    pairs: usize,

    /// Dimension d of pairs; in three dimensions all cosines are equally likely
    #[arg(long, value_name = "D", value_parser = values::dimension, default_value_t = 3)]
    dim: usize,

    /// Stop when every cosine is at least 1 − ε
    #[arg(long, value_name = "ε", value_parser = values::tolerance, default_value_t = 1e-3)]
    tolerance: f64,

    /// Momenta μ of heavy-ball and Nesterov descent
    #[arg(long, value_name = "μ,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::share,
          default_value = "0,0.3,0.5,0.7,0.8,0.9,0.95", num_args = 1)]
    momenta: Vec<f64>,

    /// Step size γ/(ρ²(1 − μ)) of descent with momentum
    #[arg(long, value_name = "u", value_parser = values::positive, default_value_t = 1e-3)]
    momentum_step: f64,

    /// Dimensions in which targets are drawn anew at every update
    #[arg(long, value_name = "D,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::dimension,
          default_value = "2,8,32", num_args = 1)]
    fresh_dims: Vec<usize>,

    /// Step size γ/ρ² of these at the start
    #[arg(long, value_name = "u", value_parser = values::positive, default_value_t = 0.1)]
    fresh_step: f64,

    /// Updates of these
    #[arg(long, value_name = "K", value_parser = values::count, default_value_t = 2000)]
    updates: usize,

    /// Updates of the long run in 8 dimensions, at γ/ρ² = 0.5 at the start, that shows the fourth root of time
    #[arg(long, value_name = "K", value_parser = values::count, default_value_t = 20_000)]
    long_updates: usize,
}

/// A piece of work.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cell {
    /// The budget of pairs under plain descent, on the same directions at all step sizes.
    Budget(Budget),
    /// The budget of pairs under momentum.
    Momentum(Momentum),
    /// Targets that are drawn anew at every update.
    Persistent(Persistent),
    /// Every row in every step.
    Lengthening(Lengthening),
}

/// What a piece of work finds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// Of each step size.
    Budget(Vec<BudgetRun>),
    /// Of one rule.
    Momentum(MomentumRun),
    /// Of some updates on the way.
    Persistent(Vec<PersistentRun>),
    /// Of all rows and steps.
    Lengthening(LengtheningRun),
}

impl sweep::Cell for Cell {
    fn label(&self) -> String {
        match self {
            Self::Budget(cell) => format!("budget, norms {} and {}", cell.norm, cell.norm * cell.ratio),
            Self::Momentum(cell) => format!("{} momentum {}", cell.rule.name(), cell.momentum),
            Self::Persistent(cell) => format!("{} updates in dimension {}", cell.updates, cell.dimension),
            Self::Lengthening(cell) => format!("every step, stop-gradient {}", cell.stop_gradient),
        }
    }

    fn cost(&self) -> f64 {
        match self {
            Self::Budget(cell) => cell.cost(),
            Self::Momentum(cell) => cell.cost(),
            Self::Persistent(cell) => cell.cost(),
            Self::Lengthening(cell) => cell.cost(),
        }
    }
}

impl Simulation for NormGrowth {
    const NAME: &'static str = "norm-growth";
    const ABOUT: &'static str = "How norms grow: the budget of a loss, momentum, and gradients that persist";
    const EXAMPLES: &'static str = "\
Examples:
  embedding-norms norm-growth
  embedding-norms norm-growth --momenta 0,0.9,0.99 --momentum-step 1e-4
  embedding-norms norm-growth --fresh-dims 2,512 --updates 5000";
    const STATEMENTS: &'static [&'static str] = &["G3", "D2", "S1", "S2"];
    const REPLICATES: u64 = 20;
    const QUICK: &'static [&'static str] = &[
        "--step-sizes=0.01,0.02,0.05",
        "--pairs=20",
        "--momenta=0,0.9",
        "--momentum-step=0.01",
        "--fresh-dims=8",
        "--updates=500",
        "--long-updates=2000",
        "--replicates=3",
    ];
    const FULL: &'static [&'static str] = &["--replicates=200", "--momentum-step=2e-4", "--long-updates=100000"];

    type Cell = Cell;
    type Finding = Finding;

    fn cells(&self) -> Result<Vec<Cell>, Failure> {
        let mut cells = Vec::new();
        for &norm in &self.norms {
            cells.extend(self.ratios.iter().map(|&ratio| Cell::Budget(self.budget(norm, ratio))));
        }
        for rule in [Rule::HeavyBall, Rule::Nesterov] {
            cells.extend(self.momenta.iter().map(|&momentum| Cell::Momentum(self.momentum(rule, momentum))));
        }
        let fresh = |&dimension: &usize| {
            // The more dimensions, the less the length of a gradient varies.
            let embeddings = self.pairs.div_ceil(dimension);
            Cell::Persistent(Persistent::new(dimension, self.fresh_step, self.updates, embeddings))
        };
        cells.extend(self.fresh_dims.iter().map(fresh));
        cells.push(Cell::Persistent(Persistent::new(LONG.0, LONG.1, self.long_updates, self.pairs.div_ceil(10))));
        cells.extend([false, true].map(|stop_gradient| Cell::Lengthening(Lengthening::new(stop_gradient))));
        Ok(cells)
    }

    fn simulate(unit: &mut UnitContext<'_, Cell>) -> Result<Finding, Failure> {
        match unit.cell {
            Cell::Budget(cell) => Ok(Finding::Budget(cell.run(unit)?)),
            Cell::Momentum(cell) => Ok(Finding::Momentum(cell.run(unit)?)),
            Cell::Persistent(cell) => Ok(Finding::Persistent(cell.run(unit)?)),
            Cell::Lengthening(cell) => Ok(Finding::Lengthening(cell.run(unit)?)),
        }
    }

    fn tables(&self, cells: &[Cell], found: Vec<(Unit, Finding)>) -> Result<Tables, Failure> {
        let (mut main, mut momentum) = (Budget::table(), Momentum::table());
        let (mut persistent, mut lengthening) = (Persistent::table(), Lengthening::table());
        for (unit, finding) in found {
            match (&cells[unit.cell], finding) {
                (Cell::Budget(cell), Finding::Budget(runs)) => {
                    runs.iter().for_each(|run| main.push(cell.row(run, unit.replicate)));
                }
                (Cell::Momentum(cell), Finding::Momentum(run)) => momentum.push(cell.row(&run, unit.replicate)),
                (Cell::Persistent(cell), Finding::Persistent(runs)) => {
                    runs.iter().for_each(|run| persistent.push(cell.row(run, unit.replicate)));
                }
                (Cell::Lengthening(cell), Finding::Lengthening(run)) => {
                    lengthening.push(cell.row(&run, unit.replicate));
                }
                _ => {}
            }
        }
        Ok(Tables::new([("", main), (MOMENTUM, momentum), (PERSISTENT, persistent), (LENGTHENING, lengthening)]))
    }

    fn claims(&self, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
        claims::claims(tables, replicates)
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        Ok(vec![("", figures::figure(tables)?)])
    }
}

impl NormGrowth {
    fn budget(&self, norm: f64, ratio: f64) -> Budget {
        let (pairs, dimension, tolerance) = (self.pairs, self.dim, self.tolerance);
        Budget { norm, ratio, step_sizes: self.step_sizes.clone(), pairs, dimension, tolerance }
    }

    fn momentum(&self, rule: Rule, momentum: f64) -> Momentum {
        Momentum { rule, momentum, step: self.momentum_step, pairs: self.pairs.div_ceil(10), dimension: self.dim }
    }
}
