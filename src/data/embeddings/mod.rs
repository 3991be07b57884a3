//! A user's own embeddings: one reader for the files that Python writes.
//!
//! | format | elements | notes |
//! |---|---|---|
//! | `.npy`, `.npz` | f16, f32, f64 | C and Fortran order, either byte order, stored or deflated; checksums are tested |
//! | `.safetensors` | f16, bf16, f32, f64 | |
//! | `.csv`, `.tsv` | decimal numbers | with or without a header and a column of labels |
//!
//! `FILE:KEY` picks an array of an archive; of a table it names the column of labels. Shape and type are known when a
//! file is open, and what its header asks for has been compared with its length, before memory is reserved. Rows come
//! in chunks, as f64, which holds every one of these numbers exactly. A pickle (`.pt`) is not read, as it is a program.

mod array;
mod element;
mod error;
mod faults;
mod format;
mod labels;
mod npy;
mod npz;
mod safetensors;
mod source;
mod storage;
mod table;

pub use element::Element;
pub use error::{Problem, ReadError};
pub use faults::{Faults, Rows};
pub use labels::{Labels, read_indices};
pub use source::{Chunk, Chunks, Progress, Source};

use std::path::Path;

use array::{Bytes, StoredArray};
use format::Format;
use storage::{Opened, go_to};

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
    /// Opens `FILE` or `FILE:KEY`. A file whose own name has a colon is taken as it is.
    ///
    /// # Errors
    /// A file that cannot be read, is cut short or forged, or does not hold one matrix of floating-point numbers; the
    /// error names the file, the place and the remedy.
    pub fn open(spec: impl AsRef<Path>) -> Result<Source, ReadError> {
        Source::new(Opened::open(spec.as_ref())?)
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
        Source::new(Opened::from_bytes(spec, bytes)?)
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
            Some(key) => Err(Problem::UnexpectedKey { key: error::shown(key) }),
            None => {
                const PLACE: &str = "the array";
                go_to(storage, 0, PLACE)?;
                let header = npy::read_header(storage, PLACE)?;
                let data = opened.length.saturating_sub(header.length);
                let bytes = Bytes::At(header.length);
                let array = StoredArray::new(PLACE.to_owned(), header.shape, header.element, bytes, data)?;
                Ok(StoredArray { fortran: header.fortran, big_endian: header.big_endian, ..array })
            }
        },
    }
}
