//! IDX, the format of MNIST: a header of two zeros, a type of element, the number of dimensions and their sizes, then the
//! elements, the most significant byte first and the last dimension fastest.

use std::path::Path;

use ndarray::Array2;

use super::error::{ImageError, ImageProblem};
use super::opened::Opened;
use crate::data::embeddings::Problem;

/// Dimensions that an array may have.
const MOST_DIMENSIONS: u8 = 8;

/// A type of element of an IDX file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdxElement {
    /// Whole numbers from 0 to 255.
    U8,
    /// Whole numbers of one byte with a sign.
    I8,
    /// Whole numbers of two bytes.
    I16,
    /// Whole numbers of four bytes.
    I32,
    /// Numbers in single precision.
    F32,
    /// Numbers in double precision.
    F64,
}

impl IdxElement {
    /// All types, with the byte that stands for each in a header.
    pub const ALL: [(u8, Self); 6] = [
        (0x08, Self::U8),
        (0x09, Self::I8),
        (0x0b, Self::I16),
        (0x0c, Self::I32),
        (0x0d, Self::F32),
        (0x0e, Self::F64),
    ];

    /// Bytes of an element.
    pub fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// The name as numpy has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::U8 => "uint8",
            Self::I8 => "int8",
            Self::I16 => "int16",
            Self::I32 => "int32",
            Self::F32 => "float32",
            Self::F64 => "float64",
        }
    }

    /// Whether elements are whole numbers.
    pub fn is_whole(self) -> bool {
        !matches!(self, Self::F32 | Self::F64)
    }

    /// The elements of bytes, as f64, which holds each of them exactly.
    fn decode(self, bytes: &[u8]) -> Vec<f64> {
        fn each<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f64) -> Vec<f64> {
            bytes.as_chunks::<N>().0.iter().map(|bytes| number(*bytes)).collect()
        }
        match self {
            Self::U8 => bytes.iter().map(|byte| f64::from(*byte)).collect(),
            Self::I8 => each(bytes, |bytes| f64::from(i8::from_be_bytes(bytes))),
            Self::I16 => each(bytes, |bytes| f64::from(i16::from_be_bytes(bytes))),
            Self::I32 => each(bytes, |bytes| f64::from(i32::from_be_bytes(bytes))),
            Self::F32 => each(bytes, |bytes| f64::from(f32::from_be_bytes(bytes))),
            Self::F64 => each(bytes, f64::from_be_bytes),
        }
    }
}

/// An open IDX file, plain or packed by gzip, whose rows are read in their order. A row is what has one first index: an
/// image, or a label.
///
/// ```
/// use embedding_norms::data::images::Idx;
/// // Two rows of three bytes each.
/// let mut idx = Idx::from_bytes("z.idx", vec![0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255])?;
/// assert_eq!(idx.shape(), [2, 3]);
/// assert_eq!(idx.next_rows(1)?, ndarray::array![[1.0, 2.0, 3.0]]);
/// assert_eq!(idx.next_rows(9)?, ndarray::array![[4.0, 5.0, 255.0]]);
/// assert_eq!(idx.next_rows(9)?.nrows(), 0);
/// # Ok::<(), embedding_norms::data::images::ImageError>(())
/// ```
pub struct Idx {
    opened: Opened,
    element: IdxElement,
    shape: Vec<usize>,
    /// The next row.
    next: usize,
    buffer: Vec<u8>,
}

