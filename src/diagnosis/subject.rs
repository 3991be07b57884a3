//! What is diagnosed, checked to fit together.

use ndarray::Array2;

use super::DiagnosisError;
use super::snapshot::{Sample, Snapshot};

/// A class for every row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classes {
    /// The class of each row, counted from 0.
    pub of_rows: Vec<usize>,
    /// The names of the classes.
    pub names: Vec<String>,
}

/// Everything that was read.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The rows that are looked at closely.
    pub sample: Sample,
    /// The embeddings: checkpoints of one model in their order, row i the same sample in each.
    pub checkpoints: Vec<Snapshot>,
    /// Row i is the positive of row i: none, one set for the first checkpoint, or one for each.
    pub positives: Vec<Snapshot>,
    /// Another set, to be told apart from the last checkpoint.
    pub reference: Option<Snapshot>,
    /// A class for every row.
    pub classes: Option<Classes>,
    /// What else may explain the norm, a column each (rows × m).
    pub covariates: Option<Array2<f64>>,
}

/// Passes if sets can belong to the same samples: this number of rows in each, and the dimension of the first, which
/// that of the reference set has to be too.
///
/// Sets are given by name and shape (rows, dimensions), checkpoints and then positives, so that this can be asked before
/// any of them is read.
///
/// # Errors
/// [`DiagnosisError::NoCheckpoint`] without a set, [`DiagnosisError::Rows`] and [`DiagnosisError::Dimensions`] for the
/// first that does not fit.
pub fn check_shapes(
    rows: usize,
    sets: &[(String, (usize, usize))],
    reference: Option<&(String, (usize, usize))>,
) -> Result<(), DiagnosisError> {
    let (first, (_, dimension)) = sets.first().ok_or(DiagnosisError::NoCheckpoint)?;
    if let Some((name, (found, _))) = sets.iter().find(|(_, (found, _))| *found != rows) {
        return Err(DiagnosisError::Rows { name: name.clone(), found: *found, expected: rows });
    }
    match sets.iter().chain(reference).find(|(_, (_, found))| found != dimension) {
        Some((name, (_, found))) => {
            let (name, first) = (name.clone(), first.clone());
            Err(DiagnosisError::Dimensions { name, found: *found, first, expected: *dimension })
        }
        None => Ok(()),
    }
}

impl Subject {
    /// Checkpoints alone.
    pub fn new(sample: Sample, checkpoints: Vec<Snapshot>) -> Self {
        Self { sample, checkpoints, positives: Vec::new(), reference: None, classes: None, covariates: None }
    }

    /// Passes if everything belongs to the same rows.
    pub(super) fn check(&self) -> Result<(), DiagnosisError> {
        let rows = self.sample.total();
        let shape = |set: &Snapshot| (set.name().to_owned(), (set.norms().len(), set.dimension()));
        let sets: Vec<_> = self.checkpoints.iter().chain(&self.positives).map(shape).collect();
        check_shapes(rows, &sets, self.reference.as_ref().map(shape).as_ref())?;
        let (found, expected) = (self.positives.len(), self.checkpoints.len());
        if found > 1 && found != expected {
            return Err(DiagnosisError::Positives { found, expected });
        }
        let lengths = [
            self.classes.as_ref().map(|classes| ("labels", classes.of_rows.len())),
            self.covariates.as_ref().map(|covariates| ("values of covariates", covariates.nrows())),
        ];
        match lengths.into_iter().flatten().find(|(_, found)| *found != rows) {
            Some((what, found)) => Err(DiagnosisError::Lengths { name: what.to_owned(), what, found, expected: rows }),
            None => Ok(()),
        }
    }

    /// The last checkpoint, of which most questions are asked.
    pub fn last(&self) -> &Snapshot {
        &self.checkpoints[self.checkpoints.len() - 1]
    }

    /// The positives of a checkpoint.
    pub(super) fn positives_of(&self, checkpoint: usize) -> Option<&Snapshot> {
        self.positives.get(checkpoint)
    }
}
