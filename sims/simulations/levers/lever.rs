//! The levers: what is done to norms, to the gradient or to the parameters.

use clap::ValueEnum;
use embedding_norms::encoder::{Encoder, Network};
use embedding_norms::normalization::GradScale;
use embedding_norms::optimizer::WeightDecay;
use embedding_norms::training::Method;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;

/// One lever at one strength.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
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

/// What a lever is without its strength: a column of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lower")]
pub enum Kind {
    None,
    Cut,
    GradScale,
    Decay,
}

impl Lever {
    /// The lever of two columns.
    pub fn of(kind: Kind, strength: Option<f64>) -> Self {
        match (kind, strength) {
            (Kind::Cut, Some(factor)) => Self::Cut(factor),
            (Kind::GradScale, Some(power)) => Self::GradScale(power),
            (Kind::Decay, Some(strength)) => Self::Decay(strength),
            _ => Self::None,
        }
    }

    /// Its two columns.
    pub fn columns(self) -> (Kind, Option<f64>) {
        match self {
            Self::None => (Kind::None, None),
            Self::Cut(factor) => (Kind::Cut, Some(factor)),
            Self::GradScale(power) => (Kind::GradScale, Some(power)),
            Self::Decay(strength) => (Kind::Decay, Some(strength)),
        }
    }

    /// The power p of GradScale.
    pub fn power(self) -> f64 {
        if let Self::GradScale(power) = self { power } else { 0.0 }
    }

    /// What a reader calls it.
    pub fn label(self) -> String {
        match self {
            Self::None => "no lever".to_owned(),
            Self::Cut(factor) => format!("cut c = {factor}"),
            Self::GradScale(power) => format!("GradScale p = {power}"),
            Self::Decay(strength) => format!("decay λ = {strength}"),
        }
    }

    /// The same in a few letters.
    pub fn mark(self) -> String {
        match self {
            Self::None => String::new(),
            Self::Cut(factor) if factor < 1.0 => format!("×{}", 1.0 / factor),
            Self::Cut(factor) => format!("/{factor}"),
            Self::GradScale(power) => format!("G{power}"),
            Self::Decay(strength) => format!("λ{strength}"),
        }
    }

    /// Divides the initial parameters.
    pub fn prepare<'a>(self, mut networks: impl Iterator<Item = &'a mut Network>) -> Result<(), Failure> {
        let Self::Cut(factor) = self else { return Ok(()) };
        Ok(networks.try_for_each(|network| network.cut(factor))?)
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
