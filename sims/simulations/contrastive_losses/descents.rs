//! Descents of one loss from common directions at several norms: the steps to one level of the loss (statement L6), and
//! what squared norms gain on the way against what the loss loses (statement S1).

use embedding_norms::check::loss::through_pullback;
use embedding_norms::lab::table::{Table, Value};
use embedding_norms::loss::Loss;
use embedding_norms::optimizer::GradientDescent;
use embedding_norms::simulation::{Descent, Outcome, Start, StopRules};
use embedding_norms::sphere::inner;
use serde::{Deserialize, Serialize};

use super::Trial;
use super::bodies::{Bodies, scaled};
use crate::cli::failure::Failure;

/// What one descent finds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    norm: f64,
    steps: Option<u64>,
    stop: String,
    level: f64,
    spent: f64,
    growth: f64,
}

impl Trial {
    /// Descents at all norms, to the loss that the shortest one has after `first_steps` steps.
    pub fn descend(&self, start: &Start, cancelled: &dyn Fn() -> bool) -> Result<Vec<Run>, Failure> {
        let loss = self.bodies.loss()?;
        let shortest = self.norms.iter().copied().fold(f64::INFINITY, f64::min);
        let pilot = StopRules::budget(self.first_steps as u64).never_stationary().cancelled_by(cancelled);
        let pilot = self.run(&*loss, start, shortest, &pilot)?;
        let level = pilot.records.last().map_or(f64::NAN, |record| record.loss);
        let stops = StopRules::budget(self.budget as u64).loss_level(level).never_stationary().cancelled_by(cancelled);
        let at = |&norm: &f64| -> Result<Run, Failure> {
            let outcome = self.run(&*loss, start, norm, &stops)?;
            self.account(&*loss, &scaled(start, norm), norm, level, outcome)
        };
        self.norms.iter().map(at).collect()
    }

    fn run(&self, loss: &dyn Loss, start: &Start, norm: f64, stops: &StopRules<'_>) -> Result<Outcome, Failure> {
        Ok(Descent::new(loss, &GradientDescent, self.learning_rate())?.run(scaled(start, norm), stops)?)
    }

    fn account(&self, loss: &dyn Loss, start: &Start, norm: f64, level: f64, outcome: Outcome) -> Result<Run, Failure> {
        Ok(Run {
            norm,
            steps: outcome.stop.is_goal().then_some(outcome.steps),
            stop: outcome.stop.name().to_owned(),
            level,
            spent: spent(loss, start, &outcome)?,
            growth: growth(start, &outcome),
        })
    }

    /// The table of steps.
    pub fn steps_table() -> Table {
        Table::new(&[
            "loss",
            "norm",
            "replicate",
            "steps",
            "stop",
            "level",
            "learning_rate",
            "temperature",
            "first_steps",
            "embeddings",
            "dimension",
        ])
    }

    pub fn steps_row(&self, run: &Run, replicate: u64) -> [Value; 11] {
        let Bodies { loss, temperature, embeddings, dimension, .. } = &self.bodies;
        [
            loss.as_str().into(),
            run.norm.into(),
            replicate.into(),
            run.steps.into(),
            run.stop.as_str().into(),
            run.level.into(),
            self.learning_rate().into(),
            (*temperature).into(),
            self.first_steps.into(),
            (*embeddings).into(),
            (*dimension).into(),
        ]
    }

    /// The table of growth.
    pub fn growth_table() -> Table {
        Table::new(&["loss", "step_size", "replicate", "norm", "spent", "growth", "budget_ratio"])
    }

    pub fn growth_row(&self, run: &Run, replicate: u64) -> [Value; 7] {
        [
            self.bodies.loss.as_str().into(),
            (self.learning_rate() / (self.bodies.temperature * run.norm * run.norm)).into(),
            replicate.into(),
            run.norm.into(),
            run.spent.into(),
            run.growth.into(),
            (run.growth / (self.learning_rate() * run.spent)).into(),
        ]
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
