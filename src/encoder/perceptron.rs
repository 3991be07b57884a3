//! Perceptrons in their usual forms.

use super::{BatchNorm, Layer, LayerNorm, Linear, Network};
use crate::random::Generator;

/// Which normalization follows linear layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Normalization {
    /// None.
    #[default]
    None,
    /// [`BatchNorm`].
    Batch,
    /// [`LayerNorm`].
    Layer,
}

/// A plan of a multi-layer perceptron: linear layer, normalization, rectifier, and so on to a linear layer.
///
/// ```
/// use embedding_norms::encoder::{Encoder, Perceptron};
/// use embedding_norms::random::generator;
/// // Batch normalization throughout, as projectors of SimSiam have it, with a residual block.
/// let plan = Perceptron::new(&[64, 32, 16]).without_biases().batch_norm().normalized_outputs().residual_blocks(1);
/// let network = plan.draw(&mut generator(0, b"example", 0));
/// assert_eq!(network.groups().len(), 4 + 2 * 4); // four weight matrices; gains and offsets of four normalizations
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Perceptron {
    widths: Vec<usize>,
    bias: bool,
    last_bias: bool,
    normalization: Normalization,
    normalized_outputs: bool,
    blocks: usize,
}

impl Perceptron {
    /// Of these widths, from the number of features to the dimension of the embeddings; with biases and without
    /// normalization, as [`Network::draw`].
    ///
    /// # Panics
    /// With fewer than two widths, or a width of 0.
    pub fn new(widths: &[usize]) -> Self {
        assert!(widths.len() > 1, "a network needs a number of inputs and of outputs");
        assert!(widths.iter().all(|&width| width > 0), "a layer needs inputs and outputs");
        Self {
            widths: widths.to_vec(),
            bias: true,
            last_bias: true,
            normalization: Normalization::None,
            normalized_outputs: false,
            blocks: 0,
        }
    }

    /// Without biases in linear layers.
    pub fn without_biases(self) -> Self {
        Self { bias: false, last_bias: false, ..self }
    }

    /// With a bias in the last linear layer or without one, whatever the others have.
    pub fn last_bias(self, last_bias: bool) -> Self {
        Self { last_bias, ..self }
    }

    /// With batch normalization after each hidden linear layer.
    pub fn batch_norm(self) -> Self {
        Self { normalization: Normalization::Batch, ..self }
    }

    /// With layer normalization after each hidden linear layer.
    pub fn layer_norm(self) -> Self {
        Self { normalization: Normalization::Layer, ..self }
    }

    /// With the normalization after the last linear layer too.
    pub fn normalized_outputs(self) -> Self {
        Self { normalized_outputs: true, ..self }
    }

    /// With this many residual blocks after the first hidden layer: y = max(0, x + f(x)), f linear, normalization,
    /// rectifier, linear, normalization.
    pub fn residual_blocks(self, blocks: usize) -> Self {
        Self { blocks, ..self }
    }

    /// A network of this plan: linear layers drawn one after another ([`Linear::draw`]), gains 1 and offsets 0.
    pub fn draw(&self, generator: &mut Generator) -> Network {
        let last = self.widths.len() - 2;
        let mut layers = Vec::new();
        for (place, pair) in self.widths.windows(2).enumerate() {
            let bias = if place == last { self.last_bias } else { self.bias };
            layers.push(Layer::Linear(Linear::draw(pair[0], pair[1], bias, generator)));
            if place == last {
                if self.normalized_outputs {
                    layers.extend(self.normalization(pair[1]));
                }
                break;
            }
            layers.extend(self.normalization(pair[1]));
            layers.push(Layer::Rectifier);
            if place == 0 {
                for _ in 0..self.blocks {
                    layers.extend([self.block(pair[1], generator), Layer::Rectifier]);
                }
            }
        }
        Network::of(layers)
    }

    fn normalization(&self, width: usize) -> Option<Layer> {
        match self.normalization {
            Normalization::None => None,
            Normalization::Batch => Some(Layer::BatchNorm(BatchNorm::new(width))),
            Normalization::Layer => Some(Layer::LayerNorm(LayerNorm::new(width))),
        }
    }

    fn block(&self, width: usize, generator: &mut Generator) -> Layer {
        let mut layers = Vec::new();
        for place in 0..2 {
            layers.push(Layer::Linear(Linear::draw(width, width, self.bias, generator)));
            layers.extend(self.normalization(width));
            if place == 0 {
                layers.push(Layer::Rectifier);
            }
        }
        Layer::Residual(layers)
    }
}
