//! The usual search for a learning rate: a training under growing rates, and where its loss falls.

use embedding_norms::training::{TrainingError, Views};

use super::bench::Bench;
use crate::cli::failure::Failure;

/// The share of the smoothed loss that stays at each step; 0.98 is fastai's, made for more steps per decade.
const SMOOTHING: f64 = 0.9;
/// A loss so many times the least ends the test.
const ENDS: f64 = 4.0;

/// The rates that a range test names; none if it found no loss that falls.
#[derive(Clone, Copy, Debug, Default)]
pub struct RangeTest {
    /// Where the smoothed loss falls most steeply in the logarithm of the rate.
    pub steepest: Option<f64>,
    /// A tenth of the rate of the least smoothed loss.
    pub tenth: Option<f64>,
}

/// Rates that grow from the least to the largest, one for each batch.
pub fn range_test(bench: &Bench<'_>, batches: &[Views], least: f64, largest: f64) -> Result<RangeTest, Failure> {
    let last = batches.len().max(2) - 1;
    let rate = |step: usize| least * libm::pow(largest / least, step as f64 / last as f64);
    let losses = bench.with_trainer(least, |mut trainer| {
        let (mut average, mut smoothed) = (0.0, Vec::<f64>::new());
        for (step, views) in batches.iter().enumerate() {
            trainer.set_learning_rate(rate(step))?;
            let loss = match trainer.step(views) {
                Ok(loss) if loss.is_finite() => loss,
                Ok(_) | Err(TrainingError::NoDirection { .. }) => break,
                Err(error) => return Err(error.into()),
            };
            average = SMOOTHING * average + (1.0 - SMOOTHING) * loss;
            let corrected = average / (1.0 - libm::pow(SMOOTHING, (step + 1) as f64));
            let lowest = smoothed.iter().copied().fold(f64::INFINITY, f64::min);
            if lowest > 0.0 && corrected > ENDS * lowest {
                break;
            }
            smoothed.push(corrected);
        }
        Ok(smoothed)
    })?;
    let by =
        |value: &dyn Fn(usize) -> f64, from: usize| (from..losses.len()).min_by(|&a, &b| value(a).total_cmp(&value(b)));
    let slope = |step: usize| losses[step] - losses[step - 1];
    // The loss belongs to the parameters before the step, so that its fall is due to the rate before.
    let steepest = by(&slope, 1).filter(|&step| slope(step) < 0.0).map(|step| rate(step - 1));
    let lowest = by(&|step| losses[step], 0).filter(|&step| step > 0);
    Ok(RangeTest { steepest, tenth: lowest.map(|step| 0.1 * rate(step)) })
}
