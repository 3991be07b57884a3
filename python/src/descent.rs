//! Descent of a loss from arrays: the command `simulate` without its files.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use embedding_norms::simulation::{Outcome, Record, Start};
use embedding_norms_command::python::simulate::{Asked, command};
use ndarray::{Array2, Array3, Axis};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arguments::parsed;
use crate::errors::failed;
use crate::losses::{Rows, of_classes, tell};

/// How often Python is asked whether a key was pressed.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Descends, and returns what was recorded.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "the Python function has them by name")]
pub fn simulate<'py>(
    py: Python<'py>,
    z: PyReadonlyArray2<'py, f64>,
    w: Option<PyReadonlyArray2<'py, f64>>,
    labels: Option<PyReadonlyArray1<'py, usize>>,
    positives: Option<PyReadonlyArray1<'py, usize>>,
    names: Vec<String>,
    arguments: Vec<String>,
    keep_positions: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let asked = Asked::of(&parsed(command(), &arguments)?).map_err(failed)?;
    tell(py, &asked.notes())?;
    let rows = Rows { first: z, second: w, labels, positives };
    rows.check_lists(&asked.chosen)?;
    let views = rows.views()?;
    let start = Start {
        first: views.first.to_owned(),
        second: views.second.map(|second| second.to_owned()),
        labels: views.labels.map(<[usize]>::to_vec),
        positives: views.positives.map(<[usize]>::to_vec),
    };
    let (outcome, interrupt) = py.detach(|| run(&asked, start, &names, keep_positions))?;
    interrupt.map_or(Ok(()), Err)?;
    told(py, outcome)
}

/// The run, which ends early where Python has a signal to handle; with what came of it.
fn run(asked: &Asked, start: Start, names: &[String], keep: bool) -> PyResult<(Outcome, Option<PyErr>)> {
    let (looked, interrupt) = (Cell::new(Instant::now()), RefCell::new(None));
    let is_cancelled = || {
        if looked.get().elapsed() < LOOK_EVERY {
            return false;
        }
        looked.set(Instant::now());
        *interrupt.borrow_mut() = Python::attach(|py| py.check_signals()).err();
        interrupt.borrow().is_some()
    };
    let mut descent = asked.descent(&start).map_err(failed)?;
    if keep {
        descent = descent.record_positions();
    }
    let rules = asked.rules().map_err(failed)?.cancelled_by(&is_cancelled);
    let outcome = descent.run(start, &rules).map_err(|error| of_classes(&error, names))?;
    Ok((outcome, interrupt.take()))
}

/// An outcome as arrays by name.
fn told(py: Python<'_>, mut outcome: Outcome) -> PyResult<Bound<'_, PyDict>> {
    let rows = outcome.first.nrows();
    let trajectory = PyDict::new(py);
    let positions: Vec<_> = outcome.records.iter_mut().filter_map(|record| record.positions.take()).collect();
    let (first, second): (Vec<_>, Vec<_>) = positions.into_iter().unzip();
    let records = &outcome.records;
    let step: Bound<'_, PyArray1<u64>> = records.iter().map(|record| record.step).collect::<Vec<_>>().into_pyarray(py);
    trajectory.set_item("step", step)?;
    trajectory.set_item("loss", records.iter().map(|record| record.loss).collect::<Vec<_>>().into_pyarray(py))?;
    let pairs = outcome.second.is_some();
    trajectory.set_item("first_norms", table(records, rows, |record| &record.first_norms).into_pyarray(py))?;
    let of_pairs = |values: fn(&Record) -> &Vec<f64>| pairs.then(|| table(records, rows, values).into_pyarray(py));
    trajectory.set_item("second_norms", of_pairs(|record| &record.second_norms))?;
    trajectory.set_item("angles", of_pairs(|record| &record.angles))?;
    trajectory.set_item("first_positions", stacked(&first).map(|all| all.into_pyarray(py)))?;
    let second: Vec<_> = second.into_iter().flatten().collect();
    trajectory.set_item("second_positions", stacked(&second).map(|all| all.into_pyarray(py)))?;
    trajectory.set_item("first", outcome.first.into_pyarray(py))?;
    trajectory.set_item("second", outcome.second.map(|second| second.into_pyarray(py)))?;
    trajectory.set_item("stop", outcome.stop.name())?;
    trajectory.set_item("steps", outcome.steps)?;
    trajectory.set_item("reached_goal", outcome.stop.is_goal())?;
    Ok(trajectory)
}

/// A row per record; NaN where a run had left the numbers of f64.
fn table(records: &[Record], columns: usize, values: impl Fn(&Record) -> &Vec<f64>) -> Array2<f64> {
    let mut table = Array2::from_elem((records.len(), columns), f64::NAN);
    for (mut row, record) in table.rows_mut().into_iter().zip(records) {
        row.iter_mut().zip(values(record)).for_each(|(cell, value)| *cell = *value);
    }
    table
}

/// Matrices of one shape, one behind the other.
fn stacked(matrices: &[Array2<f64>]) -> Option<Array3<f64>> {
    let views: Vec<_> = matrices.iter().map(|matrix| matrix.view()).collect();
    ndarray::stack(Axis(0), &views).ok()
}
