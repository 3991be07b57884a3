//! The scaling symmetry of an optimizer (statement L6; chapter `docs/04-scaling.md`).

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
