//! The convergence-rate law (statements L1-L5; chapter `docs/03-convergence.md`): gradient flow in closed form, its next
//! order in the step, and populations of pairs. The *flow* engine.
//!
//! As γ → 0 norms are conserved and tan(φ/2) = tan(φ0/2)·exp(−κt) with κ = γ(1/ρ_i² + 1/ρ_j²) = α + β per step.

use crate::field::Field;
use crate::setting::{SettingError, positive, tolerance, within};
use crate::theory::one_step::{STEP_SIZES, one_minus_cosine, sine};

/// tan(φ_ε/2) at which 1 − cos φ_ε = ε: √(ε/(2 − ε)).
pub fn half_tangent_at(epsilon: f64) -> f64 {
    (epsilon / (2.0 - epsilon)).sqrt()
}

/// tan(φ/2) after a time of `steps` steps of gradient flow (statement L1), with κ = α + β.
///
/// α = γ/ρ_i² and β = γ/ρ_j², 0 for a member that a stop-gradient holds still.
pub fn flow_half_tangent(initial_half_tangent: f64, alpha: f64, beta: f64, steps: f64) -> f64 {
    initial_half_tangent * libm::exp(-(alpha + beta) * steps)
}

/// Steps of gradient flow until 1 − cos φ = ε (statements L1, L2, L3): T = ln[tan(φ0/2)/tan(φ_ε/2)]/(α + β).
///
/// For equal norms this is (ρ²/2γ)·ln[…]: proportional to ρ² (L2), affine in ln tan(φ0/2), infinite for an antipodal
/// pair (L3). 0 if the pair already is within ε.
///
/// # Errors
/// A tolerance outside (0, 2), α + β that is not positive, or a negative half-tangent.
///
/// ```
/// use embedding_norms::theory::convergence::flow_steps;
/// let at_norm = |norm: f64| flow_steps(1.0, 0.02 / (norm * norm), 0.02 / (norm * norm), 1e-3);
/// assert!((at_norm(2.0)? / at_norm(1.0)? - 4.0).abs() < 1e-12); // twice the norm: four times the steps
/// # Ok::<(), embedding_norms::setting::SettingError>(())
/// ```
pub fn flow_steps(half_tangent: f64, alpha: f64, beta: f64, epsilon: f64) -> Result<f64, SettingError> {
    let rate = checked_rate(half_tangent, alpha, beta, epsilon)?;
    Ok((log_ratio(half_tangent, epsilon) / rate).max(0.0))
}

/// Steps of gradient *descent* until 1 − cos φ = ε, to next order in the step and before rounding up (statement L1):
///
/// N = Λ/(α + β) − q·cos φ0·Λ + (q − ½)·ln(sin φ0/sin φ_ε), with Λ = ln[tan(φ0/2)/tan(φ_ε/2)] and
/// q = (α³ + β³)/(α + β)³. Right to 0.02 of a step for γ/ρ² ≤ 0.01 and φ0 ≤ 2.5, to 0.05 out to π − 10⁻⁸.
///
/// # Errors
/// As for [`flow_steps`].
pub fn next_order_steps(half_tangent: f64, alpha: f64, beta: f64, epsilon: f64) -> Result<f64, SettingError> {
    let rate = checked_rate(half_tangent, alpha, beta, epsilon)?;
    Ok(orders(half_tangent, alpha, beta, epsilon).map_or(0.0, |orders| next_order(orders, rate)))
}

/// [`Orders::to_next_order`] for every α + β of f64.
fn next_order(orders: Orders<f64>, rate: f64) -> f64 {
    if (1e-100..=1e100).contains(&rate) {
        return orders.to_next_order();
    }
    // All but Λ/(α + β) depends on α : β alone, whose cubes are beyond f64 here.
    let shares = Orders { alpha: orders.alpha / rate, beta: orders.beta / rate, ..orders };
    orders.lambda / rate + (shares.to_next_order() - orders.lambda)
}

/// Steps of gradient descent as in [`next_order_steps`], with one order more (statement L1): right to 0.0004 of a step
/// for γ/ρ² ≤ 0.01 at all angles up to π − 10⁻⁸, and to 0.03 for γ/ρ² ≤ 0.1. For equal norms 6u², with u = γ/ρ² ≤ 0.01,
/// bounds the error wherever φ0 ≤ π − 10⁻³ and ε ≥ 10⁻⁶, with a proof; 5u that of [`next_order_steps`].
///
/// With σ = α + β, p = (α⁵ + β⁵)/σ⁵, δ = cos φ_ε − cos φ0 and ℓ = ln(sin φ0/sin φ_ε) it adds
/// σ{−Λ/12 + (1 − q)δ/6 + q(s²Λ − δ)/4 + 3(p − q²)[cℓ − (1 + c²)Λ/2 + δ/2]}, with c and s at φ0.
///
/// # Errors
/// As for [`flow_steps`].
pub fn second_order_steps(half_tangent: f64, alpha: f64, beta: f64, epsilon: f64) -> Result<f64, SettingError> {
    let rate = checked_rate(half_tangent, alpha, beta, epsilon)?;
    let orders = orders(half_tangent, alpha, beta, epsilon);
    Ok(orders.map_or(0.0, |orders| next_order(orders, rate) + orders.second_order()))
}

