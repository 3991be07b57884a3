//! How the norms approach their equilibrium.

use embedding_norms::sphere::uniform;
use ndarray::ArrayView1;
use serde::{Deserialize, Serialize};

use super::method::Setting;
use crate::cli::failure::Failure;
use crate::simulations::decay::Decay;
use crate::simulations::study::{Context, Row, Study};

/// When a record is written, in relaxations.
const RECORDS: [f64; 19] =
    [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, FROM, 0.65, 0.8, 1.0, 1.25, TO, 2.0, 2.5, 3.0, 4.0];
/// The relaxation is measured from here…
pub const FROM: f64 = 0.5;
/// … to here.
pub const TO: f64 = 1.5;

/// Embeddings that start away from S3's norm.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Approach {
    pub setting: Setting,
    /// The norm at the start over S3's.
    pub start: f64,
    pub embeddings: usize,
}

/// The norm at one step.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApproachRow {
    pub optimizer: String,
    pub decay: Decay,
    pub start: f64,
    pub relaxations: f64,
    pub replicate: u64,
    pub step: u64,
    pub moment: u32,
    pub norm: f64,
    pub law: f64,
    pub predicted_norm: f64,
    pub relaxation: f64,
    learning_rate: f64,
    weight_decay: f64,
    dimension: usize,
    embeddings: usize,
}

impl Row for ApproachRow {
    const TABLE: &'static str = "approach";
}

impl Study for Approach {
    type Rows = Vec<ApproachRow>;

    fn label(&self) -> String {
        format!("approach from {} ρ*, {}", self.start, self.setting.name())
    }

    fn cost(&self) -> f64 {
        RECORDS[RECORDS.len() - 1]
            * self.setting.relaxation().unwrap_or(0.0)
            * self.embeddings as f64
            * self.setting.cost_per_step()
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<ApproachRow>, Failure> {
        let Setting { method, learning_rate, weight_decay, dimension, .. } = self.setting;
        let predicted = self.setting.persistent()?.equilibrium(method.rule(), dimension as f64)?;
        let points = uniform(self.embeddings, dimension, &mut unit.generator)? * (self.start * predicted.norm);
        let moment = method.moment();
        let mut rows = Vec::new();
        self.setting.descend(|descent| {
            let mut run = descent.start(points)?;
            let mut done = 0;
            for relaxations in RECORDS {
                let step = (relaxations * predicted.relaxation).round() as u64;
                if step == done {
                    continue;
                }
                run.settle(step - done, &mut unit.generator)?;
                done = step;
                let left = libm::exp(-(step as f64) / predicted.relaxation);
                let law = 1.0 + (whole_power(self.start, moment) - 1.0) * left;
                rows.push(ApproachRow {
                    optimizer: method.optimizer().to_owned(),
                    decay: method.decay(),
                    start: self.start,
                    relaxations,
                    replicate: unit.unit.replicate,
                    step,
                    moment,
                    norm: root_mean(run.directions().norms(), moment),
                    law: predicted.norm * libm::pow(law, 1.0 / f64::from(moment)),
                    predicted_norm: predicted.norm,
                    relaxation: predicted.relaxation,
                    learning_rate,
                    weight_decay,
                    dimension,
                    embeddings: self.embeddings,
                });
            }
            Ok(())
        })?;
        Ok(rows)
    }
}

/// The m-th root of the mean of the m-th powers.
fn root_mean(norms: ArrayView1<'_, f64>, power: u32) -> f64 {
    let sum = norms.iter().fold(0.0, |sum, &norm| sum + whole_power(norm, power));
    libm::pow(sum / norms.len() as f64, 1.0 / f64::from(power))
}

/// x^m by multiplication.
pub fn whole_power(x: f64, power: u32) -> f64 {
    (0..power).fold(1.0, |product, _| product * x)
}
