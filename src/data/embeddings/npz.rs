//! Numpy's .npz: a zip archive of .npy files, stored or deflated.

use std::io::{Read, Seek};

use zip::{CompressionMethod, ZipArchive};

use super::entry::Entry;
use super::error::Problem;
use super::foreign;
use super::key::{choose, place};
use super::listing::shown;
use super::npy::read_header;
use super::storage::Storage;
use super::stored::{Bytes, StoredArray};

/// The first bytes of a zip archive with something in it.
pub(super) const MAGIC: &[u8; 4] = b"PK\x03\x04";

/// Deflate makes nothing smaller than this share.
const LARGEST_RATIO: u64 = 1032;

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
    let keys: Vec<String> = files.iter().filter_map(|file| name_of_array(file)).map(str::to_owned).collect();
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

/// The name of an array, whose file in the archive has it before its ending.
fn name_of_array(file: &str) -> Option<&str> {
    file.split('\0').next()?.strip_suffix(".npy")
}

/// How Python loads an array with a name.
fn load(key: &str) -> String {
    format!("np.load(\"{{file}}\")[\"{}\"]", shown(key))
}

fn find(archive: &mut ZipArchive<impl Read + Seek>, file: &str, length: u64, place: String) -> Result<Entry, Problem> {
    let corrupt = |what: &dyn std::fmt::Display| Problem::corrupt(&place, what);
    let index = archive.index_for_name(file).ok_or_else(|| corrupt(&"it is listed but missing"))?;
    let found = archive.by_index_raw(index).map_err(|error| corrupt(&error))?;
    if found.encrypted() {
        return Err(Problem::Compression { place, method: "it is encrypted".to_owned() });
    }
    let deflated = match found.compression() {
        CompressionMethod::Stored => false,
        CompressionMethod::Deflated => true,
        other => return Err(Problem::Compression { place, method: format!("it is compressed by {other}") }),
    };
    let start = found.data_start().ok_or_else(|| corrupt(&"its data is missing"))?;
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
