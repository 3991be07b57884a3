//! The few operations that update rules share, and the domains of their settings.

use crate::setting::{SettingError, within};

/// x/y, and 0 where y is 0: what has no gradient does not move.
pub(super) fn ratio(x: f64, y: f64) -> f64 {
    if y == 0.0 { 0.0 } else { x / y }
}

/// The sign of x: −1, 0 or 1.
pub(super) fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

/// x·y, summed in the order of the coordinates.
pub(super) fn inner(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).fold(0.0, |sum, (x, y)| sum + x * y)
}

/// ‖x‖.
pub(super) fn norm(x: &[f64]) -> f64 {
    inner(x, x).sqrt()
}

/// z ← z − γ U.
pub(super) fn descend(parameters: &mut [f64], learning_rate: f64, update: impl IntoIterator<Item = f64>) {
    for (parameter, slope) in parameters.iter_mut().zip(update) {
        *parameter -= learning_rate * slope;
    }
}

/// Zeros in the shape of the groups.
pub(super) fn zeros(lengths: &[usize]) -> Vec<Vec<f64>> {
    lengths.iter().map(|&length| vec![0.0; length]).collect()
}

/// A decay rate β of a moving average or a momentum: 0 or larger, below 1.
pub(super) fn decay_rate(name: &'static str, value: f64) -> Result<f64, SettingError> {
    within(name, value, (0.0..1.0).contains(&value), "0 or larger and below 1")
}

/// A finite number, 0 or larger.
pub(super) fn not_negative(name: &'static str, value: f64) -> Result<f64, SettingError> {
    within(name, value, value.is_finite() && value >= 0.0, "a finite number, 0 or larger")
}
