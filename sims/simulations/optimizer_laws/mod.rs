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
use embedding_norms::statistics::Estimate;
use embedding_norms_lab::claim::Claim;
use embedding_norms_lab::figure::Figure;
use embedding_norms_lab::law::{Observation, fit_power_law};
use serde::{Deserialize, Serialize};

pub use exponents::{Window, estimate, local_exponents, observation, typical_steps};
pub use run::{Count, Goal, Pairs, Run, Task, differences, nanoseconds};

use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::simulation::{Simulation, Tables};
use crate::simulations::study::{Context, Plan, Row, Study};
use rules::{PLACED, Placed, long_memory};

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

    /// Steps over which the exact statement is checked
    #[arg(long, value_name = "STEPS", value_parser = values::count, default_value_t = 64)]
    exact_steps: usize,
}

/// Steps from each norm, with the place of the rule in the list of windows.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Counting {
    Window { rule: usize, norms: Vec<f64>, goal: Goal },
}

/// Steps from each norm with a long memory.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Remembering {
    LongMemory { norms: Vec<f64>, goal: Goal },
}

/// Norms scaled by powers of two, followed for so many steps.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Scaling {
    Symmetry { steps: usize },
}

/// Steps of one run.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Steps {
    optimizer: String,
    norm: f64,
    replicate: u64,
    steps: Option<u64>,
    stop: String,
    window: Window,
    learning_rate: f64,
    tolerance: f64,
}

/// The same of Adam with a memory of 1000 steps.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct LongSteps(Steps);

/// The exponent that was fitted to a rule in its window, or why none was, beside what the theory says.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Exponent {
    optimizer: String,
    exponent: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    predicted: f64,
    degree: f64,
    time_exponent: f64,
    drift: Option<f64>,
    refusal: Option<String>,
    prefactor: Option<f64>,
    replicates: Option<usize>,
    shortest: Option<f64>,
    longest: Option<f64>,
    window: String,
    learning_rate: f64,
    settings: String,
}

/// Coordinates of directions that differ in any bit between a run at 2^m times the norm and the run at the norm, with the
/// degree h of the rule and with h − 1 and h + 1 in its place.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Scaled {
    optimizer: String,
    replicate: u64,
    m: i32,
    degree: f64,
    coordinates: u64,
    different: u64,
    different_degree_below: u64,
    different_degree_above: u64,
}

impl Row for Steps {
    const TABLE: &'static str = "";
}

impl Row for LongSteps {
    const TABLE: &'static str = "adam-dip";
}

impl Row for Exponent {
    const TABLE: &'static str = "exponents";
}

impl Row for Scaled {
    const TABLE: &'static str = "symmetry";
}

impl<W> Task<W> {
    /// Steps from each norm, where the window begins at one.
    fn count(&self, norms: &[f64], goal: Goal, begins: f64, unit: &mut Context<'_>) -> Result<Vec<Steps>, Failure> {
        let pairs = self.pairs(&mut unit.generator)?;
        let counts = self.run.counts(&pairs, norms, goal, &|| unit.is_cancelled())?;
        let same_at_all_norms = self.run.rule()?.degree(0.0) == 0.0;
        let row = |Count { norm, steps, stop }| Steps {
            optimizer: self.run.optimizer.to_owned(),
            norm,
            replicate: unit.unit.replicate,
            steps,
            stop,
            window: Window::of(same_at_all_norms || norm >= begins),
            learning_rate: self.run.learning_rate,
            tolerance: goal.tolerance,
        };
        Ok(counts.into_iter().map(row).collect())
    }
}

impl Study for Task<Counting> {
    type Rows = Vec<Steps>;

    fn label(&self) -> String {
        self.run.optimizer.to_owned()
    }

    fn cost(&self) -> f64 {
        let Counting::Window { rule, norms, goal } = &self.work;
        let exponent = self.run.rule().map_or(0.0, |rule| rule.norm_exponent(0.0));
        let steps = |&norm: &f64| (PLACED[*rule].steps * libm::pow(norm, exponent)).min(goal.budget as f64);
        self.nanoseconds(norms.iter().map(steps).sum())
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<Steps>, Failure> {
        let Counting::Window { norms, goal, .. } = &self.work;
        self.count(norms, *goal, WINDOW, unit)
    }
}

impl Study for Task<Remembering> {
    type Rows = Vec<LongSteps>;

    fn label(&self) -> String {
        format!("{}, long memory", self.run.optimizer)
    }

    fn cost(&self) -> f64 {
        let Remembering::LongMemory { norms, goal } = &self.work;
        self.nanoseconds(norms.iter().map(|norm| (600.0 * norm).min(goal.budget as f64)).sum())
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<LongSteps>, Failure> {
        let Remembering::LongMemory { norms, goal } = &self.work;
        Ok(self.count(norms, *goal, LONG_MEMORY_WINDOW, unit)?.into_iter().map(LongSteps).collect())
    }
}

impl Study for Task<Scaling> {
    type Rows = Vec<Scaled>;

    fn label(&self) -> String {
        format!("{}, scaled", self.run.optimizer)
    }

