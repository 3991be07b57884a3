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

impl Subject {
    /// Checkpoints alone.
    pub fn new(sample: Sample, checkpoints: Vec<Snapshot>) -> Self {
        Self { sample, checkpoints, positives: Vec::new(), reference: None, classes: None, covariates: None }
    }

    /// Passes if everything belongs to the same rows.
    pub(super) fn check(&self) -> Result<(), DiagnosisError> {
        let first = self.checkpoints.first().ok_or(DiagnosisError::NoCheckpoint)?;
        let (rows, expected) = (self.sample.total(), first.dimension());
        for set in self.checkpoints.iter().chain(&self.positives) {
            if set.norms().len() != rows {
                let (name, found) = (set.name().to_owned(), set.norms().len());
                return Err(DiagnosisError::Rows { name, found, expected: rows });
            }
        }
        for set in self.checkpoints.iter().chain(&self.positives).chain(&self.reference) {
            if set.dimension() != expected {
                return Err(DiagnosisError::Dimensions {
                    name: set.name().to_owned(),
                    found: set.dimension(),
                    first: first.name().to_owned(),
                    expected,
                });
            }
        }
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
