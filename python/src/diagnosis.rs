//! Answers about embeddings in memory: the command `diagnose` without its files.

use std::path::{Path, PathBuf};

use embedding_norms::diagnosis::{Classes, DiagnosisError, Names, Sample, Snapshot, Subject, check_shapes};
use embedding_norms_command::python::diagnose::reading::check_finite;
use embedding_norms_command::python::diagnose::{Case, Words, asked, command};
use embedding_norms_command::python::{Failure, Folder, width};
use embedding_norms_lab::figure::Size;
use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arguments::{loaded, parsed};
use crate::errors::{failed, refused};
use crate::losses::tell;

/// What is said of the order of checkpoints, and of where there is more.
const WORDS: Words = Words {
    order: None,
    more: "Numbers, formulas, conditions and what each answer is worth: .answers, .to_dict(), .figures or .save(folder).",
};

/// The options as answers name them: by the keywords of Python.
const NAMES: Names = Names {
    positives: "positives=",
    steps_between: "steps=",
    learning_rate: "learning_rate=",
    rule: "optimizer=",
    free: "parameters=\"free\"",
    network: "network=",
    is_under_way: "under_way=True",
};

/// An embedding matrix with its name.
type Named<'py> = (String, PyReadonlyArray2<'py, f64>);

/// All that was found.
#[pyclass(frozen, module = "embedding_norms")]
pub struct Diagnosis {
    case: Case,
}

#[pymethods]
impl Diagnosis {
    #[new]
    #[pyo3(signature = (arguments, checkpoints, positives, reference, labels, names, covariates))]
    #[expect(clippy::too_many_arguments, reason = "the Python function has them by name")]
    fn new(
        py: Python<'_>,
        arguments: Vec<String>,
        checkpoints: Vec<Named<'_>>,
        positives: Vec<Named<'_>>,
        reference: Option<Named<'_>>,
        labels: Option<PyReadonlyArray1<'_, usize>>,
        names: Vec<String>,
        covariates: Option<PyReadonlyArray2<'_, f64>>,
    ) -> PyResult<Self> {
        let (question, mut options, note) = asked(&parsed(command(), &arguments)?, false).map_err(failed)?;
        options.names = NAMES;
        tell(py, &[&note])?;
        let rows = checkpoints.first().map_or(0, |(_, rows)| rows.as_array().nrows());
        let shape = |(name, rows): &Named<'_>| (name.clone(), rows.as_array().dim());
        let sets: Vec<_> = checkpoints.iter().chain(&positives).map(shape).collect();
        check_shapes(rows, &sets, reference.as_ref().map(shape).as_ref()).map_err(refused)?;
        let draw = |rows: usize| Sample::draw(rows, question.sample, question.seed);
        let snapshot = |(name, rows): &Named<'_>, sample: &Sample| {
            let view = rows.as_array();
            py.detach(|| Snapshot::of(name, view, sample))
        };
        let sample = draw(rows);
        let all = |sets: &[Named<'_>]| {
            sets.iter().map(|set| snapshot(set, &sample)).collect::<Result<Vec<_>, DiagnosisError>>().map_err(refused)
        };
        let (checkpoints, positives) = (all(&checkpoints)?, all(&positives)?);
        let reference = reference.map(|set| snapshot(&set, &draw(set.1.as_array().nrows())));
        let classes =
            labels.map(|labels| Ok::<_, PyErr>(Classes { of_rows: labels.as_slice()?.to_vec(), names: names.clone() }));
        let covariates = covariates.map(|values| values.as_array().to_owned());
        covariates.as_ref().map_or(Ok(()), |values| check_finite("covariate", values)).map_err(failed)?;
        let subject = Subject {
            positives,
            reference: reference.transpose().map_err(refused)?,
            classes: classes.transpose()?,
            covariates,
            steps: question.steps(),
            ..Subject::new(sample, checkpoints)
        };
        let order = (subject.checkpoints.len() > 1).then_some("as given");
        let case = py.detach(|| Case::of(question, options, subject, Words { order, ..WORDS }, &mut |_, _| ()));
        Ok(Self { case: case.map_err(failed)? })
    }

    /// The page of the terminal, as wide as it is.
    fn __str__(&self) -> String {
        self.case.text(width()).trim_end().to_owned()
    }

    /// The page of a browser, in a frame of its own.
    fn _repr_html_(&self, py: Python<'_>) -> PyResult<String> {
        let page = self.html(py)?.replace('&', "&amp;").replace('"', "&quot;");
        Ok(format!("<iframe srcdoc=\"{page}\" style=\"width:100%;height:40em;border:0\"></iframe>"))
    }

    /// The page of a browser, whole.
    fn html(&self, py: Python<'_>) -> PyResult<String> {
        py.detach(|| self.case.html()).map_err(failed)
    }

    /// The record of the command `diagnose --json`.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        loaded(py, &self.case.record().map_err(failed)?)
    }

    /// The answers, in the order of their topics.
    #[getter]
    fn answers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.to_dict(py)?.get_item("answers")
    }

    /// What matters, in three sentences.
    #[getter]
    fn verdict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.to_dict(py)?.get_item("verdict")
    }

    /// The figures that the data allow, as SVG by name.
    #[getter]
    fn figures<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let figures = PyDict::new(py);
        for (name, figure) in self.case.figures() {
            figures.set_item(name, py.detach(|| figure.to_svg(Size::TwoColumns)).map_err(refused)?)?;
        }
        Ok(figures)
    }

    /// Fills a folder with record, tables, figures and a page; the files.
    fn save(&self, py: Python<'_>, folder: PathBuf) -> PyResult<Vec<PathBuf>> {
        py.detach(|| saved(&self.case, &folder)).map_err(failed)
    }
}

fn saved(case: &Case, folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let folder = Folder::prepare(folder)?;
    case.write(&folder, &case.record()?)?;
    Ok(folder.written())
}
