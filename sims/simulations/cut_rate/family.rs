//! Networks of every kind, and what the theory says of them.

use clap::ValueEnum;
use embedding_norms::encoder::{Layer, Network, Perceptron};
use embedding_norms::loss::{Loss, NegativeCosine, NtXent};
use embedding_norms::random::Generator;
use embedding_norms::rules::pieces;
use embedding_norms::theory::encoders::{Broken, Cut};
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;

/// A kind of network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Rectifiers without biases
    NoBiases,
    /// Batch normalization throughout, no biases in linear layers
    BatchNorm,
    /// Batch normalization throughout, and biases before it
    BatchNormBiases,
    /// Batch normalization in a residual block too
    ResidualBatchNorm,
    /// Batch normalization, but a last linear layer with a bias behind it
    BatchNormLastLinear,
    /// Layer normalization throughout, no biases in linear layers
    LayerNorm,
    /// Layer normalization throughout, and biases before it
    LayerNormBiases,
    /// PyTorch's default perceptron
    Biases,
    /// The same, its biases cut by layer and trained at rates of their own
    BiasesByLayer,
    /// SimSiam: batch normalization throughout, and a predictor whose last layer has a bias
    #[value(name = "simsiam")]
    #[serde(rename = "simsiam")]
    SimSiam,
    /// The same without that bias
    #[value(name = "simsiam-no-last-bias")]
    #[serde(rename = "simsiam-no-last-bias")]
    SimSiamNoLastBias,
}

/// Temperature of NT-Xent.
const TEMPERATURE: f64 = 0.5;

impl Family {
    fn has_predictor(self) -> bool {
        matches!(self, Self::SimSiam | Self::SimSiamNoLastBias)
    }

    /// Whether batch normalization stands behind its linear layers, but for a last one.
    pub fn has_batch_norm(self) -> bool {
        match self {
            Self::NoBiases | Self::Biases | Self::BiasesByLayer | Self::LayerNorm | Self::LayerNormBiases => false,
            Self::BatchNorm
            | Self::BatchNormBiases
            | Self::ResidualBatchNorm
            | Self::BatchNormLastLinear
            | Self::SimSiam
            | Self::SimSiamNoLastBias => true,
        }
    }

    /// Whether tensors are divided by powers of their own.
    pub fn is_by_layer(self) -> bool {
        self == Self::BiasesByLayer
    }

    /// The loss.
    pub fn loss(self) -> Result<Box<dyn Loss>, Failure> {
        self.loss_at(TEMPERATURE)
    }

    /// The loss, at a temperature if it has one.
    pub fn loss_at(self, temperature: f64) -> Result<Box<dyn Loss>, Failure> {
        Ok(match self.has_predictor() {
            true => Box::new(NegativeCosine::with_stop_gradient()),
            false => Box::new(NtXent::new(temperature)?),
        })
    }

    /// The networks: encoder and predictor.
    pub fn draw(self, inputs: usize, width: usize, outputs: usize, generator: &mut Generator) -> Networks {
        let plan = Perceptron::new(&[inputs, width, width, outputs]);
        let throughout = || plan.clone().without_biases().batch_norm().normalized_outputs();
        let encoder = match self {
            Self::NoBiases => plan.without_biases(),
            Self::BatchNorm | Self::SimSiam | Self::SimSiamNoLastBias => throughout(),
            Self::BatchNormBiases => plan.batch_norm().normalized_outputs(),
            Self::ResidualBatchNorm => throughout().residual_blocks(1),
            Self::BatchNormLastLinear => plan.batch_norm(),
            Self::LayerNorm => plan.without_biases().layer_norm().normalized_outputs(),
            Self::LayerNormBiases => plan.layer_norm().normalized_outputs(),
            Self::Biases | Self::BiasesByLayer => plan,
        };
        // So wide that no row has only silent units, whose prediction would have no direction.
        let head = Perceptron::new(&[outputs, 4 * outputs, outputs]).without_biases().batch_norm();
        let head = head.last_bias(self == Self::SimSiam);
        let encoder = encoder.draw(generator);
        Networks { encoder, predictor: self.has_predictor().then(|| head.draw(generator)) }
    }
}

/// An encoder, and its predictor if it has one.
#[derive(Clone)]
pub struct Networks {
    pub encoder: Network,
    pub predictor: Option<Network>,
}

impl Networks {
    /// What the theory says of a cut, from the layers themselves.
    pub fn cut(&self) -> Result<Cut, Broken> {
        let networks = std::iter::once(&self.encoder).chain(&self.predictor);
        Cut::of(&networks.flat_map(|network| pieces(network.layers())).collect::<Vec<_>>())
    }
}

/// How many normalizations there are.
pub fn normalizations(layers: &[Layer]) -> usize {
    let own = |layer: &Layer| match layer {
        Layer::BatchNorm(_) | Layer::LayerNorm(_) => 1,
        Layer::Residual(layers) => normalizations(layers),
        Layer::Linear(_) | Layer::Convolution(_) | Layer::Rectifier | Layer::AveragePool(_) => 0,
    };
    layers.iter().map(own).sum()
}