/// What the orders of L1 are made of, for a pair and a target that it has not reached; `None` if it has.
fn orders(half_tangent: f64, alpha: f64, beta: f64, epsilon: f64) -> Option<Orders<f64>> {
    let lambda = log_ratio(half_tangent, epsilon);
    let one_minus = one_minus_cosine(half_tangent);
    (lambda > 0.0).then(|| Orders {
        alpha,
        beta,
        cosine: 1.0 - one_minus,
        sine: sine(half_tangent),
        lambda,
        sines: libm::log(sine(half_tangent) / sine(half_tangent_at(epsilon))),
        delta: one_minus - epsilon,
    })
}

/// The orders of L1 over any field. Λ, ℓ and δ enter as numbers of their own: all that the derivation knows of them is how
/// they change with φ, by 1/s, c/s and s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Orders<F> {
    /// α = γ/ρ_i².
    pub alpha: F,
    /// β = γ/ρ_j².
    pub beta: F,
    /// cos φ0.
    pub cosine: F,
    /// sin φ0.
    pub sine: F,
    /// Λ = ln\[tan(φ0/2)/tan(φ_ε/2)\].
    pub lambda: F,
    /// ℓ = ln(sin φ0/sin φ_ε).
    pub sines: F,
    /// δ = cos φ_ε − cos φ0.
    pub delta: F,
}

impl<F: Field> Orders<F> {
    /// Λ/(α + β) − q·c·Λ + (q − ½)·ℓ: what [`next_order_steps`] returns.
    #[inline]
    pub fn to_next_order(self) -> F {
        let Self { alpha, beta, cosine, lambda, sines, .. } = self;
        let rate = alpha + beta;
        let q = (alpha * alpha * alpha + beta * beta * beta) / (rate * rate * rate);
        lambda / rate - q * cosine * lambda + (q - q.constant(0.5)) * sines
    }

    /// What [`second_order_steps`] adds to it.
    #[inline]
    pub fn second_order(self) -> F {
        let Self { alpha, beta, cosine, sine, lambda, sines, delta } = self;
        let n = |value| alpha.constant(value);
        let sigma = alpha + beta;
        let (a, b) = (alpha / sigma, beta / sigma);
        let (q, p) = (a * a * a + b * b * b, a * a * a * a * a + b * b * b * b * b);
        let unequal = cosine * sines - n(0.5) * (n(1.0) + cosine * cosine) * lambda + n(0.5) * delta;
        // −Λ/12 comes second, as a field need have no sign.
        let correction = (n(1.0) - q) * delta / n(6.0) - lambda / n(12.0)
            + n(0.25) * q * (sine * sine * lambda - delta)
            + n(3.0) * (p - q * q) * unequal;
        sigma * correction
    }
}

fn checked_rate(half_tangent: f64, alpha: f64, beta: f64, epsilon: f64) -> Result<f64, SettingError> {
    tolerance("the tolerance", epsilon)?;
    within("tan(φ/2)", half_tangent, half_tangent >= 0.0, "0 or larger")?;
    within("γ/ρ² of the first member", alpha, alpha >= 0.0, "0 or larger")?;
    within("γ/ρ² of the second member", beta, beta >= 0.0, "0 or larger")?;
    let sum = positive("the sum of γ/ρ² over both members", alpha + beta)?;
    within("the sum of γ/ρ² over both members", sum, STEP_SIZES.contains(&sum), "from 1e-300 to 1e300")
}

/// Λ = ln[tan(φ0/2)/tan(φ_ε/2)].
fn log_ratio(half_tangent: f64, epsilon: f64) -> f64 {
    let stop = half_tangent_at(epsilon);
    let ratio = half_tangent / stop;
    if ratio.is_finite() { libm::log(ratio) } else { libm::log(half_tangent) - libm::log(stop) }
}

