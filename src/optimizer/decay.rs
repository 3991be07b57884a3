//! Weight decay, a step of its own beside the update rule.

use super::Optimizer;

/// Weight decay of strength λ, the pull of parameters towards zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeightDecay {
    strength: f64,
    coupled: bool,
}

/// A strength that weight decay does not take.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("weight decay must be a finite number, 0 or larger, not {strength}")]
pub struct DecayError {
    /// The strength asked for.
    pub strength: f64,
}

/// A weight decay beside a rule that decays weights itself: both would be applied.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error(
    "{optimizer} has a weight decay of its own, {inside}, and {beside} beside it would be a second one; give the strength to \
     {optimizer} alone, or set its own to 0"
)]
pub struct TwoDecays {
    /// The rule.
    pub optimizer: &'static str,
    /// The strength λ inside the rule.
    pub inside: f64,
    /// The strength λ beside it.
    pub beside: f64,
}

/// Passes if weights decay in one place at most: inside the rule, or beside it.
///
/// # Errors
/// Two strengths above 0.
pub fn check_decay(optimizer: &dyn Optimizer, beside: Option<WeightDecay>) -> Result<(), TwoDecays> {
    let (inside, beside) = (optimizer.inner_decay(), beside.map_or(0.0, WeightDecay::strength));
    let is_one = inside == 0.0 || beside == 0.0;
    if is_one { Ok(()) } else { Err(TwoDecays { optimizer: optimizer.name(), inside, beside }) }
}

impl WeightDecay {
    /// Decoupled: z ← (1 − γλ) z at every step, beside the update (as in SGDW and AdamW).
    ///
    /// # Errors
    /// If λ is negative or not finite.
    pub fn decoupled(strength: f64) -> Result<Self, DecayError> {
        Self::checked(strength, false)
    }

    /// Coupled: λz is added to the gradient, so that the update rule treats it as one (L2 regularization).
    ///
    /// # Errors
    /// If λ is negative or not finite.
    pub fn coupled(strength: f64) -> Result<Self, DecayError> {
        Self::checked(strength, true)
    }

    fn checked(strength: f64, coupled: bool) -> Result<Self, DecayError> {
        if strength.is_finite() && strength >= 0.0 {
            Ok(Self { strength, coupled })
        } else {
            Err(DecayError { strength })
        }
    }

    /// The strength λ.
    pub fn strength(self) -> f64 {
        self.strength
    }

    /// Coupled decay's part of the step: g ← g + λz. Decoupled decay leaves the gradient alone.
    pub fn add_to_gradient(self, parameters: &[f64], gradient: &mut [f64]) {
        if self.coupled {
            for (slope, parameter) in gradient.iter_mut().zip(parameters) {
                *slope += self.strength * parameter;
            }
        }
    }

    /// Decoupled decay's part of the step: z ← (1 − γλ) z. Coupled decay leaves the parameters alone.
    pub fn shrink(self, learning_rate: f64, parameters: &mut [f64]) {
        if !self.coupled {
            let factor = 1.0 - learning_rate * self.strength;
            for parameter in parameters {
                *parameter *= factor;
            }
        }
    }
}
