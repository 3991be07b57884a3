//! The update rules whose equilibrium is known, each with the kind of decay.

use embedding_norms::optimizer::{
    AdamW, GradientDescent, HeavyBall, NormalizedGradient, Optimizer, SignDescent, WeightDecay,
};
use embedding_norms::simulation::PersistentDescent;
use embedding_norms::theory::equilibrium::{Persistent, Rule};
use serde::Serialize;

use crate::cli::failure::Failure;
use crate::simulations::decay::Decay;

/// An update rule with the kind of decay.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Gradient descent.
    GradientDescent { coupled: bool },
    /// Heavy-ball momentum.
    HeavyBall { coupled: bool, momentum: f64 },
    /// AdamW with ε = 0, whose decay is decoupled.
    AdamW { beta1: f64, beta2: f64 },
    /// Normalized gradient descent with decoupled decay.
    NormalizedGradient,
    /// Sign descent with decoupled decay.
    SignDescent,
}

/// The conditions under which one embedding descends.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Setting {
    pub method: Method,
    pub learning_rate: f64,
    pub weight_decay: f64,
    pub frequency: f64,
    pub dimension: usize,
}

impl Method {
    /// All of them.
    pub fn all(momentum: f64, beta2: f64) -> [Self; 7] {
        [
            Self::GradientDescent { coupled: false },
            Self::GradientDescent { coupled: true },
            Self::HeavyBall { coupled: false, momentum },
            Self::HeavyBall { coupled: true, momentum },
            Self::AdamW { beta1: momentum, beta2 },
            Self::NormalizedGradient,
            Self::SignDescent,
        ]
    }

    /// The name of the optimizer in tables.
    pub const fn optimizer(self) -> &'static str {
        match self {
            Self::GradientDescent { .. } => "gradient-descent",
            Self::HeavyBall { .. } => "heavy-ball",
            Self::AdamW { .. } => "adamw",
            Self::NormalizedGradient => "normalized-gradient",
            Self::SignDescent => "sign-descent",
        }
    }

    /// The kind of decay.
    pub const fn decay(self) -> Decay {
        match self {
            Self::GradientDescent { coupled: true } | Self::HeavyBall { coupled: true, .. } => Decay::Coupled,
            _ => Decay::Decoupled,
        }
    }

    /// m of the m-th root of the mean of ρ^m that S3 speaks of: twice the degree.
    pub fn moment(self) -> u32 {
        2 * self.rule().degree()
    }

    /// What theory calls it.
    pub fn rule(self) -> Rule {
        match self {
            Self::GradientDescent { .. } => Rule::GradientDescent,
            Self::HeavyBall { coupled: true, momentum } => Rule::HeavyBallCoupled { momentum },
            Self::HeavyBall { coupled: false, momentum } => Rule::HeavyBallDecoupled { momentum },
            Self::AdamW { beta1, beta2 } => Rule::AdamW { beta1, beta2 },
            Self::NormalizedGradient => Rule::NormalizedGradient,
            Self::SignDescent => Rule::SignDescent,
        }
    }

    /// The steps that its memory reaches back.
    pub fn memory(self) -> f64 {
        match self {
            Self::HeavyBall { momentum, .. } => 1.0 / (1.0 - momentum),
            Self::AdamW { beta1, beta2 } => 1.0 / (1.0 - beta1.max(beta2)),
            _ => 0.0,
        }
    }

    /// The rule, and the decay beside it, if it is not inside.
    fn build(self, weight_decay: f64) -> Result<(Box<dyn Optimizer>, Option<WeightDecay>), Failure> {
        let beside = self.decay().of(weight_decay)?;
        Ok(match self {
            Self::GradientDescent { .. } => (Box::new(GradientDescent), Some(beside)),
            Self::HeavyBall { momentum, .. } => (Box::new(HeavyBall::new(momentum)?), Some(beside)),
            Self::AdamW { beta1, beta2 } => (Box::new(AdamW::new(beta1, beta2, 0.0, weight_decay)?), None),
            Self::NormalizedGradient => (Box::new(NormalizedGradient), Some(beside)),
            Self::SignDescent => (Box::new(SignDescent), Some(beside)),
        })
    }
}

impl Setting {
    /// The rule and its decay in words.
    pub fn name(&self) -> String {
        format!("{}, {} decay", self.method.optimizer(), self.method.decay().name())
    }

    /// What theory needs to know of it.
    pub fn persistent(&self) -> Result<Persistent, Failure> {
        Ok(Persistent::new(self.learning_rate, self.weight_decay)?.frequency(self.frequency)?)
    }

    /// Calls `then` with the descent that these settings ask for.
    pub fn descend<T>(&self, then: impl FnOnce(PersistentDescent<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
        let (optimizer, decay) = self.method.build(self.weight_decay)?;
        let descent = PersistentDescent::new(&*optimizer, self.learning_rate)?.frequency(self.frequency)?;
        then(decay.map_or(descent, |decay| descent.decay(decay)))
    }

    /// The steps of a relaxation.
    pub fn relaxation(&self) -> Result<f64, Failure> {
        Ok(self.persistent()?.equilibrium(self.method.rule(), self.dimension as f64)?.relaxation)
    }

    /// Nanoseconds for one embedding and step, roughly.
    pub fn cost_per_step(&self) -> f64 {
        60.0 + self.dimension as f64 * (3.0 + 14.0 * self.frequency)
    }
}
