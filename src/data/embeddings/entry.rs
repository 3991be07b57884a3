//! A file in a zip archive: where its bytes are, and the bytes themselves, unpacked and checked.

use std::io::{self, BufReader, Read};

use flate2::Crc;
use flate2::read::DeflateDecoder;

use super::error::Problem;
use super::storage::{Storage, go_to};

/// A file in the archive.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub place: String,
    pub start: u64,
    pub stored: u64,
    /// Bytes when unpacked.
    pub size: u64,
    pub deflated: bool,
    pub checksum: u32,
}

impl Entry {
    /// The unpacked bytes from the beginning; their checksum is tested with the last of them.
    pub fn reader<'a>(&self, storage: &'a mut dyn Storage) -> Result<Box<dyn Read + 'a>, Problem> {
        go_to(storage, self.start, &self.place)?;
        let stored = storage.take(self.stored);
        let unpacked: Box<dyn Read + 'a> =
            if self.deflated { Box::new(DeflateDecoder::new(BufReader::new(stored))) } else { Box::new(stored) };
        Ok(Box::new(Checked {
            unpacked,
            sum: Crc::new(),
            left: self.size,
            expected: self.checksum,
            place: self.place.clone(),
        }))
    }
}

/// Bytes whose checksum is tested where they end.
struct Checked<R> {
    unpacked: R,
    sum: Crc,
    left: u64,
    expected: u32,
    place: String,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let count = self.unpacked.read(&mut buffer[..room])?;
        self.sum.update(&buffer[..count]);
        self.left -= count as u64;
        if self.left == 0 && count > 0 && self.sum.sum() != self.expected {
            let problem = Problem::Checksum { place: self.place.clone() };
            return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
        }
        Ok(count)
    }
}
