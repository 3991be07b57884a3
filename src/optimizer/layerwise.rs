//! Rules whose steps are proportional to the norm of what they move: LARS and LAMB.

use super::adam::{Averages, Moments};
use super::arithmetic::{decay_rate, descend, is_ordinary, length, norm, not_negative, ratio, unit, zeros};
use super::{Degrees, Optimizer, Update};
use crate::setting::{SettingError, positive};

/// LARS: v ← βv + γ·κ‖z‖/(‖g‖ + λ‖z‖)·(g + λz), z ← z − v, with norms over the group, the trust coefficient κ and the
/// weight decay λ. Degrees r = 1 and q = 0 (λ = 0), hence h = 0; λ scales as c⁻² (under GradScale c^(p−2)).
///
/// The learning rate stands inside the momentum and the norms are not clipped, as published. A group of zeros stays
/// zero. Source: You, Gitman and Ginsburg, *Large batch training of convolutional networks*, 2017, arXiv 1708.03888,
/// Algorithm 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lars {
    momentum: f64,
    trust: f64,
    decay: f64,
}

impl Lars {
    /// With the momentum β, the trust coefficient κ and the weight decay λ inside the rule. The publication uses 0.9,
    /// 0.001 and 0.0005.
    ///
    /// # Errors
    /// β outside [0, 1); a κ that is not positive; a λ that is negative or not finite.
    pub fn new(momentum: f64, trust: f64, decay: f64) -> Result<Self, SettingError> {
        Ok(Self {
            momentum: decay_rate("the momentum β", momentum)?,
            trust: positive("the trust coefficient κ", trust)?,
            decay: not_negative("the weight decay λ", decay)?,
        })
    }
}

impl Optimizer for Lars {
    fn name(&self) -> &'static str {
        "lars"
    }

    fn degrees(&self) -> Degrees {
        Degrees { parameters: 1.0, gradients: 0.0 }
    }

    fn inner_decay(&self) -> f64 {
        self.decay
    }

    fn start(&self, lengths: &[usize]) -> Box<dyn Update> {
        Box::new(LarsUpdate { settings: *self, velocities: zeros(lengths) })
    }
}

struct LarsUpdate {
    settings: Lars,
    velocities: Vec<Vec<f64>>,
}

impl Update for LarsUpdate {
    fn step(&mut self, group: usize, learning_rate: f64, parameters: &mut [f64], gradient: &[f64]) {
        let Lars { momentum, trust, decay } = self.settings;
        let (length, slope) = (norm(parameters), norm(gradient));
        let pull = slope + decay * length;
        let rate = learning_rate * ratio(trust * length, pull);
        // A rate may be beyond f64 where the step is not.
        let is_ordinary = is_ordinary(length) && is_ordinary(slope);
        for ((z, v), g) in parameters.iter_mut().zip(&mut self.velocities[group]).zip(gradient) {
            let step = if is_ordinary || pull == 0.0 {
                rate * (g + decay * *z)
            } else {
                learning_rate * trust * ((g + decay * *z) / pull * length)
            };
            *v = momentum * *v + step;
            *z -= *v;
        }
    }
}

/// LAMB: u = m̂/(√v̂ + ε) + λz with the averages of [`super::Adam`], z ← z − γ ‖z‖ u/‖u‖, with norms over the group.
/// Degrees r = 1 and q = 0 (ε = λ = 0), hence h = 0; λ scales as c⁻¹.
///
/// The norms are not clipped (φ is the identity, as published). A group of zeros stays zero. Source: You et al., *Large
/// batch optimization for deep learning: training BERT in 76 minutes*, ICLR 2020, arXiv 1904.00962, Algorithm 2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lamb {
    averages: Averages,
    decay: f64,
}

impl Lamb {
    /// With decay rates β1 and β2, ε, and the weight decay λ inside the rule. The publication uses 0.9, 0.999, 1e-6 and
    /// 0.01.
    ///
    /// # Errors
    /// β1 or β2 outside [0, 1); an ε or a λ that is negative or not finite.
    pub fn new(beta1: f64, beta2: f64, epsilon: f64, decay: f64) -> Result<Self, SettingError> {
        let decay = not_negative("the weight decay λ", decay)?;
        Ok(Self { averages: Averages::new(beta1, beta2, epsilon)?, decay })
    }
}

impl Optimizer for Lamb {
    fn name(&self) -> &'static str {
        "lamb"
    }

    fn degrees(&self) -> Degrees {
        Degrees { parameters: 1.0, gradients: 0.0 }
    }

    fn inner_decay(&self) -> f64 {
        self.decay
    }

    fn start(&self, lengths: &[usize]) -> Box<dyn Update> {
        Box::new(LambUpdate { moments: self.averages.start(lengths), decay: self.decay })
    }
}

struct LambUpdate {
    moments: Moments,
    decay: f64,
}

impl Update for LambUpdate {
    fn step(&mut self, group: usize, learning_rate: f64, parameters: &mut [f64], gradient: &[f64]) {
        let update = self.moments.update(group, gradient);
        for (u, z) in update.iter_mut().zip(&*parameters) {
            *u += self.decay * z;
        }
        let (length, of_update) = (norm(parameters), length(update));
        if is_ordinary(length) && is_ordinary(of_update.value()) {
            descend(parameters, learning_rate * ratio(length, of_update.value()), update.iter().copied());
        } else {
            // Their quotient may be beyond f64 where the step is not.
            descend(parameters, learning_rate, update.iter().map(|u| unit(*u, of_update) * length));
        }
    }
}
