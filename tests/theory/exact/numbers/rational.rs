//! Fractions of whole numbers of any size.

use std::cmp::Ordering;
use std::fmt;

use embedding_norms::field::Field;
use num_rational::BigRational;
use num_traits::{FromPrimitive, Signed, ToPrimitive, Zero};

use super::{Exact, operators};

/// An exact fraction. Kept to the end of the tests, so that it can be copied as the formulas copy their numbers.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub struct Rational(&'static BigRational);

impl Rational {
    pub fn ratio(numerator: i64, denominator: i64) -> Self {
        keep(BigRational::new(numerator.into(), denominator.into()))
    }

    pub fn whole(number: i64) -> Self {
        Self::ratio(number, 1)
    }

    /// −1, 0 or 1.
    pub fn sign(self) -> i32 {
        match self.0.cmp(&BigRational::zero()) {
            Ordering::Less => -1,
            Ordering::Equal => 0,
            Ordering::Greater => 1,
        }
    }

    /// √x, if it is rational.
    pub fn root(self) -> Option<Self> {
        let [numerator, denominator] = [self.0.numer(), self.0.denom()].map(|square| {
            let root = square.sqrt();
            (&root * &root == *square).then_some(root)
        });
        Some(keep(BigRational::new(numerator?, denominator?)))
    }

    /// The nearest double, or one next to it.
    pub fn to_f64(self) -> f64 {
        self.0.to_f64().expect("a number of ordinary size")
    }

    pub fn magnitude(self) -> Self {
        keep(self.0.abs())
    }
}

fn keep(fraction: BigRational) -> Rational {
    Rational(Box::leak(Box::new(fraction)))
}

impl fmt::Debug for Rational {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

operators!([] Rational: |x, y| keep(x.0 + y.0), |x, y| keep(x.0 - y.0), |x, y| keep(x.0 * y.0), |x, y| keep(x.0 / y.0));

impl Field for Rational {
    fn constant(self, value: f64) -> Self {
        keep(BigRational::from_f64(value).expect("constants are finite"))
    }
}

impl Exact for Rational {}
