//! Batch normalization.

use ndarray::Array2;

use super::convolution::Shape;
use super::linear::{STANDARD, add};
use super::normalized::{Normalized, inverse_deviation};
use crate::numerics::vectorize::{Kernel, vectorize};
use crate::setting::{SettingError, within};

/// Batch normalization of p features: y = g x̂ + o with x̂ = (x − μ)/√(σ² + ε), μ and σ² the mean and the variance (divided
/// by n) of each feature over the rows of a batch.
///
/// For inference μ and σ² are running statistics: after every batch r ← (1 − m) r + m s, with s the mean of the batch and
/// its unbiased variance (divided by n − 1). All as in PyTorch's `BatchNorm1d`: gains 1, offsets 0, ε = 1e-5, m = 0.1 at
/// the start. Where σ² + ε = 0, x̂ = 0. A group of parameters each: g, then o.
///
/// Of images it is [per channel](BatchNorm::per_channel): μ and σ² are then over all places of all images of the batch, as
/// in `BatchNorm2d`, and n is their number.
///
/// Source: Ioffe and Szegedy, *Batch normalization*, ICML 2015, arXiv 1502.03167.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchNorm {
    gain: Vec<f64>,
    offset: Vec<f64>,
    /// Places of an image, each with all features; 1 where rows are no images.
    places: usize,
    epsilon: f64,
    momentum: f64,
    running_mean: Vec<f64>,
    running_variance: Vec<f64>,
}

impl BatchNorm {
    /// Of this many features.
    ///
    /// # Panics
    /// If there are none.
    pub fn new(width: usize) -> Self {
        assert!(width > 0, "a normalization needs features");
        Self {
            gain: vec![1.0; width],
            offset: vec![0.0; width],
            places: 1,
            epsilon: 1e-5,
            momentum: 0.1,
            running_mean: vec![0.0; width],
            running_variance: vec![1.0; width],
        }
    }

    /// Of the channels of images, the same at every place.
    ///
    /// # Panics
    /// If images have no features.
    pub fn per_channel(images: Shape) -> Self {
        assert!(images.features() > 0, "images need channels and places");
        Self { places: images.places(), ..Self::new(images.channels) }
    }

    /// With this ε beside the variance.
    ///
    /// # Errors
    /// An ε that is negative or not finite.
    pub fn epsilon(self, epsilon: f64) -> Result<Self, SettingError> {
        Ok(Self { epsilon: super::normalized::epsilon(epsilon)?, ..self })
    }

    /// With this share m of the last batch in the running statistics.
    ///
    /// # Errors
    /// A share outside [0, 1].
    pub fn momentum(self, momentum: f64) -> Result<Self, SettingError> {
        let valid = (0.0..=1.0).contains(&momentum);
        let momentum = within("the momentum of running statistics", momentum, valid, "from 0 to 1")?;
        Ok(Self { momentum, ..self })
    }

    /// With these gains and offsets.
    ///
    /// # Panics
    /// Unless there is one of each per feature.
    pub fn with_parameters(self, gain: Vec<f64>, offset: Vec<f64>) -> Self {
        assert!(gain.len() == self.gain.len() && offset.len() == self.gain.len(), "a gain and an offset per feature");
        Self { gain, offset, ..self }
    }

    /// The running means and variances.
    pub fn running(&self) -> (&[f64], &[f64]) {
        (&self.running_mean, &self.running_variance)
    }

    /// The number of features of a row, over all places.
    pub(super) fn width(&self) -> usize {
        self.places * self.gain.len()
    }

    pub(super) fn epsilon_mut(&mut self) -> &mut f64 {
        &mut self.epsilon
    }

    /// The outputs for a batch, with what the backward pass needs.
    pub(super) fn forward(&self, mut inputs: Array2<f64>) -> (Array2<f64>, Normalized) {
        let mut outputs = Array2::zeros(inputs.dim());
        let units = inputs.as_slice_mut().expect(STANDARD);
        let (mean, variance, inverse) =
            vectorize(Forward { norm: self, units, outputs: outputs.as_slice_mut().expect(STANDARD) });
        (outputs, Normalized { units: inputs, inverse, mean, variance })
    }

    /// The outputs by running statistics.
    pub(super) fn infer(&self, mut inputs: Array2<f64>) -> Array2<f64> {
        let inverse: Vec<f64> =
            self.running_variance.iter().map(|variance| inverse_deviation(*variance, self.epsilon)).collect();
        for row in inputs.as_slice_mut().expect(STANDARD).chunks_mut(self.gain.len()) {
            for (feature, x) in row.iter_mut().enumerate() {
                let unit = (*x - self.running_mean[feature]) * inverse[feature];
                *x = self.gain[feature] * unit + self.offset[feature];
            }
        }
        inputs
    }

