//! Small convolutional networks.

use super::{AveragePool, BatchNorm, Convolution, Layer, Linear, Network, Shape};
use crate::random::Generator;

/// Convolutions look at windows of 3 × 3 places.
const WINDOW: usize = 3;
/// And at every second row and column of them.
const STEP: usize = 2;

/// A plan of a small convolutional network for images in planes: convolutions of 3 × 3 places with a step of 2, each with
/// batch normalization per channel if wanted and a rectifier, the mean over places, and a linear layer.
///
/// ```
/// use embedding_norms::encoder::{Convolutional, Encoder, Shape};
/// use embedding_norms::random::generator;
/// let images = Shape { channels: 1, height: 28, width: 28 };
/// let network = Convolutional::new(images, &[16, 32, 64], 32).batch_norm().draw(&mut generator(0, b"example", 0));
/// assert_eq!(network.groups().len(), 3 + 2 * 3 + 1); // weights of convolutions, gains and offsets, weights of the last
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Convolutional {
    images: Shape,
    channels: Vec<usize>,
    dimension: usize,
    bias: bool,
    batch_norm: bool,
    normalized_outputs: bool,
}

impl Convolutional {
    /// For such images, with these channels after each convolution, and the dimension of the embeddings; with biases and
    /// without normalization.
    ///
    /// # Panics
    /// Without a convolution, or with anything of size 0.
    pub fn new(images: Shape, channels: &[usize], dimension: usize) -> Self {
        assert!(!channels.is_empty(), "a convolutional network needs a convolution");
        assert!(images.features() > 0, "images need channels and places");
        assert!(dimension > 0 && channels.iter().all(|&count| count > 0), "a layer needs inputs and outputs");
        Self {
            images,
            channels: channels.to_vec(),
            dimension,
            bias: true,
            batch_norm: false,
            normalized_outputs: false,
        }
    }

    /// Without biases.
    pub fn without_biases(self) -> Self {
        Self { bias: false, ..self }
    }

    /// With batch normalization after each convolution, and without biases.
    pub fn batch_norm(self) -> Self {
        Self { batch_norm: true, bias: false, ..self }
    }

    /// With batch normalization after the linear layer too.
    pub fn normalized_outputs(self) -> Self {
        Self { normalized_outputs: true, ..self }
    }

    /// A network of this plan, drawn layer after layer ([`Linear::draw`]), gains 1 and offsets 0.
    pub fn draw(&self, generator: &mut Generator) -> Network {
        let (mut layers, mut shape) = (Vec::new(), self.images);
        for &channels in &self.channels {
            let convolution = Convolution::draw(shape, (WINDOW, STEP), channels, self.bias, generator);
            shape = convolution.output();
            layers.push(Layer::Convolution(if layers.is_empty() { convolution.of_planes() } else { convolution }));
            layers.extend(self.batch_norm.then(|| Layer::BatchNorm(BatchNorm::per_channel(shape))));
            layers.push(Layer::Rectifier);
        }
        layers.push(Layer::AveragePool(AveragePool::new(shape)));
        layers.push(Layer::Linear(Linear::draw(shape.channels, self.dimension, self.bias, generator)));
        layers.extend(self.normalized_outputs.then(|| Layer::BatchNorm(BatchNorm::new(self.dimension))));
        Network::of(layers)
    }
}