/// Steps of gradient flow until the *mean* of 1 − cos φ over a population is ε (statement L4): the real t at which
/// the mean of L1's closed form over the initial half-tangents, with κ = α + β, meets ε.
///
/// 0 if the population already is within ε; `None` if it never gets there, as with antipodal members.
///
/// # Errors
/// An empty population, a tolerance outside (0, 2), or a rate that is not positive.
pub fn population_flow_steps(
    half_tangents: &[f64],
    alpha: f64,
    beta: f64,
    epsilon: f64,
) -> Result<Option<f64>, SettingError> {
    positive("the number of pairs", half_tangents.len() as f64)?;
    let rate = checked_rate(half_tangents[0], alpha, beta, epsilon)?;
    let mean = |shrink: f64| {
        let total = half_tangents.iter().fold(0.0, |total, k| total + one_minus_cosine(k * shrink));
        total / half_tangents.len() as f64
    };
    if mean(1.0) <= epsilon {
        return Ok(Some(0.0));
    }
    // The mean falls with κt, so a bracket of κt can be halved until it is as narrow as numbers allow.
    let mut below = 0.0;
    let mut above = 1.0;
    while mean(libm::exp(-above)) > epsilon {
        below = above;
        above *= 2.0;
        if above > 1000.0 {
            return Ok(None);
        }
    }
    loop {
        let middle = 0.5 * (below + above);
        if middle <= below || middle >= above {
            return Ok(Some(middle / rate));
        }
        if mean(libm::exp(-middle)) > epsilon { below = middle } else { above = middle }
    }
}

/// The mean of 1 − cos φ over a population after a progress of κt (statement L4): over the initial half-tangents, that of L1's
/// closed form tan(φ/2) = tan(φ0/2)·exp(−κt). It falls with κt, from that of the start to 0.
///
/// Its inverse is [`population_flow_steps`] at α + β = 1, which returns κt.
///
/// # Errors
/// An empty population.
///
/// ```
/// use embedding_norms::theory::convergence::{population_alignment, population_flow_steps};
/// let half_tangents = [0.2, 1.0, 5.0];
/// let progress = population_flow_steps(&half_tangents, 0.5, 0.5, 0.1)?.unwrap();
/// assert!((population_alignment(&half_tangents, progress)? - 0.1).abs() < 1e-12);
/// # Ok::<(), embedding_norms::setting::SettingError>(())
/// ```
pub fn population_alignment(half_tangents: &[f64], progress: f64) -> Result<f64, SettingError> {
    positive("the number of pairs", half_tangents.len() as f64)?;
    let shrink = libm::exp(-progress);
    let total = half_tangents.iter().fold(0.0, |total, k| total + one_minus_cosine(k * shrink));
    Ok(total / half_tangents.len() as f64)
}

/// The ratio of the total rotations of the members of a pair, first over second (statement L5):
/// (ρ_j²/ρ_i²){1 − (α − β)[(sin φ0 − sin φ_ε)/(φ0 − φ_ε) − cos φ0]}, so the member of smaller norm rotates more.
///
/// α = γ/ρ_i², β = γ/ρ_j²; the correction in braces is of first order in them, and 1 as steps get small.
///
/// # Errors
/// A step size that is not positive, a tolerance outside (0, 2), an angle that is not above φ_ε and below π, or steps so
/// large that the correction is not below 1.
pub fn turned_ratio(alpha: f64, beta: f64, angle: f64, epsilon: f64) -> Result<f64, SettingError> {
    positive("γ/ρ² of the first member", alpha)?;
    positive("γ/ρ² of the second member", beta)?;
    let end = 2.0 * libm::atan(half_tangent_at(tolerance("the tolerance", epsilon)?));
    within("the angle", angle, angle > end && angle < std::f64::consts::PI, "above φ_ε and below π radians")?;
    let mean_cosine = (libm::sin(angle) - libm::sin(end)) / (angle - end);
    let cosine = libm::cos(angle);
    // Rotations have no sign, so a ratio that is not positive is only a series beyond its range.
    let correction = (alpha - beta).abs() * (mean_cosine - cosine);
    within("the correction of first order in γ/ρ²", correction, correction < 1.0, "below 1 (take smaller steps)")?;
    let ratio = turned_ratio_of([alpha, beta], mean_cosine, cosine);
    within("the ratio of the total rotations", ratio, ratio.is_finite(), "a number of f64 (bring γ/ρ² nearer to 1)")
}

/// [`turned_ratio`] over any field, from the mean of the cosine over the angles passed, and the cosine of the first one.
#[inline]
pub fn turned_ratio_of<F: Field>([alpha, beta]: [F; 2], mean_cosine: F, cosine: F) -> F {
    alpha / beta * (alpha.constant(1.0) - (alpha - beta) * (mean_cosine - cosine))
}
