//! How well the criterion does: whether it names the levers that help, and in which order.

use embedding_norms::confidence::spearman;
use embedding_norms::random::generator;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::analysis::{Comparisons, predicted};
use super::task::Task;
use super::training::Run;
use crate::cli::values;
use crate::simulations::study::Row;

/// What predicts a speed-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Predictor {
    /// The measured angle of the first step against φ0/2.
    Angle,
    /// γρ^(p−2) against L8's 1/(1 + cos φ0), as if every embedding had its own parameters.
    StepSize,
    /// The first one, permuted among the settings.
    Shuffled,
}

impl Predictor {
    fn predict(self, plain: &Run, run: &Run) -> Option<f64> {
        match self {
            Self::Angle | Self::Shuffled => predicted(plain, run),
            Self::StepSize => {
                let excess = |run: &Run| libm::log(run.step_size * (1.0 + libm::cos(run.angle)));
                Some(excess(plain).abs() - excess(run).abs())
            }
        }
    }
}

/// The rank correlation of predicted and measured speed-ups over the settings with a lever, and the share of them whose
/// sign is right, none counted where nothing changes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Agreement {
    pub task: Task,
    pub predictor: Predictor,
    pub replicate: u64,
    settings: usize,
    pub spearman: Option<f64>,
    decided: usize,
    pub agreement: Option<f64>,
}

impl Row for Agreement {
    const TABLE: &'static str = "criterion";
}

/// One row for each task, replicate and predictor.
pub fn rows(comparisons: &Comparisons<'_>) -> Vec<Agreement> {
    let predictors = [Predictor::Angle, Predictor::StepSize, Predictor::Shuffled];
    let row = |(task, replicate)| predictors.map(|predictor| agreement(comparisons, task, replicate, predictor));
    comparisons.replicates().into_iter().flat_map(row).collect()
}

fn agreement(comparisons: &Comparisons<'_>, task: Task, replicate: u64, predictor: Predictor) -> Agreement {
    let both = |(plain, run): (&Run, &Run)| Some((predictor.predict(plain, run)?, comparisons.speed(plain, run)?.0));
    let pairs = comparisons.pairs(task, replicate).into_iter();
    let (mut predictions, measured): (Vec<f64>, Vec<f64>) = pairs.filter_map(both).unzip();
    if predictor == Predictor::Shuffled {
        predictions.shuffle(&mut generator(0, values::name(task).as_bytes(), replicate));
    }
    let signs =
        predictions.iter().zip(&measured).filter(|(prediction, measured)| ![**prediction, **measured].contains(&0.0));
    let decided: Vec<bool> = signs.map(|(prediction, measured)| (*prediction > 0.0) == (*measured > 0.0)).collect();
    let right = decided.iter().filter(|&&right| right).count() as f64;
    Agreement {
        task,
        predictor,
        replicate,
        settings: measured.len(),
        // Without an order there is no rank correlation.
        spearman: spearman(&predictions, &measured).ok(),
        decided: decided.len(),
        agreement: (!decided.is_empty()).then(|| right / decided.len() as f64),
    }
}
