//! How well the criterion does: whether it names the levers that help, and in which order.

use embedding_norms::confidence::spearman;
use embedding_norms::lab::table::{Table, Value};
use embedding_norms::random::generator;
use rand::seq::SliceRandom;

use super::analysis::{Entry, Runs, predicted, speed};
use super::task::Task;

/// What predicts a speed-up.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Predictor {
    /// The measured angle of the first step against φ0/2.
    Angle,
    /// γρ^(p−2) against L8's 1/(1 + cos φ0), as if every embedding had its own parameters.
    StepSize,
    /// The first one, permuted among the settings.
    Shuffled,
}

impl Predictor {
    const ALL: [Self; 3] = [Self::Angle, Self::StepSize, Self::Shuffled];

    fn name(self) -> &'static str {
        match self {
            Self::Angle => "angle",
            Self::StepSize => "step-size",
            Self::Shuffled => "shuffled",
        }
    }

    fn predict(self, plain: &Entry<'_>, entry: &Entry<'_>) -> Option<f64> {
        match self {
            Self::Angle | Self::Shuffled => predicted(plain, entry),
            Self::StepSize => {
                let excess = |entry: &Entry<'_>| libm::log(entry.step_size() * (1.0 + libm::cos(entry.run.angle)));
                Some(excess(plain).abs() - excess(entry).abs())
            }
        }
    }
}

/// One row for each task, replicate and predictor: the rank correlation of predicted and measured speed-ups over the
/// settings with a lever, and the share of them whose sign is right, none counted where nothing changes.
pub fn table(runs: &Runs<'_>) -> Table {
    let mut table = Table::new(&["task", "predictor", "replicate", "settings", "spearman", "decided", "agreement"]);
    for task in runs.tasks() {
        for replicate in runs.compared() {
            for predictor in Predictor::ALL {
                table.push(row(runs, task, replicate, predictor));
            }
        }
    }
    table
}

fn row(runs: &Runs<'_>, task: Task, replicate: u64, predictor: Predictor) -> [Value; 7] {
    let both =
        |(plain, entry): &(&Entry<'_>, &Entry<'_>)| Some((predictor.predict(plain, entry)?, speed(plain, entry)?.log));
    let pairs = runs.pairs(task, replicate);
    let (mut predictions, measured): (Vec<f64>, Vec<f64>) = pairs.iter().filter_map(both).unzip();
    if predictor == Predictor::Shuffled {
        predictions.shuffle(&mut generator(0, task.name().as_bytes(), replicate));
    }
    let decided: Vec<bool> = predictions
        .iter()
        .zip(&measured)
        .filter(|&(&prediction, &measured)| prediction != 0.0 && measured != 0.0)
        .map(|(&prediction, &measured)| (prediction > 0.0) == (measured > 0.0))
        .collect();
    let right = decided.iter().filter(|&&right| right).count() as f64;
    [
        task.name().into(),
        predictor.name().into(),
        replicate.into(),
        measured.len().into(),
        // Without an order there is no rank correlation.
        spearman(&predictions, &measured).ok().into(),
        decided.len().into(),
        (!decided.is_empty()).then(|| right / decided.len() as f64).into(),
    ]
}
