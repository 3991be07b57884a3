//! One run of a training, as its table has it.

use serde::{Deserialize, Serialize};

use super::lever::{Kind, Lever};
use super::task::Task;
use crate::simulations::study::Row;

/// One lever at one learning rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Setting {
    pub lever: Lever,
    /// The learning rate η on the mean over a batch.
    pub rate: f64,
}

/// What a run finds, and its place in the comparison.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    pub task: Task,
    pub lever: Kind,
    pub strength: Option<f64>,
    pub rate: f64,
    pub replicate: u64,
    pub role: Role,
    /// The median norm of the probes before training, and at the end unless the run diverged.
    pub norm: f64,
    pub final_norm: Option<f64>,
    /// The median angle φ0 of positive pairs before training.
    pub angle: f64,
    /// The median angle that the first step turns an embedding by.
    pub turned: Option<f64>,
    /// The best angle of a first step, φ0/2 for each member of a pair (L8).
    pub best_angle: f64,
    /// γρ^(p−2) with γ = η/n: what L8 speaks of where every embedding has its own parameters.
    pub step_size: f64,
    pub effective_rank: f64,
    pub final_rank: Option<f64>,
    pub mean_cosine: f64,
    /// The accuracy of neighbours whose labels are shuffled, before training.
    pub chance: f64,
    /// The accuracy before training, the best one, and the mean over the logarithm of the step.
    pub untrained: f64,
    pub best: f64,
    pub mean_accuracy: f64,
    /// The accuracy to reach, and the epochs until it is reached.
    pub target: Option<f64>,
    pub epochs: Option<f64>,
    pub stop: Stop,
}

/// Whether learning rates are tuned on a replicate, or compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Tuning,
    Comparison,
}

/// How a run ended: at the target, or else without numbers or with the last epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stop {
    Reached,
    Diverged,
    Budget,
}

impl Row for Run {
    const TABLE: &'static str = "";
}

impl Run {
    pub fn lever(&self) -> Lever {
        Lever::of(self.lever, self.strength)
    }

    /// Whether embeddings stopped being numbers.
    pub fn diverged(&self) -> bool {
        self.final_norm.is_none()
    }

    /// ln of the angle that the first step turned over the best one.
    pub fn excess(&self) -> Option<f64> {
        self.turned.filter(|&turned| turned > 0.0).map(|turned| libm::log(turned / self.best_angle))
    }
}
