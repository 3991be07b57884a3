//! Plain gradient descent.

use super::arithmetic::descend;
use super::{Degrees, Optimizer, Update};

/// z ← z − γ g: degrees r = 0 and q = 1, hence h = 2 (statement L6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GradientDescent;

impl Optimizer for GradientDescent {
    fn name(&self) -> &'static str {
        "gradient-descent"
    }

    fn degrees(&self) -> Degrees {
        Degrees { parameters: 0.0, gradients: 1.0 }
    }

    fn start(&self, _lengths: &[usize]) -> Box<dyn Update> {
        Box::new(*self)
    }
}

impl Update for GradientDescent {
    fn step(&mut self, _group: usize, learning_rate: f64, parameters: &mut [f64], gradient: &[f64]) {
        descend(parameters, learning_rate, gradient.iter().copied());
    }

    fn memory_mut(&mut self) -> Option<Vec<&mut [f64]>> {
        Some(Vec::new())
    }
}
