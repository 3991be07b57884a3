//! One line of a journal: a JSON object whose first field is the checksum of the second.
//!
//! `{"checksum":"<32 hexadecimal digits>","record":<JSON>}` and a line end. Every byte is accounted for: the record by
//! the checksum, the rest by being always the same.

use serde::{Deserialize, Serialize};

use crate::sweep::encoding::{EncodeError, check};
use crate::sweep::plan::Unit;

const OPENING: &[u8] = b"{\"checksum\":\"";
const MIDDLE: &[u8] = b"\",\"record\":";
const CLOSING: &[u8] = b"}\n";
const DIGITS: usize = 32;

/// What the checksums of a journal are keyed with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::sweep) struct Key([u8; 32]);

impl Key {
    /// The key of the header's own line.
    pub(super) const HEADER: Self = Self([0; 32]);

    /// The key of all other lines: the hash of the header, so that lines of different journals do not mix.
    pub(super) fn of_header(record: &[u8]) -> Self {
        Self(*blake3::hash(record).as_bytes())
    }

    fn checksum(self, record: &[u8]) -> impl AsRef<str> {
        let mut digits = blake3::keyed_hash(&self.0, record).to_hex();
        digits.truncate(DIGITS);
        digits
    }
}

/// A finished unit as it stands in a line.
#[derive(Serialize, Deserialize)]
pub(super) struct Record<R> {
    pub(super) cell: usize,
    pub(super) replicate: u64,
    pub(super) result: R,
}

/// The line of a finished unit.
pub(in crate::sweep) fn line_of<R: Serialize>(key: Key, unit: Unit, result: &R) -> Result<Vec<u8>, EncodeError> {
    check(result)?;
    let Unit { cell, replicate } = unit;
    Ok(seal(key, &serde_json::to_vec(&Record { cell, replicate, result })?))
}

/// A record in its line, with checksum and line end.
pub(super) fn seal(key: Key, record: &[u8]) -> Vec<u8> {
    [OPENING, key.checksum(record).as_ref().as_bytes(), MIDDLE, record, CLOSING].concat()
}

/// The record of a line that ends in a line end, or what is wrong with it.
pub(super) fn unseal(key: Key, line: &[u8]) -> Result<&[u8], &'static str> {
    let (checksum, record) = parts(line).ok_or("it does not have the form of a journal's line")?;
    if key.checksum(record).as_ref().as_bytes() == checksum { Ok(record) } else { Err("its checksum is wrong") }
}

fn parts(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (checksum, rest) = line.strip_prefix(OPENING)?.split_at_checked(DIGITS)?;
    Some((checksum, rest.strip_prefix(MIDDLE)?.strip_suffix(CLOSING)?))
}

/// Whether these bytes may be the beginning of a line whose writing was cut short.
pub(super) fn may_begin_line(bytes: &[u8]) -> bool {
    bytes.starts_with(OPENING) || OPENING.starts_with(bytes)
}
