//! Norms and angles in equilibrium, averaged over embeddings and time.

use embedding_norms::lab::sweep::UnitContext;
use embedding_norms::lab::table::{Table, Value};
use embedding_norms::sphere::uniform;
use serde::{Deserialize, Serialize};

use super::Cell;
use super::method::Setting;
use crate::cli::failure::Failure;

/// Relaxations before the average begins.
const SETTLING: f64 = 3.0;

/// Embeddings that start at S3's norm, settle, and are averaged.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Settling {
    pub setting: Setting,
    /// Whether it belongs to the sweep over frequencies.
    pub sweep: bool,
    pub embeddings: usize,
    /// How many relaxations the average covers.
    pub relaxations: f64,
}

/// Averages beside what S3 says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SettlingRun {
    steps: u64,
    norm: f64,
    mean_norm: f64,
    angle: f64,
    predicted_norm: f64,
    next_order: f64,
    predicted_angle: f64,
    relaxation: f64,
}

impl Settling {
    pub fn label(&self) -> String {
        let Setting { method, frequency, .. } = self.setting;
        format!("{}, {} decay, f = {frequency}", method.optimizer(), method.decay())
    }

    /// Nanoseconds, roughly.
    pub fn cost(&self) -> f64 {
        let relaxation = self.setting.relaxation().unwrap_or(0.0);
        let steps = (SETTLING + self.relaxations) * relaxation + 2.0 * SETTLING * self.setting.method.memory();
        steps * self.embeddings as f64 * self.setting.cost_per_step()
    }

    pub fn run(&self, unit: &mut UnitContext<'_, Cell>) -> Result<SettlingRun, Failure> {
        let Setting { method, dimension, .. } = self.setting;
        let (persistent, rule) = (self.setting.persistent()?, method.rule());
        let predicted = persistent.equilibrium(rule, dimension as f64)?;
        let points = uniform(self.embeddings, dimension, &mut unit.generator)? * predicted.norm;
        // Near the equilibrium a memory slows the relaxation by about twice itself.
        let settling = (SETTLING * (predicted.relaxation + 2.0 * method.memory())).ceil() as u64;
        let steps = (self.relaxations * predicted.relaxation).ceil() as u64;
        let averages = self.setting.descend(|descent| {
            let mut run = descent.start(points)?;
            run.settle(settling, &mut unit.generator)?;
            Ok(run.average(steps, &mut unit.generator)?)
        })?;
        Ok(SettlingRun {
            steps,
            norm: if rule.degree() == 2 { averages.fourth.sqrt().sqrt() } else { averages.square.sqrt() },
            mean_norm: averages.norm,
            angle: averages.angle,
            predicted_norm: predicted.norm,
            next_order: persistent.next_order(rule, dimension as f64)?,
            predicted_angle: predicted.angle,
            relaxation: predicted.relaxation,
        })
    }

    pub fn table() -> Table {
        Table::new(&[
            "optimizer",
            "decay",
            "frequency",
            "learning_rate",
            "weight_decay",
            "dimension",
            "replicate",
            "sweep",
            "moment",
            "norm",
            "predicted_norm",
            "next_order",
            "mean_norm",
            "angle",
            "predicted_angle",
            "relaxation",
            "embeddings",
            "steps",
        ])
    }

    pub fn row(&self, run: &SettlingRun, replicate: u64) -> [Value; 18] {
        let Setting { method, learning_rate, weight_decay, frequency, dimension } = self.setting;
        [
            method.optimizer().into(),
            method.decay().into(),
            frequency.into(),
            learning_rate.into(),
            weight_decay.into(),
            dimension.into(),
            replicate.into(),
            (if self.sweep { "frequencies" } else { "rules" }).into(),
            (2 * u64::from(method.rule().degree())).into(),
            run.norm.into(),
            run.predicted_norm.into(),
            run.next_order.into(),
            run.mean_norm.into(),
            run.angle.into(),
            run.predicted_angle.into(),
            run.relaxation.into(),
            self.embeddings.into(),
            run.steps.into(),
        ]
    }
}
