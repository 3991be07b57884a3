//! Losses and their gradients, and the lists of losses and optimizers.

use std::collections::BTreeMap;
use std::ffi::CString;

use embedding_norms::catalogue::Parameters;
use embedding_norms::simulation::{SimulationError, StartView};
use embedding_norms_command::python::{self as command, Chosen, known};
use numpy::{IntoPyArray, PyArray2, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::exceptions::{PyUserWarning, PyValueError};
use pyo3::prelude::*;

use crate::arguments::loaded;
use crate::errors::{failed, in_keywords, refused};

/// A value and the gradients by both views.
type Gradients<'py> = (f64, Bound<'py, PyArray2<f64>>, Option<Bound<'py, PyArray2<f64>>>);

/// Embeddings with what a loss needs beside them, as arrays of Python.
pub struct Rows<'py> {
    pub first: PyReadonlyArray2<'py, f64>,
    pub second: Option<PyReadonlyArray2<'py, f64>>,
    pub labels: Option<PyReadonlyArray1<'py, usize>>,
    pub positives: Option<PyReadonlyArray1<'py, usize>>,
}

impl Rows<'_> {
    /// The same memory, borrowed.
    pub fn views(&self) -> PyResult<StartView<'_>> {
        Ok(StartView {
            first: self.first.as_array(),
            second: self.second.as_ref().map(|second| second.as_array()),
            labels: self.labels.as_ref().map(|labels| labels.as_slice()).transpose()?,
            positives: self.positives.as_ref().map(|positives| positives.as_slice()).transpose()?,
        })
    }

    /// Refuses lists that the loss does not look at.
    pub fn check_lists(&self, chosen: &Chosen) -> PyResult<()> {
        let labels = self.labels.as_ref().map(|_| "labels");
        chosen.check_lists(labels, self.positives.as_ref().map(|_| "positives")).map_err(failed)
    }
}

/// The mean of a loss, with its gradients by the raw embeddings.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "the Python function has them by name")]
pub fn gradient<'py>(
    py: Python<'py>,
    loss: &str,
    z: PyReadonlyArray2<'py, f64>,
    w: Option<PyReadonlyArray2<'py, f64>>,
    labels: Option<PyReadonlyArray1<'py, usize>>,
    positives: Option<PyReadonlyArray1<'py, usize>>,
    names: Vec<String>,
    parameters: BTreeMap<String, f64>,
) -> PyResult<Gradients<'py>> {
    let chosen = chosen(loss, &parameters)?;
    tell(py, &[&chosen.note])?;
    let rows = Rows { first: z, second: w, labels, positives };
    rows.check_lists(&chosen)?;
    let views = rows.views()?;
    chosen.check_memory(&views).map_err(failed)?;
    let found = py.detach(|| embedding_norms::simulation::gradient(&*chosen.loss, views));
    let found = found.map_err(|error| of_classes(&error, &names))?;
    tell(py, &[&found.notes[0].as_ref().map(|note| format!("the gradient by z {note}"))])?;
    Ok((found.value, found.first.into_pyarray(py), found.second.map(|second| second.into_pyarray(py))))
}

/// A loss with parameters by name.
fn chosen(loss: &str, given: &BTreeMap<String, f64>) -> PyResult<Chosen> {
    let taken = known::loss(loss).map_err(failed)?;
    let parameters = given.iter().fold(Parameters::defaults(), |all, (name, value)| all.with(name, *value));
    Chosen::named(taken, parameters).map_err(failed)
}

/// An error about embeddings, with the names of their classes.
pub fn of_classes(error: &SimulationError, names: &[String]) -> PyErr {
    match error {
        SimulationError::Loss(error) => PyValueError::new_err(error.with_names(names)),
        error => refused(error.clone()),
    }
}

/// Says what was taken for names that may mean more, where the package is called.
pub fn tell(py: Python<'_>, notes: &[&Option<String>]) -> PyResult<()> {
    for note in notes.iter().copied().flatten() {
        let category = py.get_type::<PyUserWarning>();
        PyErr::warn(py, &category, &CString::new(in_keywords(note))?, 2)?;
    }
    Ok(())
}

/// Every loss: formula, parameters, what it needs, source, and how well-known implementations differ.
#[pyfunction]
pub fn losses(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    loaded(py, &command::losses::list())?.get_item("losses")
}

/// Every optimizer: formula, degrees, settings, source, and how well-known implementations differ.
#[pyfunction]
pub fn optimizers(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    loaded(py, &command::optimizers::list())?.get_item("optimizers")
}
