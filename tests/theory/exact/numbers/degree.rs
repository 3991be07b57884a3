//! What degree a formula has, found by running it.

use embedding_norms::field::Field;

use super::prime::Prime;
use super::{Exact, operators};

/// A rational function of the arguments: its value at a random point, and bounds on the total degrees of a numerator and a
/// denominator of it. Nothing is cancelled, so the bounds hold and are far from sharp.
#[derive(Clone, Copy, Debug)]
pub struct Degree {
    value: Prime,
    pub numerator: u64,
    pub denominator: u64,
}

impl Degree {
    /// An argument, with its value at the random point.
    pub fn argument(value: Prime) -> Self {
        Self { value, numerator: 1, denominator: 0 }
    }

    /// A bound on the degree of the numerator of the difference of two functions.
    pub fn of_difference(self, other: Self) -> u64 {
        (self.numerator + other.denominator).max(other.numerator + self.denominator)
    }
}

impl PartialEq for Degree {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

fn sum(value: Prime, x: Degree, y: Degree) -> Degree {
    Degree { value, numerator: x.of_difference(y), denominator: x.denominator + y.denominator }
}

operators!([] Degree:
    |x, y| sum(x.value + y.value, x, y),
    |x, y| sum(x.value - y.value, x, y),
    |x, y| Degree {
        value: x.value * y.value,
        numerator: x.numerator + y.numerator,
        denominator: x.denominator + y.denominator,
    },
    |x, y| Degree {
        value: x.value / y.value,
        numerator: x.numerator + y.denominator,
        denominator: x.denominator + y.numerator,
    }
);

impl Field for Degree {
    fn constant(self, value: f64) -> Self {
        Self { value: self.value.constant(value), numerator: 0, denominator: 0 }
    }
}

impl Exact for Degree {}
