//! Two views of three dimensions.

use embedding_norms::sphere::{angle, norm_of};
use nalgebra::{Matrix3, SymmetricEigen};
use ndarray::Array1;

/// From where embeddings are looked at.
#[derive(Clone, Copy)]
pub enum Side {
    /// At the plane in which they extend most.
    Front,
    /// Along the second axis of that plane.
    Top,
}

/// The directions in which vectors extend most from the origin, the first one most.
pub struct Camera([[f64; 3]; 3]);

impl Camera {
    pub fn on(vectors: &[Array1<f64>]) -> Self {
        let mut squares = Matrix3::zeros();
        for vector in vectors {
            squares += Matrix3::from_fn(|row, column| vector[row] * vector[column]);
        }
        let eigen = SymmetricEigen::new(squares);
        let mut order = [0, 1, 2];
        order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
        Self(order.map(|place| {
            let column = eigen.eigenvectors.column(place);
            // An eigenvector has no sign of its own: its largest coordinate is positive.
            let largest = column.iter().fold(0.0_f64, |largest, &x| if x.abs() > largest.abs() { x } else { largest });
            let sign = if largest < 0.0 { -1.0 } else { 1.0 };
            [0, 1, 2].map(|coordinate| sign * column[coordinate])
        }))
    }

    /// The place of a vector in the picture.
    pub fn seen(&self, vector: &Array1<f64>, side: Side) -> (f64, f64) {
        let along = |axis: usize| (0..3).fold(0.0, |sum, k| sum + self.0[axis][k] * vector[k]);
        match side {
            Side::Front => (along(0), along(1)),
            Side::Top => (along(0), along(2)),
        }
    }
}

/// The angle between two vectors, in degrees.
pub fn degrees(one: &Array1<f64>, other: &Array1<f64>) -> f64 {
    let unit = |vector: &Array1<f64>| vector / norm_of(vector.view());
    angle(unit(one).view(), unit(other).view()).to_degrees()
}
