//! The levers: what is done to norms, to the gradient or to the parameters.

use embedding_norms::encoder::{Encoder, Network};
use embedding_norms::normalization::GradScale;
use embedding_norms::optimizer::WeightDecay;
use embedding_norms::training::Method;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;

/// One lever at one strength.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lever {
    /// Plain training.
    None,
    /// Cut-initialization: every initial parameter is divided by this.
    Cut(f64),
    /// GradScale with this power.
    GradScale(f64),
    /// Weight decay of this strength, added to the gradient of every parameter.
    Decay(f64),
}

impl Lever {
    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Cut(_) => "cut",
            Self::GradScale(_) => "gradscale",
            Self::Decay(_) => "decay",
        }
    }

    /// The strength in tables.
    pub fn strength(self) -> Option<f64> {
        match self {
            Self::None => None,
            Self::Cut(strength) | Self::GradScale(strength) | Self::Decay(strength) => Some(strength),
        }
    }

    /// The power p of GradScale.
    pub fn power(self) -> f64 {
        if let Self::GradScale(power) = self { power } else { 0.0 }
    }

    /// What a reader calls it.
    pub fn label(name: &str, strength: Option<f64>) -> String {
        let strength = strength.unwrap_or(f64::NAN);
        match name {
            "cut" => format!("cut c = {strength}"),
            "gradscale" => format!("GradScale p = {strength}"),
            "decay" => format!("decay λ = {strength}"),
            _ => "no lever".to_owned(),
        }
    }

    /// Divides the initial parameters.
    pub fn prepare(self, networks: &mut [&mut Network]) -> Result<(), Failure> {
        if let Self::Cut(factor) = self {
            for network in networks {
                network.cut(factor)?;
            }
        }
        Ok(())
    }

    /// Changes the way of training.
    pub fn change(self, method: Method<'_>) -> Result<Method<'_>, Failure> {
        Ok(match self {
            Self::None | Self::Cut(_) => method,
            Self::GradScale(power) => method.grad_scale(GradScale::new(power)?),
            Self::Decay(strength) => method.decay(WeightDecay::coupled(strength)?),
        })
    }
}
