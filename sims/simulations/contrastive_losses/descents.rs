//! Descents of one loss from common directions at several norms: the steps to one level of the loss (statement L6), and
//! what squared norms gain on the way against what the loss loses (statement S1).

use embedding_norms::check::loss::through_pullback;
use embedding_norms::loss::Loss;
use embedding_norms::optimizer::GradientDescent;
use embedding_norms::simulation::{Descent, Outcome, Start, StopRules};
use embedding_norms::sphere::inner;
use serde::{Deserialize, Serialize};

use super::Trial;
use super::bodies::{Bodies, scaled};
use crate::cli::failure::Failure;
use crate::simulations::study::Row;

/// The steps of one descent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Steps {
    pub loss: String,
    pub norm: f64,
    pub replicate: u64,
    pub steps: Option<u64>,
    pub stop: String,
    pub level: f64,
    pub learning_rate: f64,
    pub temperature: f64,
    pub first_steps: usize,
    pub embeddings: usize,
    pub dimension: usize,
}

/// What squared norms gained in it, and the loss spent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Growth {
    pub loss: String,
    pub step_size: f64,
    pub replicate: u64,
    pub norm: f64,
    pub spent: f64,
    pub growth: f64,
    /// Missing where a loss had nothing to spend.
    pub budget_ratio: Option<f64>,
}

impl Row for Steps {
    const TABLE: &'static str = "";
}

impl Row for Growth {
    const TABLE: &'static str = "growth";
}

impl Trial {
    /// Descents at all norms, to the loss that the shortest one has after `first_steps` steps.
    pub fn descend(
        &self,
        start: &Start,
        replicate: u64,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Vec<(Steps, Growth)>, Failure> {
        let loss = self.bodies.loss()?;
        let shortest = self.norms.iter().copied().fold(f64::INFINITY, f64::min);
        let pilot = StopRules::budget(self.first_steps as u64).never_stationary().cancelled_by(cancelled);
        let pilot = self.descent(&*loss, start, shortest, &pilot)?;
        let level = pilot.records.last().map_or(f64::NAN, |record| record.loss);
        let stops = StopRules::budget(self.budget as u64).loss_level(level).never_stationary().cancelled_by(cancelled);
        let at = |&norm: &f64| -> Result<_, Failure> {
            let outcome = self.descent(&*loss, start, norm, &stops)?;
            let steps = self.steps(norm, level, replicate, &outcome);
            Ok((steps, self.growth(&*loss, &scaled(start, norm), norm, replicate, &outcome)?))
        };
        self.norms.iter().map(at).collect()
    }

    fn descent(&self, loss: &dyn Loss, start: &Start, norm: f64, stops: &StopRules<'_>) -> Result<Outcome, Failure> {
        Ok(Descent::new(loss, &GradientDescent, self.learning_rate())?.run(scaled(start, norm), stops)?)
    }

    fn steps(&self, norm: f64, level: f64, replicate: u64, outcome: &Outcome) -> Steps {
        let Bodies { temperature, embeddings, dimension, .. } = self.bodies;
        Steps {
            loss: self.bodies.loss.clone(),
            norm,
            replicate,
            steps: outcome.stop.is_goal().then_some(outcome.steps),
            stop: outcome.stop.name().to_owned(),
            level,
            learning_rate: self.learning_rate(),
            temperature,
            first_steps: self.first_steps,
            embeddings,
            dimension,
        }
    }

    fn growth(
        &self,
        loss: &dyn Loss,
        start: &Start,
        norm: f64,
        replicate: u64,
        outcome: &Outcome,
    ) -> Result<Growth, Failure> {
        let (spent, growth) = (spent(loss, start, outcome)?, growth(start, outcome));
        Ok(Growth {
            loss: self.bodies.loss.clone(),
            step_size: self.learning_rate() / (self.bodies.temperature * norm * norm),
            replicate,
            norm,
            spent,
            growth,
            budget_ratio: Some(growth / (self.learning_rate() * spent)).filter(|ratio| ratio.is_finite()),
        })
    }
}

/// L_0 − L_T of the total.
pub fn spent(loss: &dyn Loss, start: &Start, outcome: &Outcome) -> Result<f64, Failure> {
    let end = Start { first: outcome.first.clone(), second: outcome.second.clone(), ..start.clone() };
    Ok(through_pullback(loss, start)?.total - through_pullback(loss, &end)?.total)
}

/// Σ(‖z_T‖² − ‖z_0‖²) over all embeddings.
pub fn growth(start: &Start, outcome: &Outcome) -> f64 {
    let before = std::iter::once(&start.first).chain(&start.second);
    let after = std::iter::once(&outcome.first).chain(&outcome.second);
    let rows = before.zip(after).flat_map(|(before, after)| before.rows().into_iter().zip(after.rows()));
    rows.fold(0.0, |sum, (before, after)| sum + (inner(after, after) - inner(before, before)))
}
