//! A pair as 32 digits see it: one step by the plain trigonometry of statement D1, and counts of steps.

use embedding_norms::theory::one_step::Pair;

use super::double_double::{Wide, cosine_complements, polar, wide};
use super::embeddings::EPS;

/// tan(φ/2), α and β with 32 digits.
#[derive(Clone, Copy, Debug)]
pub struct WidePair {
    pub half_tangent: Wide,
    pub first: Wide,
    pub second: Wide,
}

impl WidePair {
    pub fn new(pair: Pair) -> Self {
        Self { half_tangent: wide(pair.half_tangent), first: wide(pair.first), second: wide(pair.second) }
    }

    /// Of two stored vectors under the learning rate γ; β = 0 if the second is held still.
    pub fn of_vectors(z: &[f64], w: &[f64], rate: f64, held: bool) -> Self {
        let (minus, plus) = cosine_complements(z, w);
        let relative = |vector: &[f64]| wide(rate) / polar(vector).norm.square();
        Self {
            half_tangent: (minus / plus).sqrt(),
            first: relative(z),
            second: if held { wide(0.0) } else { relative(w) },
        }
    }

    pub fn sine(self) -> Wide {
        wide(2.0) * self.half_tangent / (wide(1.0) + self.half_tangent.square())
    }

    /// The half angle less both half turns, by the addition theorem of the tangent: tan(½ atan a) = a/(1 + √(1 + a²)).
    ///
    /// Straightforward, and unlike the library's form it cancels; 32 digits leave 16 wherever that costs less than 16.
    pub fn step(self) -> Self {
        let one = wide(1.0);
        let (a, b) = (self.first * self.sine(), self.second * self.sine());
        let half = |a: Wide| a / (one + (one + a.square()).sqrt());
        let (a_half, b_half) = (half(a), half(b));
        let turn = (a_half + b_half) / (one - a_half * b_half);
        Self {
            half_tangent: ((self.half_tangent - turn) / (one + self.half_tangent * turn)).abs(),
            first: self.first / (one + a.square()),
            second: self.second / (one + b.square()),
        }
    }

    pub fn one_minus_cosine(self) -> Wide {
        wide(2.0) * self.half_tangent.square() / (wide(1.0) + self.half_tangent.square())
    }

    pub fn angle(self) -> f64 {
        2.0 * self.half_tangent.to_f64().atan()
    }

    /// Steps until 1 − cos φ ≤ ε.
    pub fn steps_until(mut self, epsilon: f64, budget: u64) -> Option<u64> {
        for steps in 0..=budget {
            if self.one_minus_cosine() <= wide(epsilon) {
                return Some(steps);
            }
            self = self.step();
        }
        None
    }
}

/// What one step of real vectors may deviate from exact arithmetic, from the roundings of z − γ P g/ρ: the gradient's
/// tangent part errs by a few EPS of ‖g‖ = 1, its radial part by the d + 8 EPS of inner product and unit vectors; times
/// α, over the length √(1 + a²) of z'/ρ; the sum itself adds a few EPS.
#[derive(Clone, Copy, Debug)]
pub struct StepError {
    /// Of the angle, in radians, for both members together.
    pub angle: f64,
    /// Of ρ'², relative.
    pub first_square: f64,
    pub second_square: f64,
    /// Of the way out of the plane, over the norm.
    pub plane: f64,
}

pub fn step_error(before: WidePair, d: usize) -> StepError {
    let sine = before.sine().to_f64();
    let (alpha, beta, radial) = (before.first.to_f64(), before.second.to_f64(), d as f64 + 8.0);
    let turn = |alpha: f64| {
        let a = alpha * sine;
        4.0 + (8.0 * alpha) / (1.0 + a * a).sqrt() + radial * alpha * a / (1.0 + a * a)
    };
    let square = |alpha: f64| {
        let a = alpha * sine;
        8.0 + 2.0 * (radial + 8.0 * a) * alpha / (1.0 + a * a)
    };
    StepError {
        angle: EPS * (turn(alpha) + turn(beta)),
        first_square: EPS * square(alpha),
        second_square: EPS * square(beta),
        plane: EPS * (4.0 + 8.0 * alpha.max(beta)),
    }
}

/// The part of a vector outside of the plane of z and w, over its norm.
pub fn out_of_plane(z: &[f64], w: &[f64], vector: &[f64]) -> f64 {
    let (x, y, v) = (polar(z).unit, polar(w).unit, polar(vector).unit);
    let remove = |from: &[Wide], base: &[Wide]| -> Vec<Wide> {
        let part = super::double_double::inner(from, base) / super::double_double::inner(base, base);
        from.iter().zip(base).map(|(&from, &base)| from - part * base).collect()
    };
    let sideways = remove(&y, &x);
    let rest = remove(&remove(&v, &x), &sideways);
    super::double_double::inner(&rest, &rest).sqrt().to_f64()
}
