//! Whole numbers modulo the prime p = 2^61 − 1.
//!
//! Two different rational functions whose difference has a numerator of total degree D agree at a point drawn at random
//! from GF(p) with a probability of at most D/p (Schwartz and Zippel). A denominator that is zero there makes the point say
//! nothing; division by zero gives zero here, so that a wrong formula may be run at any point.

use embedding_norms::field::Field;

use super::{Exact, operators};

/// p, a Mersenne prime.
pub const PRIME: u64 = (1 << 61) - 1;

/// A number modulo p, from 0 to p − 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prime(u64);

impl Prime {
    pub fn new(number: u64) -> Self {
        Self(number % PRIME)
    }

    fn power(self, exponent: u64) -> Self {
        let bits = (0..61).rev().map(|bit| exponent >> bit & 1);
        bits.fold(Self(1), |power, bit| if bit == 1 { power * power * self } else { power * power })
    }

    /// 1/x by Fermat's little theorem, 0 for 0.
    fn inverse(self) -> Self {
        self.power(PRIME - 2)
    }
}

operators!([] Prime:
    |x, y| Prime((x.0 + y.0) % PRIME),
    |x, y| Prime((x.0 + PRIME - y.0) % PRIME),
    |x, y| Prime((u128::from(x.0) * u128::from(y.0) % u128::from(PRIME)) as u64),
    |x, y| x * y.inverse()
);

impl Field for Prime {
    fn constant(self, value: f64) -> Self {
        let eighths = value * 8.0;
        assert!(eighths.fract() == 0.0 && eighths.abs() < 1e15, "{value} is no whole number of eighths");
        let magnitude = Self(eighths.abs() as u64) / Self(8);
        if value < 0.0 { Self(0) - magnitude } else { magnitude }
    }
}

impl Exact for Prime {}
