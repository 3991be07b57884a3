//! What is diagnosed, checked to fit together.

use ndarray::Array2;

use super::DiagnosisError;
use super::options::Options;
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
    /// The optimizer steps at which the checkpoints were taken, where they are known.
    pub steps: Option<Vec<u64>>,
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

/// Passes if there is a step for each of so many checkpoints, and they rise.
///
/// # Errors
/// [`DiagnosisError::Steps`] for another number of them, [`DiagnosisError::Order`] where one does not rise.
pub fn check_steps(steps: &[u64], checkpoints: usize) -> Result<(), DiagnosisError> {
    if steps.len() != checkpoints {
        return Err(DiagnosisError::Steps { found: steps.len(), expected: checkpoints });
    }
    match steps.windows(2).find(|pair| pair[1] <= pair[0]) {
        Some(pair) => Err(DiagnosisError::Order { step: pair[0], next: pair[1] }),
        None => Ok(()),
    }
}

impl Subject {
    /// Checkpoints alone.
    pub fn new(sample: Sample, checkpoints: Vec<Snapshot>) -> Self {
        Self {
            sample,
            checkpoints,
            positives: Vec::new(),
            reference: None,
            classes: None,
            covariates: None,
            steps: None,
        }
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
        if let Some(steps) = &self.steps {
            check_steps(steps, expected)?;
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

    /// The options with what the steps of the checkpoints say of the first two.
    pub(super) fn timed(&self, options: &Options) -> Options {
        let mut options = options.clone();
        if let Some([first, second, ..]) = self.steps.as_deref() {
            options.steps_between = Some(second - first);
            options.is_under_way |= *first > 0;
        }
        options
    }

    /// The steps from a checkpoint to the one after it; `options` may know those from the first to the second.
    pub(super) fn steps_after(&self, checkpoint: usize, options: &Options) -> Option<u64> {
        let known = self.steps.as_ref().map(|steps| steps[checkpoint + 1] - steps[checkpoint]);
        known.or(options.steps_between.filter(|_| checkpoint == 0))
    }

    /// Whether every checkpoint has positives of its own.
    pub(super) fn has_positives_throughout(&self) -> bool {
        self.positives.len() == self.checkpoints.len()
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
