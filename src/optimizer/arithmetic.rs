//! The few operations that update rules share, and the domains of their settings.

use std::ops::RangeInclusive;

use crate::numerics::scaled::{self, Scaled};
use crate::setting::{SettingError, within};

/// x/y, and 0 where y is 0: what has no gradient does not move.
pub(super) fn ratio(x: f64, y: f64) -> f64 {
    if y == 0.0 { 0.0 } else { x / y }
}

/// The sign of x: −1, 0 or 1.
pub(super) fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

/// x·y, summed in the order of the coordinates, right to rounding over the whole range of f64.
pub(super) fn inner(x: &[f64], y: &[f64]) -> f64 {
    let plain = x.iter().zip(y).fold(0.0, |sum, (x, y)| sum + x * y);
    scaled::inner(plain, x.iter().copied().zip(y.iter().copied()))
}

/// ‖x‖ as digits and an exponent, which is 0 at ordinary scales.
pub(super) fn length(x: &[f64]) -> Scaled {
    scaled::length(x.iter().copied())
}

/// ‖x‖.
pub(super) fn norm(x: &[f64]) -> f64 {
    length(x).value()
}

/// x/‖x‖ and 0 where x = 0, for the length of x.
pub(super) fn unit(x: f64, length: Scaled) -> f64 {
    ratio(if length.exponent == 0 { x } else { scaled::shifted(x, -length.exponent) }, length.digits)
}

/// Whether products of such numbers, two or three at a time, can be formed as they are.
pub(super) fn is_ordinary(x: f64) -> bool {
    ORDINARY.contains(&x)
}

const ORDINARY: RangeInclusive<f64> = 1e-90..=1e90;

/// z ← z − γ U.
pub(super) fn descend(parameters: &mut [f64], learning_rate: f64, update: impl IntoIterator<Item = f64>) {
    for (parameter, slope) in parameters.iter_mut().zip(update) {
        *parameter -= learning_rate * slope;
    }
}

/// Zeros in the shape of the groups.
pub(super) fn zeros(lengths: &[usize]) -> Vec<Vec<f64>> {
    lengths.iter().map(|&length| vec![0.0; length]).collect()
}

/// A decay rate β of a moving average or a momentum: 0 or larger, below 1.
pub(super) fn decay_rate(name: &'static str, value: f64) -> Result<f64, SettingError> {
    within(name, value, (0.0..1.0).contains(&value), "0 or larger and below 1")
}

/// A finite number, 0 or larger.
pub(super) fn not_negative(name: &'static str, value: f64) -> Result<f64, SettingError> {
    within(name, value, value.is_finite() && value >= 0.0, "a finite number, 0 or larger")
}

/// Averages or sums of squares v ← old·v + new·g², coordinate by coordinate, of gradients of any size.
///
/// Where g² leaves the range of f64 the root √v stands in the place of v, with a minus sign.
#[derive(Clone, Debug)]
pub(super) struct Squares {
    old: f64,
    new: f64,
    /// Whether a coordinate of the group is, or may be, kept as a root.
    has_roots: Vec<bool>,
}

/// Gradients whose squares are ordinary numbers.
const SQUARED: RangeInclusive<f64> = 1e-140..=1e140;

impl Squares {
    pub fn new(old: f64, new: f64, groups: usize) -> Self {
        Self { old, new, has_roots: vec![false; groups] }
    }

    /// Whether all squares of a group are ordinary numbers, those of this gradient included, and [`Self::add`] needs no
    /// closer look.
    pub fn are_plain(&mut self, group: usize, gradient: &[f64]) -> bool {
        // Without branches, so that it is vectorized.
        let is_far = |far: u64, g: &f64| {
            let size = g.abs();
            let is_plain = (size == 0.0) | ((size >= *SQUARED.start()) & (size <= *SQUARED.end()));
            far | u64::from(!is_plain)
        };
        self.has_roots[group] |= gradient.iter().fold(0, is_far) != 0;
        !self.has_roots[group]
    }

    /// Takes in one ordinary square; the root √v.
    #[inline(always)]
    pub fn add(&self, v: &mut f64, g: f64) -> f64 {
        *v = self.old * *v + self.new * g * g;
        v.sqrt()
    }

    /// Takes in any square; the root √v.
    pub fn add_any(&self, v: &mut f64, g: f64) -> f64 {
        let root = if *v < 0.0 { -*v } else { v.sqrt() };
        let root = scaled::norm([self.old.sqrt() * root, self.new.sqrt() * g].into_iter());
        *v = if root == 0.0 || SQUARED.contains(&root) { root * root } else { -root };
        root
    }
}
