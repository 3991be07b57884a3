//! A value and its first Taylor coefficients in one variable, over any field; over intervals with bounds.

use std::array::from_fn;

use embedding_norms::field::Field;

use super::interval::Interval;
use super::operators;

/// Coefficients that are kept: up to the third order.
const KEPT: usize = 4;

/// f, f', f''/2 and f'''/6 at a point, or bounds on them over an interval.
#[derive(Clone, Copy, Debug)]
pub struct Jet<F>(pub [F; KEPT]);

impl<F: Field> Jet<F> {
    pub fn constant_of(number: F) -> Self {
        Self(from_fn(|m| if m == 0 { number } else { number.constant(0.0) }))
    }

    /// The variable itself.
    pub fn variable(number: F) -> Self {
        Self(from_fn(|m| if m == 0 { number } else { number.constant(f64::from(u8::from(m == 1))) }))
    }

    fn quotient(self, other: Self) -> Self {
        let mut quotient = self.0;
        for m in 0..KEPT {
            let rest = (1..=m).fold(self.0[m], |rest, k| rest - other.0[k] * quotient[m - k]);
            quotient[m] = rest / other.0[0];
        }
        Self(quotient)
    }
}

impl Jet<Interval> {
    /// ln(1 + x)/x = ∫ dt/(1 + xt) over t from 0 to 1, for |x| < 1, without a hole at x = 0.
    ///
    /// Its n-th Taylor coefficient is (−1)^n ∫ t^n/(1 + xt)^(n+1) dt: between the values that 1/(1 + x)^(n+1) and 1 give
    /// to the integral of t^n.
    pub fn log_ratio(self) -> Self {
        let x = self.0[0];
        let one = Interval::point(1.0);
        let inverse = one / (one + x.hull(Interval::point(0.0)));
        let mut coefficients = [one; KEPT];
        let mut power = one;
        for (n, coefficient) in coefficients.iter_mut().enumerate() {
            power = power * inverse;
            let sign = if n % 2 == 0 { 1.0 } else { -1.0 };
            *coefficient = Interval::point(sign) * power / Interval::point(n as f64 + 1.0);
        }
        let [_, rest @ ..] = self.0;
        let offset = Self(from_fn(|m| if m == 0 { Interval::point(0.0) } else { rest[m - 1] }));
        let horner = coefficients.into_iter().rev().map(Self::constant_of);
        horner.reduce(|sum, coefficient| sum * offset + coefficient).expect("four coefficients")
    }
}

operators!([F: Field] Jet<F>:
    |x, y| Jet(from_fn(|m| x.0[m] + y.0[m])),
    |x, y| Jet(from_fn(|m| x.0[m] - y.0[m])),
    |x, y| Jet(from_fn(|m| (1..=m).fold(x.0[0] * y.0[m], |sum, k| sum + x.0[k] * y.0[m - k]))),
    |x, y| x.quotient(y)
);

impl<F: Field> Field for Jet<F> {
    fn constant(self, value: f64) -> Self {
        Self::constant_of(self.0[0].constant(value))
    }
}
