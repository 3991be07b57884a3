//! Update rules, and the degrees by which they scale (statement L6). A rule knows groups of parameters and their
//! gradients; which loss the gradients come from, it does not know.
//!
//! A group is one row for free embeddings and one tensor for a network: rules that use norms depend on it.

mod decay;
mod gradient_descent;

pub use decay::{DecayError, WeightDecay};
pub use gradient_descent::GradientDescent;

/// The degrees of homogeneity of an update U(z, g): U(a z, b g) = a^r b^q U(z, g) for a, b > 0 (statement L6).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Degrees {
    /// The degree r in the parameters.
    pub parameters: f64,
    /// The degree q in the gradients.
    pub gradients: f64,
}

/// An update rule.
pub trait Optimizer: Send + Sync {
    /// The name of the rule on the command line.
    fn name(&self) -> &'static str;

    /// The degrees (r, q) of its update.
    fn degrees(&self) -> Degrees;

    /// Starts a run over groups of the given lengths: the rule with whatever it remembers between steps.
    fn start(&self, lengths: &[usize]) -> Box<dyn Update>;
}

/// A rule in the middle of a run.
pub trait Update: Send {
    /// Moves one group by one step: z ← z − γ U(z, g), in place.
    ///
    /// Every group is stepped once per step of the run, in any order.
    fn step(&mut self, group: usize, learning_rate: f64, parameters: &mut [f64], gradient: &[f64]);
}
