//! Products and principal axes of matrices, with the same bytes on every processor.
//!
//! ```
//! use embedding_norms::matrix::{principal_axes, product};
//! use ndarray::array;
//! let vectors = array![[3.0, 0.0], [-4.0, 0.0], [0.0, 1.0]];
//! assert_eq!(product(vectors.t(), vectors.view()), array![[25.0, 0.0], [0.0, 1.0]]);
//! assert_eq!(principal_axes(vectors.view()).mapv(f64::abs), array![[1.0, 0.0], [0.0, 1.0]]);
//! ```

use ndarray::{Array2, ArrayView2};

use crate::numerics::product;
use crate::numerics::symmetric::eigenvectors;

/// The product of an (n × k) and a (k × m) matrix.
///
/// # Panics
/// Unless the inner dimensions agree.
pub fn product(left: ArrayView2<'_, f64>, right: ArrayView2<'_, f64>) -> Array2<f64> {
    product::product(left, right)
}

/// The principal axes of vectors (n × d) from the origin, without their mean taken away: d orthonormal rows, that along
/// which the vectors' squares sum to most first. An axis has no sign of its own.
pub fn principal_axes(vectors: ArrayView2<'_, f64>) -> Array2<f64> {
    eigenvectors(product(vectors.t(), vectors))
}
