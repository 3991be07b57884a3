//! Embeddings whose target is drawn anew at every update (statement S2).

use embedding_norms::optimizer::GradientDescent;
use embedding_norms::simulation::PersistentDescent;
use embedding_norms::sphere::{inner, uniform};
use embedding_norms::theory::growth::{fresh_targets, persistent_fourth_power};
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::simulations::study::{Context, Row, Study};

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
pub struct PersistentRow {
    pub dimension: usize,
    pub step_size: f64,
    pub updates: usize,
    pub replicate: u64,
    fourth_power: f64,
    pub law: f64,
    pub relative: f64,
    pub norm: f64,
    embeddings: usize,
}

impl Row for PersistentRow {
    const TABLE: &'static str = "persistent";
}

impl Persistent {
    pub fn new(dimension: usize, step_size: f64, updates: usize, embeddings: usize) -> Self {
        Self { dimension, step_size, updates, embeddings }
    }

    /// The mean of ρ⁴ that S2 predicts, with the logarithm.
    fn law(&self, updates: usize) -> Result<f64, Failure> {
        let (square, fourth) = fresh_targets(self.dimension);
        Ok(persistent_fourth_power(self.step_size, 1.0, square, fourth, updates as f64)?)
    }

    fn row(&self, updates: usize, fourth_power: f64, replicate: u64) -> Result<PersistentRow, Failure> {
        let law = self.law(updates)?;
        Ok(PersistentRow {
            dimension: self.dimension,
            step_size: self.step_size,
            updates,
            replicate,
            fourth_power,
            law,
            relative: fourth_power / law,
            norm: fourth_power.sqrt().sqrt(),
            embeddings: self.embeddings,
        })
    }
}

impl Study for Persistent {
    type Rows = Vec<PersistentRow>;

    fn label(&self) -> String {
        format!("{} updates in dimension {}", self.updates, self.dimension)
    }

    fn cost(&self) -> f64 {
        (self.updates * self.embeddings) as f64 * (100.0 + 40.0 * self.dimension as f64)
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<PersistentRow>, Failure> {
        let points = uniform(self.embeddings, self.dimension, &mut unit.generator)?;
        let mut run = PersistentDescent::new(&GradientDescent, self.step_size)?.start(points)?;
        let (mut rows, mut due) = (Vec::new(), 1);
        for updates in 1..=self.updates {
            if unit.is_cancelled() {
                break;
            }
            run.step(&mut unit.generator)?;
            if updates == due || updates == self.updates {
                let squares = run.directions().norms().mapv(|norm| norm * norm);
                let fourth_power = inner(squares.view(), squares.view()) / self.embeddings as f64;
                rows.push(self.row(updates, fourth_power, unit.unit.replicate)?);
                due = (due + 1).max((due as f64 * libm::pow(10.0, 1.0 / PER_DECADE)).round() as usize);
            }
        }
        Ok(rows)
    }
}
