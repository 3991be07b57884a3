//! The one place where the norm of an embedding enters: the pullback of a gradient through z ↦ z/‖z‖ (statement G1),
//! and what is built on it.
//!
//! ```
//! use embedding_norms::{normalization::pullback, sphere::normalize};
//! use ndarray::array;
//! let g = array![[1.0, 1.0], [1.0, 1.0]]; // the same pull on two embeddings of one direction
//! let gradient = pullback(&normalize(array![[1.0, 0.0], [4.0, 0.0]].view())?, g.view());
//! assert_eq!(gradient, array![[0.0, 1.0], [0.0, 0.25]]); // tangent, and a quarter at four times the norm
//! # Ok::<(), embedding_norms::sphere::SphereError>(())
//! ```
//!
//! Any loss of directions has a Euclidean gradient g = ∂L/∂ẑ, and ∇_z L = P_z g / ‖z‖: projected onto the tangent
//! space, then divided by the norm. This module does not know which loss it is.

mod spherical;

pub use spherical::SphericalConstraint;

use std::ops::RangeInclusive;

use ndarray::{Array2, ArrayView1, ArrayView2};

use crate::numerics::power::whole_power;
use crate::numerics::scaled::{self, Scaled};
use crate::sphere::{Directions, inner, inners, norm_of};

/// The gradient with respect to the embeddings, ∇_z L = P_z g / ‖z‖ row by row (statements G1 and G3).
///
/// `euclidean` is g = ∂L/∂ẑ, (n × d) like the embeddings. The result is orthogonal to the embeddings and inversely
/// proportional to their norms. Source: Zhang, Li and Zhang 2020, Eq. 1; Draganov et al. 2025.
///
/// ```
/// use embedding_norms::{normalization::pullback, sphere::normalize};
/// use ndarray::array;
/// let g = array![[1.0, 1.0], [1.0, 1.0]]; // the same pull on two embeddings of one direction
/// let gradient = pullback(&normalize(array![[1.0, 0.0], [4.0, 0.0]].view())?, g.view());
/// assert_eq!(gradient, array![[0.0, 1.0], [0.0, 0.25]]); // four times the norm: a quarter of the gradient
/// # Ok::<(), embedding_norms::sphere::SphereError>(())
/// ```
///
/// # Panics
/// If the shapes differ.
pub fn pullback(directions: &Directions, euclidean: ArrayView2<'_, f64>) -> Array2<f64> {
    assert_eq!(directions.units().dim(), euclidean.dim(), "a gradient has the shape of what it belongs to");
    let (units, norms) = (directions.units(), directions.norms());
    let mut gradient = euclidean.as_standard_layout().into_owned();
    let slopes = gradient.as_slice_mut().expect(STANDARD);
    let (coordinates, d) = (units.as_slice().expect(STANDARD), units.ncols());
    inners(euclidean, units, |row, radial| {
        let (slope, unit) = (&mut slopes[row * d..][..d], &coordinates[row * d..][..d]);
        if ORDINARY.contains(&norms[row]) && (ORDINARY.contains(&radial.abs()) || is_ordinary(slope)) {
            let reciprocal = 1.0 / norms[row];
            for (g, x) in slope.iter_mut().zip(unit) {
                *g = (*g - radial * x) * reciprocal;
            }
        } else {
            pull_back(slope, unit, directions.length(row));
        }
    });
    gradient
}

/// Factors with which no product of numbers of ordinary size leaves the range of f64.
const ORDINARY: RangeInclusive<f64> = 1e-270..=1e300;

/// Whether a projection of g can be formed from plain sums: what underflows in them is negligible beside its largest
/// part.
fn is_ordinary(slope: &[f64]) -> bool {
    let largest = slope.iter().fold(0.0_f64, |largest, g| largest.max(g.abs()));
    largest == 0.0 || ORDINARY.contains(&largest)
}

/// P_z g / ‖z‖ of one row: the same digits wherever g and ‖z‖ lie, as long as the result is a number of f64.
fn pull_back(slope: &mut [f64], unit: &[f64], norm: Scaled) {
    // A row without a pull has none; one that is not finite stays so.
    let exponent = scaled::exponent(slope.iter().copied()).unwrap_or(0);
    slope.iter_mut().for_each(|g| *g = scaled::shifted(*g, -exponent));
    let radial = inner(ArrayView1::from(&*slope), ArrayView1::from(unit));
    let reciprocal = 1.0 / norm.digits;
    for (g, x) in slope.iter_mut().zip(unit) {
        *g = scaled::shifted((*g - radial * x) * reciprocal, exponent - norm.exponent);
    }
}

