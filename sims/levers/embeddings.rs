//! Embeddings as files of NumPy's format .npy, version 1.0.

use std::io::Write;
use std::path::Path;

use ndarray::ArrayView2;

use crate::failure::Failure;

/// What every such file begins with: the magic string and the version.
const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";
/// Where the numbers begin is a multiple of this.
const ALIGNMENT: usize = 64;

/// Writes a matrix as 64-bit floating-point numbers, row after row.
pub fn write(path: &Path, rows: ArrayView2<'_, f64>) -> Result<(), Failure> {
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}, {}), }}", rows.nrows(), rows.ncols());
    // Magic, the length of the header in two bytes, the header, and a line break at its end.
    let length = (MAGIC.len() + 2 + header.len() + 1).next_multiple_of(ALIGNMENT) - MAGIC.len() - 2;
    let mut bytes = MAGIC.to_vec();
    bytes.extend(u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes());
    bytes.extend(format!("{header:<width$}\n", width = length - 1).into_bytes());
    rows.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
    let place = |error: std::io::Error| Failure::Refused(format!("{}: cannot be written: {error}", path.display()));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(place)?;
    }
    std::fs::File::create(path).and_then(|mut file| file.write_all(&bytes)).map_err(place)
}
