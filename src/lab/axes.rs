//! The directions in which vectors extend most.

use ndarray::{Array2, ArrayView2};

use crate::numerics::product::product;
use crate::numerics::symmetric::eigenvectors;

/// The principal axes of vectors (n × d) from the origin, without their mean taken away: d orthonormal rows, that along
/// which the vectors' squares sum to most first. An axis has no sign of its own.
pub fn principal_axes(vectors: ArrayView2<'_, f64>) -> Array2<f64> {
    eigenvectors(product(vectors.t(), vectors))
}