impl Idx {
    /// Opens a file and reads its header, which is compared with the length of the file before memory is reserved.
    ///
    /// # Errors
    /// A file that cannot be read, that is not IDX, or that cannot hold what its header asks for.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ImageError> {
        Self::new(Opened::open(path.as_ref())?)
    }

    /// Takes a file that is in memory; `name` stands for it in errors.
    ///
    /// # Errors
    /// As [`Idx::open`].
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Self, ImageError> {
        Self::new(Opened::from_bytes(name, bytes)?)
    }

    fn new(mut opened: Opened) -> Result<Self, ImageError> {
        const HEADER: &str = "the header";
        let mut buffer = Vec::new();
        opened.next(4, &mut buffer, HEADER)?;
        let not = |found: String| ImageProblem::NotIdx { found }.of(&opened.name);
        let &[0, 0, kind, dimensions] = &buffer[..] else {
            return Err(not(format!("the bytes {buffer:02x?}")));
        };
        let known = IdxElement::ALL.into_iter().find(|(byte, _)| *byte == kind);
        let (_, element) = known.ok_or_else(|| not(format!("the type {kind:#04x}")))?;
        if !(1..=MOST_DIMENSIONS).contains(&dimensions) {
            return Err(not(format!("{dimensions} dimensions")));
        }
        opened.next(4 * usize::from(dimensions), &mut buffer, HEADER)?;
        let sizes: Vec<u64> =
            buffer.as_chunks::<4>().0.iter().map(|size| u64::from(u32::from_be_bytes(*size))).collect();
        if sizes.contains(&0) {
            let problem = Problem::EmptyArray { place: HEADER.to_owned(), found: sizes };
            return Err(ImageProblem::from(problem).of(&opened.name));
        }
        let header = 4 + 4 * u128::from(dimensions);
        let data = sizes.iter().try_fold(element.size() as u128, |bytes, size| bytes.checked_mul(u128::from(*size)));
        let data = data.unwrap_or(u128::MAX - header);
        // No larger than a file can be, so each size and their product fit.
        let shape: Vec<usize> = sizes.iter().map(|size| *size as usize).collect();
        let idx = Self { opened, element, shape, next: 0, buffer };
        if idx.opened.contradicts(header + data) {
            return Err(idx.other_length(data));
        }
        Ok(idx)
    }

    fn other_length(&self, expected: u128) -> ImageError {
        let header = 4 + 4 * self.shape.len() as u64;
        let length = self.opened.length;
        let found = match (self.opened.packed, self.next) {
            (false, _) => length.saturating_sub(header).to_string(),
            (true, 0) => format!("fewer, as {length} packed bytes cannot unpack to them"),
            (true, _) => "more".to_owned(),
        };
        ImageProblem::Length { expected, shape: shown(&self.shape), found }.of(&self.opened.name)
    }

    /// The sizes of the dimensions, the first one the number of rows.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The type of the elements.
    pub fn element(&self) -> IdxElement {
        self.element
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.shape[0]
    }

    /// The elements of a row.
    pub fn row_length(&self) -> usize {
        self.shape[1..].iter().product()
    }

    /// The name in errors.
    pub(super) fn name(&self) -> &str {
        &self.opened.name
    }

    /// The next rows, at most so many, as (rows × elements); without rows at the end. Behind the last row nothing may
    /// follow, and with gzip the checksum is tested there.
    ///
    /// # Errors
    /// Data that ends too early, does not end, or does not match its checksum.
    pub fn next_rows(&mut self, most: usize) -> Result<Array2<f64>, ImageError> {
        let (count, length) = (most.min(self.rows() - self.next), self.row_length());
        let place = format!("row {}", self.next);
        let bytes = count * length * self.element.size();
        self.opened.next(bytes, &mut self.buffer, &place)?;
        self.next += count;
        if count > 0 && self.next == self.rows() && !self.opened.is_at_end("the end of the data")? {
            return Err(self.other_length((self.rows() * length * self.element.size()) as u128));
        }
        let numbers = self.element.decode(&self.buffer);
        Ok(Array2::from_shape_vec((count, length), numbers).expect("whole rows are read"))
    }
}

/// A shape in words.
pub(super) fn shown(shape: &[usize]) -> String {
    let sizes: Vec<String> = shape.iter().map(ToString::to_string).collect();
    sizes.join(" × ")
}
