//! Files into what is diagnosed: each is read once, row by row, with progress.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use embedding_norms::data::embeddings::{Labels, Source, TableOptions, read_numbers};
use embedding_norms::diagnosis::{Classes, Collector, DiagnosisError, Sample, Snapshot, Subject, check_shapes};
use ndarray::Array2;

use super::options::{Question, shown};
use crate::cli::failure::Failure;
use crate::cli::interrupt;
use crate::cli::progress::Bar;
use crate::cli::tables::{Tables, hint_of_length};

/// Numbers that are read at a time.
const NUMBERS_AT_A_TIME: usize = 1 << 17;

/// Reads everything and checks that it fits.
pub fn read(question: &Question, bar: &Bar) -> Result<Subject, Failure> {
    let beside = &question.beside;
    // Shapes are known before rows are read, so that what does not fit is said at once.
    let tables = &question.tables;
    let open = |path: &PathBuf| Ok::<_, Failure>((shown(path), tables.open(path)?));
    let open_all = |paths: &[PathBuf]| paths.iter().map(open).collect::<Result<Vec<_>, Failure>>();
    let mut checkpoints = open_all(&question.checkpoints)?;
    let mut positives = open_all(&beside.positives)?;
    let mut reference = beside.reference.as_ref().map(open).transpose()?;
    let sources = || checkpoints.iter().chain(&positives).chain(&reference).map(|(_, source)| source);
    tables.check(sources().collect::<Vec<_>>())?;
    if !question.quiet {
        Tables::tell(sources());
    }
    let shape = |(name, source): &(String, Source)| (name.clone(), source.shape());
    let (rows, _) = checkpoints[0].1.shape();
    let sets: Vec<_> = checkpoints.iter().chain(&positives).map(shape).collect();
    check_shapes(rows, &sets, reference.as_ref().map(shape).as_ref())?;
    let options = tables.options();
    let first = &question.checkpoints[0];
    let classes = beside.labels.as_ref().map(|path| classes(path, &options, first, rows)).transpose()?;
    let covariates = beside.covariate.as_ref().map(|path| covariates(path, &options, first, rows)).transpose()?;

    let sample = Sample::draw(rows, question.sample, question.seed);
    let snapshots = |files: &mut [(String, Source)]| {
        files.iter_mut().map(|(name, source)| snapshot(name, source, &sample, bar)).collect::<Result<Vec<_>, Failure>>()
    };
    let checkpoints = snapshots(&mut checkpoints)?;
    let positives = snapshots(&mut positives)?;
    let reference = match &mut reference {
        Some((name, source)) => {
            let sample = Sample::draw(source.shape().0, question.sample, question.seed);
            Some(snapshot(name, source, &sample, bar)?)
        }
        None => None,
    };
    let steps = question.steps();
    Ok(Subject { positives, reference, classes, covariates, steps, ..Subject::new(sample, checkpoints) })
}

/// One pass over a file.
fn snapshot(name: &str, source: &mut Source, sample: &Sample, bar: &Bar) -> Result<Snapshot, Failure> {
    let (_, dimension) = source.shape();
    let mut collector = Collector::new(name, dimension, sample)?;
    let what = format!("rows of {name}");
    let chunks = source.chunks((NUMBERS_AT_A_TIME / dimension).max(1))?;
    let chunks = chunks.with_progress(|progress| bar.show_share(progress.rows as u64, progress.total as u64, &what));
    for chunk in chunks {
        if interrupt::flag().load(Ordering::Relaxed) {
            return Err(Failure::Interrupted("interrupted; nothing has been written".to_owned()));
        }
        collector.add(chunk?.rows.view());
    }
    Ok(collector.finish()?)
}

fn classes(path: &Path, options: &TableOptions, first: &Path, rows: usize) -> Result<Classes, Failure> {
    let labels = Labels::open_with(path, options)?;
    check_length(path, "labels", labels.classes().len(), first, rows)?;
    Ok(Classes { of_rows: labels.classes().to_vec(), names: labels.names().to_vec() })
}

/// Numbers beside the rows, one or several each.
fn covariates(path: &Path, options: &TableOptions, first: &Path, rows: usize) -> Result<Array2<f64>, Failure> {
    let values = read_numbers(path, options)?;
    check_length(path, "covariates", values.nrows(), first, rows)?;
    check_finite(&shown(path), &values)?;
    Ok(values)
}

/// Passes if every row has numbers.
pub fn check_finite(name: &str, values: &Array2<f64>) -> Result<(), Failure> {
    match values.indexed_iter().find(|(_, value)| !value.is_finite()) {
        Some(((row, _), value)) => Err(Failure::Refused(format!(
            "{name}: row {row} (counted from 0) is {value}; every row needs a finite number"
        ))),
        None => Ok(()),
    }
}

fn check_length(path: &Path, what: &'static str, found: usize, first: &Path, expected: usize) -> Result<(), Failure> {
    if found == expected {
        return Ok(());
    }
    let hint = hint_of_length(first, found, expected);
    let error = DiagnosisError::Lengths { name: shown(path), what, found, expected };
    Err(Failure::Refused(format!("{error}{hint}")))
}
