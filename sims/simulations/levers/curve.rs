//! Accuracy on the way, step by step.

use serde::{Deserialize, Serialize};

use super::lever::{Kind, Lever};
use super::task::Task;
use crate::simulations::study::Row;

/// The state of a run after a number of steps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    pub task: Task,
    pub lever: Kind,
    pub strength: Option<f64>,
    pub rate: f64,
    pub replicate: u64,
    pub step: u64,
    pub accuracy: f64,
    pub norm: f64,
}

impl Row for Record {
    const TABLE: &'static str = "records";
}

impl Record {
    /// Whether another one is of the same run.
    pub fn is_beside(&self, other: &Self) -> bool {
        let run =
            |record: &Self| (record.task, Lever::of(record.lever, record.strength), record.rate, record.replicate);
        run(self) == run(other)
    }
}

/// The accuracy after each number of steps above 0, as the mean with its neighbours: single measurements waver by the
/// size of the test.
fn smoothed(records: &[Record]) -> Vec<(f64, f64)> {
    let records = &records[1..];
    let around = |at: usize| {
        let near = &records[at.saturating_sub(1)..(at + 2).min(records.len())];
        near.iter().fold(0.0, |sum, record| sum + record.accuracy) / near.len() as f64
    };
    records.iter().enumerate().map(|(at, record)| (record.step as f64, around(at))).collect()
}

/// Steps until the smoothed accuracy reaches a target, between two measurements in proportion to the logarithm of the
/// step.
pub fn arrival(records: &[Record], target: f64) -> Option<f64> {
    let curve = smoothed(records);
    let at = curve.iter().position(|&(_, accuracy)| accuracy >= target)?;
    let (step, accuracy) = curve[at];
    let Some((earlier, below)) = at.checked_sub(1).map(|before| curve[before]) else { return Some(step) };
    let (low, high) = (libm::log(earlier), libm::log(step));
    Some(libm::exp(low + (target - below) / (accuracy - below) * (high - low)))
}

/// The best smoothed accuracy.
pub fn best(records: &[Record]) -> f64 {
    smoothed(records).iter().fold(0.0, |best, (_, accuracy)| best.max(*accuracy))
}

/// The mean accuracy over the logarithm of the step: what learning rates are tuned for.
pub fn mean_accuracy(records: &[Record]) -> f64 {
    let records = &records[1..];
    let sum = records.iter().fold(0.0, |sum, record| sum + record.accuracy);
    if records.is_empty() { 0.0 } else { sum / records.len() as f64 }
}
