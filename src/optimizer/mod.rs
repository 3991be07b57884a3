//! Update rules, and the degrees by which they scale (statement L6). A rule knows groups of parameters and their
//! gradients, but not which loss the gradients come from.
//!
//! ```
//! use embedding_norms::optimizer::{Optimizer, Parameters, by_name};
//! let rule = by_name("heavy-ball", &Parameters::defaults().with("momentum", 0.5))?;
//! let mut update = rule.start(&[2]); // one group of two parameters
//! let mut z = [1.0, 0.0];
//! update.step(0, 0.1, &mut z, &[0.0, 1.0]);
//! update.step(0, 0.1, &mut z, &[0.0, 1.0]);
//! assert_eq!(z, [1.0, -0.1 - 0.1 * 1.5]);
//! # Ok::<(), embedding_norms::optimizer::CatalogueError>(())
//! ```
//!
//! A group is one row for free embeddings and one tensor for a network: rules that use norms depend on it.
//!
//! | rule | U(z, g), with z ← z − γ U | r | q |
//! |---|---|---|---|
//! | [`GradientDescent`] | g | 0 | 1 |
//! | [`HeavyBall`] | v ← βv + g | 0 | 1 |
//! | [`Nesterov`] | g + βv | 0 | 1 |
//! | [`Sgdp`] | v without its part along z | 0 | 1 |
//! | [`Adam`], [`AdamW`] | m̂/(√v̂ + ε) | 0 | 0 |
//! | [`AdamP`] | m̂/(√v̂ + ε) without its part along z | 0 | 0 |
//! | [`RmsProp`] | g/(√v + ε) | 0 | 0 |
//! | [`AdaGrad`] | g/(√Σg² + ε) | 0 | 0 |
//! | [`SignDescent`] | sign g | 0 | 0 |
//! | [`Lion`] | sign(β1 m + (1 − β1) g) | 0 | 0 |
//! | [`NormalizedGradient`] | g/‖g‖ | 0 | 0 |
//! | [`Lars`] | κ‖z‖/(‖g‖ + λ‖z‖)·(g + λz), in momentum | 1 | 0 |
//! | [`Lamb`] | ‖z‖ u/‖u‖ with u = m̂/(√v̂ + ε) + λz | 1 | 0 |
//! | [`RiemannianDescent`] | along the great circle from z/‖z‖ | 2 | 1 |
//!
//! Quotients with a denominator of 0 are 0, and sign 0 = 0, so that every ε can be 0 and what has no gradient stays
//! where it is. Weight decay is a step of its own, [`WeightDecay`], except where a publication has it inside the rule
//! ([`AdamW`], [`Lars`], [`Lamb`]); there it is the rule's own, and a second one beside it is refused. GradScale ([`crate::normalization::GradScale`]) goes before any of them.
//!
//! [`catalogue()`] lists the rules by name; `docs/writing-an-optimizer.md` shows how to add one.

mod adam;
mod arithmetic;
mod catalogue;
mod decay;
mod gradient_descent;
mod known;
mod layerwise;
mod momentum;
mod normalized;
mod projected;
mod riemannian;
mod sign;
mod squares;

pub use crate::catalogue::{CatalogueError, Parameter, Parameters};
pub use adam::{Adam, AdamW};
pub use catalogue::{Entry, by_name, catalogue, entry};
pub use decay::{DecayError, TwoDecays, WeightDecay, check_decay};
pub use gradient_descent::GradientDescent;
pub use layerwise::{Lamb, Lars};
pub use momentum::{HeavyBall, Nesterov};
pub use normalized::NormalizedGradient;
pub use projected::{AdamP, Sgdp};
pub use riemannian::RiemannianDescent;
pub use sign::{Lion, SignDescent};
pub use squares::{AdaGrad, RmsProp};

/// The degrees of homogeneity of an update U(z, g): U(a z, b g) = a^r b^q U(z, g) for a, b > 0 (statement L6).
///
/// This is about the whole step, which also covers rules that are not linear in the learning rate: the step from a·z
/// with gradient b·g and learning rate a^(1−r) b^(−q) γ arrives at a times the place that the step from z with g and γ
/// arrives at, and so does every later one. Where a rule has an ε or a decay inside, the degrees are those with both 0.
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

    /// How the time to cover a distance grows with the distance, as a power: 1 for steps that keep their size over time
    /// at a given gradient, 2 for steps that fall as 1/√t.
    fn time_exponent(&self) -> f64 {
        1.0
    }

    /// Whether the rule rotates the direction of a group on the unit sphere, so that a group has to be an embedding.
    fn needs_embeddings(&self) -> bool {
        false
    }

    /// The weight decay λ inside the rule, 0 if it has none. A decay beside the rule would be a second one:
    /// [`check_decay`] refuses it.
    fn inner_decay(&self) -> f64 {
        0.0
    }

    /// Starts a run over groups of the given lengths: the rule with whatever it remembers between steps.
    fn start(&self, lengths: &[usize]) -> Box<dyn Update>;
}

/// The state of a rule during a run.
pub trait Update: Send {
    /// Moves one group by one step: z ← z − γ U(z, g), in place.
    ///
    /// Every group is stepped once per step of the run, in any order.
    fn step(&mut self, group: usize, learning_rate: f64, parameters: &mut [f64], gradient: &[f64]);

    /// All that the rule remembers between steps, in a fixed order, for checkpoints ([`crate::training::Checkpoint`]).
    /// Nothing, if a run by this rule cannot be put down and taken up again.
    fn memory_mut(&mut self) -> Option<Vec<&mut [f64]>> {
        None
    }
}
