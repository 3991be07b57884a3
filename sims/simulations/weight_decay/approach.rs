//! The way of the norms to their equilibrium.

use embedding_norms::lab::sweep::UnitContext;
use embedding_norms::lab::table::{Table, Value};
use embedding_norms::sphere::uniform;
use ndarray::ArrayView1;
use serde::{Deserialize, Serialize};

use super::Cell;
use super::method::Setting;
use crate::cli::failure::Failure;

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
pub struct ApproachRecord {
    relaxations: f64,
    step: u64,
    norm: f64,
    law: f64,
    predicted_norm: f64,
    relaxation: f64,
}

impl Approach {
    pub fn label(&self) -> String {
        let method = self.setting.method;
        format!("approach from {} ρ*, {}, {} decay", self.start, method.optimizer(), method.decay())
    }

    /// Nanoseconds, roughly.
    pub fn cost(&self) -> f64 {
        RECORDS[RECORDS.len() - 1]
            * self.setting.relaxation().unwrap_or(0.0)
            * self.embeddings as f64
            * self.setting.cost_per_step()
    }

    pub fn run(&self, unit: &mut UnitContext<'_, Cell>) -> Result<Vec<ApproachRecord>, Failure> {
        let Setting { method, dimension, .. } = self.setting;
        let predicted = self.setting.persistent()?.equilibrium(method.rule(), dimension as f64)?;
        let points = uniform(self.embeddings, dimension, &mut unit.generator)? * (self.start * predicted.norm);
        let power = 2 * method.rule().degree();
        let mut records = Vec::new();
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
                let law = 1.0 + (whole_power(self.start, power) - 1.0) * left;
                records.push(ApproachRecord {
                    relaxations,
                    step,
                    norm: root_mean(run.directions().norms(), power),
                    law: predicted.norm * libm::pow(law, 1.0 / f64::from(power)),
                    predicted_norm: predicted.norm,
                    relaxation: predicted.relaxation,
                });
            }
            Ok(())
        })?;
        Ok(records)
    }

    pub fn table() -> Table {
        Table::new(&[
            "optimizer",
            "decay",
            "start",
            "relaxations",
            "replicate",
            "step",
            "moment",
            "norm",
            "law",
            "predicted_norm",
            "relaxation",
            "learning_rate",
            "weight_decay",
            "dimension",
            "embeddings",
        ])
    }

    pub fn row(&self, record: &ApproachRecord, replicate: u64) -> [Value; 15] {
        let Setting { method, learning_rate, weight_decay, dimension, .. } = self.setting;
        [
            method.optimizer().into(),
            method.decay().into(),
            self.start.into(),
            record.relaxations.into(),
            replicate.into(),
            record.step.into(),
            (2 * u64::from(method.rule().degree())).into(),
            record.norm.into(),
            record.law.into(),
            record.predicted_norm.into(),
            record.relaxation.into(),
            learning_rate.into(),
            weight_decay.into(),
            dimension.into(),
            self.embeddings.into(),
        ]
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
