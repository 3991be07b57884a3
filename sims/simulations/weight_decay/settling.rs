//! Norms and angles in equilibrium, averages over embeddings and time.

use embedding_norms::sphere::uniform;
use serde::{Deserialize, Serialize};

use super::method::Setting;
use crate::cli::failure::Failure;
use crate::simulations::decay::Decay;
use crate::simulations::study::{Context, Row, Study};

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

/// What a run belongs to: the comparison of rules or the sweep over frequencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sweep {
    Rules,
    Frequencies,
}

/// Averages beside what S3 says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SettlingRow {
    pub optimizer: String,
    pub decay: Decay,
    pub frequency: f64,
    learning_rate: f64,
    weight_decay: f64,
    dimension: usize,
    pub replicate: u64,
    pub sweep: Sweep,
    moment: u32,
    pub norm: f64,
    predicted_norm: f64,
    pub next_order: f64,
    mean_norm: f64,
    pub angle: f64,
    pub predicted_angle: f64,
    relaxation: f64,
    embeddings: usize,
    steps: u64,
}

impl Row for SettlingRow {
    const TABLE: &'static str = "";
}

impl SettlingRow {
    /// The norm over S3's with its next order.
    pub fn over_law(&self) -> f64 {
        self.norm / (self.predicted_norm * (1.0 + self.next_order))
    }
}

impl Study for Settling {
    type Rows = Vec<SettlingRow>;

    fn label(&self) -> String {
        format!("{}, f = {}", self.setting.name(), self.setting.frequency)
    }

    fn cost(&self) -> f64 {
        let relaxation = self.setting.relaxation().unwrap_or(0.0);
        let steps = (SETTLING + self.relaxations) * relaxation + 2.0 * SETTLING * self.setting.method.memory();
        steps * self.embeddings as f64 * self.setting.cost_per_step()
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<SettlingRow>, Failure> {
        let Setting { method, learning_rate, weight_decay, frequency, dimension } = self.setting;
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
        Ok(vec![SettlingRow {
            optimizer: method.optimizer().to_owned(),
            decay: method.decay(),
            frequency,
            learning_rate,
            weight_decay,
            dimension,
            replicate: unit.unit.replicate,
            sweep: if self.sweep { Sweep::Frequencies } else { Sweep::Rules },
            moment: method.moment(),
            norm: if rule.degree() == 2 { averages.fourth.sqrt().sqrt() } else { averages.square.sqrt() },
            predicted_norm: predicted.norm,
            next_order: persistent.next_order(rule, dimension as f64)?,
            mean_norm: averages.norm,
            angle: averages.angle,
            predicted_angle: predicted.angle,
            relaxation: predicted.relaxation,
            embeddings: self.embeddings,
            steps,
        }])
    }
}