    fn cost(&self) -> f64 {
        let Scaling::Symmetry { steps } = self.work;
        self.nanoseconds(3.0 * ((1 + 3 * FACTORS.len()) * steps) as f64)
    }

    /// Norms times 2^m, with the degree of the rule and with wrong ones.
    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<Scaled>, Failure> {
        let Scaling::Symmetry { steps } = self.work;
        let pairs = self.pairs(&mut unit.generator)?;
        let path = self.run.path(&pairs, WINDOW, steps)?;
        let degree = self.run.rule()?.degree(0.0);
        let different = |m: i32, degree: f64| -> Result<u64, Failure> {
            let scaled = self.run.scaled(m, degree)?;
            Ok(differences(&path, &scaled.path(&pairs, WINDOW * libm::scalbn(1.0, m), steps)?))
        };
        let scaled = |m: i32| {
            Ok(Scaled {
                optimizer: self.run.optimizer.to_owned(),
                replicate: unit.unit.replicate,
                m,
                degree,
                coordinates: path.len() as u64,
                different: different(m, degree)?,
                different_degree_below: different(m, degree - 1.0)?,
                different_degree_above: different(m, degree + 1.0)?,
            })
        };
        FACTORS.into_iter().map(scaled).collect()
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

    fn plan(&self) -> Result<Plan, Failure> {
        let goal = Goal { tolerance: self.tolerance, budget: self.budget };
        let window = |(rule, placed): (usize, &Placed)| {
            self.task(placed.run(), Counting::Window { rule, norms: self.norms.clone(), goal })
        };
        let long = Remembering::LongMemory { norms: self.dip_norms.clone(), goal };
        let symmetry = |placed: &Placed| self.task(placed.run(), Scaling::Symmetry { steps: self.exact_steps });
        Plan::default()
            .cells(PLACED.iter().enumerate().map(window))?
            .cells([self.task(long_memory(), long)])?
            .cells(PLACED.iter().map(symmetry))
    }

    fn derive(&self, tables: &mut Tables) -> Result<(), Failure> {
        let rows = tables.rows()?;
        let exponents = PLACED.iter().map(|placed| Exponent::of(placed, &rows)).collect::<Result<Vec<_>, _>>()?;
        Ok(tables.push_rows(&exponents)?)
    }

    fn claims(&self, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
        claims::claims(tables, replicates)
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        figures::figures(tables)
    }
}

impl OptimizerLaws {
    fn task<W>(&self, run: Run, work: W) -> Task<W> {
        Task { run, pairs: self.pairs, dimension: self.dim, work }
    }
}

impl Steps {
    fn observation(&self) -> Option<Observation> {
        observation(self.norm, self.steps, self.replicate)
    }
}

/// The steps of one rule.
fn observations(rows: &[Steps], optimizer: &str) -> Vec<Observation> {
    rows.iter().filter(|row| row.optimizer == optimizer).filter_map(Steps::observation).collect()
}

/// The steps of Adam with a long memory.
fn remembered(rows: &[LongSteps]) -> Vec<Observation> {
    rows.iter().filter_map(|row| row.0.observation()).collect()
}

impl Exponent {
    fn of(placed: &Placed, rows: &[Steps]) -> Result<Self, Failure> {
        let inside = rows.iter().filter(|row| row.optimizer == placed.optimizer && row.window == Window::Inside);
        let observations: Vec<Observation> = inside.filter_map(Steps::observation).collect();
        let fit = fit_power_law(&observations, 0.95);
        let (law, exponent) = (fit.as_ref().ok(), fit.as_ref().ok().map(|law| law.exponent));
        let (run, norms) = (placed.run(), typical_steps(&observations));
        let rule = run.rule()?;
        Ok(Self {
            optimizer: placed.optimizer.to_owned(),
            exponent: exponent.map(|exponent| exponent.value),
            lower: exponent.map(|exponent| exponent.lower),
            upper: exponent.map(|exponent| exponent.upper),
            predicted: rule.norm_exponent(0.0),
            degree: rule.degree(0.0),
            time_exponent: rule.time_exponent,
            drift: law.map(|law| law.drift),
            refusal: fit.as_ref().err().map(ToString::to_string),
            prefactor: law.map(|law| law.prefactor),
            replicates: exponent.map(|exponent| exponent.replicates),
            shortest: norms.first().map(|first| first.0),
            longest: norms.last().map(|last| last.0),
            window: placed.window.to_owned(),
            learning_rate: placed.learning_rate,
            settings: run.settings(),
        })
    }

    fn estimate(&self) -> Option<Estimate> {
        estimate([self.exponent, self.lower, self.upper], self.replicates)
    }

    /// The shortest and the longest norm in the window.
    fn norms(&self) -> Option<(f64, f64)> {
        self.shortest.zip(self.longest)
    }

    /// What the claim of this exponent says.
    fn says(&self) -> String {
        let twice = if self.time_exponent == 2.0 { ", twice its degree" } else { "" };
        format!("{}: in its window, steps grow as ρ^k with k = {}{twice}", self.optimizer, self.predicted)
    }
}
