//! Where bytes come from, and what a file is asked before it is opened.

use std::fs::{self, File};
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::error::{Problem, ReadError};
use super::selection::{RowRange, Selection};

/// Bytes from the beginning by which a format is known; a tar archive says what it is behind a name of 257.
const FIRST: u64 = 512;

/// Bytes that can be read from any place.
pub(super) trait Storage: Read + Seek + Send {}

impl<T: Read + Seek + Send> Storage for T {}

/// An open file, or bytes in memory, with the array that was asked for.
pub(super) struct Opened {
    /// The name in errors.
    pub name: String,
    /// The part of the name after the last dot, in small letters.
    pub extension: String,
    /// The array asked for, `KEY` of `FILE:KEY`.
    pub key: Option<String>,
    /// The rows asked for.
    pub rows: Option<RowRange>,
    /// The bytes.
    pub storage: Box<dyn Storage>,
    /// How many they are.
    pub length: u64,
}

impl Opened {
    /// Opens the file of a selection.
    pub fn of_file(selection: &Selection) -> Result<Self, ReadError> {
        let path = &selection.file;
        let name = path.display().to_string();
        let length = regular_length(path).map_err(|problem| problem.of(&name))?;
        let file = File::open(path).map_err(|error| Problem::Refused(error).of(&name))?;
        Self::new(name, selection, Box::new(BufReader::new(file)), length)
    }

    /// Takes bytes that are in memory already; `spec` names them as a file, the first of whose colons ends its name.
    pub fn from_bytes(spec: &str, bytes: Vec<u8>) -> Result<Self, ReadError> {
        let name = spec.split(':').next().unwrap_or_default();
        let selection = Selection::of(Path::new(spec), |path| path == Path::new(name))?;
        let length = bytes.len() as u64;
        Self::new(name.to_owned(), &selection, Box::new(std::io::Cursor::new(bytes)), length)
    }

    fn new(name: String, selection: &Selection, storage: Box<dyn Storage>, length: u64) -> Result<Self, ReadError> {
        if length == 0 {
            return Err(Problem::Empty.of(&name));
        }
        let extension = Path::new(&name).extension().unwrap_or_default().to_string_lossy().to_lowercase();
        Ok(Self { name, extension, key: selection.key.clone(), rows: selection.rows, storage, length })
    }

    /// The first bytes, by which formats are known; fewer of a shorter file.
    pub fn first_bytes(&mut self) -> Result<Vec<u8>, Problem> {
        let mut first = Vec::new();
        go_to(&mut *self.storage, 0, "the beginning")?;
        (&mut self.storage).take(FIRST).read_to_end(&mut first).map_err(|error| interrupted("the beginning", error))?;
        Ok(first)
    }
}

/// The length of a regular file; asked before opening, as a pipe would wait for somebody to write.
pub(in crate::data) fn regular_length(path: &Path) -> Result<u64, Problem> {
    let metadata = fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Problem::Missing,
        _ => Problem::Refused(error),
    })?;
    if metadata.is_dir() {
        return Err(Problem::Folder);
    }
    if !metadata.is_file() {
        return Err(Problem::NotAFile);
    }
    Ok(metadata.len())
}

/// Goes to a place counted in bytes from the beginning.
pub(super) fn go_to(storage: &mut dyn Storage, place: u64, words: &str) -> Result<(), Problem> {
    storage.seek(SeekFrom::Start(place)).map(drop).map_err(|error| interrupted(words, error))
}

/// An error of reading on the way.
pub(in crate::data) fn interrupted(place: &str, error: std::io::Error) -> Problem {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => Problem::corrupt(place, "the data ends too early"),
        std::io::ErrorKind::InvalidData | std::io::ErrorKind::InvalidInput => match error.downcast::<Problem>() {
            Ok(problem) => problem,
            Err(error) => Problem::corrupt(place, error),
        },
        _ => Problem::Interrupted { place: place.to_owned(), error },
    }
}
