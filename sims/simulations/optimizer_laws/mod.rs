//! How the steps of every optimizer depend on the norm of the embeddings (statement L6).
//!
//! Pairs of random directions start at one common norm and descend the negative cosine by each rule of the catalogue.
//! All norms of a replicate have their directions in common, so that the spread of directions does not enter the slopes.
//! Beside the fitted exponents stands the exact statement: norms times a power of two, with the learning rate that L6
//! asks for, change no bit of any direction.

mod claims;
mod exponents;
mod figures;
mod rules;
mod run;

use clap::{ArgAction, Args};
use embedding_norms::lab::claim::Claim;
use embedding_norms::lab::figure::Figure;
use embedding_norms::lab::law::fit_power_law;
use embedding_norms::lab::sweep::{self, Unit, UnitContext};
use embedding_norms::lab::table::{Table, TableError, Value};
use serde::{Deserialize, Serialize};

pub use exponents::{local_exponents, observations, typical_steps};
pub use run::{Count, Goal, Pairs, Run, differences, nanoseconds};

use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::simulation::{Simulation, Tables};
use rules::{PLACED, Placed, long_memory};

/// The table of fitted exponents.
const EXPONENTS: &str = "exponents";
/// The table of Adam's steps with a memory of 1000 steps.
const LONG_MEMORY: &str = "adam-dip";
/// The table of runs whose norms were scaled.
const SYMMETRY: &str = "symmetry";

/// The norm at which every window begins (where the exponent is not 0).
const WINDOW: f64 = 1.0;
/// The norm at which the window of [`long_memory`] begins: 90/(1 − β2) steps.
const LONG_MEMORY_WINDOW: f64 = 160.0;
/// The factors 2^m by which norms are scaled in the test of the exact statement.
const FACTORS: [i32; 3] = [-3, 1, 4];

/// Settings.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OptimizerLaws {
    /// Initial norms; learning rates are such that the window of every rule begins at 1
    #[arg(long, value_name = "ρ,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::positive,
          default_value = "0.25,0.5,1,2,4,8", num_args = 1)]
    norms: Vec<f64>,

    /// Initial norms for Adam with β2 = 0.999 and γ = 0.001, whose local exponent dips
    #[arg(long, value_name = "ρ,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::positive,
          default_value = "1,2,4,8,16,32,64,128,256", num_args = 1)]
    dip_norms: Vec<f64>,

    /// Number of pairs n
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 16)]
    pairs: usize,

    /// Dimension d of the embeddings
    #[arg(long, value_name = "D", value_parser = values::dimension, default_value_t = 8)]
    dim: usize,

    /// Stop when the mean cosine is at least 1 − ε
    #[arg(long, value_name = "ε", value_parser = values::tolerance, default_value_t = 1e-3)]
    tolerance: f64,

    /// Steps after which a run is given up
    #[arg(long, value_name = "STEPS", value_parser = values::count, default_value_t = 100_000_000)]
    budget: usize,

    /// Steps that the exact statement is followed for
    #[arg(long, value_name = "STEPS", value_parser = values::count, default_value_t = 64)]
    exact_steps: usize,
}

/// A piece of work.
#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    run: Run,
    pairs: usize,
    dimension: usize,
    work: Work,
}

/// What is done with a rule.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Work {
    /// Steps from each norm, with the place of the rule in the list of windows.
    Window { rule: usize, norms: Vec<f64>, goal: Goal },
    /// Steps from each norm with a long memory.
    LongMemory { norms: Vec<f64>, goal: Goal },
    /// Norms scaled by powers of two, followed for so many steps.
    Symmetry { steps: usize },
}

/// What a piece of work finds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// Of runs from several norms.
    Counts(Vec<Count>),
    /// Of scaled norms.
    Symmetry(Vec<Scaled>),
}

/// A run at 2^m times the norm against the run at the norm.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Scaled {
    m: i32,
    coordinates: usize,
    /// Coordinates of directions that differ in any bit.
    different: u64,
    /// The same with the degrees h − 1 and h + 1 in place of h.
    wrong_degrees: [u64; 2],
}

impl sweep::Cell for Cell {
    fn label(&self) -> String {
        match self.work {
            Work::Window { .. } => self.run.optimizer.to_owned(),
            Work::LongMemory { .. } => format!("{}, long memory", self.run.optimizer),
            Work::Symmetry { .. } => format!("{}, scaled", self.run.optimizer),
        }
    }

