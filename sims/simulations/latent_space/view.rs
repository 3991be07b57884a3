//! Two views of three dimensions.

use embedding_norms::matrix::principal_axes;
use embedding_norms::sphere::{angle, norm_of};
use ndarray::{Array1, Array2};

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
        let axes =
            principal_axes(Array2::from_shape_fn((vectors.len(), 3), |(row, column)| vectors[row][column]).view());
        Self([0, 1, 2].map(|place| {
            let axis = axes.row(place);
            // An axis has no sign of its own: its largest coordinate is positive.
            let largest = axis.iter().fold(0.0_f64, |largest, &x| if x.abs() > largest.abs() { x } else { largest });
            let sign = if largest < 0.0 { -1.0 } else { 1.0 };
            [0, 1, 2].map(|coordinate| sign * axis[coordinate])
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
