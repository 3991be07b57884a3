//! Types of elements and their decoding.

use std::fmt;

use half::{bf16, f16};

/// The type of the elements of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Element {
    /// IEEE half precision, 16 bits.
    F16,
    /// The upper half of a single, 16 bits.
    Bf16,
    /// IEEE single precision.
    F32,
    /// IEEE double precision.
    F64,
    /// A signed integer of this many bytes: labels.
    Signed(usize),
    /// An unsigned integer of this many bytes, or a truth value: labels.
    Unsigned(usize),
    /// Text of this many bytes, padded with zeros: labels.
    Bytes(usize),
    /// Text of this many code points of four bytes, padded with zeros: labels.
    Unicode(usize),
    /// Decimal numbers of a table.
    Decimal,
    /// Python objects, which only Python can read.
    Object,
    /// Complex numbers of this many bytes.
    Complex(usize),
    /// Bytes without a type that numpy knows: bfloat16 and the types of 8 bits.
    Raw(usize),
    /// Records of several fields, with the expression of numpy that makes a matrix of `z`.
    Record(String),
    /// Any other, by its name in the file.
    Other(String),
}

impl Element {
    /// Bytes of one element; none where it has no fixed size, or none that is read.
    pub fn size(&self) -> Option<usize> {
        match self {
            Self::F16 | Self::Bf16 => Some(2),
            Self::F32 => Some(4),
            Self::F64 => Some(8),
            Self::Signed(size) | Self::Unsigned(size) | Self::Bytes(size) => Some(*size),
            // More than any file holds where it does not fit, so that a forged header is compared with the file too.
            Self::Unicode(points) => Some(points.saturating_mul(4)),
            Self::Complex(size) | Self::Raw(size) => Some(*size),
            Self::Decimal | Self::Object | Self::Record(_) | Self::Other(_) => None,
        }
    }

    /// Whether it is an integer or a truth value.
    pub(super) fn is_integer(&self) -> bool {
        matches!(self, Self::Signed(_) | Self::Unsigned(_))
    }

    /// Whether it is text.
    pub(super) fn is_text(&self) -> bool {
        matches!(self, Self::Bytes(_) | Self::Unicode(_))
    }

    /// Whether embeddings can be made of it.
    pub fn is_real(&self) -> bool {
        matches!(self, Self::F16 | Self::Bf16 | Self::F32 | Self::F64 | Self::Decimal)
    }

    /// Turns bytes of whole elements into numbers. f64 holds every one of them exactly except integers beyond 2⁵³.
    pub(super) fn decode(&self, bytes: &[u8], big_endian: bool, numbers: &mut Vec<f64>) {
        match self {
            Self::F16 => each(bytes, big_endian, numbers, |b| f16::from_bits(u16::from_le_bytes(b)).to_f64()),
            Self::Bf16 => each(bytes, big_endian, numbers, |b| bf16::from_bits(u16::from_le_bytes(b)).to_f64()),
            Self::F32 => each(bytes, big_endian, numbers, |b| f64::from(f32::from_le_bytes(b))),
            Self::F64 => each(bytes, big_endian, numbers, f64::from_le_bytes),
            Self::Signed(size) | Self::Unsigned(size) => {
                let is_signed = matches!(self, Self::Signed(_));
                numbers.extend(bytes.chunks_exact(*size).map(|bytes| integer(bytes, big_endian, is_signed) as f64));
            }
            _ => unreachable!("elements are checked to be numbers when they are opened"),
        }
    }

    /// Turns the bytes of one element into the text of a label; none if they are not text.
    pub(super) fn label(&self, bytes: &[u8], big_endian: bool) -> Option<String> {
        match self {
            Self::Signed(_) => Some(integer(bytes, big_endian, true).to_string()),
            Self::Unsigned(_) => Some(integer(bytes, big_endian, false).to_string()),
            Self::Bytes(_) => Some(std::str::from_utf8(bytes).ok()?.trim_end_matches('\0').to_owned()),
            Self::Unicode(_) => {
                let points = bytes.as_chunks::<4>().0.iter().map(|point| {
                    char::from_u32(if big_endian { u32::from_be_bytes(*point) } else { u32::from_le_bytes(*point) })
                });
                Some(points.collect::<Option<String>>()?.trim_end_matches('\0').to_owned())
            }
            _ => None,
        }
    }
}

fn each<const SIZE: usize>(bytes: &[u8], big_endian: bool, numbers: &mut Vec<f64>, decode: impl Fn([u8; SIZE]) -> f64) {
    let elements = bytes.as_chunks::<SIZE>().0.iter().copied();
    if big_endian {
        numbers.extend(elements.map(|mut element| {
            element.reverse();
            decode(element)
        }));
    } else {
        numbers.extend(elements.map(decode));
    }
}

/// An integer of at most eight bytes.
fn integer(bytes: &[u8], big_endian: bool, signed: bool) -> i128 {
    let mut little = bytes.to_vec();
    if big_endian {
        little.reverse();
    }
    let negative = signed && little.last().is_some_and(|byte| byte & 0x80 != 0);
    let mut wide = [if negative { 0xff } else { 0 }; 16];
    wide[..little.len()].copy_from_slice(&little);
    i128::from_le_bytes(wide)
}

impl fmt::Display for Element {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::F16 => formatter.write_str("f16"),
            Self::Bf16 => formatter.write_str("bf16"),
            Self::F32 => formatter.write_str("f32"),
            Self::F64 => formatter.write_str("f64"),
            Self::Signed(size) => write!(formatter, "int{}", size.saturating_mul(8)),
            Self::Unsigned(size) => write!(formatter, "uint{}", size.saturating_mul(8)),
            Self::Bytes(_) | Self::Unicode(_) => formatter.write_str("text"),
            Self::Decimal => formatter.write_str("decimal numbers"),
            Self::Object => formatter.write_str("Python object"),
            Self::Complex(size) => write!(formatter, "complex{}", size.saturating_mul(8)),
            Self::Raw(size) => write!(formatter, "void{}", size.saturating_mul(8)),
            Self::Record(_) => formatter.write_str("record of named fields"),
            Self::Other(name) => formatter.write_str(name),
        }
    }
}