    fn cost(&self) -> f64 {
        let steps = match &self.work {
            Work::Window { rule, norms, goal } => {
                let placed = &PLACED[*rule];
                let exponent = self.run.rule().map_or(0.0, |rule| rule.norm_exponent(0.0));
                let steps = |&norm: &f64| (placed.steps * libm::pow(norm, exponent)).min(goal.budget as f64);
                norms.iter().map(steps).sum()
            }
            Work::LongMemory { norms, goal } => {
                norms.iter().map(|norm| (600.0 * norm).min(goal.budget as f64)).sum::<f64>()
            }
            Work::Symmetry { steps } => 3.0 * ((1 + 3 * FACTORS.len()) * steps) as f64,
        };
        nanoseconds(steps, self.pairs, self.dimension)
    }
}

impl Simulation for OptimizerLaws {
    const NAME: &'static str = "optimizer-laws";
    const ABOUT: &'static str = "Steps against the norm for every optimizer: one degree each, and a law for each";
    const EXAMPLES: &'static str = "\
Examples:
  embedding-norms optimizer-laws
  embedding-norms optimizer-laws --norms 1,2,4,8,16 --pairs 32 --dim 16
  embedding-norms optimizer-laws --full";
    const STATEMENTS: &'static [&'static str] = &["L6"];
    const REPLICATES: u64 = 8;
    const QUICK: &'static [&'static str] =
        &["--norms=0.5,1,2", "--dip-norms=1,2,4", "--pairs=8", "--replicates=2", "--exact-steps=16"];
    const FULL: &'static [&'static str] = &[
        "--norms=0.125,0.25,0.5,0.7,1,1.4,2,2.8,4,5.6,8,11,16",
        "--dip-norms=1,2,4,8,16,32,64,128,256,512",
        "--pairs=32",
        "--dim=16",
        "--replicates=32",
    ];

    type Cell = Cell;
    type Finding = Finding;

    fn cells(&self) -> Result<Vec<Cell>, Failure> {
        let goal = Goal { tolerance: self.tolerance, budget: self.budget };
        let cell = |run: Run, work: Work| Cell { run, pairs: self.pairs, dimension: self.dim, work };
        let windows = (0..PLACED.len())
            .map(|rule| cell(PLACED[rule].run(), Work::Window { rule, norms: self.norms.clone(), goal }));
        let symmetries = PLACED.iter().map(|placed| cell(placed.run(), Work::Symmetry { steps: self.exact_steps }));
        let long = cell(long_memory(), Work::LongMemory { norms: self.dip_norms.clone(), goal });
        Ok(windows.chain([long]).chain(symmetries).collect())
    }

    fn simulate(unit: &mut UnitContext<'_, Cell>) -> Result<Finding, Failure> {
        let cell = unit.cell;
        let pairs = Pairs::draw(cell.pairs, cell.dimension, &mut unit.generator)?;
        let cancelled = || unit.is_cancelled();
        match &cell.work {
            Work::Window { norms, goal, .. } | Work::LongMemory { norms, goal } => {
                Ok(Finding::Counts(cell.run.counts(&pairs, norms, *goal, &cancelled)?))
            }
            Work::Symmetry { steps } => Ok(Finding::Symmetry(scaled_runs(&cell.run, &pairs, *steps)?)),
        }
    }

    fn tables(&self, cells: &[Cell], found: Vec<(Unit, Finding)>) -> Result<Tables, Failure> {
        let columns = ["optimizer", "norm", "replicate", "steps", "stop", "window", "learning_rate", "tolerance"];
        let (mut main, mut long) = (Table::new(&columns), Table::new(&columns));
        let mut symmetry = Table::new(&[
            "optimizer",
            "replicate",
            "m",
            "degree",
            "coordinates",
            "different",
            "different_degree_below",
            "different_degree_above",
        ]);
        for (unit, finding) in found {
            let run = &cells[unit.cell].run;
            match (&cells[unit.cell].work, finding) {
                (Work::LongMemory { .. }, Finding::Counts(counts)) => {
                    counts.into_iter().for_each(|count| long.push(self.row(run, unit, count)));
                }
                (_, Finding::Counts(counts)) => {
                    counts.into_iter().for_each(|count| main.push(self.row(run, unit, count)));
                }
                (_, Finding::Symmetry(scaled)) => {
                    scaled.iter().for_each(|scaled| symmetry.push(symmetry_row(run, unit, scaled)));
                }
            }
        }
        let exponents = exponents_table(&main).expect("columns that have just been made");
        Ok(Tables::new([("", main), (EXPONENTS, exponents), (LONG_MEMORY, long), (SYMMETRY, symmetry)]))
    }

    fn claims(&self, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
        claims::claims(tables, replicates)
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        figures::figures(tables)
    }
}

