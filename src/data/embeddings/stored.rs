//! An array as it lies in a file.

use super::element::Element;
use super::entry::Entry;
use super::error::Problem;

/// Where an array lies, and how its bytes are to be understood.
#[derive(Clone, Debug)]
pub(super) struct StoredArray {
    /// How errors call it.
    pub place: String,
    /// How Python loads it.
    pub load: String,
    pub shape: Vec<u64>,
    pub element: Element,
    /// Whether the first index runs fastest.
    pub fortran: bool,
    pub big_endian: bool,
    pub bytes: Bytes,
}

/// Where the data begins.
#[derive(Clone, Debug)]
pub(super) enum Bytes {
    /// At this byte of the file.
    At(u64),
    /// In a part of an archive, after so many bytes.
    Entry { entry: Entry, skipped: u64 },
}

impl StoredArray {
    /// An array in C order, the smallest byte first, of which so many bytes are there.
    ///
    /// The size that the header asks for is compared with them before anything is allocated.
    pub fn new(
        (place, load): (String, String),
        shape: Vec<u64>,
        element: Element,
        bytes: Bytes,
        there: u64,
    ) -> Result<Self, Problem> {
        if let Some(size) = element.size() {
            let count = shape.iter().fold(1_u128, |count, side| count.saturating_mul(u128::from(*side)));
            let expected = count.saturating_mul(size as u128);
            if expected > u128::from(there) {
                return Err(Problem::Truncated { place, expected, found: there });
            }
            if expected < u128::from(there) {
                return Err(Problem::Trailing { place, expected, found: there });
            }
        }
        Ok(Self { place, load, shape, element, fortran: false, big_endian: false, bytes })
    }

    /// How torch loads it, where numpy has no such type.
    pub fn torch(&self) -> String {
        self.load.replace("safetensors.numpy", "safetensors.torch")
    }
}
