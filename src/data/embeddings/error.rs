//! What can be wrong with a file of embeddings: each error names the file, the place and the remedy.

use std::fmt;
use std::path::Path;

use super::faults::Faults;
use super::listing::Shape;

/// A file that cannot be read as asked.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {}", in_words(problem, file))]
pub struct ReadError {
    /// The file, as it was named.
    pub file: String,
    /// What is wrong with it.
    #[source]
    pub problem: Box<Problem>,
}

/// Stands for the name of the file in a remedy, so that it can be typed as it is printed.
const FILE: &str = "{file}";

/// Stands for the ending of the file's name in a remedy.
const ENDING: &str = "{ending}";

/// Formats that are read, in words.
const FORMATS: &str = "there are .npy, .npz, .safetensors, .csv and .tsv";

/// How to bring embeddings out of another format.
const EXPORT: &str =
    "np.save(\"z.npy\", z.detach().float().cpu().numpy()) of a tensor, np.save(\"z.npy\", z) of an array";

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
        remedy: String,
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
        remedy: String,
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
        remedy: String,
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
    #[error("a .npy file holds one array without a name; leave out ':{key}', or name rows as {file}:0-99", file = FILE)]
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
    /// A field that is not a number.
    #[error("line {line}, column {column}: '{found}' is not a number{remedy}")]
    Field {
        /// The line in the file, counted from 1.
        line: u64,
        /// The column, counted from 1, with its name if it has one.
        column: String,
        /// What stands there.
        found: String,
        /// What else may be the matter.
        remedy: String,
    },
    /// A missing number.
    #[error("line {line}, column {column}: '{found}', a missing value; complete the row or remove it")]
    MissingNumber {
        /// The line in the file, counted from 1.
        line: u64,
        /// The column, counted from 1, with its name if it has one.
        column: String,
        /// What stands there.
        found: String,
    },
    /// A number in a notation that is not read.
    #[error("line {line}, column {column}: '{found}', {what}; {remedy}")]
    Notation {
        /// The line in the file, counted from 1.
        line: u64,
        /// The column, counted from 1, with its name if it has one.
        column: String,
        /// What stands there.
        found: String,
        /// The notation.
        what: &'static str,
        /// What to do.
        remedy: String,
    },
    /// A list in a field that is not an embedding, with what to do.
    #[error("line {line}, column {column}: {found}")]
    List {
        /// The line in the file, counted from 1.
        line: u64,
        /// The column, counted from 1, with its name if it has one.
        column: String,
        /// What is wrong with it.
        found: String,
    },
    /// Several columns of lists, and none was named.
    #[error("several columns hold lists; name one as FILE:COLUMN, such as {FILE}:{example}: there are {there}")]
    SeveralLists {
        /// The first of them.
        example: String,
        /// Their names.
        there: String,
    },
    /// A column without any value, as a separator at the end of each line makes one.
    #[error(
        "column {column}: {which}, without a value on any line; remove it, or leave it out with --drop-columns {option}"
    )]
    EmptyColumn {
        /// The column, counted from 1, with its name if it has one.
        column: String,
        /// Which one.
        which: &'static str,
        /// How an option names it.
        option: String,
    },
    /// A column that looks like an index, and would be taken for a coordinate.
    #[error(
        "column {column} ({examples}) {doubt}: an index, and no coordinate? Leave it out with --drop-columns {columns}, \
         or keep it with --keep-columns {columns}"
    )]
    Index {
        /// The column, counted from 1, with its name if it has one.
        column: String,
        /// Its first numbers.
        examples: String,
        /// What is suspicious about it.
        doubt: &'static str,
        /// All columns of this kind, as an option names them.
        columns: String,
    },
    /// A first line that is neither a header nor a row.
    #[error(
        "line {line}, column {column}: '{found}' stands above numbers, and '{number}' on the same line does as well, so \
         that the line is neither a header nor a row; correct the field, or say what it is with --header yes or --header no"
    )]
    FirstLine {
        /// The line in the file, counted from 1.
        line: u64,
        /// The column of the text, counted from 1.
        column: usize,
        /// The text.
        found: String,
        /// A number beside it.
        number: String,
    },
    /// A first line that may be a header, as pandas writes it for columns without names, or a row.
    #[error(
        "line {line}: {found} may be a header that counts the columns, as pandas writes it, or a row; say which with \
         --header yes or --header no"
    )]
    Counted {
        /// The line in the file, counted from 1.
        line: u64,
        /// What stands there.
        found: String,
    },
    /// A line that may be a comment or a row.
    #[error(
        "line {line}, column 1: '{found}' begins as a comment does, and the line has the fields of a row; correct the \
         field, or remove the line"
    )]
    Comment {
        /// The line in the file, counted from 1.
        line: u64,
        /// What stands there.
        found: String,
    },
    /// Bytes that are not UTF-8.
    #[error(
        "line {line}, column {column}: '{found}' is not UTF-8, and may be {encoding}; save the file as UTF-8, in Python: \
         text = open(\"{FILE}\", encoding=\"{codec}\", newline=\"\").read(); open(\"new.{ENDING}\", \"w\", encoding=\"utf-8\", \
         newline=\"\").write(text)"
    )]
    Encoding {
        /// The line in the file, counted from 1.
        line: u64,
        /// The column, counted from 1.
        column: usize,
        /// The bytes.
        found: String,
        /// The encoding that they may be.
        encoding: &'static str,
        /// What Python calls it.
        codec: &'static str,
    },
    /// Bytes of zero in a text.
    #[error("line {line}, column {column}: '{found}' contains zero bytes, which text does not; write the file again")]
    Nul {
        /// The line in the file, counted from 1.
        line: u64,
        /// The column, counted from 1.
        column: usize,
        /// The bytes.
        found: String,
    },
    /// A line of another number of fields than the first.
    #[error("line {line}: {found} fields, where the lines before have {expected}; {remedy}")]
    Width {
        /// The line in the file, counted from 1.
        line: u64,
        /// Fields of the first line.
        expected: usize,
        /// Fields of this line.
        found: usize,
        /// What to do.
        remedy: &'static str,
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
    #[error("line {line}: {separator}, where {wanted} is expected; {remedy}")]
    Separator {
        /// The line in the file, counted from 1.
        line: u64,
        /// What stands between the fields.
        separator: String,
        /// What should.
        wanted: &'static str,
        /// What to do.
        remedy: String,
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
    #[error("{place}: no label ('{found}'); give one to every row, and a class of this name another one")]
    MissingLabel {
        /// Where.
        place: String,
        /// What stands there.
        found: String,
    },
    /// Bytes of a label that are not text.
    #[error(
        "{place}: a label that is not UTF-8 text; if it is Latin-1, in Python: z = {load}; np.save(\"new.npy\", \
         np.char.decode(z, \"latin-1\"))"
    )]
    LabelBytes {
        /// Where.
        place: String,
        /// How Python loads the array.
        load: String,
    },
    /// Rows that the file does not have.
    #[error("rows {first}-{last} are asked for, and there are {there}, counted from 0")]
    NoSuchRows {
        /// The first one asked for.
        first: usize,
        /// The last one asked for.
        last: usize,
        /// How many there are.
        there: usize,
    },
    /// A slice of Python in the place of a range of rows.
    #[error("':{found}' is not a range of rows; write the first and the last one, counted from 0, as in {FILE}:0-511")]
    Slice {
        /// What was asked for.
        found: String,
    },
    /// A file that names others, in which the arrays are.
    #[error("{what}; {remedy}")]
    Sharded {
        /// What is wrong.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// A text that is not a number, where a number per row is needed.
    #[error("row {row}: '{found}' is not a number; give one per row, counted from 0")]
    NotANumber {
        /// The row, counted from 0.
        row: usize,
        /// What stands there.
        found: String,
    },
    /// A text that is not the index of a row.
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
}

/// A problem in words, with the file in the place of what stands for it.
fn in_words(problem: &Problem, file: &str) -> String {
    let ending = Path::new(file).extension().unwrap_or_default().to_string_lossy();
    problem.to_string().replace(FILE, file).replace(ENDING, &ending)
}

impl Faults {
    /// Passes if every row has a direction.
    ///
    /// # Errors
    /// [`Problem::NoDirection`] with the first few indices and the counts.
    pub fn check(&self) -> Result<(), Problem> {
        if self.is_empty() { Ok(()) } else { Err(Problem::NoDirection(self.clone())) }
    }
}
