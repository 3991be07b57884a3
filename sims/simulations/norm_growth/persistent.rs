//! Embeddings whose target is drawn anew at every update (statement S2).

use embedding_norms::lab::sweep::UnitContext;
use embedding_norms::lab::table::{Table, Value};
use embedding_norms::optimizer::GradientDescent;
use embedding_norms::simulation::PersistentDescent;
use embedding_norms::sphere::{inner, uniform};
use embedding_norms::theory::growth::{fresh_targets, persistent_fourth_power};
use serde::{Deserialize, Serialize};

use super::Cell;
use crate::cli::failure::Failure;

/// Records for each factor of ten in updates.
const PER_DECADE: f64 = 5.0;

/// Embeddings of norm 1 at the start.
#[derive(Clone, Debug, Serialize)]
pub struct Persistent {
    pub dimension: usize,
    step_size: f64,
    pub updates: usize,
    embeddings: usize,
}

/// The mean of ρ⁴ after some updates.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PersistentRun {
    updates: usize,
    fourth_power: f64,
    law: f64,
}

impl Persistent {
    pub fn new(dimension: usize, step_size: f64, updates: usize, embeddings: usize) -> Self {
        Self { dimension, step_size, updates, embeddings }
    }

    /// Nanoseconds, roughly.
    pub fn cost(&self) -> f64 {
        (self.updates * self.embeddings) as f64 * (100.0 + 40.0 * self.dimension as f64)
    }

    pub fn run(&self, unit: &mut UnitContext<'_, Cell>) -> Result<Vec<PersistentRun>, Failure> {
        let points = uniform(self.embeddings, self.dimension, &mut unit.generator)?;
        let mut run = PersistentDescent::new(&GradientDescent, self.step_size)?.start(points)?;
        let (mut runs, mut due) = (Vec::new(), 1);
        for updates in 1..=self.updates {
            if unit.is_cancelled() {
                break;
            }
            run.step(&mut unit.generator)?;
            if updates == due || updates == self.updates {
                let squares = run.directions().norms().mapv(|norm| norm * norm);
                let fourth_power = inner(squares.view(), squares.view()) / self.embeddings as f64;
                runs.push(PersistentRun { updates, fourth_power, law: self.law(updates)? });
                due = (due + 1).max((due as f64 * libm::pow(10.0, 1.0 / PER_DECADE)).round() as usize);
            }
        }
        Ok(runs)
    }

    /// The mean of ρ⁴ that S2 predicts, with the logarithm.
    fn law(&self, updates: usize) -> Result<f64, Failure> {
        let (square, fourth) = fresh_targets(self.dimension);
        Ok(persistent_fourth_power(self.step_size, 1.0, square, fourth, updates as f64)?)
    }

    pub fn table() -> Table {
        Table::new(&[
            "dimension",
            "step_size",
            "updates",
            "replicate",
            "fourth_power",
            "law",
            "relative",
            "norm",
            "embeddings",
        ])
    }

    pub fn row(&self, run: &PersistentRun, replicate: u64) -> [Value; 9] {
        [
            self.dimension.into(),
            self.step_size.into(),
            run.updates.into(),
            replicate.into(),
            run.fourth_power.into(),
            run.law.into(),
            (run.fourth_power / run.law).into(),
            run.fourth_power.sqrt().sqrt().into(),
            self.embeddings.into(),
        ]
    }
}
