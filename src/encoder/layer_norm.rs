//! Layer normalization.

use ndarray::Array2;

use super::linear::STANDARD;
use super::normalized::{Normalized, inverse_deviation};
use crate::numerics::vectorize::sum;
use crate::setting::SettingError;

/// Layer normalization of p features: y = g x̂ + o with x̂ = (x − μ)/√(σ² + ε), μ and σ² the mean and the variance (divided
/// by p) of each row over its features.
///
/// As PyTorch's `LayerNorm`: gains 1, offsets 0, ε = 1e-5 at the start. Where σ² + ε = 0, x̂ = 0. A group of parameters
/// each: g, then o.
///
/// Source: Ba, Kiros and Hinton, *Layer normalization*, 2016, arXiv 1607.06450.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerNorm {
    gain: Vec<f64>,
    offset: Vec<f64>,
    epsilon: f64,
}

impl LayerNorm {
    /// Of this many features.
    ///
    /// # Panics
    /// If there are none.
    pub fn new(width: usize) -> Self {
        assert!(width > 0, "a normalization needs features");
        Self { gain: vec![1.0; width], offset: vec![0.0; width], epsilon: 1e-5 }
    }

    /// With this ε beside the variance.
    ///
    /// # Errors
    /// An ε that is negative or not finite.
    pub fn epsilon(self, epsilon: f64) -> Result<Self, SettingError> {
        Ok(Self { epsilon: super::normalized::epsilon(epsilon)?, ..self })
    }

    /// With these gains and offsets.
    ///
    /// # Panics
    /// Unless there is one of each per feature.
    pub fn with_parameters(self, gain: Vec<f64>, offset: Vec<f64>) -> Self {
        assert!(gain.len() == self.width() && offset.len() == self.width(), "a gain and an offset per feature");
        Self { gain, offset, ..self }
    }

    pub(super) fn width(&self) -> usize {
        self.gain.len()
    }

    pub(super) fn epsilon_mut(&mut self) -> &mut f64 {
        &mut self.epsilon
    }

    /// The outputs, with what the backward pass needs.
    pub(super) fn forward(&self, mut inputs: Array2<f64>) -> (Array2<f64>, Normalized) {
        let width = self.width();
        let mut outputs = Array2::zeros(inputs.dim());
        let mut inverse = Vec::with_capacity(inputs.nrows());
        let rows = inputs.as_slice_mut().expect(STANDARD).chunks_exact_mut(width);
        let mut squares = vec![0.0; width];
        for (row, outputs) in rows.zip(outputs.as_slice_mut().expect(STANDARD).chunks_exact_mut(width)) {
            let mean = sum(row) / width as f64;
            for (x, square) in row.iter_mut().zip(&mut squares) {
                *x -= mean;
                *square = *x * *x;
            }
            let own = inverse_deviation(sum(&squares) / width as f64, self.epsilon);
            for ((x, y), (gain, offset)) in row.iter_mut().zip(outputs).zip(self.gain.iter().zip(&self.offset)) {
                *x *= own;
                *y = gain * *x + offset;
            }
            inverse.push(own);
        }
        (outputs, Normalized { units: inputs, inverse, mean: Vec::new(), variance: Vec::new() })
    }

    /// ∂L/∂x from G = ∂L/∂y, in its place; adds ∂L/∂g = Σ G x̂ and ∂L/∂o = Σ G over the rows.
    ///
    /// With sums over the p features of a row, ∂L/∂x = (p gG − Σ gG − x̂ Σ gG x̂)/(p√(σ² + ε)).
    pub(super) fn backward(
        &self,
        normalized: &Normalized,
        mut upstream: Array2<f64>,
        gradients: &mut [Vec<f64>],
    ) -> Array2<f64> {
        let width = self.width();
        let units = normalized.units.as_slice().expect(STANDARD).chunks_exact(width);
        let slopes = upstream.as_slice_mut().expect(STANDARD).chunks_exact_mut(width);
        let mut along = vec![0.0; width];
        for ((slopes, units), inverse) in slopes.zip(units).zip(&normalized.inverse) {
            for (feature, (slope, unit)) in slopes.iter_mut().zip(units).enumerate() {
                gradients[0][feature] += *slope * unit;
                gradients[1][feature] += *slope;
                *slope *= self.gain[feature];
                along[feature] = *slope * unit;
            }
            let (mean, mean_along) = (sum(slopes) / width as f64, sum(&along) / width as f64);
            for (slope, unit) in slopes.iter_mut().zip(units) {
                *slope = inverse * (*slope - mean - unit * mean_along);
            }
        }
        upstream
    }

    pub(super) fn slices(&self) -> [&[f64]; 2] {
        [&self.gain, &self.offset]
    }

    pub(super) fn slices_mut(&mut self) -> [&mut [f64]; 2] {
        [&mut self.gain, &mut self.offset]
    }
}
