//! Three dimensions as they are looked at: the plane in which embeddings extend most.

use embedding_norms::sphere::{angle, norm_of};
use embedding_norms::table::{Table, TableError};
use nalgebra::{Matrix3, SymmetricEigen};
use ndarray::{Array1, array};

/// The vectors of a table with the columns x, y, z.
pub fn vectors(table: &Table) -> Result<Vec<Array1<f64>>, TableError> {
    let column = |name: &str| table.numbers(name).map(|values| values.into_iter().map(|x| x.unwrap_or(f64::NAN)));
    Ok(column("x")?.zip(column("y")?).zip(column("z")?).map(|((x, y), z)| array![x, y, z]).collect())
}

/// The two directions in which vectors extend most from the origin.
pub struct Plane([[f64; 3]; 2]);

impl Plane {
    pub fn of(vectors: &[Array1<f64>]) -> Self {
        let mut squares = Matrix3::zeros();
        for vector in vectors {
            squares += Matrix3::from_fn(|row, column| vector[row] * vector[column]);
        }
        let eigen = SymmetricEigen::new(squares);
        let mut order = [0, 1, 2];
        order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
        let axis = |place: usize| {
            let column = eigen.eigenvectors.column(order[place]);
            // An eigenvector has no sign of its own: its largest coordinate is positive.
            let largest = column.iter().fold(0.0_f64, |largest, &x| if x.abs() > largest.abs() { x } else { largest });
            let sign = if largest < 0.0 { -1.0 } else { 1.0 };
            [0, 1, 2].map(|coordinate| sign * column[coordinate])
        };
        Self([axis(0), axis(1)])
    }

    /// Where a vector is seen.
    pub fn seen(&self, vector: &Array1<f64>) -> (f64, f64) {
        let [x, y] = self.0.map(|axis| axis[0] * vector[0] + axis[1] * vector[1] + axis[2] * vector[2]);
        (x, y)
    }
}

/// The angle between two vectors, in degrees.
pub fn degrees(one: &Array1<f64>, other: &Array1<f64>) -> f64 {
    let unit = |vector: &Array1<f64>| vector / norm_of(vector.view());
    angle(unit(one).view(), unit(other).view()).to_degrees()
}
