//! Reading journals: once from beginning to end, then single results by their place in the file.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::record::{Key, Record, may_begin_line, unseal};
use super::{Difference, FORMAT, Header, JournalError};
use crate::files;
use crate::sweep::plan::Unit;

/// A journal that is read line by line.
pub(in crate::sweep) struct Reader {
    path: PathBuf,
    file: BufReader<File>,
    buffer: Vec<u8>,
    /// Where the line that was read last begins.
    start: u64,
    /// Where the last whole line ends.
    pub(in crate::sweep) whole: u64,
    /// Bytes of a last line that was cut short.
    pub(in crate::sweep) torn: u64,
}

impl Reader {
    /// Opens a journal for reading.
    pub(in crate::sweep) fn open(path: &Path) -> Result<Self, JournalError> {
        let file = files::open(path).map_err(JournalError::io("open", path))?;
        let (path, file) = (path.to_owned(), BufReader::new(file));
        Ok(Self { path, file, buffer: Vec::new(), start: 0, whole: 0, torn: 0 })
    }

    /// The header as it stands in the file and the key of the other lines; `None` in a file that ends before.
    pub(in crate::sweep) fn header(&mut self) -> Result<Option<(Value, Key)>, JournalError> {
        if !self.advance()? {
            // A run that was killed while it wrote the header has finished nothing. Anything else is not a journal.
            return if may_begin_line(&self.buffer) { Ok(None) } else { Err(self.damaged("it is not a header")) };
        }
        let record = unseal(Key::HEADER, &self.buffer).map_err(|reason| self.damaged(reason))?;
        let header: Value = serde_json::from_slice(record).map_err(|source| self.unreadable(source))?;
        Ok(Some((header, Key::of_header(record))))
    }

    /// The next finished unit, its place in the file and its result; `None` at the end.
    pub(in crate::sweep) fn record<R: DeserializeOwned>(
        &mut self,
        key: Key,
    ) -> Result<Option<(Unit, u64, R)>, JournalError> {
        if !self.advance()? {
            return Ok(None);
        }
        let record = unseal(key, &self.buffer).map_err(|reason| self.damaged(reason))?;
        let Record { cell, replicate, result } =
            serde_json::from_slice(record).map_err(|source| self.unreadable(source))?;
        Ok(Some((Unit { cell, replicate }, self.start, result)))
    }

    /// Reads the next whole line into the buffer; false at the end, where a torn line may be left over.
    fn advance(&mut self) -> Result<bool, JournalError> {
        self.buffer.clear();
        self.start = self.whole;
        let read = self.file.read_until(b'\n', &mut self.buffer).map_err(JournalError::io("read", &self.path))? as u64;
        let whole = self.buffer.ends_with(b"\n");
        if whole {
            self.whole += read
        } else {
            self.torn = read
        }
        Ok(whole)
    }

    /// Goes to a line that was read before.
    fn seek(&mut self, place: u64) -> Result<(), JournalError> {
        self.whole = place;
        self.file.seek(SeekFrom::Start(place)).map_err(JournalError::io("read", &self.path))?;
        Ok(())
    }

    /// The line that was read last is not as it should be.
    pub(in crate::sweep) fn damaged(&self, reason: impl Into<String>) -> JournalError {
        JournalError::Damaged { path: self.path.clone(), line: self.line(), reason: reason.into() }
    }

    fn unreadable(&self, source: serde_json::Error) -> JournalError {
        JournalError::Unreadable { path: self.path.clone(), line: self.line(), source }
    }

    /// The number of the line that was read last, from 1; counted only for messages, since reading jumps.
    fn line(&self) -> usize {
        let before = files::open(&self.path).map(|file| BufReader::new(file.take(self.start)));
        before.map_or(0, |before| before.split(b'\n').count()) + 1
    }
}

/// Where the results of a journal are: eight bytes for each unit, so that results need not be in memory.
pub(in crate::sweep) struct Archive {
    pub(in crate::sweep) path: PathBuf,
    key: Key,
    replicates: u64,
    /// The place in the file of each unit's line, in canonical order. The header is at 0, so no unit is.
    places: Vec<Option<NonZeroU64>>,
}

