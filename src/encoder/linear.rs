//! One linear layer.

use ndarray::{Array1, Array2, ArrayView2};
use rand::Rng;

use crate::numerics::product::{Precision, RightIn};
use crate::random::Generator;

/// y = W x + b for rows x, with W (q × p) and b (q), or without b.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    weights: Array2<f64>,
    bias: Option<Array1<f64>>,
    /// Of its products of matrices.
    precision: Precision,
}

impl Linear {
    /// From p inputs to q outputs, drawn as PyTorch does by default: weights, and biases if wanted, uniform between
    /// ±1/√p.
    ///
    /// # Panics
    /// If p or q is 0.
    pub fn draw(inputs: usize, outputs: usize, bias: bool, generator: &mut Generator) -> Self {
        assert!(inputs > 0 && outputs > 0, "a layer needs inputs and outputs");
        let bound = 1.0 / (inputs as f64).sqrt();
        let mut uniform = || (2.0 * generator.random::<f64>() - 1.0) * bound;
        let weights = Array2::from_shape_simple_fn((outputs, inputs), &mut uniform);
        let bias = bias.then(|| Array1::from_shape_simple_fn(outputs, &mut uniform));
        Self { weights, bias, precision: Precision::Double }
    }

    /// With these weights, (q × p), and biases (q).
    ///
    /// # Panics
    /// If there is not one bias per output.
    pub fn new(weights: Array2<f64>, bias: Option<Array1<f64>>) -> Self {
        assert!(bias.as_ref().is_none_or(|bias| bias.len() == weights.nrows()), "a layer needs one bias per output");
        Self { weights: weights.as_standard_layout().into_owned(), bias, precision: Precision::Double }
    }

    /// The weights W, (q × p).
    pub fn weights(&self) -> ArrayView2<'_, f64> {
        self.weights.view()
    }

    /// The number of tensors: W, and b if there is one.
    pub(super) fn tensors(&self) -> usize {
        1 + usize::from(self.bias.is_some())
    }

    /// The outputs for rows of inputs, (n × q).
    pub(super) fn forward(&self, inputs: ArrayView2<'_, f64>) -> Array2<f64> {
        let mut outputs = self.precision.product(inputs, self.weights.t());
        self.add_bias(outputs.as_slice_mut().expect(STANDARD));
        outputs
    }

    /// Adds b to rows of outputs, one after another.
    pub(super) fn add_bias(&self, outputs: &mut [f64]) {
        if let Some(bias) = &self.bias {
            let bias = bias.as_slice().expect(STANDARD);
            outputs.chunks_exact_mut(bias.len().max(1)).for_each(|row| add(row, bias));
        }
    }

    /// Adds ∂L/∂W = Gᵀ X and ∂L/∂b = Σ G to the gradients of this layer's tensors, for G = ∂L/∂y.
    pub(super) fn add_gradients(
        &self,
        inputs: ArrayView2<'_, f64>,
        upstream: ArrayView2<'_, f64>,
        gradients: &mut [Vec<f64>],
    ) {
        add(&mut gradients[0], self.precision.product(upstream.t(), inputs).as_slice().expect(STANDARD));
        self.add_bias_gradient(upstream.to_slice().expect(STANDARD), gradients);
    }

    /// Adds ∂L/∂b = Σ G, for rows of G one after another.
    pub(super) fn add_bias_gradient(&self, upstream: &[f64], gradients: &mut [Vec<f64>]) {
        if let Some(bias) = &self.bias {
            upstream.chunks_exact(bias.len().max(1)).for_each(|row| add(&mut gradients[1], row));
        }
    }

    /// ∂L/∂x = G W, (n × p).
    pub(super) fn pull_back(&self, upstream: ArrayView2<'_, f64>) -> Array2<f64> {
        self.precision.product(upstream, self.weights.view())
    }

    /// A right factor of products of this layer.
    pub(super) fn right(&self, factor: ArrayView2<'_, f64>) -> RightIn {
        RightIn::of(factor, self.precision)
    }

    pub(super) fn precision_mut(&mut self) -> &mut Precision {
        &mut self.precision
    }

    /// The numbers of inputs p and of outputs q.
    pub(super) fn widths(&self) -> (usize, usize) {
        (self.weights.ncols(), self.weights.nrows())
    }

    /// Whether there is a bias.
    pub fn has_bias(&self) -> bool {
        self.bias.is_some()
    }

    pub(super) fn slices(&self) -> impl Iterator<Item = &[f64]> {
        let weights = self.weights.as_slice().expect(STANDARD);
        std::iter::once(weights).chain(self.bias.iter().map(|bias| bias.as_slice().expect(STANDARD)))
    }

    pub(super) fn slices_mut(&mut self) -> impl Iterator<Item = &mut [f64]> {
        let weights = self.weights.as_slice_mut().expect(STANDARD);
        std::iter::once(weights).chain(self.bias.iter_mut().map(|bias| bias.as_slice_mut().expect(STANDARD)))
    }
}

/// Why slices are at hand.
pub(super) const STANDARD: &str = "parameters, their gradients and outputs are in standard layout";

/// Adds values to sums, one by one.
pub(super) fn add(sums: &mut [f64], values: &[f64]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += value;
    }
}
