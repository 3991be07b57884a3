//! Values as JSON: exactly, or not at all.

use serde::Serialize;
use serde_json::Value;

use super::finite::{self, Refusal};

/// Why a value cannot be written as JSON and read back as the same value.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// JSON has no way to write not-a-number or an infinity.
    #[error("{field} is {value}, which JSON cannot hold: leave such a value out (None) and say why in another field")]
    NotFinite {
        /// The path to the number, for instance `value.norms[2]`.
        field: String,
        /// The number.
        value: f64,
    },
    /// The value refused to be serialized, for instance a map whose keys are not names.
    #[error("cannot be written as JSON: {reason}")]
    Json {
        /// What the serializer said.
        reason: String,
    },
}

impl From<Refusal> for EncodeError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFinite { field, value } => Self::NotFinite { field: format!("value{field}"), value },
            Refusal::Other(reason) => Self::Json { reason },
        }
    }
}

impl From<serde_json::Error> for EncodeError {
    fn from(error: serde_json::Error) -> Self {
        Self::Json { reason: error.to_string() }
    }
}

/// Passes if JSON holds the value exactly.
///
/// # Errors
/// [`EncodeError`] for a number that is not finite, or a value that is not JSON for another reason.
pub fn check(value: &impl Serialize) -> Result<(), EncodeError> {
    Ok(finite::check(value)?)
}

/// The value as JSON with the keys of every object sorted, so that the order of fields or of a hash map does not
/// matter.
pub(super) fn canonical(value: &impl Serialize) -> Result<Value, EncodeError> {
    check(value)?;
    let mut value = serde_json::to_value(value)?;
    value.sort_all_objects();
    Ok(value)
}
