//! A user's own embeddings: one reader for the files that Python writes.
//!
//! | format | elements | notes |
//! |---|---|---|
//! | `.npy`, `.npz` | f16, f32, f64 | C and Fortran order, either byte order, stored or deflated; checksums are tested |
//! | `.safetensors` | f16, bf16, f32, f64 | |
//! | `.csv`, `.tsv` | decimal numbers | with or without a header and a column of labels |
//!
//! `FILE[:KEY][:ROWS]` picks an array of an archive, and rows of it: `views.npz:z:0-511`. Of a table, `KEY` names the
//! column of labels, or that of lists. Shape and type are known when a file is open, and what its header asks for has
//! been compared with its length, before memory is reserved. Rows come in chunks, as f64, which holds every one of these
//! numbers exactly. A pickle (`.pt`) is not read, as it is a program.
//!
//! What stands in a table is decided on whole columns ([`your_own_embeddings`] has the rule), and what is not certain is
//! refused; [`TableOptions`] make it certain.

mod array;
mod column;
mod doubtful;
mod element;
mod entry;
mod error;
mod faults;
mod field;
mod foreign;
mod format;
mod header;
mod key;
mod labels;
mod listing;
mod literal;
mod npy;
mod npz;
mod numbers;
mod recording;
mod records;
mod remedy;
mod safetensors;
mod selection;
mod separator;
mod sharded;
mod source;
mod storage;
mod stored;
mod table;

pub use element::Element;
pub use error::{Problem, ReadError};
pub use faults::{Faults, Rows};
pub use labels::{Labels, read_indices};
pub use npy::write_npy;
pub use numbers::read_numbers;
pub use recording::Recording;
pub use selection::file_of;
pub use source::{Chunk, Chunks, Progress, Source};
pub use table::TableOptions;

use std::path::Path;

use format::Format;
use storage::{Opened, go_to};
pub(in crate::data) use storage::{interrupted, regular_length};
use stored::{Bytes, StoredArray};

/// Opens files of embeddings.
///
/// ```no_run
/// use embedding_norms::data::embeddings::Embeddings;
/// let mut source = Embeddings::open("embeddings.npz:z")?;
/// let (rows, dimension) = source.shape();
/// for chunk in source.chunks(4096)? {
///     let chunk = chunk?;
///     println!("{} rows from row {} on, of {rows}, in {dimension} dimensions", chunk.rows.nrows(), chunk.first_row);
/// }
/// # Ok::<(), embedding_norms::data::embeddings::ReadError>(())
/// ```
pub struct Embeddings;

#[doc = include_str!("../../../docs/your-own-embeddings.md")]
pub mod your_own_embeddings {}

impl Embeddings {
    /// Opens `FILE[:KEY][:ROWS]`. A file whose own name has a colon is taken as it is.
    ///
    /// `ROWS` are the first and the last one, counted from 0: `z.npy:0-511` has 512.
    ///
    /// # Errors
    /// A file that cannot be read, is cut short or forged, or does not hold one matrix of floating-point numbers; the
    /// error names the file, the place and the remedy.
    pub fn open(spec: impl AsRef<Path>) -> Result<Source, ReadError> {
        Self::open_with(spec, &TableOptions::default())
    }

    /// As [`Embeddings::open`], with what is known of a table. Arrays have no use for it.
    ///
    /// # Errors
    /// As for [`Embeddings::open`].
    pub fn open_with(spec: impl AsRef<Path>, options: &TableOptions) -> Result<Source, ReadError> {
        Source::new(Opened::open(spec.as_ref())?, options)
    }

    /// Takes embeddings that are in memory; `spec` names them as a file, and so their format.
    ///
    /// ```
    /// use embedding_norms::data::embeddings::Embeddings;
    /// let mut source = Embeddings::from_bytes("z.csv", b"0.5,1\n2,3\n".to_vec())?;
    /// assert_eq!(source.shape(), (2, 2));
    /// assert_eq!(source.read()?, ndarray::array![[0.5, 1.0], [2.0, 3.0]]);
    /// # Ok::<(), embedding_norms::data::embeddings::ReadError>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Embeddings::open`].
    pub fn from_bytes(spec: &str, bytes: Vec<u8>) -> Result<Source, ReadError> {
        Self::from_bytes_with(spec, bytes, &TableOptions::default())
    }

    /// As [`Embeddings::from_bytes`], with what is known of a table.
    ///
    /// # Errors
    /// As for [`Embeddings::open`].
    pub fn from_bytes_with(spec: &str, bytes: Vec<u8>, options: &TableOptions) -> Result<Source, ReadError> {
        Source::new(Opened::from_bytes(spec, bytes)?, options)
    }
}

/// The array that was asked for, in one of the binary formats.
fn array_of(opened: &mut Opened, format: Format) -> Result<StoredArray, Problem> {
    let key = opened.key.as_deref();
    let storage = &mut *opened.storage;
    match format {
        Format::Npz => npz::open(storage, opened.length, &opened.name, key),
        Format::Safetensors => safetensors::open(storage, opened.length, &opened.name, key),
        _ => match key {
            Some(key) => Err(Problem::UnexpectedKey { key: listing::shown(key) }),
            None => {
                const PLACE: &str = "the array";
                go_to(storage, 0, PLACE)?;
                let header = npy::read_header(storage, PLACE)?;
                let data = opened.length.saturating_sub(header.length);
                let bytes = Bytes::At(header.length);
                let names = (PLACE.to_owned(), "np.load(\"{file}\")".to_owned());
                let array = StoredArray::new(names, header.shape, header.element, bytes, data)?;
                Ok(StoredArray { fortran: header.fortran, big_endian: header.big_endian, ..array })
            }
        },
    }
}
