//! The one place where the norm of an embedding enters: the pullback of a gradient through z ↦ z/‖z‖ (statement G1),
//! and what is built on it.
//!
//! Any loss of directions has a Euclidean gradient g = ∂L/∂ẑ, and ∇_z L = P_z g / ‖z‖: projected onto the tangent
//! space, then divided by the norm. Which loss it is, this room does not know.

mod spherical;

pub use spherical::SphericalConstraint;

use ndarray::{Array2, ArrayView2};

use crate::power::whole_power;
use crate::sphere::{Directions, inners};

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
        let reciprocal = 1.0 / norms[row];
        for (g, x) in slopes[row * d..][..d].iter_mut().zip(&coordinates[row * d..][..d]) {
            *g = (*g - radial * x) * reciprocal;
        }
    });
    gradient
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
    for (mut row, norm) in gradient.rows_mut().into_iter().zip(directions.norms()) {
        row *= 1.0 / norm;
    }
    gradient
}

/// GradScale with power p: multiplies each embedding's gradient by ‖z‖^p (Draganov et al. 2025, with p = 1).
///
/// p = 0 leaves the gradient alone, p = 1 takes the norm out of it, p = 2 takes the norm out of the angle turned.
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
            row *= power(norm, self.power);
        }
    }
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
