//! Encoders: maps from inputs to embeddings z, with their analytic backpropagation. An encoder does not know which
//! loss the gradients come from, nor what is done with them.
//!
//! ```
//! use embedding_norms::{encoder::{Encoder, Network}, random::generator};
//! use ndarray::Array2;
//! let network = Network::draw(&[64, 64, 10], true, &mut generator(0, b"example", 0));
//! assert_eq!(network.embed_features(Array2::ones((3, 64)).view()).dim(), (3, 10));
//! assert_eq!(network.groups().len(), 4); // two weight matrices and two biases
//! ```
//!
//! | encoder | embedding of input i | groups of parameters |
//! |---|---|---|
//! | [`Network`] | layers of the features x_i: linear, convolution, rectifier, normalization, residual | one per tensor |
//! | [`Table::linear`] | z_i = a_i W_i, a linear layer whose inputs are a_i e_i: a row per input | one, the tensor W |
//! | [`Table::free`] | z_i itself | one per embedding |
//!
//! The rows of this table are the conditions of statement S4, from the last to the first: with free embeddings a step of
//! plain descent is orthogonal to the embedding (statement G3); once inputs share parameters it is not.

mod batch_norm;
mod convolution;
mod convolutional;
mod layer;
mod layer_norm;
mod linear;
mod network;
mod normalized;
mod perceptron;
mod table;

pub use batch_norm::BatchNorm;
pub use convolution::{AveragePool, Convolution, Shape};
pub use convolutional::Convolutional;
pub use layer::Layer;
pub use layer_norm::LayerNorm;
pub use linear::Linear;
pub use network::Network;
pub use perceptron::{Normalization, Perceptron};
pub use table::Table;

pub use crate::numerics::product::Precision;

use ndarray::{Array2, ArrayView2};

use crate::setting::{SettingError, positive};

/// The inputs of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// Which rows of the data set they are, counted from 0 (n).
    pub rows: &'a [usize],
    /// Their features, (n × p). A table looks at `rows` alone, a network at the features alone.
    pub features: ArrayView2<'a, f64>,
}

/// What a forward pass has computed, for the backward pass.
#[derive(Clone, Debug)]
pub struct Pass {
    /// The embeddings, (n × d).
    pub embeddings: Array2<f64>,
    /// What each layer keeps for the backward pass.
    steps: Vec<layer::Step>,
}

/// A map from inputs to embeddings with parameters in groups.
///
/// A group is what an optimizer treats as one (statement L6): a tensor of a network, a row of free embeddings.
pub trait Encoder: Send + Sync {
    /// The embeddings of a batch, with what the backward pass needs; batch normalizations use the statistics of the
    /// batch.
    ///
    /// # Panics
    /// If the batch does not fit the encoder: another number of features, or a row past the table.
    fn forward(&self, input: Input<'_>) -> Pass;

    /// Adds the gradient with respect to the parameters to `gradients`, one slice per group.
    ///
    /// `upstream` is ∂L/∂z, (n × d), for the embeddings of `pass`, which `forward` made from the same input.
    fn backward(&self, input: Input<'_>, pass: &Pass, upstream: ArrayView2<'_, f64>, gradients: &mut [Vec<f64>]);

    /// The parameters, group by group.
    fn groups(&self) -> Vec<&[f64]>;

    /// The parameters, group by group, to be changed.
    fn groups_mut(&mut self) -> Vec<&mut [f64]>;

    /// Whether a group is an embedding, so that rules which move directions on a sphere make sense.
    fn groups_are_embeddings(&self) -> bool {
        false
    }

    /// Updates what inference uses with what a pass in training has seen of its batch: running statistics, if there are
    /// any.
    fn remember(&mut self, _pass: &Pass) {}

    /// The embeddings of a batch, as at inference: batch normalizations use their running statistics.
    fn embed(&self, input: Input<'_>) -> Array2<f64> {
        self.forward(input).embeddings
    }

    /// Cut-initialization: divides every parameter by c (statement S6).
    ///
    /// Source: Draganov et al. 2025, with c = 3 for contrastive and c = 9 for non-contrastive training.
    ///
    /// # Errors
    /// A factor that is not a finite number above 0.
    fn cut(&mut self, c: f64) -> Result<(), SettingError> {
        let c = positive("the factor c of cut-initialization", c)?;
        for group in self.groups_mut() {
            for parameter in group {
                *parameter /= c;
            }
        }
        Ok(())
    }

    /// Divides the parameters of each group by its own divisor, as in the cut by layer (statement S7).
    ///
    /// # Errors
    /// A divisor that is not a finite number above 0.
    ///
    /// # Panics
    /// Unless there is one divisor for each group.
    fn cut_each(&mut self, divisors: &[f64]) -> Result<(), SettingError> {
        let groups = self.groups_mut();
        assert_eq!(groups.len(), divisors.len(), "one divisor for each group");
        for (group, &divisor) in groups.into_iter().zip(divisors) {
            let divisor = positive("a divisor of the cut by layer", divisor)?;
            group.iter_mut().for_each(|parameter| *parameter /= divisor);
        }
        Ok(())
    }
}
