//! Bytes of a file of images, plain or packed by gzip.

use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::error::{ImageError, ImageProblem, named};
use crate::data::embeddings::{Problem, interrupted, regular_length};

/// The bytes with which gzip begins. Neither IDX nor a record of CIFAR can.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The most that a byte of gzip can unpack to.
const LARGEST_GROWTH: u128 = 1032;

/// Bytes in their order, unpacked.
pub(super) struct Opened {
    pub name: String,
    pub reader: Box<dyn Read + Send>,
    /// How long the file is, as it lies on the disk.
    pub length: u64,
    pub packed: bool,
}

impl Opened {
    pub fn open(path: &Path) -> Result<Self, ImageError> {
        let name = named(path);
        let of = |problem: Problem| ImageProblem::from(problem).of(&name);
        let length = regular_length(path).map_err(of)?;
        let file = File::open(path).map_err(|error| of(Problem::Refused(error)))?;
        Self::new(&name, BufReader::new(file), length)
    }

    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Self, ImageError> {
        let length = bytes.len() as u64;
        Self::new(name, Cursor::new(bytes), length)
    }

    fn new(name: &str, mut storage: impl Read + Send + 'static, length: u64) -> Result<Self, ImageError> {
        if length == 0 {
            return Err(ImageProblem::from(Problem::Empty).of(name));
        }
        let mut first = Vec::new();
        let begun = storage.by_ref().take(GZIP.len() as u64).read_to_end(&mut first);
        begun.map_err(|error| ImageProblem::from(interrupted("the beginning", error)).of(name))?;
        let packed = first == GZIP;
        let whole = Cursor::new(first).chain(storage);
        let reader: Box<dyn Read + Send> =
            if packed { Box::new(MultiGzDecoder::new(BufReader::new(whole))) } else { Box::new(whole) };
        Ok(Self { name: name.to_owned(), reader, length, packed })
    }

    /// Whether so many bytes cannot be in the file, or are not all of it, as far as its length tells.
    pub fn contradicts(&self, bytes: u128) -> bool {
        let length = u128::from(self.length);
        if self.packed { bytes > length * LARGEST_GROWTH } else { bytes != length }
    }

    /// The next bytes: memory grows only with what is there.
    pub fn next(&mut self, bytes: usize, buffer: &mut Vec<u8>, place: &str) -> Result<(), ImageError> {
        buffer.clear();
        let taken = self.reader.by_ref().take(bytes as u64).read_to_end(buffer);
        let taken = taken.map_err(|error| self.broken(place, error))?;
        if taken == bytes { Ok(()) } else { Err(self.broken(place, std::io::ErrorKind::UnexpectedEof.into())) }
    }

    /// Whether there is nothing more; with gzip this tests its checksum.
    pub fn is_at_end(&mut self, place: &str) -> Result<bool, ImageError> {
        let mut more = Vec::new();
        let read = self.reader.by_ref().take(1).read_to_end(&mut more);
        read.map(|count| count == 0).map_err(|error| self.broken(place, error))
    }

    fn broken(&self, place: &str, error: std::io::Error) -> ImageError {
        ImageProblem::from(interrupted(place, error)).of(&self.name)
    }
}