impl OptimizerLaws {
    fn row(&self, run: &Run, unit: Unit, count: Count) -> [Value; 8] {
        [
            run.optimizer.into(),
            count.norm.into(),
            unit.replicate.into(),
            count.steps.into(),
            count.stop.into(),
            if is_inside(run, count.norm) { "inside" } else { "approach" }.into(),
            run.learning_rate.into(),
            self.tolerance.into(),
        ]
    }
}

/// Whether a norm lies in the asymptotic window of a rule.
fn is_inside(run: &Run, norm: f64) -> bool {
    let same_at_all_norms = run.rule().is_ok_and(|rule| rule.degree(0.0) == 0.0);
    let begins = if *run == long_memory() { LONG_MEMORY_WINDOW } else { WINDOW };
    same_at_all_norms || norm >= begins
}

/// Norms times 2^m, with the degree of the rule and with wrong ones.
fn scaled_runs(run: &Run, pairs: &Pairs, steps: usize) -> Result<Vec<Scaled>, Failure> {
    let path = run.path(pairs, WINDOW, steps)?;
    let degree = run.rule()?.degree(0.0);
    let different = |m: i32, degree: f64| -> Result<u64, Failure> {
        Ok(differences(&path, &run.scaled(m, degree)?.path(pairs, WINDOW * libm::scalbn(1.0, m), steps)?))
    };
    let scaled = |m: i32| -> Result<Scaled, Failure> {
        let wrong_degrees = [different(m, degree - 1.0)?, different(m, degree + 1.0)?];
        Ok(Scaled { m, coordinates: path.len(), different: different(m, degree)?, wrong_degrees })
    };
    FACTORS.into_iter().map(scaled).collect()
}

fn symmetry_row(run: &Run, unit: Unit, scaled: &Scaled) -> [Value; 8] {
    let [below, above] = scaled.wrong_degrees;
    [
        run.optimizer.into(),
        unit.replicate.into(),
        f64::from(scaled.m).into(),
        run.rule().ok().map(|rule| rule.degree(0.0)).into(),
        scaled.coordinates.into(),
        scaled.different.into(),
        below.into(),
        above.into(),
    ]
}

/// The fitted exponent of each rule in its window, beside what the theory says.
fn exponents_table(main: &Table) -> Result<Table, TableError> {
    let mut table = Table::new(&[
        "optimizer",
        "exponent",
        "lower",
        "upper",
        "predicted",
        "degree",
        "time_exponent",
        "drift",
        "refusal",
        "prefactor",
        "replicates",
        "shortest",
        "longest",
        "window",
        "learning_rate",
        "settings",
    ]);
    for placed in &PLACED {
        let rows = main.with("optimizer", placed.optimizer)?.with("window", "inside")?;
        table.push(exponent_row(placed, &rows)?);
    }
    Ok(table)
}

fn exponent_row(placed: &Placed, rows: &Table) -> Result<[Value; 16], TableError> {
    let observations = observations(rows)?;
    let fit = fit_power_law(&observations, 0.95);
    let (law, refusal) = (fit.as_ref().ok(), fit.as_ref().err());
    let exponent = law.map(|law| law.exponent);
    let run = placed.run();
    let rule = run.rule().ok();
    let norms = typical_steps(&observations);
    Ok([
        placed.optimizer.into(),
        exponent.map(|exponent| exponent.value).into(),
        exponent.map(|exponent| exponent.lower).into(),
        exponent.map(|exponent| exponent.upper).into(),
        rule.map(|rule| rule.norm_exponent(0.0)).into(),
        rule.map(|rule| rule.degree(0.0)).into(),
        rule.map(|rule| rule.time_exponent).into(),
        law.map(|law| law.drift).into(),
        refusal.map(ToString::to_string).into(),
        law.map(|law| law.prefactor).into(),
        exponent.map(|exponent| exponent.replicates).into(),
        norms.first().map(|first| first.0).into(),
        norms.last().map(|last| last.0).into(),
        placed.window.into(),
        placed.learning_rate.into(),
        run.settings().into(),
    ])
}
