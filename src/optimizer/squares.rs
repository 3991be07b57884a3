//! Gradients divided by the root of their own squares: RMSProp's moving average and AdaGrad's sum.

use super::arithmetic::{Squares, decay_rate, descend, not_negative, ratio, zeros};
use super::{Degrees, Optimizer, Update};
use crate::setting::SettingError;

/// RMSProp: v ← αv + (1 − α) g², z ← z − γ g/(√v + ε). Degrees r = 0 and q = 0 (ε = 0), hence h = 1.
///
/// PyTorch's `RMSprop`, neither centred nor with momentum: v starts at 0 uncorrected, so the first step is 1/√(1 − α)
/// times as long as later ones. Source: Tieleman and Hinton, *Lecture 6.5, rmsprop*, 2012.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsProp {
    decay_rate: f64,
    epsilon: f64,
}

impl RmsProp {
    /// With the decay rate α of the average, and ε beside the root. PyTorch's defaults are 0.99 and 1e-8.
    ///
    /// # Errors
    /// α outside [0, 1); an ε that is negative or not finite.
    pub fn new(alpha: f64, epsilon: f64) -> Result<Self, SettingError> {
        Ok(Self { decay_rate: decay_rate("α", alpha)?, epsilon: not_negative("ε", epsilon)? })
    }
}

/// AdaGrad: s ← s + g², z ← z − γ g/(√s + ε). Degrees r = 0 and q = 0 (ε = 0), hence h = 1; its steps fall as 1/√t, so
/// its time exponent is 2.
///
/// PyTorch's `Adagrad` without decay of the learning rate. Source: Duchi, Hazan and Singer, *Adaptive subgradient
/// methods for online learning and stochastic optimization*, JMLR 2011.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdaGrad {
    epsilon: f64,
}

impl AdaGrad {
    /// With ε beside the root. PyTorch's default is 1e-10.
    ///
    /// # Errors
    /// An ε that is negative or not finite.
    pub fn new(epsilon: f64) -> Result<Self, SettingError> {
        Ok(Self { epsilon: not_negative("ε", epsilon)? })
    }
}

impl Optimizer for RmsProp {
    fn name(&self) -> &'static str {
        "rmsprop"
    }

    fn degrees(&self) -> Degrees {
        Degrees { parameters: 0.0, gradients: 0.0 }
    }

    fn start(&self, lengths: &[usize]) -> Box<dyn Update> {
        SquaresUpdate::start(self.decay_rate, 1.0 - self.decay_rate, self.epsilon, lengths)
    }
}

impl Optimizer for AdaGrad {
    fn name(&self) -> &'static str {
        "adagrad"
    }

    fn degrees(&self) -> Degrees {
        Degrees { parameters: 0.0, gradients: 0.0 }
    }

    fn time_exponent(&self) -> f64 {
        2.0
    }

    fn start(&self, lengths: &[usize]) -> Box<dyn Update> {
        SquaresUpdate::start(1.0, 1.0, self.epsilon, lengths)
    }
}

/// s ← old·s + new·g², for each group, and g/(√s + ε).
struct SquaresUpdate {
    squares: Squares,
    epsilon: f64,
    groups: Vec<Vec<f64>>,
}

impl SquaresUpdate {
    fn start(old: f64, new: f64, epsilon: f64, lengths: &[usize]) -> Box<dyn Update> {
        Box::new(Self { squares: Squares::new(old, new, lengths.len()), epsilon, groups: zeros(lengths) })
    }
}

impl Update for SquaresUpdate {
    fn step(&mut self, group: usize, learning_rate: f64, parameters: &mut [f64], gradient: &[f64]) {
        let (are_plain, epsilon) = (self.squares.are_plain(group, gradient), self.epsilon);
        let (squares, sums) = (&self.squares, self.groups[group].iter_mut().zip(gradient));
        if are_plain {
            descend(parameters, learning_rate, sums.map(|(s, g)| ratio(*g, squares.add(s, *g) + epsilon)));
        } else {
            descend(parameters, learning_rate, sums.map(|(s, g)| ratio(*g, squares.add_any(s, *g) + epsilon)));
        }
    }
}
