//! Why there is no diagnosis.

use crate::confidence::ConfidenceError;
use crate::setting::SettingError;
use crate::sphere::SphereError;

/// Why there is no diagnosis: what is wrong, where, and the remedy.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DiagnosisError {
    /// Numbers instead of vectors.
    #[error("{name}: one column; directions need at least 2 dimensions, so give the embeddings themselves")]
    OneDimension {
        /// The file.
        name: String,
    },
    /// Rows that do not belong to those of the other files.
    #[error(
        "{name}: {found} rows, where the first file has {expected}; row i of every file belongs to one sample, so save all \
         of them for the same samples in the same order"
    )]
    Rows {
        /// The file.
        name: String,
        /// Its rows.
        found: usize,
        /// The rows of the first file.
        expected: usize,
    },
    /// Another dimension than the first file has.
    #[error(
        "{name}: {found} dimensions, where {first} has {expected}; save all of them from the same layer of the same model"
    )]
    Dimensions {
        /// The file.
        name: String,
        /// Its dimension.
        found: usize,
        /// The first file.
        first: String,
        /// The dimension of the first file.
        expected: usize,
    },
    /// Nothing to look at.
    #[error(
        "{name}: none of {rows} rows has a direction, all are zero or not finite; check the layer that they are saved from"
    )]
    NoDirections {
        /// The file.
        name: String,
        /// Its rows.
        rows: usize,
    },
    /// Other values that go with rows differ in number from them.
    #[error("{name}: {found} {what} for {expected} rows; there must be one per row")]
    Lengths {
        /// The file.
        name: String,
        /// What it holds.
        what: &'static str,
        /// How many.
        found: usize,
        /// The number of rows.
        expected: usize,
    },
    /// Positives that cannot be told to belong to checkpoints.
    #[error(
        "{found} files of positives for {expected} checkpoints; give one, for the first checkpoint, or one for each, in the \
         same order"
    )]
    Positives {
        /// Files of positives.
        found: usize,
        /// Checkpoints.
        expected: usize,
    },
    /// Steps that cannot be told to belong to checkpoints.
    #[error("{found} steps for {expected} checkpoints; give one for each, in the same order")]
    Steps {
        /// Steps.
        found: usize,
        /// Checkpoints.
        expected: usize,
    },
    /// Steps that do not rise.
    #[error("the step {next} comes after the step {step}; give the checkpoints in the order in which they were taken")]
    Order {
        /// A step.
        step: u64,
        /// That of the checkpoint after it.
        next: u64,
    },
    /// No checkpoint.
    #[error("there is no file of embeddings; give at least one")]
    NoCheckpoint,
    /// A setting outside its domain.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// A measure without a value.
    #[error(transparent)]
    Measure(#[from] ConfidenceError),
    /// A row without a direction.
    #[error(transparent)]
    Direction(#[from] SphereError),
}