/// The lengths ‖z‖·‖∇_z L‖ of the gradients of embeddings: the rotations per unit of γ/ρ².
pub(crate) fn slopes(directions: &Directions, euclidean: ArrayView2<'_, f64>) -> Vec<f64> {
    let gradient = pullback(directions, euclidean);
    let slope = |(row, (gradient, &norm)): (usize, (ArrayView1<'_, f64>, &f64))| {
        if ORDINARY.contains(&norm) {
            return norm * norm_of(gradient);
        }
        let mut slope = euclidean.row(row).to_vec();
        pull_back(&mut slope, &directions.units().row(row).to_vec(), Scaled { digits: 1.0, exponent: 0 });
        norm_of(ArrayView1::from(&slope))
    };
    gradient.rows().into_iter().zip(directions.norms()).enumerate().map(slope).collect()
}

/// A gradient with respect to an embedding that is beyond f64.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error(
    "row {row} has a norm of {norm:e}, and its gradient, which grows as 1/‖z‖, is beyond the largest number of f64; scale the \
     embeddings up, by 1e10 for instance: no cosine depends on it"
)]
pub struct GradientError {
    /// The row, counted from 0.
    pub row: usize,
    /// Its norm.
    pub norm: f64,
}

/// [`pullback`] of a Euclidean gradient that is finite, refused where a gradient is not.
///
/// # Errors
/// The first row whose gradient is beyond f64, because its norm is tiny.
///
/// # Panics
/// If the shapes differ.
pub fn finite_pullback(directions: &Directions, euclidean: ArrayView2<'_, f64>) -> Result<Array2<f64>, GradientError> {
    let gradient = pullback(directions, euclidean);
    match gradient.rows().into_iter().position(|row| row.iter().any(|slope| !slope.is_finite())) {
        Some(row) => Err(GradientError { row, norm: directions.norms()[row] }),
        None => Ok(gradient),
    }
}

const STANDARD: &str = "directions and their gradients are in standard layout";

/// g/‖z‖ without the projection: the gradient of the inner product of embeddings whose norms are held fixed.
///
/// It is not tangent, so it changes norms at once. The authors' public notebook takes its very first step with it; it
/// is here to reproduce those counts and for nothing else.
///
/// # Panics
/// If the shapes differ.
pub fn unprojected(directions: &Directions, euclidean: ArrayView2<'_, f64>) -> Array2<f64> {
    assert_eq!(directions.units().dim(), euclidean.dim(), "a gradient has the shape of what it belongs to");
    let mut gradient = euclidean.to_owned();
    for (index, (mut row, norm)) in gradient.rows_mut().into_iter().zip(directions.norms()).enumerate() {
        if ORDINARY.contains(norm) {
            row *= 1.0 / norm;
        } else {
            let norm = directions.length(index);
            row.mapv_inplace(|g| {
                let g = Scaled::of(g);
                scaled::shifted(g.digits / norm.digits, g.exponent - norm.exponent)
            });
        }
    }
    gradient
}

/// GradScale with power p: multiplies each embedding's gradient by ‖z‖^p (Draganov et al. 2025, with p = 1).
///
/// p = 0 leaves the gradient alone, p = 1 takes the norm out of it, p = 2 takes the norm out of the rotation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GradScale {
    power: f64,
}

/// A power that GradScale does not take.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("GradScale's power must be a finite number, not {power}; the paper uses 1")]
pub struct GradScaleError {
    /// The power asked for.
    pub power: f64,
}

impl GradScale {
    /// The power p of the norm.
    ///
    /// # Errors
    /// If p is not finite.
    pub fn new(power: f64) -> Result<Self, GradScaleError> {
        if power.is_finite() { Ok(Self { power }) } else { Err(GradScaleError { power }) }
    }

    /// The power p.
    pub fn power(self) -> f64 {
        self.power
    }

    /// Multiplies each row of the gradient by ‖z‖^p.
    ///
    /// # Panics
    /// If the numbers of rows differ.
    pub fn apply(self, directions: &Directions, gradient: &mut Array2<f64>) {
        assert_eq!(directions.norms().len(), gradient.nrows(), "one norm per row of the gradient");
        for (mut row, &norm) in gradient.rows_mut().into_iter().zip(directions.norms()) {
            let (factor, times) = factors(norm, self.power);
            (0..times).for_each(|_| row *= factor);
        }
    }
}

/// A factor and how often to multiply by it, altogether x^p. It is once unless x^p nears the ends of the range of f64,
/// which a gradient times x^p may yet be well inside of.
fn factors(x: f64, p: f64) -> (f64, u32) {
    let whole = power(x, p);
    if ORDINARY.contains(&whole) {
        return (whole, 1);
    }
    let times = (libm::fabs(p * libm::log2(x)) / 500.0).ceil().clamp(1.0, 1e6) as u32;
    // By a power of two, p is divided exactly.
    let times = times.next_power_of_two();
    (power(x, p / f64::from(times)), times)
}

/// x^p by multiplications and square roots where p is a small multiple of ½, as these are exact under powers of two
/// where a general power function is not (statement L6 is bit for bit because of it).
fn power(x: f64, p: f64) -> f64 {
    let halves = 2.0 * p.abs();
    if halves.fract() != 0.0 || halves > 64.0 {
        return libm::pow(x, p);
    }
    let halves = halves as u32;
    let whole = whole_power(x, halves / 2);
    let result = if halves % 2 == 1 { whole * x.sqrt() } else { whole };
    if p < 0.0 { 1.0 / result } else { result }
}
