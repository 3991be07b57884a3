//! Numpy's .npz: a zip archive of .npy files, stored or deflated.

use std::io::{self, BufReader, Read, Seek};

use flate2::Crc;
use flate2::read::DeflateDecoder;
use npyz::npz::array_name_from_file_name;
use zip::{CompressionMethod, ZipArchive};

use super::array::{Bytes, StoredArray};
use super::error::{Problem, listed, shown};
use super::foreign;
use super::npy::read_header;
use super::storage::{Storage, go_to};

/// The first bytes of a zip archive with something in it.
pub(super) const MAGIC: &[u8; 4] = b"PK\x03\x04";

/// Deflate makes nothing smaller than this share.
const LARGEST_RATIO: u64 = 1032;

/// A file in the archive.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    place: String,
    start: u64,
    stored: u64,
    /// Bytes when unpacked.
    pub size: u64,
    deflated: bool,
    checksum: u32,
}

/// The array of this name, or the only one.
pub(super) fn open(
    storage: &mut dyn Storage,
    length: u64,
    name: &str,
    key: Option<&str>,
) -> Result<StoredArray, Problem> {
    let mut archive =
        ZipArchive::new(&mut *storage).map_err(|error| Problem::corrupt("the list of arrays at the end", error))?;
    let files = archive.file_names().map(|file| file.map(|file| file.into_owned()));
    let files: Vec<String> =
        files.collect::<Result<_, _>>().map_err(|error| Problem::corrupt("the names of arrays", error))?;
    if files.iter().any(|file| file == "data.pkl" || file.ends_with("/data.pkl")) {
        return Err(foreign::torch());
    }
    if let Some(office) = foreign::in_archive(&files) {
        return Err(office);
    }
    let keys: Vec<String> =
        files.iter().filter_map(|file| array_name_from_file_name(file)).map(str::to_owned).collect();
    let key = choose(&keys, key, name, "np.savez(\"z.npz\", z=z)")?;
    let entry = find(&mut archive, &format!("{key}.npy"), length, place(key))?;
    drop(archive);
    let mut reader = entry.reader(storage)?;
    let header = read_header(&mut *reader, &entry.place)?;
    drop(reader);
    let data = entry.size.saturating_sub(header.length);
    let (names, skipped) = ((entry.place.clone(), load(key)), header.length);
    StoredArray::new(names, header.shape, header.element, Bytes::Entry { entry, skipped }, data)
        .map(|array| StoredArray { fortran: header.fortran, big_endian: header.big_endian, ..array })
}

/// How errors call an array with a name.
pub(super) fn place(key: &str) -> String {
    format!("array '{}'", shown(key))
}

/// How Python loads an array with a name.
fn load(key: &str) -> String {
    format!("np.load(\"{{file}}\")[\"{}\"]", shown(key))
}

/// The key asked for, or the only one.
pub(super) fn choose<'a>(
    keys: &'a [String],
    key: Option<&str>,
    file: &str,
    how: &'static str,
) -> Result<&'a String, Problem> {
    match (key, keys) {
        (_, []) => Err(Problem::NoArrays { how }),
        (Some(key), _) => {
            let found = keys.iter().find(|known| *known == key);
            found.ok_or_else(|| Problem::NoSuchKey { key: shown(key), there: listed(keys) })
        }
        (None, [only]) => Ok(only),
        (None, [first, ..]) => {
            Err(Problem::AmbiguousKey { example: format!("{file}:{}", shown(first)), there: listed(keys) })
        }
    }
}

fn find(archive: &mut ZipArchive<impl Read + Seek>, file: &str, length: u64, place: String) -> Result<Entry, Problem> {
    let corrupt = |what: &dyn std::fmt::Display| Problem::corrupt(&place, what);
    let index = archive.index_for_name(file).ok_or_else(|| corrupt(&"it is listed and not there"))?;
    let found = archive.by_index_raw(index).map_err(|error| corrupt(&error))?;
    if found.encrypted() {
        return Err(Problem::Compression { place, method: "it is encrypted".to_owned() });
    }
    let deflated = match found.compression() {
        CompressionMethod::Stored => false,
        CompressionMethod::Deflated => true,
        other => return Err(Problem::Compression { place, method: format!("it is compressed by {other}") }),
    };
    let start = found.data_start().ok_or_else(|| corrupt(&"its data is not there"))?;
    let (stored, size, checksum) = (found.compressed_size(), found.size(), found.crc32());
    if start.checked_add(stored).is_none_or(|end| end > length) {
        let found = length.saturating_sub(start);
        return Err(Problem::Truncated { place, expected: u128::from(stored), found });
    }
    let largest = if deflated { stored.saturating_mul(LARGEST_RATIO) } else { stored };
    if size > largest || (!deflated && size != stored) {
        return Err(corrupt(&format!("{stored} bytes cannot unpack to the {size} that its entry asks for")));
    }
    Ok(Entry { place, start, stored, size, deflated, checksum })
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
