//! The arithmetic that a rational formula needs, so that it is written once and runs over numbers of every kind.
//!
//! ```
//! use embedding_norms::{field::Field, theory::one_step::equal_step};
//! // The formula of a step for every kind of number, and for those of f64: tan(φ/2) = 1 at u = 1 is aligned in one step.
//! fn half_tangent_after<F: Field>(k: F, u: F) -> F {
//!     equal_step(k, u)[0]
//! }
//! assert_eq!(half_tangent_after(1.0, 1.0), 0.0);
//! ```
//!
//! The closed forms of [`theory`](crate::theory) that are rational functions need nothing but a [`Field`]. The library
//! runs them over `f64`, alone and in vector lanes. The tests run the same functions over exact rationals, where two sides
//! of an identity *are* equal, over the integers modulo a prime near 2^61, over truncated power series, and over intervals.

use std::ops::{Add, Div, Mul, Sub};

/// Numbers that can be added, subtracted, multiplied and divided.
///
/// ```
/// use embedding_norms::{field::Field, theory::one_step::equal_step};
///
/// /// The integers modulo 7.
/// #[derive(Clone, Copy, Debug, PartialEq)]
/// struct Seven(i64);
/// # use std::ops::{Add, Div, Mul, Sub};
/// # impl Add for Seven { type Output = Self; fn add(self, y: Self) -> Self { Seven((self.0 + y.0) % 7) } }
/// # impl Sub for Seven { type Output = Self; fn sub(self, y: Self) -> Self { Seven((self.0 - y.0).rem_euclid(7)) } }
/// # impl Mul for Seven { type Output = Self; fn mul(self, y: Self) -> Self { Seven(self.0 * y.0 % 7) } }
/// # impl Div for Seven { type Output = Self; fn div(self, y: Self) -> Self { self * y * y * y * y * y } }
///
/// impl Field for Seven {
///     fn constant(self, value: f64) -> Self {
///         Seven(value as i64)
///     }
/// }
/// // tan(φ/2) = 2 and u = 3: k' = 2(1 − 6 + 4)/(1 + 4 + 24) = −2/29, which is 5 modulo 7.
/// assert_eq!(equal_step(Seven(2), Seven(3))[0], Seven(5));
/// ```
pub trait Field: Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> {
    /// The constant `value`, in the shape of `self`. Formulas use whole numbers and halves, quarters and eighths of them.
    fn constant(self, value: f64) -> Self;
}

impl Field for f64 {
    #[inline(always)]
    fn constant(self, value: f64) -> Self {
        value
    }
}
