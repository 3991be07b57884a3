//! One step of gradient descent on a pair, exactly (statements D1, D2, D3; chapter `docs/02-one-step.md`).
//!
//! Notation: φ is the angle of the pair, c = cos φ, s = sin φ, k = tan(φ/2); γ is the learning rate per pair,
//! α = γ/ρ_i² and β = γ/ρ_j², both u for equal norms.

use std::ops::RangeInclusive;

use crate::setting::{SettingError, positive, within};
use crate::sphere::Cosine;
use crate::vectorize::Number;

/// A half-angle tangent above this is treated as antipodal: the angle is within 2·10⁻³⁰ of π, and the pair stands.
pub const ANTIPODAL_HALF_TANGENT: f64 = 1e30;

/// γ/ρ², on which alone the dynamics of a pair depend.
///
/// # Errors
/// A learning rate or a norm that is not a finite number above 0, or a γ/ρ² outside of 1e-300 to 1e300.
///
/// ```
/// use embedding_norms::theory::one_step::step_size;
/// assert_eq!(step_size(0.02, 2.0)?, 0.005);
/// assert!((step_size(1e-250, 1e-200)? / 1e150 - 1.0).abs() < 1e-15); // where ρ² is no number of f64
/// assert!(step_size(1.0, 1e-200).is_err());
/// # Ok::<(), embedding_norms::setting::SettingError>(())
/// ```
pub fn step_size(learning_rate: f64, norm: f64) -> Result<f64, SettingError> {
    let (gamma, norm) = (positive("the learning rate", learning_rate)?, positive("the norm", norm)?);
    let square = norm * norm;
    let size = if square.is_normal() { gamma / square } else { gamma / norm / norm };
    let name = "γ/ρ², the learning rate over the square of the norm,";
    within(name, size, STEP_SIZES.contains(&size), "from 1e-300 to 1e300")
}

/// What γ/ρ² may be: formulas with its first powers stay within f64.
pub(super) const STEP_SIZES: RangeInclusive<f64> = 1e-300..=1e300;

/// A pair of equal norms as gradient descent sees it (statement D1): k = tan(φ/2) and u = γ/ρ².
///
/// Whatever the dimension, one step leads from (k, u) to (k', u') rationally and without cancellation at either end
/// of the angle:
///
/// k' = |k((1 − 2u) + k²)| / (1 + k² + 2uk²), u' = u/(1 + u²s²), s = 2k/(1 + k²).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EqualPair {
    /// tan(φ/2), 0 or larger.
    pub half_tangent: f64,
    /// u = γ/ρ², 0 or larger, at most 10³⁰.
    pub step_size: f64,
}

impl EqualPair {
    /// The pair after one step of the gradient of the cosine.
    pub fn step(self) -> Self {
        let Self { half_tangent: k, step_size: u } = self;
        if k > ANTIPODAL_HALF_TANGENT {
            return self;
        }
        let square = k * k;
        let turned = 2.0 * u * k / (1.0 + square);
        Self {
            half_tangent: (k * ((1.0 - 2.0 * u) + square)).abs() / (1.0 + square + 2.0 * u * square),
            step_size: u / (1.0 + turned * turned),
        }
    }

    /// The pair after one step along the *inner product's* gradient with norms held fixed, as the authors' public
    /// notebook takes its first step: z_i + γ z_j/ρ², hence k' = k|1 − u|/(1 + u) and ρ'² = ρ²(1 + 2uc + u²).
    pub fn inner_product_step(self) -> Self {
        let Self { half_tangent: k, step_size: u } = self;
        if k > ANTIPODAL_HALF_TANGENT {
            return Self { half_tangent: k, step_size: u / ((1.0 - u) * (1.0 - u)) };
        }
        let one_plus = 2.0 / (1.0 + k * k);
        Self {
            half_tangent: k * (1.0 - u).abs() / (1.0 + u),
            step_size: u / ((1.0 - u) * (1.0 - u) + 2.0 * u * one_plus),
        }
    }

    /// 1 − cos φ = 2k²/(1 + k²).
    pub fn one_minus_cosine(self) -> f64 {
        one_minus_cosine(self.half_tangent)
    }
}

/// D1 for two pairs of equal norms, or for two vectors of such pairs, in the coordinates of their own planes: (a, b) after
/// the step, and p = sin²(φ/2) *before* it.
///
/// The members of a pair are mirror images and stay so. In units of their first norm, across and along the bisector,
/// they are (a, b) and (−a, b), hence k = |a|/b, p = a²/(a² + b²) and u = u₀/(a² + b²). In these, with q = 1 − p and
/// v = 2u, D1 is
///
/// a' = a(p + q(1 − v)), b' = b(1 + vp),
///
/// and a changes its sign where the members pass each other.
///
/// `doubled` is 2u₀. One division serves both pairs, as divisions are what bounds a step.
#[inline(always)]
pub(crate) fn advance<N: Number>([first, second]: [[N; 2]; 2], doubled: [N; 2]) -> ([[N; 2]; 2], [N; 2]) {
    let squares = [[first[0] * first[0], first[1] * first[1]], [second[0] * second[0], second[1] * second[1]]];
    let norms = [squares[0][0] + squares[0][1], squares[1][0] + squares[1][1]];
    let both = doubled[0].constant(1.0) / (norms[0] * norms[1]);
    let (first, first_half) = turned(first, squares[0], norms[1] * both, doubled[0]);
    let (second, second_half) = turned(second, squares[1], norms[0] * both, doubled[1]);
    ([first, second], [first_half, second_half])
}

