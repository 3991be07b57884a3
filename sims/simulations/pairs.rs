//! Pairs that descend the negative cosine, counted by three engines, and published counts beside ours: what the
//! simulations of the published sweeps share.
//!
//! *full* moves the vectors, *pair* iterates the exact recursion of D1, *flow* evaluates the closed form of L4.

use std::f64::consts::PI;

use clap::{Args, ValueEnum};
use embedding_norms::loss::NegativeCosine;
use embedding_norms::simulation::{Outcome, PairDescent, Start, Stop, StopRules};
use embedding_norms::sphere::{Cosine, cosines};
use embedding_norms::statistics::{Estimate, prediction_interval};
use embedding_norms::theory::convergence::population_flow_steps;
use embedding_norms::theory::pair::{Count, EqualPopulation, FirstStep};
use embedding_norms_lab::claim::{Claim, Source, Verdict, claim};
use embedding_norms_lab::figure::Axis;
use embedding_norms_lab::reference::{PublishedCount, published};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::rates::{self, PerEmbedding};
use crate::cli::values;

/// How a population of pairs descends; the defaults are the paper's.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairOptions {
    /// Number of pairs n
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 500)]
    pub pairs: usize,

    /// Dimension d of the embeddings
    #[arg(long, value_name = "D", value_parser = values::dimension, default_value_t = 20)]
    pub dim: usize,

    /// Learning rate γ per pair; a framework's rate η on the mean over n pairs is γ = η/n
    #[arg(long, value_name = "γ", value_parser = rates::read_per_embedding, default_value = "0.02")]
    pub learning_rate: PerEmbedding,

    /// Stop when the mean cosine is at least 1 − ε
    #[arg(long, value_name = "ε", value_parser = values::tolerance, default_value_t = 1e-3)]
    pub tolerance: f64,

    /// Steps after which a run is given up
    #[arg(long, value_name = "STEPS", value_parser = values::count, default_value_t = 100_000_000)]
    pub budget: usize,

    /// Runs of the pair engine behind the prediction intervals of the published counts; 0: none
    #[arg(long, value_name = "N", value_parser = values::amount, default_value_t = 1000)]
    pub published_runs: usize,

    /// Which engines count the steps of populations; D1 needs both, the published counts need the pair engine
    #[arg(long, value_name = "ENGINE", default_value = "both")]
    #[serde(default)]
    pub engine: Engine,
}

/// What counts the steps of a population.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// Vectors in R^d that descend
    Full,
    /// The recursion of D1, without vectors
    Pair,
    /// Each of them, on the same pairs
    #[default]
    Both,
}

impl PairOptions {
    /// Pairs of this norm and first step.
    pub fn at(&self, norm: f64, first_step: FirstGradient) -> Pairs {
        Pairs {
            norm,
            pairs: self.pairs,
            dimension: self.dim,
            learning_rate: self.learning_rate.get(),
            tolerance: self.tolerance,
            first_step,
            budget: self.budget,
            engine: self.engine,
        }
    }

    /// Whether the published counts are compared with runs of the pair engine.
    pub fn predicts_published(&self) -> bool {
        self.is_published_setting() && self.published_runs > 0 && self.engine != Engine::Full
    }

    /// Whether n, d, γ and ε are those of the published counts.
    pub fn is_published_setting(&self) -> bool {
        (self.pairs, self.dim, self.learning_rate.get(), self.tolerance) == (500, 20, 0.02, 1e-3)
    }
}

/// What the first step follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FirstGradient {
    /// The gradient of the cosine, as in all later steps
    Cosine,
    /// The gradient of the inner product, as in the authors' public notebook
    DotProduct,
}

impl From<FirstGradient> for FirstStep {
    fn from(first: FirstGradient) -> Self {
        match first {
            FirstGradient::Cosine => Self::Cosine,
            FirstGradient::DotProduct => Self::DotProduct,
        }
    }
}

/// Pairs that descend from one common norm.
#[derive(Clone, Debug, Serialize)]
pub struct Pairs {
    pub norm: f64,
    pub pairs: usize,
    pub dimension: usize,
    pub learning_rate: f64,
    pub tolerance: f64,
    pub first_step: FirstGradient,
    pub budget: usize,
    /// Part of no identity: pairs begin in the same directions, whatever counts their steps.
    #[serde(skip)]
    pub engine: Engine,
}

/// What the engines count on the same pairs. `stop` is of the vectors, where there are some.
pub struct Counts {
    pub steps: Option<u64>,
    pub stop: String,
    pub pair_steps: Option<u64>,
    pub pair_crossing: Option<f64>,
    pub flow_steps: Option<f64>,
}

impl Pairs {
    /// u = γ/ρ².
    pub fn step_size(&self) -> f64 {
        self.learning_rate / (self.norm * self.norm)
    }

    /// Roughly the nanoseconds of so many steps: 0.55 for each coordinate of a pair and step, and what a pair and step
    /// takes without vectors.
    pub fn cost(&self, steps: f64) -> f64 {
        let vectors = if self.engine == Engine::Pair { 0.0 } else { 0.55 * self.dimension as f64 };
        let recursion = if self.engine == Engine::Full { 0.0 } else { PAIR_STEP };
        steps.clamp(1.0, self.budget as f64) * self.pairs as f64 * (vectors + recursion)
    }