    /// Takes the statistics of a batch into the running ones.
    pub(super) fn remember(&mut self, normalized: &Normalized) {
        let rows = (normalized.units.len() / self.gain.len()) as f64;
        // A single row has no variance.
        let unbiased = rows / (rows - 1.0).max(1.0);
        let keep = 1.0 - self.momentum;
        for (running, mean) in self.running_mean.iter_mut().zip(&normalized.mean) {
            *running = keep * *running + self.momentum * mean;
        }
        for (running, variance) in self.running_variance.iter_mut().zip(&normalized.variance) {
            *running = keep * *running + self.momentum * (unbiased * variance);
        }
    }

    /// ∂L/∂x from G = ∂L/∂y, in its place; adds ∂L/∂g = Σ G x̂ and ∂L/∂o = Σ G.
    ///
    /// With sums over the n rows, ∂L/∂x = g/(n√(σ² + ε)) (n G − Σ G − x̂ Σ G x̂).
    pub(super) fn backward(
        &self,
        normalized: &Normalized,
        mut upstream: Array2<f64>,
        gradients: &mut [Vec<f64>],
    ) -> Array2<f64> {
        let slopes = upstream.as_slice_mut().expect(STANDARD);
        let [gain, offset] = vectorize(Backward { norm: self, normalized, slopes });
        add(&mut gradients[0], &gain);
        add(&mut gradients[1], &offset);
        upstream
    }

    pub(super) fn slices(&self) -> [&[f64]; 2] {
        [&self.gain, &self.offset]
    }

    pub(super) fn slices_mut(&mut self) -> [&mut [f64]; 2] {
        [&mut self.gain, &mut self.offset]
    }

    /// Parameters and running statistics.
    pub(super) fn state_mut(&mut self) -> [&mut [f64]; 4] {
        [&mut self.gain, &mut self.offset, &mut self.running_mean, &mut self.running_variance]
    }
}

/// Sums over rows run in the order of the rows; vector lanes run over features.
struct Forward<'a> {
    norm: &'a BatchNorm,
    /// x, then x̂.
    units: &'a mut [f64],
    outputs: &'a mut [f64],
}

impl Kernel for Forward<'_> {
    /// μ, σ² and 1/√(σ² + ε).
    type Output = (Vec<f64>, Vec<f64>, Vec<f64>);

    #[inline(always)]
    fn run<S: pulp::Simd>(self, _: S) -> Self::Output {
        let Self { norm, units, outputs } = self;
        let width = norm.gain.len();
        let rows = (units.len() / width) as f64;
        let (mut mean, mut variance) = (vec![0.0; width], vec![0.0; width]);
        for row in units.chunks_exact(width) {
            for (sum, x) in mean.iter_mut().zip(row) {
                *sum += x;
            }
        }
        mean.iter_mut().for_each(|sum| *sum /= rows);
        for row in units.chunks_exact_mut(width) {
            for ((sum, x), mean) in variance.iter_mut().zip(row).zip(&mean) {
                *x -= mean;
                *sum += *x * *x;
            }
        }
        variance.iter_mut().for_each(|sum| *sum /= rows);
        let inverse: Vec<f64> = variance.iter().map(|variance| inverse_deviation(*variance, norm.epsilon)).collect();
        for (row, outputs) in units.chunks_exact_mut(width).zip(outputs.chunks_exact_mut(width)) {
            let parameters = inverse.iter().zip(&norm.gain).zip(&norm.offset);
            for ((x, y), ((inverse, gain), offset)) in row.iter_mut().zip(outputs).zip(parameters) {
                *x *= inverse;
                *y = gain * *x + offset;
            }
        }
        (mean, variance, inverse)
    }
}

struct Backward<'a> {
    norm: &'a BatchNorm,
    normalized: &'a Normalized,
    slopes: &'a mut [f64],
}

impl Kernel for Backward<'_> {
    /// Σ G x̂ and Σ G.
    type Output = [Vec<f64>; 2];

    #[inline(always)]
    fn run<S: pulp::Simd>(self, _: S) -> Self::Output {
        let Self { norm, normalized, slopes } = self;
        let width = norm.gain.len();
        let units = normalized.units.as_slice().expect(STANDARD);
        let (mut along, mut sums) = (vec![0.0; width], vec![0.0; width]);
        for (slopes, units) in slopes.chunks_exact(width).zip(units.chunks_exact(width)) {
            for (((along, sum), slope), unit) in along.iter_mut().zip(&mut sums).zip(slopes).zip(units) {
                *along += slope * unit;
                *sum += slope;
            }
        }
        let rows = (units.len() / width) as f64;
        let mean = |sums: &[f64]| sums.iter().map(|sum| sum / rows).collect::<Vec<_>>();
        let (mean_along, mean_sum) = (mean(&along), mean(&sums));
        let factors: Vec<f64> =
            norm.gain.iter().zip(&normalized.inverse).map(|(gain, inverse)| gain * inverse).collect();
        for (slopes, units) in slopes.chunks_exact_mut(width).zip(units.chunks_exact(width)) {
            let means = mean_along.iter().zip(&mean_sum).zip(&factors);
            for ((slope, unit), ((along, sum), factor)) in slopes.iter_mut().zip(units).zip(means) {
                *slope = factor * (*slope - sum - unit * along);
            }
        }
        [along, sums]
    }
}
