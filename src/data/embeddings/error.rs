//! What can be wrong with a file of embeddings: each error names the file, the place and the remedy.

use std::fmt;

use super::Element;
use super::faults::Faults;

/// A file that cannot be read as asked.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct ReadError {
    /// The file, as it was named.
    pub file: String,
    /// What is wrong with it.
    #[source]
    pub problem: Box<Problem>,
}

/// Formats that are read, in words.
const FORMATS: &str = "there are .npy, .npz, .safetensors, .csv and .tsv";

/// How to bring embeddings out of another format.
const EXPORT: &str = "np.save(\"z.npy\", z.detach().float().cpu().numpy())";

/// What is wrong with a file, where, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// There is no such file.
    #[error("no such file; check the path")]
    Missing,
    /// A folder in the place of a file.
    #[error("this is a folder; give one file in it")]
    Folder,
    /// A pipe, a socket or a device: arrays are read from their place, and shapes before rows.
    #[error("this is a pipe or a device, which cannot be read twice; write it to a file first")]
    NotAFile,
    /// The system refuses.
    #[error("cannot be read: {0}; check the permissions of the file and its folders")]
    Refused(std::io::Error),
    /// Reading failed on the way.
    #[error("{place} cannot be read: {error}; check the disk, or copy the file again")]
    Interrupted {
        /// Where.
        place: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// A file without content.
    #[error("the file is empty (0 bytes); write it again")]
    Empty,
    /// A format that is not read.
    #[error("not a format of embeddings that is read here: {FORMATS}. From Python: {EXPORT}")]
    UnknownFormat,
    /// A format that is known and not read.
    #[error("this is {format}, which is not read here; {remedy}")]
    OtherFormat {
        /// The format.
        format: &'static str,
        /// How to re-export it.
        remedy: &'static str,
    },
    /// A header that does not follow its format.
    #[error("{place}: {what}; the file is corrupt, write it again")]
    Corrupt {
        /// Where.
        place: String,
        /// What is wrong there.
        what: String,
    },
    /// Less data than the header promises.
    #[error(
        "{place}: the header asks for {expected} bytes of data, and there are {found}; the file is cut short or its \
         header forged, write it again"
    )]
    Truncated {
        /// Where.
        place: String,
        /// Bytes that shape and type ask for.
        expected: u128,
        /// Bytes that there are.
        found: u64,
    },
    /// More data than the header speaks of.
    #[error(
        "{place}: the header speaks of {expected} bytes of data, and there are {found}; if several arrays were saved \
         into one file, save them by name with np.savez"
    )]
    Trailing {
        /// Where.
        place: String,
        /// Bytes that shape and type ask for.
        expected: u128,
        /// Bytes that there are.
        found: u64,
    },
    /// Data that does not match its checksum.
    #[error("{place}: the data does not match its checksum; the file is corrupt, copy or write it again")]
    Checksum {
        /// Where.
        place: String,
    },
    /// A sequence of Python objects in the place of numbers.
    #[error(
        "{place}: an array of Python objects, which only Python can read; re-export it as numbers: \
         np.save(\"z.npy\", np.stack(list(z)).astype(np.float32))"
    )]
    Objects {
        /// Where.
        place: String,
    },
    /// Elements of another kind than asked for.
    #[error("{place}: elements of type {found}, where {wanted} are needed; {remedy}")]
    Elements {
        /// Where.
        place: String,
        /// The type that stands in the file.
        found: String,
        /// The types that are read.
        wanted: &'static str,
        /// How to convert.
        remedy: &'static str,
    },
    /// An array of another number of dimensions than asked for.
    #[error("{place}: shape {}, where {wanted} is needed; {remedy}", Shape(.found))]
    Dimensions {
        /// Where.
        place: String,
        /// The shape that stands in the file.
        found: Vec<u64>,
        /// The shape that is read.
        wanted: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// No rows or no columns.
    #[error("{place}: shape {} holds no number; write at least one row and one column", Shape(.found))]
    EmptyArray {
        /// Where.
        place: String,
        /// The shape that stands in the file.
        found: Vec<u64>,
    },
    /// No array of that name.
    #[error("there is no array '{key}'; there are {there}")]
    NoSuchKey {
        /// The name asked for.
        key: String,
        /// The names that there are.
        there: String,
    },
    /// Several arrays, and none was named.
    #[error("several arrays; name one as FILE:KEY, such as {example}: there are {there}")]
    AmbiguousKey {
        /// How one of them is named.
        example: String,
        /// The names that there are.
        there: String,
    },
    /// An archive without arrays.
    #[error("no array in it; save one with {how}")]
    NoArrays {
        /// How arrays get into this format.
        how: &'static str,
    },
    /// A name where the format holds a single array.
    #[error("a .npy file holds one array without a name; leave out ':{key}'")]
    UnexpectedKey {
        /// The name asked for.
        key: String,
    },
    /// A part of an archive that is compressed in a way that numpy does not use.
    #[error("{place}: {method}; write it again with np.savez or np.savez_compressed")]
    Compression {
        /// Where.
        place: String,
        /// How it is stored.
        method: String,
    },
    /// A field that is no number.
    #[error("line {line}, column {column}: {found}; every coordinate must be a number{remedy}")]
    Field {
        /// The line in the file, counted from 1.
        line: u64,
        /// The column, counted from 1, with its name if it has one.
        column: String,
        /// What stands there.
        found: String,
        /// What else may be the matter.
        remedy: &'static str,
    },
    /// A line of another number of fields than the first.
    #[error("line {line}: {found} fields, where the lines before have {expected}; complete or remove it")]
    Width {
        /// The line in the file, counted from 1.
        line: u64,
        /// Fields of the first line.
        expected: usize,
        /// Fields of this line.
        found: usize,
    },
    /// A line that is too long to be one.
    #[error("line {line}: longer than {limit} bytes; look for a quote that is not closed, or save it as .npy")]
    LongLine {
        /// The line in the file, counted from 1.
        line: u64,
        /// The limit.
        limit: u64,
    },
    /// A single field on every line, with another separator in it.
    #[error("line {line}: {separator} between the fields, where {wanted} is expected; {remedy}")]
    Separator {
        /// The line in the file, counted from 1.
        line: u64,
        /// What stands between the fields.
        separator: &'static str,
        /// What should.
        wanted: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// No column of that name.
    #[error("there is no column '{key}'; there are {there}")]
    NoSuchColumn {
        /// The name asked for.
        key: String,
        /// The names that there are.
        there: String,
    },
    /// A table without a column of labels, or with several that could be it.
    #[error("no column is known as the labels; name it as FILE:COLUMN: there are {there}")]
    NoLabels {
        /// The names that there are.
        there: String,
    },
    /// A table without coordinates.
    #[error("no column of coordinates; there are {there}")]
    NoCoordinates {
        /// The names that there are.
        there: String,
    },
    /// A label that is missing.
    #[error("line {line}: no label; give one to every row")]
    MissingLabel {
        /// The line in the file, counted from 1.
        line: u64,
    },
    /// A row index that is none.
    #[error("row {row}: '{found}' is not the index of a row; give one whole number from 0 per row")]
    NotAnIndex {
        /// The row, counted from 0.
        row: usize,
        /// What stands there.
        found: String,
    },
    /// More than the memory can hold, or than is loaded at once.
    #[error("{place}: {bytes} bytes do not fit into memory; {remedy}")]
    Memory {
        /// Where.
        place: String,
        /// Bytes that are needed.
        bytes: u128,
        /// What to do.
        remedy: &'static str,
    },
    /// Rows without a direction.
    #[error("{0}")]
    NoDirection(Faults),
}

impl Problem {
    /// The problem of a file.
    pub(super) fn of(self, file: &str) -> ReadError {
        ReadError { file: file.to_owned(), problem: Box::new(self) }
    }

    pub(super) fn corrupt(place: &str, what: impl fmt::Display) -> Self {
        Self::Corrupt { place: place.to_owned(), what: what.to_string() }
    }

    /// Elements that are no floating-point numbers, where embeddings are.
    pub(super) fn not_real(place: &str, found: &Element) -> Self {
        Self::Elements {
            place: place.to_owned(),
            found: found.to_string(),
            wanted: "f16, bf16, f32 or f64",
            remedy: "convert them, in numpy with z.astype(np.float32)",
        }
    }
}

/// A shape as Python writes it.
struct Shape<'a>(&'a [u64]);

impl fmt::Display for Shape<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sides: Vec<String> = self.0.iter().map(u64::to_string).collect();
        write!(formatter, "({}{})", sides.join(", "), if sides.len() == 1 { "," } else { "" })
    }
}

/// The largest number of names that an error lists.
const LISTED: usize = 20;

/// Names in words, not more than fit an error.
pub(super) fn listed(names: &[String]) -> String {
    // Names come from the file, so each is shortened and control characters are escaped.
    let shown: Vec<String> = names.iter().take(LISTED).map(|name| shown(name)).collect();
    match names.len() {
        0 => "none".to_owned(),
        count if count > LISTED => format!("{} and {} more", shown.join(", "), count - LISTED),
        _ => shown.join(", "),
    }
}

/// A text of the file as an error shows it: short, and on one line.
pub(super) fn shown(text: &str) -> String {
    let short: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() { short + "…" } else { short }
}
