//! Why a measure has no value.

use crate::setting::SettingError;
use crate::sphere::SphereError;

/// Why a measure has no value.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfidenceError {
    /// Values that belong together differ in number.
    #[error("{what}: {found} values where {expected} are needed, one per point")]
    Lengths {
        /// What was given.
        what: &'static str,
        /// How many it should have.
        expected: usize,
        /// How many it has.
        found: usize,
    },
    /// Fewer points than the measure is made from.
    #[error("{what}: {found} points are too few; at least {needed} are needed")]
    TooFew {
        /// What was asked for.
        what: &'static str,
        /// How many points there are.
        found: usize,
        /// How many it takes.
        needed: usize,
    },
    /// Values that are all the same have no order to compare.
    #[error("{what}: all values are the same, so there is no order to compare")]
    Constant {
        /// What was given.
        what: &'static str,
    },
    /// Nothing is left of the values once the covariates are accounted for.
    #[error("{what}: the covariates explain all of it, so nothing is left to compare")]
    Explained {
        /// What was given.
        what: &'static str,
    },
    /// A covariate that the others determine.
    #[error("covariate {covariate} (counted from 0) is constant or follows from those before it; leave it out")]
    Collinear {
        /// The covariate.
        covariate: usize,
    },
    /// A value is not a finite number.
    #[error("{what}: value {index} (counted from 0) is {value}; every value must be a finite number")]
    NotFinite {
        /// What was given.
        what: &'static str,
        /// The place of the value.
        index: usize,
        /// The value.
        value: f64,
    },
    /// Matrices whose rows have different numbers of coordinates.
    #[error("queries have {queries} coordinates, the base has {base}; both need the same number")]
    Dimensions {
        /// Coordinates of a query.
        queries: usize,
        /// Coordinates of a point of the base.
        base: usize,
    },
    /// A row that does not exist.
    #[error("there is no row {row} (counted from 0) among {rows}")]
    Row {
        /// The row asked for.
        row: usize,
        /// How many there are.
        rows: usize,
    },
    /// A row without a direction.
    #[error(transparent)]
    Direction(#[from] SphereError),
    /// A setting outside its domain.
    #[error(transparent)]
    Setting(#[from] SettingError),
}

/// Refuses a wrong number of values.
pub(super) fn same_length(what: &'static str, expected: usize, found: usize) -> Result<(), ConfidenceError> {
    if found == expected { Ok(()) } else { Err(ConfidenceError::Lengths { what, expected, found }) }
}

/// Refuses too few points.
pub(super) fn at_least(what: &'static str, needed: usize, found: usize) -> Result<(), ConfidenceError> {
    if found >= needed { Ok(()) } else { Err(ConfidenceError::TooFew { what, found, needed }) }
}

/// Refuses NaN and infinities.
pub(super) fn all_finite(what: &'static str, values: &[f64]) -> Result<(), ConfidenceError> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(ConfidenceError::NotFinite { what, index, value: values[index] }),
        None => Ok(()),
    }
}
