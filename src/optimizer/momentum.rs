//! Momentum: the gradient with a memory.

use super::arithmetic::{decay_rate, descend, zeros};
use super::{Degrees, Optimizer, Update};
use crate::setting::SettingError;

/// The sum v ← βv + g of past gradients, for each group.
pub(super) struct Velocity {
    momentum: f64,
    groups: Vec<Vec<f64>>,
}

impl Velocity {
    pub fn new(momentum: f64, lengths: &[usize]) -> Self {
        Self { momentum, groups: zeros(lengths) }
    }

    /// Takes a gradient in and gives the velocity after it.
    pub fn update(&mut self, group: usize, gradient: &[f64]) -> &[f64] {
        let velocity = &mut self.groups[group];
        for (v, g) in velocity.iter_mut().zip(gradient) {
            *v = self.momentum * *v + g;
        }
        velocity
    }

    /// The velocities, group by group.
    pub fn memory_mut(&mut self) -> Vec<&mut [f64]> {
        self.groups.iter_mut().map(Vec::as_mut_slice).collect()
    }
}

/// Heavy-ball momentum: v ← βv + g, z ← z − γ v. Degrees r = 0 and q = 1, hence h = 2.
///
/// PyTorch's `SGD(momentum = β)`, without dampening. Source: Polyak, *Some methods of speeding up the convergence of
/// iteration methods*, 1964; Sutskever et al. 2013 for the form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeavyBall {
    momentum: f64,
}

/// Nesterov's momentum: v ← βv + g, z ← z − γ (g + βv). Degrees r = 0 and q = 1, hence h = 2.
///
/// PyTorch's `SGD(momentum = β, nesterov = True)`, which has the gradient at z itself. Source: Nesterov 1983, in the
/// form of Sutskever et al., *On the importance of initialization and momentum in deep learning*, ICML 2013.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nesterov {
    momentum: f64,
}

impl HeavyBall {
    /// With the momentum β.
    ///
    /// # Errors
    /// β outside [0, 1).
    pub fn new(momentum: f64) -> Result<Self, SettingError> {
        Ok(Self { momentum: decay_rate("the momentum β", momentum)? })
    }
}

impl Nesterov {
    /// With the momentum β.
    ///
    /// # Errors
    /// β outside [0, 1).
    pub fn new(momentum: f64) -> Result<Self, SettingError> {
        Ok(Self { momentum: decay_rate("the momentum β", momentum)? })
    }
}

impl Optimizer for HeavyBall {
    fn name(&self) -> &'static str {
        "heavy-ball"
    }

    fn degrees(&self) -> Degrees {
        Degrees { parameters: 0.0, gradients: 1.0 }
    }

    fn start(&self, lengths: &[usize]) -> Box<dyn Update> {
        Box::new(HeavyBallUpdate(Velocity::new(self.momentum, lengths)))
    }
}

impl Optimizer for Nesterov {
    fn name(&self) -> &'static str {
        "nesterov"
    }

    fn degrees(&self) -> Degrees {
        Degrees { parameters: 0.0, gradients: 1.0 }
    }

    fn start(&self, lengths: &[usize]) -> Box<dyn Update> {
        Box::new(NesterovUpdate(Velocity::new(self.momentum, lengths)))
    }
}

struct HeavyBallUpdate(Velocity);

impl Update for HeavyBallUpdate {
    fn step(&mut self, group: usize, learning_rate: f64, parameters: &mut [f64], gradient: &[f64]) {
        let velocity = self.0.update(group, gradient);
        descend(parameters, learning_rate, velocity.iter().copied());
    }

    fn memory_mut(&mut self) -> Option<Vec<&mut [f64]>> {
        Some(self.0.memory_mut())
    }
}

struct NesterovUpdate(Velocity);

impl Update for NesterovUpdate {
    fn step(&mut self, group: usize, learning_rate: f64, parameters: &mut [f64], gradient: &[f64]) {
        let momentum = self.0.momentum;
        let velocity = self.0.update(group, gradient);
        descend(parameters, learning_rate, gradient.iter().zip(velocity).map(|(g, v)| g + momentum * v));
    }

    fn memory_mut(&mut self) -> Option<Vec<&mut [f64]>> {
        Some(self.0.memory_mut())
    }
}
