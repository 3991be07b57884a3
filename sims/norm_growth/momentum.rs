//! Heavy-ball and Nesterov momentum as update rules, in one place, until the library's own can take theirs.

use embedding_norms::optimizer::{Degrees, Optimizer, Update};
use embedding_norms::setting::{SettingError, within};

/// v ← μv + g, z ← z − γv.
#[derive(Clone, Copy, Debug)]
pub struct HeavyBall(f64);

/// v ← μv + g, z ← z − γ(g + μv).
#[derive(Clone, Copy, Debug)]
pub struct Nesterov(f64);

/// The memory of either rule.
struct Velocity {
    momentum: f64,
    look_ahead: bool,
    groups: Vec<Vec<f64>>,
}

impl HeavyBall {
    /// With the momentum μ.
    pub fn new(momentum: f64) -> Result<Self, SettingError> {
        checked(momentum).map(Self)
    }
}

impl Nesterov {
    /// With the momentum μ.
    pub fn new(momentum: f64) -> Result<Self, SettingError> {
        checked(momentum).map(Self)
    }
}

fn checked(momentum: f64) -> Result<f64, SettingError> {
    within("the momentum", momentum, (0.0..1.0).contains(&momentum), "at least 0 and below 1")
}

impl Velocity {
    fn start(momentum: f64, look_ahead: bool, lengths: &[usize]) -> Box<dyn Update> {
        let groups = lengths.iter().map(|&length| vec![0.0; length]).collect();
        Box::new(Self { momentum, look_ahead, groups })
    }
}

impl Update for Velocity {
    fn step(&mut self, group: usize, learning_rate: f64, parameters: &mut [f64], gradient: &[f64]) {
        for ((v, z), g) in self.groups[group].iter_mut().zip(parameters).zip(gradient) {
            *v = self.momentum * *v + g;
            *z -= learning_rate * if self.look_ahead { g + self.momentum * *v } else { *v };
        }
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
        Velocity::start(self.0, false, lengths)
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
        Velocity::start(self.0, true, lengths)
    }
}
