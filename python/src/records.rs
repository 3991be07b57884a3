//! What a recorder asks while a model trains.

use embedding_norms::simulation::Cadence;
use embedding_norms::sphere::{self, norm_of, normalize};
use ndarray::{ArrayView2, Axis};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::errors::refused;

/// The angle between the rows of two matrices, in radians; NaN where one of them has no direction.
#[pyfunction]
pub fn angles<'py>(
    py: Python<'py>,
    x: PyReadonlyArray2<'py, f64>,
    y: PyReadonlyArray2<'py, f64>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let (x, y) = (x.as_array(), y.as_array());
    if x.dim() != y.dim() {
        return Err(PyValueError::new_err(format!("shapes {:?} and {:?}; give two of one shape", x.dim(), y.dim())));
    }
    let found = py.detach(|| {
        let has_direction = |matrix: ArrayView2<'_, f64>, row: usize| {
            let norm = norm_of(matrix.row(row));
            norm.is_finite() && norm > 0.0
        };
        let rows: Vec<usize> = (0..x.nrows()).filter(|row| has_direction(x, *row) && has_direction(y, *row)).collect();
        let [first, second] = [x, y].map(|matrix| normalize(matrix.select(Axis(0), &rows).view()));
        let angles = sphere::angles(first?.units(), second?.units());
        let mut all = vec![f64::NAN; x.nrows()];
        rows.into_iter().zip(angles).for_each(|(row, angle)| all[row] = angle);
        Ok(all)
    });
    found.map(|angles| angles.into_pyarray(py)).map_err(|error: sphere::SphereError| refused(error))
}

/// The next step at which a record is due: every so many steps, or where that is 0 so many times per factor of ten.
#[pyfunction]
pub fn next_record(step: u64, every: u64, per_decade: f64) -> PyResult<u64> {
    let cadence = if every > 0 { Cadence::every(every) } else { Cadence::per_decade(per_decade) };
    Ok(cadence.map_err(refused)?.next_after(step))
}
