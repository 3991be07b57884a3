//! The gradient without its length.

use super::arithmetic::{descend, length, unit};
use super::{Degrees, Optimizer, Update};

/// Normalized gradient descent: z ← z − γ g/‖g‖, the norm over the group, 0 where g = 0. Degrees r = 0 and q = 0, hence
/// h = 1.
///
/// Source: Hazan, Levy and Shalev-Shwartz, *Beyond convexity: stochastic quasi-convex optimization*, NeurIPS 2015,
/// arXiv 1507.02030.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NormalizedGradient;

impl Optimizer for NormalizedGradient {
    fn name(&self) -> &'static str {
        "normalized-gradient"
    }

    fn degrees(&self) -> Degrees {
        Degrees { parameters: 0.0, gradients: 0.0 }
    }

    fn start(&self, _lengths: &[usize]) -> Box<dyn Update> {
        Box::new(*self)
    }
}

impl Update for NormalizedGradient {
    fn step(&mut self, _group: usize, learning_rate: f64, parameters: &mut [f64], gradient: &[f64]) {
        let length = length(gradient);
        descend(parameters, learning_rate, gradient.iter().map(|g| unit(*g, length)));
    }
}
