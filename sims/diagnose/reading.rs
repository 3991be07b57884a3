//! Files into what is diagnosed: each is read once, row by row, with progress.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use embedding_norms::data::embeddings::{Embeddings, Labels, Source};
use embedding_norms::diagnosis::{Classes, Collector, DiagnosisError, Sample, Snapshot, Subject, check_shapes};
use ndarray::Array2;

use super::options::{Question, shown};
use crate::failure::Failure;
use crate::interrupt;
use crate::progress::Bar;

/// Numbers that are read at a time.
const NUMBERS_AT_A_TIME: usize = 1 << 17;

/// Reads everything and checks that it fits.
pub fn read(question: &Question, bar: &Bar) -> Result<Subject, Failure> {
    let beside = &question.beside;
    // Shapes are known before rows are read, so that what does not fit is said at once.
    let mut checkpoints = open_all(&question.checkpoints)?;
    let mut positives = open_all(&beside.positives)?;
    let mut reference = beside.reference.as_ref().map(|path| open(path)).transpose()?;
    let shape = |(name, source): &(String, Source)| (name.clone(), source.shape());
    let (rows, _) = checkpoints[0].1.shape();
    let sets: Vec<_> = checkpoints.iter().chain(&positives).map(shape).collect();
    check_shapes(rows, &sets, reference.as_ref().map(shape).as_ref())?;
    let classes = beside.labels.as_ref().map(|path| classes(path, rows)).transpose()?;
    let covariates = beside.covariate.as_ref().map(|path| covariates(path, rows)).transpose()?;

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
    Ok(Subject { positives, reference, classes, covariates, ..Subject::new(sample, checkpoints) })
}

fn open(path: &Path) -> Result<(String, Source), Failure> {
    Ok((shown(path), Embeddings::open(path)?))
}

fn open_all(paths: &[PathBuf]) -> Result<Vec<(String, Source)>, Failure> {
    paths.iter().map(|path| open(path)).collect()
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

fn classes(path: &Path, rows: usize) -> Result<Classes, Failure> {
    let labels = Labels::open(path)?;
    check_length(path, "labels", labels.classes().len(), rows)?;
    Ok(Classes { of_rows: labels.classes().to_vec(), names: labels.names().to_vec() })
}

/// Numbers beside the rows: one column of any format of labels, or a matrix.
fn covariates(path: &Path, rows: usize) -> Result<Array2<f64>, Failure> {
    let column = Labels::open(path);
    let values = match &column {
        Ok(labels) => {
            let numbers: Vec<Option<f64>> = labels.names().iter().map(|name| name.parse().ok()).collect();
            let text = labels.names().iter().zip(&numbers).find(|(_, number)| number.is_none());
            if let Some((name, _)) = text {
                return Err(Failure::Refused(format!(
                    "{}: '{name}' is not a number; --covariate takes a number per row, and a column of a table as FILE:COLUMN",
                    shown(path)
                )));
            }
            let values = labels.classes().iter().map(|&class| numbers[class].unwrap_or(f64::NAN)).collect();
            Array2::from_shape_vec((labels.classes().len(), 1), values)?
        }
        Err(problem) => match Embeddings::open(path) {
            Ok(mut source) => source.read()?,
            Err(_) => {
                return Err(Failure::Refused(format!(
                    "{problem} (--covariate takes a number per row; an array of floating-point numbers as (n, 1): \
                     x[:, None])"
                )));
            }
        },
    };
    check_length(path, "covariates", values.nrows(), rows)?;
    if let Some(((row, _), value)) = values.indexed_iter().find(|(_, value)| !value.is_finite()) {
        return Err(Failure::Refused(format!(
            "{}: row {row} (counted from 0) is {value}; every row needs a finite number",
            shown(path)
        )));
    }
    Ok(values)
}

fn check_length(path: &Path, what: &'static str, found: usize, expected: usize) -> Result<(), Failure> {
    if found == expected {
        return Ok(());
    }
    let hint =
        if found == expected + 1 { " (if its first line is a header, name the column as FILE:COLUMN)" } else { "" };
    let error = DiagnosisError::Lengths { name: shown(path), what, found, expected };
    Err(Failure::Refused(format!("{error}{hint}")))
}
