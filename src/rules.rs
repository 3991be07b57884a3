//! The optimizers of the catalogue as theory sees them: how they scale (statement L6), and where norms settle under them
//! (statement S3); and the layers of a network (statement S7).
//!
//! ```
//! use embedding_norms::{optimizer::entry, rules};
//! let adagrad = rules::scaling(entry("adagrad")?);
//! assert_eq!((adagrad.degree(0.0), adagrad.norm_exponent(0.0)), (1.0, 2.0));
//! # Ok::<(), embedding_norms::optimizer::CatalogueError>(())
//! ```
//!
//! Neither the optimizers and encoders nor the theory know of each other. An optimizer states its degrees too; tests hold the
//! two together.

use crate::encoder::Layer;
use crate::optimizer::{Entry, Parameters};
use crate::theory::encoders::Piece;
use crate::theory::equilibrium::Rule as Settling;
use crate::theory::scaling::{Decay, Rule};

/// What theory has to know of a rule (statement L6). Of a rule that is not this crate's: the degrees that it states, no
/// decay of its own, and steps that cover a distance in a time proportional to it.
pub fn scaling(entry: &Entry) -> Rule {
    match entry.name {
        "gradient-descent" | "heavy-ball" | "nesterov" | "sgdp" => Rule::LINEAR,
        "adam" | "adamp" | "rmsprop" | "sign-descent" | "lion" | "normalized-gradient" => Rule::NORMALIZING,
        "adamw" => Rule { decay: Some(Decay::Decoupled), ..Rule::NORMALIZING },
        "adagrad" => Rule { time_exponent: 2.0, ..Rule::NORMALIZING },
        "lars" => Rule { decay: Some(Decay::InsideLars), ..Rule::LAYERWISE },
        "lamb" => Rule { decay: Some(Decay::InsideLamb), ..Rule::LAYERWISE },
        "riemannian" => Rule::RIEMANNIAN,
        _ => {
            let stated = entry.degrees();
            Rule { r: stated.parameters, q: stated.gradients, ..Rule::LINEAR }
        }
    }
}

/// Layers as they scale (statement S7): a convolution as a linear layer, a mean over places as a rectifier.
pub fn pieces(layers: &[Layer]) -> Vec<Piece> {
    let piece = |layer: &Layer| match layer {
        Layer::Linear(linear) => Piece::Linear { bias: linear.has_bias() },
        Layer::Convolution(convolution) => Piece::Linear { bias: convolution.linear().has_bias() },
        Layer::BatchNorm(_) => Piece::BatchNorm,
        Layer::LayerNorm(_) => Piece::LayerNorm,
        Layer::Rectifier | Layer::AveragePool(_) => Piece::Rectifier,
        Layer::Residual(layers) => Piece::Residual(pieces(layers)),
    };
    layers.iter().map(piece).collect()
}

/// The rule of statement S3 that corresponds to an optimizer with these settings and weight decay beside it, coupled
/// (added to the gradient) or decoupled; `None` where no equilibrium is known.
///
/// ```
/// use embedding_norms::optimizer::{Parameters, entry};
/// use embedding_norms::{rules, theory::equilibrium::Rule};
/// let defaults = Parameters::defaults();
/// let coupled = rules::settling(entry("heavy-ball")?, true, &defaults);
/// assert_eq!(coupled, Some(Rule::HeavyBallCoupled { momentum: 0.9 }));
/// assert_eq!(rules::settling(entry("lion")?, false, &defaults), None);
/// # Ok::<(), embedding_norms::optimizer::CatalogueError>(())
/// ```
pub fn settling(entry: &Entry, coupled: bool, parameters: &Parameters) -> Option<Settling> {
    let setting = |name: &str| entry.value(name, parameters);
    match entry.name {
        "gradient-descent" => Some(Settling::GradientDescent),
        "heavy-ball" if coupled => Some(Settling::HeavyBallCoupled { momentum: setting("momentum")? }),
        "heavy-ball" => Some(Settling::HeavyBallDecoupled { momentum: setting("momentum")? }),
        _ if coupled => None,
        "adam" | "adamw" => Some(Settling::AdamW { beta1: setting("beta1")?, beta2: setting("beta2")? }),
        "normalized-gradient" => Some(Settling::NormalizedGradient),
        "sign-descent" => Some(Settling::SignDescent),
        _ => None,
    }
}
