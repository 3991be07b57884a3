//! Rules that follow the sign of each coordinate alone.

use super::arithmetic::{decay_rate, descend, sign, zeros};
use super::{Degrees, Optimizer, Update};
use crate::setting::SettingError;

/// Sign descent: z ← z − γ sign g, with sign 0 = 0. Degrees r = 0 and q = 0, hence h = 1.
///
/// Source: Bernstein et al., *signSGD: compressed optimisation for non-convex problems*, ICML 2018, arXiv 1802.04434.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignDescent;

impl Optimizer for SignDescent {
    fn name(&self) -> &'static str {
        "sign-descent"
    }

    fn degrees(&self) -> Degrees {
        Degrees { parameters: 0.0, gradients: 0.0 }
    }

    fn start(&self, _lengths: &[usize]) -> Box<dyn Update> {
        Box::new(*self)
    }
}

impl Update for SignDescent {
    fn step(&mut self, _group: usize, learning_rate: f64, parameters: &mut [f64], gradient: &[f64]) {
        descend(parameters, learning_rate, gradient.iter().map(|g| sign(*g)));
    }
}

/// Lion: z ← z − γ sign(β1 m + (1 − β1) g), then m ← β2 m + (1 − β2) g. Degrees r = 0 and q = 0, hence h = 1.
///
/// The publication's weight decay is [`super::WeightDecay::decoupled`]. Source: Chen et al., *Symbolic discovery of
/// optimization algorithms*, NeurIPS 2023, arXiv 2302.06675.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lion {
    beta1: f64,
    beta2: f64,
}

impl Lion {
    /// With the weight β1 of the memory in a step and its decay rate β2. The publication's defaults are 0.9 and 0.99.
    ///
    /// # Errors
    /// β1 or β2 outside [0, 1).
    pub fn new(beta1: f64, beta2: f64) -> Result<Self, SettingError> {
        Ok(Self { beta1: decay_rate("β1", beta1)?, beta2: decay_rate("β2", beta2)? })
    }
}

impl Optimizer for Lion {
    fn name(&self) -> &'static str {
        "lion"
    }

    fn degrees(&self) -> Degrees {
        Degrees { parameters: 0.0, gradients: 0.0 }
    }

    fn start(&self, lengths: &[usize]) -> Box<dyn Update> {
        Box::new(LionUpdate { settings: *self, averages: zeros(lengths) })
    }
}

struct LionUpdate {
    settings: Lion,
    averages: Vec<Vec<f64>>,
}

impl Update for LionUpdate {
    fn step(&mut self, group: usize, learning_rate: f64, parameters: &mut [f64], gradient: &[f64]) {
        let Lion { beta1, beta2 } = self.settings;
        let update = self.averages[group].iter_mut().zip(gradient).map(|(m, g)| {
            let direction = sign(beta1 * *m + (1.0 - beta1) * g);
            *m = beta2 * *m + (1.0 - beta2) * g;
            direction
        });
        descend(parameters, learning_rate, update);
    }
}
