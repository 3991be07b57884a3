//! The duality of steps and the best norm (statements L7 and L8; chapter `docs/05-duality.md`).

use crate::field::Field;
use crate::setting::{SettingError, open_angle, positive, within};
use crate::theory::convergence::half_tangent_at;
use crate::theory::one_step::Pair;

/// The dual of a pair (statement L7): norms γs/ρ_i and γs/ρ_j, angle π − φ.
///
/// The pair and its dual reach the same norms and the same angle in one step: a step is a right triangle with legs ρ
/// and γs/ρ, and swapping the legs changes nothing. In the coordinates of D1: k ↦ 1/k, αs ↦ 1/(αs), βs ↦ 1/(βs).
///
/// # Errors
/// A pair that is aligned or antipodal, or has a member that is held still: it has no dual.
///
/// ```
/// use embedding_norms::theory::{duality::dual, one_step::Pair};
/// let pair = Pair { half_tangent: 0.5, first: 0.3, second: 0.1 };
/// let (here, there) = (pair.step(), dual(pair)?.step());
/// assert!((here.half_tangent - there.half_tangent).abs() < 1e-15);
/// assert!((here.first - there.first).abs() < 1e-15 && (here.second - there.second).abs() < 1e-15);
/// # Ok::<(), embedding_norms::setting::SettingError>(())
/// ```
pub fn dual(pair: Pair) -> Result<Pair, SettingError> {
    let k = positive("tan(φ/2)", pair.half_tangent)?;
    let (first, second) = (positive("γ/ρ_i²", pair.first)?, positive("γ/ρ_j²", pair.second)?);
    let [half_tangent, first, second] = dual_of(k, [first, second]);
    let number = |name, size: f64| within(name, size, size.is_normal(), "a number of f64 (bring γ/ρ² nearer to 1)");
    Ok(Pair {
        half_tangent: within("tan(φ/2) of the dual", half_tangent, half_tangent.is_finite(), "finite")?,
        first: number("γ/ρ_i² of the dual", first)?,
        second: number("γ/ρ_j² of the dual", second)?,
    })
}

/// [`dual`] over any field: 1/k, 1/(αs²) and 1/(βs²), since the sine of the dual is the same.
#[inline(always)]
pub fn dual_of<F: Field>(k: F, [alpha, beta]: [F; 2]) -> [F; 3] {
    let n = |value| k.constant(value);
    let sine = n(2.0) * k / (n(1.0) + k * k);
    let square = sine * sine;
    [n(1.0) / k, n(1.0) / (alpha * square), n(1.0) / (beta * square)]
}

/// Whether L7 makes a statement about the counts of a pair and its dual: φ_ε < φ0 < π − φ_ε, so that both need a step.
///
/// With k = tan(φ0/2) and k_ε = tan(φ_ε/2): k_ε < k < 1/k_ε.
pub fn both_need_a_step(half_tangent: f64, epsilon: f64) -> bool {
    let stop = half_tangent_at(epsilon);
    stop < half_tangent && half_tangent * stop < 1.0
}

/// The best norm of a pair of equal norms (statement L8): ρ = √(γ(1 + cos φ0)), at which one step aligns it.
///
/// Equivalently u = γ/ρ² = 1/(1 + c), us = tan(φ0/2). From φ0 = π/2 it is √γ, for close positives √(2γ), and it tends to
/// 0 for nearly opposite pairs. Below it norms are too short: steps overshoot, and shorter norms converge more slowly.
///
/// # Errors
/// A learning rate that is not positive, or an angle outside (0, π).
///
/// ```
/// use embedding_norms::theory::duality::best_norm;
/// assert!((best_norm(0.02, std::f64::consts::FRAC_PI_2)? - 0.02_f64.sqrt()).abs() < 1e-15);
/// # Ok::<(), embedding_norms::setting::SettingError>(())
/// ```
pub fn best_norm(learning_rate: f64, angle: f64) -> Result<f64, SettingError> {
    let half = libm::cos(0.5 * open_angle(angle)?);
    let gamma = positive("the learning rate", learning_rate)?;
    // 2γ may be beyond f64 where its root is not.
    Ok(if gamma < 1e300 {
        best_norm_of(half, gamma, f64::sqrt)
    } else {
        2.0 * best_norm_of(half, 0.25 * gamma, f64::sqrt)
    })
}

/// [`best_norm`] over any field, from cos(φ0/2) and γ: 1 + cos φ = 2 cos²(φ/2). `root` gives √(2γ) from 2γ.
#[inline(always)]
pub fn best_norm_of<F: Field>(half_cosine: F, learning_rate: F, root: impl FnOnce(F) -> F) -> F {
    half_cosine * root(half_cosine.constant(2.0) * learning_rate)
}

/// The values of us between which one step brings a pair of equal norms within φ_ε of alignment:
/// tan((φ0 − φ_ε)/2) and tan((φ0 + φ_ε)/2), around the exact landing us = tan(φ0/2) (statement L8).
///
/// The upper end is infinite where φ0 + φ_ε ≥ π.
pub fn one_step_band(half_tangent: f64, epsilon: f64) -> (f64, f64) {
    let (k, stop) = (half_tangent, half_tangent_at(epsilon));
    let [lower, upper] = band_of(k, stop);
    (lower.max(0.0), if k * stop < 1.0 { upper } else { f64::INFINITY })
}

/// tan((φ0 − φ_ε)/2) and tan((φ0 + φ_ε)/2) over any field, from the two half-tangents.
#[inline(always)]
pub fn band_of<F: Field>(k: F, stop: F) -> [F; 2] {
    let one = k.constant(1.0);
    [(k - stop) / (one + k * stop), (k + stop) / (one - k * stop)]
}
