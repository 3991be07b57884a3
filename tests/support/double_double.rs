//! Numbers of about 32 digits as unevaluated sums of two doubles (Dekker 1971; Hida, Li and Bailey 2001): an
//! independent witness for what the library computes with 16.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// hi + lo with |lo| ≤ half an ulp of hi; relative errors of the operations are a few 10⁻³².
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Wide {
    pub hi: f64,
    pub lo: f64,
}

/// A double as it stands, without error.
pub const fn wide(value: f64) -> Wide {
    Wide { hi: value, lo: 0.0 }
}

fn two_sum(a: f64, b: f64) -> Wide {
    let hi = a + b;
    let part = hi - a;
    Wide { hi, lo: (a - (hi - part)) + (b - part) }
}

fn quick_two_sum(a: f64, b: f64) -> Wide {
    let hi = a + b;
    Wide { hi, lo: b - (hi - a) }
}

impl Wide {
    pub fn to_f64(self) -> f64 {
        self.hi + self.lo
    }

    pub fn abs(self) -> Self {
        if self.hi < 0.0 { -self } else { self }
    }

    pub fn square(self) -> Self {
        self * self
    }

    /// One Newton step from the root in double precision doubles the digits.
    pub fn sqrt(self) -> Self {
        if self.hi <= 0.0 {
            return wide(0.0);
        }
        let root = wide(self.hi.sqrt());
        root + (self - root.square()) / (root + root)
    }
}

impl Neg for Wide {
    type Output = Self;
    fn neg(self) -> Self {
        Self { hi: -self.hi, lo: -self.lo }
    }
}

impl Add for Wide {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let (high, low) = (two_sum(self.hi, other.hi), two_sum(self.lo, other.lo));
        let sum = quick_two_sum(high.hi, high.lo + low.hi);
        quick_two_sum(sum.hi, sum.lo + low.lo)
    }
}

impl Sub for Wide {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Wide {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let hi = self.hi * other.hi;
        let lo = self.hi.mul_add(other.hi, -hi);
        quick_two_sum(hi, lo + (self.hi * other.lo + self.lo * other.hi))
    }
}

impl Div for Wide {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let first = wide(self.hi / other.hi);
        let rest = self - first * other;
        let second = wide(rest.hi / other.hi);
        let rest = rest - second * other;
        first + second + wide(rest.hi / other.hi)
    }
}

/// Σ x_k y_k.
pub fn inner(x: &[Wide], y: &[Wide]) -> Wide {
    x.iter().zip(y).fold(wide(0.0), |sum, (&a, &b)| sum + a * b)
}

/// A vector of doubles, and its norm and direction with 32 digits.
pub struct Polar {
    pub norm: Wide,
    pub unit: Vec<Wide>,
}

pub fn polar(vector: &[f64]) -> Polar {
    let vector: Vec<Wide> = vector.iter().map(|&x| wide(x)).collect();
    let norm = inner(&vector, &vector).sqrt();
    Polar { norm, unit: vector.iter().map(|&x| x / norm).collect() }
}

/// 1 − cos φ and 1 + cos φ of two stored vectors, from half-chords of their 32-digit directions.
pub fn cosine_complements(z: &[f64], w: &[f64]) -> (Wide, Wide) {
    let (z, w) = (polar(z).unit, polar(w).unit);
    let half_square = |combine: fn(Wide, Wide) -> Wide| {
        wide(0.5) * z.iter().zip(&w).fold(wide(0.0), |sum, (&x, &y)| sum + combine(x, y).square())
    };
    (half_square(Sub::sub), half_square(Add::add))
}

/// The angle of two stored vectors and its distance from π, each to full double precision at its own end.
pub fn angle_and_gap(z: &[f64], w: &[f64]) -> (f64, f64) {
    let (minus, plus) = cosine_complements(z, w);
    let (minus, plus) = (minus.sqrt().to_f64(), plus.sqrt().to_f64());
    (2.0 * minus.atan2(plus), 2.0 * plus.atan2(minus))
}
