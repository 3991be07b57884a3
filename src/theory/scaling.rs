//! The scaling symmetry of an optimizer (statement L6; chapter `docs/04-scaling.md`).
//!
//! For a scale-invariant loss, embeddings c·z under the learning rate c^h·γ follow the same directions as z under γ, step
//! for step. [`degree`] gives h; [`decay_exponent`] and [`epsilon_exponent`] say how the other settings go along.

/// The degree h of an optimizer whose update has degree r in the parameters and q in the gradients, under GradScale
/// with power p (0: none): h = 1 − r + q(1 − p).
///
/// For a scale-invariant loss, (c·z, c^h·γ) follows the same directions as (z, γ), step for step; so the number of
/// steps depends on the learning rate γ and the norm ρ through γ/ρ^h alone.
///
/// ```
/// use embedding_norms::theory::scaling::degree;
/// assert_eq!(degree(0.0, 1.0, 0.0), 2.0); // gradient descent
/// assert_eq!(degree(0.0, 1.0, 2.0), 0.0); // gradient descent under GradScale with p = 2
/// assert_eq!(degree(0.0, 0.0, 0.0), 1.0); // sign descent, Adam with ε → 0
/// ```
pub fn degree(r: f64, q: f64, p: f64) -> f64 {
    1.0 - r + q * (1.0 - p)
}

/// The exponent k in steps ∝ ρ^k at a fixed learning rate: h times the time exponent of the optimizer.
///
/// A step that stays the same size over time covers a distance in a time proportional to the distance (time exponent
/// 1); a step that decays as 1/√t, as AdaGrad's, needs the square of it (time exponent 2).
pub fn norm_exponent(degree: f64, time_exponent: f64) -> f64 {
    degree * time_exponent
}

/// Where weight decay λ acts in an update rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decay {
    /// z ← (1 − γλ) z beside the update, as in SGDW and AdamW.
    Decoupled,
    /// λz is added to the gradient (after GradScale), as in L2 regularization.
    Coupled,
    /// Inside LARS: λz is added to the gradient and λ‖z‖ to its norm.
    InsideLars,
    /// Inside LAMB: λz is added to Adam's ratio, which has degree 0 in the gradient.
    InsideLamb,
}

/// The exponent e with which weight decay has to scale, λ → c^e λ, for the symmetry to stay exact when z → c·z.
///
/// `degree` is the optimizer's h and p the power of GradScale. Decoupled: −h, as γλ must stay what it is. Coupled and
/// inside LARS: p − 2, as λz must scale as the gradient, which has degree p − 1. Inside LAMB: −1, as λz must stay what it
/// is.
///
/// ```
/// use embedding_norms::theory::scaling::{Decay, decay_exponent};
/// assert_eq!(decay_exponent(Decay::Decoupled, 1.0, 0.0), -1.0); // AdamW
/// assert_eq!(decay_exponent(Decay::Coupled, 1.0, 0.0), -2.0); // Adam with L2 regularization
/// ```
pub fn decay_exponent(decay: Decay, degree: f64, p: f64) -> f64 {
    match decay {
        Decay::Decoupled => -degree,
        Decay::Coupled | Decay::InsideLars => p - 2.0,
        Decay::InsideLamb => -1.0,
    }
}

/// The exponent e with which an ε beside a root of squared gradients has to scale, ε → c^e ε: that of the gradient,
/// p − 1 under GradScale with power p.
///
/// ε held fixed breaks the symmetry: Adam's h goes from 1 to 2 as ε‖z‖ grows.
pub fn epsilon_exponent(p: f64) -> f64 {
    p - 1.0
}

/// Whether the symmetry under c = 2^m is exact in binary arithmetic, bit for bit, and not only to rounding.
///
/// It is where everything that scales does so by a power of two: the norms by 2^m, the gradients by 2^(m(p−1)) and the
/// learning rate by 2^(mh), with m, mp and mh whole numbers. GradScale's powers have to be formed by products and square
/// roots, so p is a multiple of ½. ε and λ are 0 or scale as well. Nothing may leave the range of normal numbers: squares
/// of gradients underflow below 1e-154.
///
/// ```
/// use embedding_norms::theory::scaling::exact_in_binary;
/// assert!(exact_in_binary(1.0, 2.0, 0.0)); // gradient descent, norms doubled
/// assert!(!exact_in_binary(1.0, 1.0, 0.5)); // Adam under GradScale with p = ½: h·m is whole, gradients scale by 1/√2
/// ```
pub fn exact_in_binary(m: f64, degree: f64, p: f64) -> bool {
    let whole = |x: f64| x.fract() == 0.0;
    whole(m) && whole(m * p) && whole(m * degree) && whole(2.0 * p)
}

/// What the theory has to know of an update rule.
///
/// A rule is described by its degrees; which optimizer that is, [`crate::rules::scaling`] says.
///
/// ```
/// use embedding_norms::theory::scaling::Rule;
/// let adagrad = Rule { time_exponent: 2.0, ..Rule::NORMALIZING };
/// assert_eq!((adagrad.degree(0.0), adagrad.norm_exponent(0.0)), (1.0, 2.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// The degree r in the parameters.
    pub r: f64,
    /// The degree q in the gradients.
    pub q: f64,
    /// The time to cover a distance grows as this power of the distance.
    pub time_exponent: f64,
    /// Where the rule's own weight decay acts, if it has one.
    pub decay: Option<Decay>,
}

impl Rule {
    /// Linear in the gradient, and the parameters do not change the update: h = 2, as gradient descent.
    pub const LINEAR: Self = Self { r: 0.0, q: 1.0, time_exponent: 1.0, decay: None };

    /// The size of the gradient does not change the update, nor do the parameters: h = 1, as sign descent.
    pub const NORMALIZING: Self = Self { q: 0.0, ..Self::LINEAR };

    /// The length of the update is that of the parameters times a factor: h = 0, as LARS.
    pub const LAYERWISE: Self = Self { r: 1.0, ..Self::NORMALIZING };

    /// Descent of the directions on the sphere: r = 2 and q = 1, as the gradient is multiplied by ‖z‖ to have the one with
    /// respect to the direction, and rotating the direction of z contributes another factor ‖z‖; h = −p.
    pub const RIEMANNIAN: Self = Self { r: 2.0, ..Self::LINEAR };

    /// The degree h of the rule under GradScale with power p.
    pub fn degree(&self, p: f64) -> f64 {
        degree(self.r, self.q, p)
    }

    /// The exponent k in steps ∝ ρ^k under GradScale with power p.
    pub fn norm_exponent(&self, p: f64) -> f64 {
        norm_exponent(self.degree(p), self.time_exponent)
    }
}
