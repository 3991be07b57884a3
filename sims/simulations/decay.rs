//! Where weight decay acts.

use embedding_norms::optimizer::{DecayError, WeightDecay};
use embedding_norms::theory::scaling;
use serde::{Deserialize, Serialize};

/// Whether decay is added to the gradient or acts beside the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decay {
    Coupled,
    Decoupled,
}

impl Decay {
    /// The name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Coupled => "coupled",
            Self::Decoupled => "decoupled",
        }
    }

    /// Decay of this strength λ.
    pub fn of(self, strength: f64) -> Result<WeightDecay, DecayError> {
        match self {
            Self::Coupled => WeightDecay::coupled(strength),
            Self::Decoupled => WeightDecay::decoupled(strength),
        }
    }
}

impl From<Decay> for scaling::Decay {
    fn from(decay: Decay) -> Self {
        match decay {
            Decay::Coupled => Self::Coupled,
            Decay::Decoupled => Self::Decoupled,
        }
    }
}
