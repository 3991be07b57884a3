//! The name of a cell: the hash of its settings.

use std::fmt::{Debug, Display, Formatter};

use serde::Serialize;

use super::encoding::{EncodeError, canonical};

/// The name of a cell: the BLAKE3 hash of its resolved settings, written as JSON with sorted keys.
///
/// Equal settings have the same name in every sweep and on every machine; another value in any field is another name.
/// Shown as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellId([u8; 32]);

impl CellId {
    /// The name of these settings.
    ///
    /// # Errors
    /// [`EncodeError`] if the settings hold a number that is not finite, or are not JSON for another reason.
    pub fn of(settings: &impl Serialize) -> Result<Self, EncodeError> {
        let text = serde_json::to_vec(&canonical(settings)?)?;
        Ok(Self(*blake3::hash(&text).as_bytes()))
    }

    /// The 32 bytes of the hash; with a root seed and a replicate they make a [`generator`](embedding_norms::random::generator).
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Display for CellId {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl Debug for CellId {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "CellId({self})")
    }
}
