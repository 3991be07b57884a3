//! Runs of any rule on pairs of random directions: how many steps they take, and where they pass.

use embedding_norms::loss::NegativeCosine;
use embedding_norms::normalization::GradScale;
use embedding_norms::optimizer::{Optimizer, Parameters, by_name, entry};
use embedding_norms::random::Generator;
use embedding_norms::rules;
use embedding_norms::simulation::{Cadence, Descent, Outcome, Start, StopRules};
use embedding_norms::sphere::{cosines, normalize, uniform};
use embedding_norms::theory::scaling::{Rule, epsilon_exponent, exact_in_binary};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;

/// Pairs of random directions, which runs at several norms have in common.
pub struct Pairs {
    first: Array2<f64>,
    second: Array2<f64>,
}

impl Pairs {
    /// n pairs in R^d.
    pub fn draw(n: usize, d: usize, generator: &mut Generator) -> Result<Self, Failure> {
        Ok(Self { first: uniform(n, d, generator)?, second: uniform(n, d, generator)? })
    }

    /// tan(φ/2) of each pair.
    pub fn half_tangents(&self) -> Vec<f64> {
        cosines(self.first.view(), self.second.view()).into_iter().map(|cosine| cosine.half_tangent()).collect()
    }

    fn at(&self, norm: f64) -> Start {
        Start::pairs(&self.first * norm, &self.second * norm)
    }
}

/// A rule of the catalogue with its settings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    /// The name in the catalogue.
    pub optimizer: &'static str,
    /// The settings that differ from the catalogue.
    pub parameters: Vec<(&'static str, f64)>,
    /// The learning rate γ per pair.
    pub learning_rate: f64,
    /// GradScale's power p, 0 for none.
    pub power: f64,
}

/// When a run has arrived, or is given up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Goal {
    /// ε: the mean cosine is to be 1 − ε.
    pub tolerance: f64,
    /// The largest number of steps.
    pub budget: usize,
}

/// How a run from one norm ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Count {
    /// The initial norm.
    pub norm: f64,
    /// The steps, if the run arrived.
    pub steps: Option<u64>,
    /// What ended it.
    pub stop: String,
}

impl Run {
    /// What the theory says of the rule.
    pub fn rule(&self) -> Result<Rule, Failure> {
        Ok(rules::scaling(entry(self.optimizer)?))
    }

    /// A setting that differs from the catalogue; NaN if it does not.
    pub fn parameter(&self, name: &str) -> f64 {
        self.parameters.iter().find(|(known, _)| *known == name).map_or(f64::NAN, |(_, value)| *value)
    }

    fn build(&self) -> Result<Box<dyn Optimizer>, Failure> {
        let parameters =
            self.parameters.iter().fold(Parameters::defaults(), |all, &(name, value)| all.with(name, value));
        Ok(by_name(self.optimizer, &parameters)?)
    }

    /// Counts the steps from each norm, on the same directions.
    pub fn counts(
        &self,
        pairs: &Pairs,
        norms: &[f64],
        goal: Goal,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Vec<Count>, Failure> {
        let stops = StopRules::budget(goal.budget as u64).mean_cosine(goal.tolerance)?.cancelled_by(cancelled);
        let count = |&norm: &f64| {
            let outcome = self.descend(pairs.at(norm), &stops, Cadence::ends(), false)?;
            let steps = outcome.stop.is_goal().then_some(outcome.steps);
            Ok(Count { norm, steps, stop: outcome.stop.name().to_owned() })
        };
        norms.iter().map(count).collect()
    }

    /// The bits of all directions after every step.
    pub fn path(&self, pairs: &Pairs, norm: f64, steps: usize) -> Result<Vec<u64>, Failure> {
        let stops = StopRules::budget(steps as u64).never_stationary();
        let outcome = self.descend(pairs.at(norm), &stops, Cadence::every(1)?, true)?;
        let mut bits = Vec::new();
        for (first, second) in outcome.records.into_iter().filter_map(|record| record.positions) {
            for view in [Some(first), second].into_iter().flatten() {
                bits.extend(normalize(view.view())?.units().iter().map(|value| value.to_bits()));
            }
        }
        Ok(bits)
    }

    fn descend(
        &self,
        start: Start,
        stops: &StopRules<'_>,
        cadence: Cadence,
        positions: bool,
    ) -> Result<Outcome, Failure> {
        let (loss, optimizer) = (NegativeCosine::symmetric(), self.build()?);
        let mut descent = Descent::new(&loss, &*optimizer, self.learning_rate)?.records(cadence);
        if self.power != 0.0 {
            descent = descent.grad_scale(GradScale::new(self.power)?);
        }
        if positions {
            descent = descent.record_positions();
        }
        Ok(descent.run(start, stops)?)
    }

    /// The run that L6 makes of this one where norms are 2^m times as long, if the degree h is `degree`. An ε scales too.
    pub fn scaled(&self, m: i32, degree: f64) -> Result<Self, Failure> {
        let exact = exact_in_binary(f64::from(m), degree, self.power);
        let power = |exponent: f64| libm::scalbn(1.0, (f64::from(m) * exponent) as i32);
        if !exact {
            return Err(Failure::Refused(format!("{}: h = {degree} is not exact for 2^{m}", self.optimizer)));
        }
        let mut scaled = self.clone();
        scaled.learning_rate *= power(degree);
        let epsilons = scaled.parameters.iter_mut().filter(|(name, _)| *name == "epsilon");
        epsilons.for_each(|(_, epsilon)| *epsilon *= power(epsilon_exponent(self.power)));
        Ok(scaled)
    }

    /// The settings that differ from the catalogue, in words.
    pub fn settings(&self) -> String {
        let symbol = |name: &str| {
            let known = entry(self.optimizer).map_or(&[][..], |entry| entry.parameters);
            known.iter().find(|parameter| parameter.name == name).map_or(name.to_owned(), |found| found.symbol.into())
        };
        let shown = self.parameters.iter().map(|(name, value)| format!("{} = {value}", symbol(name)));
        shown.collect::<Vec<_>>().join(", ")
    }
}

/// How many of the bit patterns of two paths differ.
pub fn differences(path: &[u64], other: &[u64]) -> u64 {
    let unpaired = path.len().abs_diff(other.len());
    (path.iter().zip(other).filter(|(x, y)| x != y).count() + unpaired) as u64
}

/// What is done with a rule on so many pairs.
#[derive(Clone, Debug, Serialize)]
pub struct Task<W> {
    /// The rule.
    pub run: Run,
    /// n.
    pub pairs: usize,
    /// d.
    pub dimension: usize,
    /// What is done.
    pub work: W,
}

impl<W> Task<W> {
    /// The pairs of a replicate.
    pub fn pairs(&self, generator: &mut Generator) -> Result<Pairs, Failure> {
        Pairs::draw(self.pairs, self.dimension, generator)
    }

    /// Nanoseconds that so many steps of it take, roughly.
    pub fn nanoseconds(&self, steps: f64) -> f64 {
        nanoseconds(steps, self.pairs, self.dimension)
    }
}

/// Nanoseconds that so many steps take, roughly: the calls of a step, and each coordinate of both members.
pub fn nanoseconds(steps: f64, pairs: usize, dimension: usize) -> f64 {
    steps * (1200.0 + 10.0 * (pairs * dimension) as f64)
}
