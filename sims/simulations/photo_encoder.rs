//! What encodes images of a user's own: a perceptron, or a small convolutional network, with products of matrices in double or
//! single precision.

use clap::ValueEnum;
use embedding_norms::data::images::ImageSize;
use embedding_norms::encoder::{self, Convolutional, Shape};
use serde::{Deserialize, Serialize};

/// A kind of encoder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImageEncoder {
    /// Linear layers of all pixels
    #[default]
    Perceptron,
    /// Convolutions of 3 × 3 places with a step of 2, the mean over places, and a linear layer
    Convolution,
}

impl ImageEncoder {
    /// Whether it is the one that is taken if nothing is said. Settings with it keep the names of their random numbers.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Multiplications for one image, with the widths of layers (channels of convolutions) and last the dimension of the
    /// embeddings.
    pub fn multiplications(self, size: ImageSize, widths: &[usize]) -> f64 {
        match self {
            Self::Perceptron => products(size.pixels(), widths),
            Self::Convolution => {
                let (dimension, channels) = widths.split_last().unwrap_or((&0, &[]));
                let (mut before, mut shape) = (size.channels, (size.height, size.width));
                let mut all = 0.0;
                for &own in channels {
                    shape = (shape.0.div_ceil(2), shape.1.div_ceil(2));
                    all += (9 * before * own * shape.0 * shape.1) as f64;
                    before = own;
                }
                all + (before * dimension) as f64
            }
        }
    }
}

/// In what numbers products of matrices are formed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// With 53 binary digits
    #[default]
    Double,
    /// With 24 binary digits, in about half the time
    Single,
}

impl Precision {
    /// As [`ImageEncoder::is_default`].
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl From<Precision> for encoder::Precision {
    fn from(precision: Precision) -> Self {
        match precision {
            Precision::Double => Self::Double,
            Precision::Single => Self::Single,
        }
    }
}

fn products(features: usize, widths: &[usize]) -> f64 {
    let before = std::iter::once(features).chain(widths.iter().copied());
    before.zip(widths).map(|(inputs, outputs)| (inputs * outputs) as f64).sum()
}

/// A convolutional network for images of this size.
pub fn convolutional(size: ImageSize, channels: &[usize], dimension: usize) -> Convolutional {
    let ImageSize { channels: planes, height, width } = size;
    Convolutional::new(Shape { channels: planes, height, width }, channels, dimension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiplications_are_those_of_every_layer() {
        let size = ImageSize { channels: 1, height: 28, width: 28 };
        assert_eq!(ImageEncoder::Perceptron.multiplications(size, &[256, 64]), (784 * 256 + 256 * 64) as f64);
        let convolution = ImageEncoder::Convolution.multiplications(size, &[16, 32, 64]);
        assert_eq!(convolution, (9 * 16 * 196 + 9 * 16 * 32 * 49 + 32 * 64) as f64);
    }
}