impl Archive {
    /// An archive of a journal that knows no results yet.
    ///
    /// # Errors
    /// More units than there is memory for, as another program can write.
    pub(super) fn new(reader: &Reader, key: Key, header: &Header) -> Result<Self, JournalError> {
        let (cells, replicates) = (header.cells, header.replicates);
        let mut places = Vec::new();
        places
            .try_reserve_exact(header.units())
            .map_err(|_| reader.damaged(format!("there is no memory for {cells} cells of {replicates} replicates")))?;
        places.resize(header.units(), None);
        Ok(Self { path: reader.path.clone(), key, replicates, places })
    }

    /// The number of units of the sweep.
    pub(in crate::sweep) fn units(&self) -> usize {
        self.places.len()
    }

    /// Whether the unit at this place of the canonical order is there.
    pub(in crate::sweep) fn contains(&self, unit: usize) -> bool {
        self.places[unit].is_some()
    }

    /// Notes where a unit's line begins.
    pub(super) fn note(&mut self, unit: usize, place: u64) {
        self.places[unit] = NonZeroU64::new(place);
    }

    /// Notes every finished unit of a journal whose header was read, each of which must be a unit of the sweep and
    /// occur once. Returns how many there are. Results must have the form `R`.
    pub(in crate::sweep) fn fill<R: DeserializeOwned>(&mut self, reader: &mut Reader) -> Result<usize, JournalError> {
        let mut units = 0;
        while let Some((unit, place, _)) = reader.record::<R>(self.key)? {
            let index = unit.place(self.replicates).filter(|&index| index < self.places.len());
            let Some(index) = index.filter(|_| unit.replicate < self.replicates) else {
                return Err(reader.damaged(format!("the sweep has no {unit}")));
            };
            if self.contains(index) {
                return Err(reader.damaged(format!("{unit} occurs twice")));
            }
            self.note(index, place);
            units += 1;
        }
        Ok(units)
    }

    /// A reader for [`Archive::result`].
    pub(in crate::sweep) fn reader(&self) -> Result<Reader, JournalError> {
        Reader::open(&self.path)
    }

    /// The result of the unit at this place of the canonical order; `None` if it is not there.
    pub(in crate::sweep) fn result<R: DeserializeOwned>(
        &self,
        unit: usize,
        reader: &mut Reader,
    ) -> Result<Option<R>, JournalError> {
        self.places[unit].map(|place| self.result_at(unit, place, reader)).transpose()
    }

    /// The result of a unit whose line begins at this place of the file.
    pub(in crate::sweep) fn result_at<R: DeserializeOwned>(
        &self,
        unit: usize,
        place: NonZeroU64,
        reader: &mut Reader,
    ) -> Result<R, JournalError> {
        reader.seek(place.get())?;
        let record = reader.record(self.key)?.filter(|(found, _, _)| found.place(self.replicates) == Some(unit));
        let (_, _, result) = record.ok_or_else(|| reader.damaged("it changed while it was read"))?;
        Ok(result)
    }

    /// Where the lines of the units begin, in canonical order; the archive forgets it.
    pub(in crate::sweep) fn take_places(&mut self) -> Vec<Option<NonZeroU64>> {
        std::mem::take(&mut self.places)
    }
}

/// The header of a journal, in whichever sweep it was written, and what is needed to read on.
///
/// # Errors
/// A journal of another format version, or one without a header.
pub(in crate::sweep) fn known_header(reader: &mut Reader) -> Result<(Header, Archive), JournalError> {
    let (found, key) = reader.header()?.ok_or_else(|| reader.damaged("the file ends before the header does"))?;
    refuse_other_format(&found, &reader.path)?;
    let header = Header::deserialize(&found).map_err(|source| reader.unreadable(source))?;
    let archive = Archive::new(reader, key, &header)?;
    Ok((header, archive))
}

fn refuse_other_format(found: &Value, path: &Path) -> Result<(), JournalError> {
    if found["format"] == FORMAT {
        return Ok(());
    }
    let difference =
        Difference { field: "format".to_owned(), found: found.get("format").cloned(), expected: Some(FORMAT.into()) };
    Err(JournalError::Different { path: path.to_owned(), differences: vec![difference] })
}