    /// Steps of pairs that begin in these directions, by the engines asked for and by the flow.
    pub fn count(&self, x: &Array2<f64>, y: &Array2<f64>, cancelled: &dyn Fn() -> bool) -> Result<Counts, Failure> {
        let half_tangents: Vec<f64> = cosines(x.view(), y.view()).into_iter().map(Cosine::half_tangent).collect();
        let full = (self.engine != Engine::Pair).then(|| self.descend(x, y, cancelled)).transpose()?;
        let pair = (self.engine != Engine::Full).then(|| self.count_without_vectors(&half_tangents)).transpose()?;
        // The flow follows the cosine from the start, so it says nothing of another first step.
        let flow_steps = match self.first_step {
            FirstGradient::Cosine => {
                population_flow_steps(&half_tangents, self.step_size(), self.step_size(), self.tolerance)?
            }
            FirstGradient::DotProduct => None,
        };
        let stop = full.as_ref().map(|outcome| outcome.stop.name()).or(pair.map(stop_name));
        Ok(Counts {
            steps: full.filter(|outcome| outcome.stop.is_goal()).map(|outcome| outcome.steps),
            stop: stop.unwrap_or_default().to_owned(),
            pair_steps: pair.and_then(Count::steps),
            pair_crossing: pair.and_then(Count::crossing),
            flow_steps,
        })
    }

    /// Vectors that begin in these directions, on their way.
    fn descend(&self, x: &Array2<f64>, y: &Array2<f64>, cancelled: &dyn Fn() -> bool) -> Result<Outcome, Failure> {
        let stops = StopRules::budget(self.budget as u64).mean_cosine(self.tolerance)?.cancelled_by(cancelled);
        let descent = PairDescent::new(NegativeCosine::symmetric(), self.learning_rate)?;
        Ok(descent.first_step(self.first_step.into()).run(Start::pairs(x * self.norm, y * self.norm), &stops)?)
    }

    /// Steps by the pair engine alone, from tan(φ/2) of each pair.
    pub fn count_without_vectors(&self, half_tangents: &[f64]) -> Result<Count, Failure> {
        let population = EqualPopulation::new(half_tangents, self.step_size())?;
        Ok(population.steps_until_mean(self.tolerance, self.first_step.into(), self.budget as u64)?)
    }
}

/// Why a count of the pair engine ended, as the full engine says it.
pub fn stop_name(count: Count) -> &'static str {
    match count {
        Count::Reached { .. } => Stop::MeanCosine.name(),
        Count::Stationary => Stop::Stationary.name(),
        Count::Budget => Stop::Budget.name(),
    }
}

/// D1: full and pair counts of each run, over the runs that ended within their budget.
pub fn engines_claim(engine: Engine, counts: impl Iterator<Item = (Option<u64>, Option<u64>)>) -> Claim {
    let ended: Vec<_> = counts.filter(|(full, pair)| full.or(*pair).is_some()).collect();
    claim("D1", "vectors in R^d and D1's recursion count the same steps, in every run")
        .needs(engine == Engine::Both, "needs both engines: --engine both")
        .needs(!ended.is_empty(), "no run ended within the budget")
        .none_of(ended, |(full, pair)| full != pair)
}

/// The published counts of a sweep, `norm` or `angle`. The file is compiled in, so reading it does not fail.
pub fn published_counts(sweep: &str) -> Vec<PublishedCount> {
    published(sweep).unwrap_or_default()
}

/// Where a published count should lie, after the crossing times of our runs: the interval in which one more run lies, for
/// all published counts together with 99 % confidence: normal, Bonferroni's correction over the points of both sweeps,
/// both ends rounded up as counts are.
pub fn prediction(crossings: &[f64]) -> Option<Estimate> {
    let points = published_counts("norm").len() + published_counts("angle").len();
    let interval = prediction_interval(crossings, 1.0 - 0.01 / points as f64)?;
    Some(Estimate { lower: interval.lower.ceil(), upper: interval.upper.ceil(), ..interval })
}

/// Whether a published count lies between two ends.
pub fn is_between(count: f64, lower: Option<f64>, upper: Option<f64>) -> bool {
    lower.zip(upper).is_some_and(|(lower, upper)| lower <= count && count <= upper)
}

/// An axis of angles from 0 to π.
pub fn angle_axis(label: &str) -> Axis {
    let quarters = [(0.0, "0"), (0.25, "π/4"), (0.5, "π/2"), (0.75, "3π/4"), (1.0, "π")];
    Axis::linear(label).range(0.0, PI).ticks(quarters.map(|(part, name)| (part * PI, name.to_owned())))
}

/// Runs below which the published counts are not tested.
const ENOUGH_RUNS: usize = 1000;

/// Nanoseconds of a pair and step of the pair engine, roughly.
pub const PAIR_STEP: f64 = 0.5;

/// The paper's counts of one sweep against our runs, with a note on how these were made. For each count: the number of
/// runs, and whether it lies inside their prediction interval.
pub fn published_claim(statement: &str, counts: &[(usize, bool)], how: &str) -> Claim {
    let says =
        "every published count lies inside the prediction interval of our runs (99 % for all 62 of them together)";
    let not_tested = |why: &str| Claim::not_tested(statement, Source::Paper, says, why);
    let Some(runs) = counts.iter().map(|(runs, _)| *runs).min() else {
        return not_tested("needs the settings of the paper and runs of the pair engine");
    };
    if runs < ENOUGH_RUNS {
        return not_tested(&format!("{runs} runs at each point; the interval needs at least {ENOUGH_RUNS}"));
    }
    let (all, hits) = (counts.len(), counts.iter().filter(|(_, inside)| *inside).count());
    let verdict = if hits == all { Verdict::Supported } else { Verdict::NotSupported };
    claim(statement, says)
        .note(format!("pair engine, first step as published, {runs} runs at each point{how}"))
        .holds(format!("all {all}"), format!("{hits} of {all}"), hits == all)
        .of_the_paper(verdict)
}
