//! One step of gradient descent on a pair, exactly (statements D1, D2, D3; chapter `docs/02-one-step.md`).
//!
//! Notation: φ is the angle of the pair, c = cos φ, s = sin φ, k = tan(φ/2); γ is the learning rate per pair,
//! α = γ/ρ_i² and β = γ/ρ_j², both u for equal norms.

use std::ops::RangeInclusive;

use crate::field::Field;
use crate::setting::{SettingError, positive, within};
use crate::sphere::Cosine;

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
        let [half_tangent, step_size] = equal_step(k, u);
        Self { half_tangent: half_tangent.abs(), step_size }
    }

    /// The pair after one step along the *inner product's* gradient with norms held fixed, as the authors' public
    /// notebook takes its first step: z_i + γ z_j/ρ², hence k' = k|1 − u|/(1 + u) and ρ'² = ρ²(1 + 2uc + u²).
    pub fn inner_product_step(self) -> Self {
        let Self { half_tangent: k, step_size: u } = self;
        if k > ANTIPODAL_HALF_TANGENT {
            return Self { half_tangent: k, step_size: u / ((1.0 - u) * (1.0 - u)) };
        }
        let [half_tangent, step_size] = equal_inner_product_step(k, u);
        Self { half_tangent: half_tangent.abs(), step_size }
    }

    /// 1 − cos φ = 2k²/(1 + k²).
    pub fn one_minus_cosine(self) -> f64 {
        one_minus_cosine(self.half_tangent)
    }
}

/// D1 for equal norms over any field: k' and u' from k = tan(φ/2) and u = γ/ρ².
///
/// k' keeps its sign: negative where the members have passed each other.
#[inline(always)]
pub fn equal_step<F: Field>(k: F, u: F) -> [F; 2] {
    let n = |value| k.constant(value);
    let square = k * k;
    let turned = n(2.0) * u * k / (n(1.0) + square);
    [k * ((n(1.0) - n(2.0) * u) + square) / (n(1.0) + square + n(2.0) * u * square), u / (n(1.0) + turned * turned)]
}

/// [`EqualPair::inner_product_step`] over any field: k' with its sign, and u'.
#[inline(always)]
pub fn equal_inner_product_step<F: Field>(k: F, u: F) -> [F; 2] {
    let n = |value| k.constant(value);
    let one_plus = n(2.0) / (n(1.0) + k * k);
    let less = n(1.0) - u;
    [k * less / (n(1.0) + u), u / (less * less + n(2.0) * u * one_plus)]
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
pub fn advance<F: Field>(pairs: [[F; 2]; 2], doubled: [F; 2]) -> ([[F; 2]; 2], [F; 2]) {
    turned(pairs, squared(pairs), doubled)
}

/// a², b² and 1/(a² + b²) of a pair.
#[derive(Clone, Copy)]
pub(crate) struct Squared<F> {
    squares: [F; 2],
    reciprocal: F,
}

/// What [`advance`] begins with: all up to and with its division.
#[inline(always)]
pub(crate) fn squared<F: Field>([first, second]: [[F; 2]; 2]) -> [Squared<F>; 2] {
    let squares = [[first[0] * first[0], first[1] * first[1]], [second[0] * second[0], second[1] * second[1]]];
    let norms = [squares[0][0] + squares[0][1], squares[1][0] + squares[1][1]];
    let both = norms[0].constant(1.0) / (norms[0] * norms[1]);
    [
        Squared { squares: squares[0], reciprocal: norms[1] * both },
        Squared { squares: squares[1], reciprocal: norms[0] * both },
    ]
}

/// The rest of [`advance`].
#[inline(always)]
pub(crate) fn turned<F: Field>(pairs: [[F; 2]; 2], squared: [Squared<F>; 2], doubled: [F; 2]) -> ([[F; 2]; 2], [F; 2]) {
    let (first, first_half) = turned_pair(pairs[0], squared[0], doubled[0]);
    let (second, second_half) = turned_pair(pairs[1], squared[1], doubled[1]);
    ([first, second], [first_half, second_half])
}

/// (a', b') and p.
#[inline(always)]
fn turned_pair<F: Field>([across, along]: [F; 2], squared: Squared<F>, doubled: F) -> ([F; 2], F) {
    let Squared { squares, reciprocal } = squared;
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
    if square.is_finite() { one_minus_cosine_of(square) } else { 2.0 }
}

/// 1 − cos φ = 2k²/(1 + k²) over any field, from k² = tan²(φ/2).
pub fn one_minus_cosine_of<F: Field>(square: F) -> F {
    let n = |value| square.constant(value);
    n(2.0) * square / (n(1.0) + square)
}

/// sin φ = 2k/(1 + k²), from k = tan(φ/2), without overflow: 2/(k + 1/k).
pub fn sine<F: Field>(half_tangent: F) -> F {
    let n = |value| half_tangent.constant(value);
    n(2.0) / (half_tangent + n(1.0) / half_tangent)
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
        let less = one_less_sum(first, second);
        let [half_tangent, first, second] = unequal_step(k, [first, second], less, f64::sqrt);
        Self { half_tangent: half_tangent.abs(), first, second }
    }

    /// 1 − cos φ.
    pub fn one_minus_cosine(self) -> f64 {
        one_minus_cosine(self.half_tangent)
    }
}

