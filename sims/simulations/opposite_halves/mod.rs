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
use embedding_norms::lab::claim::Claim;
use embedding_norms::lab::figure::Figure;
use embedding_norms::lab::sweep::{self, Unit, UnitContext};
use embedding_norms::lab::table::Table;
use embedding_norms::setting::within;
use embedding_norms::theory::convergence::half_tangent_at;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::pairs::{FirstGradient, PAIR_STEP, PairOptions, Pairs};
use crate::simulations::simulation::{Simulation, Tables};
use populations::{Descent, Published};
use single::SinglePair;

/// The table of published counts and our prediction intervals.
const PUBLISHED: &str = "published";
/// The table of single pairs near the antipode.
const DIVERGENCE: &str = "divergence";
/// γ/ρ² of the single pairs that show the limit of small steps.
const SMALL_STEP: f64 = 1e-3;
/// The published interpolations, −24/25 … 24/25.
const PUBLISHED_INTERPOLATIONS: std::ops::RangeInclusive<i32> = -24..=24;

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

/// A piece of work.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cell {
    /// The engines on the same pairs, for each first step.
    Descent { interpolation: f64, settings: Pairs, first_steps: Vec<FirstGradient> },
    /// The pair engine at all published interpolations, so many runs per replicate, as published.
    Published { settings: Pairs, runs: usize },
    /// Single pairs from a right angle up to 10⁻⁸ from the antipode.
    Divergence { step_size: f64, pairs: usize, tolerance: f64, budget: usize },
    /// A pair of exact opposites.
    Antipodal { settings: Pairs },
}

/// What a piece of work finds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// Of one population.
    Descent(Descent),
    /// One for each published interpolation.
    Published(Vec<Published>),
    /// Of single pairs, each counted by the engine named in it.
    Single(Vec<SinglePair>),
}

impl sweep::Cell for Cell {
    fn label(&self) -> String {
        match self {
            Self::Descent { interpolation, .. } => format!("interpolation {interpolation}"),
            Self::Published { runs, .. } => format!("published counts, {runs} runs"),
            Self::Divergence { step_size, .. } => format!("single pairs at γ/ρ² = {step_size}"),
            Self::Antipodal { .. } => "opposite pair".to_owned(),
        }
    }

    fn cost(&self) -> f64 {
        match self {
            Self::Descent { interpolation, settings, first_steps } => {
                let right_angle = -libm::log(half_tangent_at(settings.tolerance)) / (2.0 * settings.step_size());
                settings.cost((1.0 + interpolation) * right_angle) * first_steps.len() as f64
            }
            Self::Published { settings, runs } => 4_900.0 * (runs * settings.pairs) as f64 * PAIR_STEP,
            Self::Divergence { step_size, pairs, .. } => 10.0 * *pairs as f64 * 14.0 / (2.0 * step_size),
            Self::Antipodal { .. } => 1e5,
        }
    }
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

    type Cell = Cell;
    type Finding = Finding;

    fn cells(&self) -> Result<Vec<Cell>, Failure> {
        let settings = self.options.at(self.norm, FirstGradient::Cosine);
        let mut first_steps = self.first_step.clone();
        first_steps.sort_by_key(|first| first.name());
        first_steps.dedup();
        let descent = |&interpolation: &f64| Cell::Descent {
            interpolation,
            settings: settings.clone(),
            first_steps: first_steps.clone(),
        };
        let mut cells: Vec<Cell> = self.interpolations.iter().map(descent).collect();
        if self.norm == 1.0 && self.options.predicts_published() {
            let runs = self.options.published_runs.div_ceil(Self::REPLICATES as usize);
            cells.push(Cell::Published { settings: self.options.at(self.norm, FirstGradient::DotProduct), runs });
        }
        let mut step_sizes = vec![SMALL_STEP, settings.step_size()];
        step_sizes.dedup();
        let (tolerance, budget) = (self.options.tolerance, self.options.budget);
        let single = |step_size| Cell::Divergence { step_size, pairs: self.single_pairs, tolerance, budget };
        cells.extend(step_sizes.into_iter().map(single));
        cells.push(Cell::Antipodal { settings });
        Ok(cells)
    }

    fn simulate(unit: &mut UnitContext<'_, Cell>) -> Result<Finding, Failure> {
        match unit.cell {
            Cell::Descent { interpolation, settings, first_steps } => {
                populations::descend(*interpolation, settings, first_steps, unit).map(Finding::Descent)
            }
            Cell::Published { settings, runs } => {
                populations::published_runs(settings, *runs, unit).map(Finding::Published)
            }
            Cell::Divergence { step_size, pairs, tolerance, budget } => {
                let budget = *budget as u64;
                single::toward_the_antipode(*step_size, *pairs, *tolerance, budget, &mut unit.generator)
                    .map(Finding::Single)
            }
            Cell::Antipodal { settings } => single::opposite(settings, &mut unit.generator).map(Finding::Single),
        }
    }

    fn tables(&self, cells: &[Cell], found: Vec<(Unit, Finding)>) -> Result<Tables, Failure> {
        let mut main = Table::new(&populations::COLUMNS);
        let mut divergence = Table::new(&single::COLUMNS);
        let mut published: Vec<Published> = Vec::new();
        for (unit, finding) in found {
            match (&cells[unit.cell], finding) {
                (Cell::Descent { interpolation, settings, .. }, Finding::Descent(descent)) => {
                    descent.rows(*interpolation, unit.replicate, settings).for_each(|row| main.push(row));
                }
                (_, Finding::Published(more)) => {
                    published.resize_with(more.len(), Published::default);
                    published.iter_mut().zip(more).for_each(|(all, more)| all.extend(more));
                }
                (_, Finding::Single(pairs)) => pairs.iter().for_each(|pair| divergence.push(pair.row(unit.replicate))),
                _ => {}
            }
        }
        let mut tables = Tables::new([("", main), (DIVERGENCE, divergence)]);
        if !published.is_empty() {
            tables.push(PUBLISHED, populations::published_table(&published));
        }
        Ok(tables)
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
        self.options.learning_rate / (self.norm * self.norm)
    }
}
