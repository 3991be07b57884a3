//! How well the criterion does: whether it names the levers that help, and in which order.

use embedding_norms::confidence::spearman;
use embedding_norms::random::generator;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::analysis::{Comparisons, known_mean, predicted};
use super::runs::Run;
use super::seed::Seed;
use super::task::Task;
use crate::simulations::study::Row;

/// Permutations of the control.
const PERMUTATIONS: usize = 100;

/// What predicts a speed-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Predictor {
    /// The measured angle of the first step against φ0/2.
    Angle,
    /// γρ^(p−2) against L8's 1/(1 + cos φ0), as if every embedding had its own parameters.
    StepSize,
    /// The first one, permuted among the settings: the mean over permutations.
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
pub fn rows<'a>(comparisons: &Comparisons<'_>, seeds: impl Iterator<Item = &'a Seed>) -> Vec<Agreement> {
    let predictors = [Predictor::Angle, Predictor::StepSize, Predictor::Shuffled];
    let row = |seed: &Seed| predictors.map(|predictor| agreement(comparisons, *seed, predictor));
    // Under a warm-up the first step says little of the others.
    seeds.filter(|seed| !seed.task.is_normalized()).flat_map(row).collect()
}

fn agreement(comparisons: &Comparisons<'_>, seed: Seed, predictor: Predictor) -> Agreement {
    let Seed { task, replicate, seed } = seed;
    let both = |(plain, run): (&Run, &Run)| Some((predictor.predict(plain, run)?, comparisons.speed(plain, run)?.0));
    let pairs = comparisons.pairs(task, replicate).into_iter();
    let (mut predictions, measured): (Vec<f64>, Vec<f64>) = pairs.filter_map(both).unzip();
    let decided = signs(&predictions, &measured).len();
    let (mut correlations, mut shares) = (Vec::new(), Vec::new());
    let mut numbers = generator(u64::from(seed), b"levers/permuted", replicate);
    for _ in 0..if predictor == Predictor::Shuffled { PERMUTATIONS } else { 1 } {
        if predictor == Predictor::Shuffled {
            predictions.shuffle(&mut numbers);
        }
        // Without an order there is no rank correlation.
        correlations.extend(spearman(&predictions, &measured));
        let signs = signs(&predictions, &measured);
        let right = signs.iter().filter(|&&right| right).count() as f64;
        shares.extend((!signs.is_empty()).then(|| right / signs.len() as f64));
    }
    let (spearman, agreement) = (known_mean(&correlations), known_mean(&shares));
    Agreement { task, predictor, replicate, settings: measured.len(), spearman, decided, agreement }
}

/// Whether each prediction has the sign of what was measured, where both have one.
fn signs(predictions: &[f64], measured: &[f64]) -> Vec<bool> {
    let both =
        predictions.iter().zip(measured).filter(|&(&prediction, &measured)| prediction != 0.0 && measured != 0.0);
    both.map(|(&prediction, &measured)| (prediction > 0.0) == (measured > 0.0)).collect()
}