/// D1 over any field: k' with its sign, α' and β', from k = tan(φ/2), α = γ/ρ_i² and β = γ/ρ_j².
///
/// `less` is 1 − α − β, which rounded numbers have to form with care; `root` gives R from R² = (1 + a²)(1 + b²).
#[inline(always)]
pub fn unequal_step<F: Field>(k: F, [alpha, beta]: [F; 2], less: F, root: impl FnOnce(F) -> F) -> [F; 3] {
    let n = |value| k.constant(value);
    let square = k * k;
    let sine = n(2.0) * k / (n(1.0) + square);
    let (a, b) = (alpha * sine, beta * sine);
    let hypotenuses = root((n(1.0) + a * a) * (n(1.0) + b * b));
    let difference = (a - b) * (a - b) / (n(1.0) + a * b + hypotenuses);
    let both = n(2.0) + difference;
    let numerator = k * (n(2.0) * less + difference + both * square);
    [
        numerator / (both * (n(1.0) + square) + n(2.0) * (alpha + beta) * square),
        alpha / (n(1.0) + a * a),
        beta / (n(1.0) + b * b),
    ]
}

/// 1 − α − β with the rounding error of the sum put back, so that a nearly perfect landing keeps its digits.
fn one_less_sum(alpha: f64, beta: f64) -> f64 {
    let sum = alpha + beta;
    let lost = alpha.min(beta) - (sum - alpha.max(beta));
    (1.0 - sum) - lost
}

/// One step for equal norms as statement D3 sees it, over any field: 1 − c, 1 + c and c = cos φ before it, and u = γ/ρ².
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gain<F> {
    /// 1 − cos φ.
    pub one_minus: F,
    /// 1 + cos φ.
    pub one_plus: F,
    /// cos φ.
    pub cosine: F,
    /// u = γ/ρ².
    pub step_size: F,
}

impl<F: Field> Gain<F> {
    /// c' − c = 2us²(1 − uc)/(1 + u²s²).
    pub fn cosine_change(self) -> F {
        let Self { cosine: c, step_size: u, .. } = self;
        let n = |value| u.constant(value);
        let square = self.sine_square();
        n(2.0) * u * square * (n(1.0) - u * c) / (n(1.0) + u * u * square)
    }

    /// us²(2 − uc).
    pub fn published_bound(self) -> F {
        let Self { one_minus, one_plus, cosine: c, step_size: u } = self;
        u * one_minus * one_plus * (u.constant(2.0) - u * c)
    }

    /// u²s²·cos φ'.
    pub fn bound_excess(self) -> F {
        self.step_size * self.step_size * self.sine_square() * self.cosine_after()
    }

    /// cos φ' = [(1 − u²s²)c + 2us²]/(1 + u²s²).
    pub fn cosine_after(self) -> F {
        let Self { cosine: c, step_size: u, .. } = self;
        let n = |value| u.constant(value);
        let square = self.sine_square();
        let turned = u * u * square;
        ((n(1.0) - turned) * c + n(2.0) * u * square) / (n(1.0) + turned)
    }

    fn sine_square(self) -> F {
        self.one_minus * self.one_plus
    }
}

fn gain(cosine: Cosine, step_size: f64) -> Gain<f64> {
    Gain { one_minus: cosine.one_minus, one_plus: cosine.one_plus, cosine: cosine.value(), step_size }
}

/// The exact change of the cosine in one step for equal norms: c' − c = 2us²(1 − uc)/(1 + u²s²) (statement D3).
///
/// u is 0 or larger and at most 10³⁰, here and below. The published bound on the change is [`published_bound`]; their
/// difference is [`bound_excess`].
pub fn cosine_change(cosine: Cosine, step_size: f64) -> f64 {
    gain(cosine, step_size).cosine_change()
}

/// The published bound on the change of the cosine in one step for equal norms: (γs²/ρ²)(2 − γc/ρ²) (Draganov et al.).
pub fn published_bound(cosine: Cosine, step_size: f64) -> f64 {
    gain(cosine, step_size).published_bound()
}

/// By how much the published bound exceeds the exact change: u²s²·cos φ' (statement D3).
///
/// Positive exactly where the pair is acute *after* the step, |φ − 2 atan(us)| < π/2; elsewhere the bound fails.
pub fn bound_excess(cosine: Cosine, step_size: f64) -> f64 {
    gain(cosine, step_size).bound_excess()
}

/// cos φ' after one step for equal norms, from D1: φ' = φ − 2 atan(us), so
/// cos φ' = [(1 − u²s²) c + 2us²]/(1 + u²s²).
pub fn cosine_after(cosine: Cosine, step_size: f64) -> f64 {
    gain(cosine, step_size).cosine_after()
}