/// (a', b') and p, with a², b² and 1/(a² + b²) at hand.
#[inline(always)]
fn turned<N: Number>([across, along]: [N; 2], squares: [N; 2], reciprocal: N, doubled: N) -> ([N; 2], N) {
    let one = doubled.constant(1.0);
    let (p, q, v) = (squares[0] * reciprocal, squares[1] * reciprocal, doubled * reciprocal);
    ([across * (p + q * (one - v)), along * (one + v * p)], p)
}

/// sin(φ/2) and cos(φ/2), from tan(φ/2): where the coordinates of [`advance`] begin.
pub(crate) fn half_angle(half_tangent: f64) -> [f64; 2] {
    if half_tangent <= 1.0 {
        let cosine = 1.0 / (1.0 + half_tangent * half_tangent).sqrt();
        [half_tangent * cosine, cosine]
    } else if half_tangent <= ANTIPODAL_HALF_TANGENT {
        let [cosine, sine] = half_angle(1.0 / half_tangent);
        [sine, cosine]
    } else {
        [1.0, 0.0]
    }
}

/// 1 − cos φ = 2k²/(1 + k²), from k = tan(φ/2), without overflow.
pub fn one_minus_cosine(half_tangent: f64) -> f64 {
    let square = half_tangent * half_tangent;
    if square.is_finite() { 2.0 * square / (1.0 + square) } else { 2.0 }
}

/// sin φ = 2k/(1 + k²), from k = tan(φ/2), without overflow.
pub fn sine(half_tangent: f64) -> f64 {
    2.0 / (half_tangent + 1.0 / half_tangent)
}

/// A pair of any norms as gradient descent sees it (statement D1): k = tan(φ/2), α = γ/ρ_i² and β = γ/ρ_j².
///
/// β = 0 is a second member that is held still by a stop-gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// tan(φ/2), 0 or larger.
    pub half_tangent: f64,
    /// α = γ/ρ_i².
    pub first: f64,
    /// β = γ/ρ_j², 0 for a member that is held still.
    pub second: f64,
}

impl Pair {
    /// The pair after one step: φ' = |φ − atan a − atan b| with a = αs and b = βs, and ρ'² = ρ²(1 + a²).
    ///
    /// Rationally, with R = √((1 + a²)(1 + b²)) and D = (a − b)²/(1 + ab + R):
    ///
    /// k' = k|2(1 − α − β) + D + (2 + D)k²| / ((2 + D)(1 + k²) + 2(α + β)k²).
    ///
    /// It closes as a pair of equal norms with u = (α + β)/(2 + D) does.
    pub fn step(self) -> Self {
        let Self { half_tangent: k, first, second } = self;
        if first == second {
            let next = EqualPair { half_tangent: k, step_size: first }.step();
            return Self { half_tangent: next.half_tangent, first: next.step_size, second: next.step_size };
        }
        if k > ANTIPODAL_HALF_TANGENT {
            return self;
        }
        let square = k * k;
        let sine = 2.0 * k / (1.0 + square);
        let (a, b) = (first * sine, second * sine);
        let difference = (a - b) * (a - b) / (1.0 + a * b + ((1.0 + a * a) * (1.0 + b * b)).sqrt());
        let both = 2.0 + difference;
        let numerator = k * (2.0 * one_less_sum(first, second) + difference + both * square).abs();
        Self {
            half_tangent: numerator / (both * (1.0 + square) + 2.0 * (first + second) * square),
            first: first / (1.0 + a * a),
            second: second / (1.0 + b * b),
        }
    }

    /// 1 − cos φ.
    pub fn one_minus_cosine(self) -> f64 {
        one_minus_cosine(self.half_tangent)
    }
}

/// 1 − α − β with the rounding error of the sum put back, so that a nearly perfect landing keeps its digits.
fn one_less_sum(alpha: f64, beta: f64) -> f64 {
    let sum = alpha + beta;
    let lost = alpha.min(beta) - (sum - alpha.max(beta));
    (1.0 - sum) - lost
}

/// The exact change of the cosine in one step for equal norms: c' − c = 2us²(1 − uc)/(1 + u²s²) (statement D3).
///
/// u is 0 or larger and at most 10³⁰, here and below. The published bound on the change is [`published_bound`]; their
/// difference is [`bound_excess`].
pub fn cosine_change(cosine: Cosine, step_size: f64) -> f64 {
    let square = cosine.one_minus * cosine.one_plus;
    2.0 * step_size * square * (1.0 - step_size * cosine.value()) / (1.0 + step_size * step_size * square)
}

/// The published bound on the change of the cosine in one step for equal norms: (γs²/ρ²)(2 − γc/ρ²) (Draganov et al.).
pub fn published_bound(cosine: Cosine, step_size: f64) -> f64 {
    step_size * cosine.one_minus * cosine.one_plus * (2.0 - step_size * cosine.value())
}

/// By how much the published bound exceeds the exact change: u²s²·cos φ' (statement D3).
///
/// Positive exactly where the pair is acute *after* the step, |φ − 2 atan(us)| < π/2; elsewhere the bound fails.
pub fn bound_excess(cosine: Cosine, step_size: f64) -> f64 {
    let square = cosine.one_minus * cosine.one_plus;
    step_size * step_size * square * cosine_after(cosine, step_size)
}

/// cos φ' after one step for equal norms, from D1: φ' = φ − 2 atan(us), so
/// cos φ' = [(1 − u²s²) c + 2us²]/(1 + u²s²).
pub fn cosine_after(cosine: Cosine, step_size: f64) -> f64 {
    let square = cosine.one_minus * cosine.one_plus;
    let turned = step_size * step_size * square;
    ((1.0 - turned) * cosine.value() + 2.0 * step_size * square) / (1.0 + turned)
}
