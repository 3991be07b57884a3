//! What batch and layer normalization share.

use ndarray::Array2;

use crate::setting::{SettingError, within};

/// What a normalization keeps for the backward pass.
#[derive(Clone, Debug)]
pub(super) struct Normalized {
    /// x̂, (n × p).
    pub units: Array2<f64>,
    /// 1/√(σ² + ε), of each feature or of each row.
    pub inverse: Vec<f64>,
    /// μ, of each feature; none of rows.
    pub mean: Vec<f64>,
    /// σ², of each feature; none of rows.
    pub variance: Vec<f64>,
}

/// 1/√(σ² + ε), and 0 where that is not defined: what does not vary is normalized to 0.
#[inline(always)]
pub(super) fn inverse_deviation(variance: f64, epsilon: f64) -> f64 {
    let deviation = (variance + epsilon).sqrt();
    if deviation == 0.0 { 0.0 } else { 1.0 / deviation }
}

/// An ε beside a variance.
pub(super) fn epsilon(epsilon: f64) -> Result<f64, SettingError> {
    let valid = epsilon.is_finite() && epsilon >= 0.0;
    within("the ε of a normalization", epsilon, valid, "a finite number, 0 or larger")
}
