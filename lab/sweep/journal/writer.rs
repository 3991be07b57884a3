//! Writing a journal: lock, resume, append.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::record::{Key, seal};
use super::{Archive, Difference, FILE, Header, JournalError, LOCK, Reader};
use crate::files;

/// How long finished units may wait to be flushed to the disk. A write is already safe from a killed process; this is
/// about power failures, and flushing after each of many short units would cost more than they do.
const FLUSH_INTERVAL: Duration = Duration::from_secs(1);

/// A journal that this process alone may write.
pub(in crate::sweep) struct Journal {
    pub(in crate::sweep) archive: Archive,
    pub(in crate::sweep) key: Key,
    /// Bytes of a last line cut short that were dropped when the journal was opened.
    pub(in crate::sweep) torn: u64,
    appender: Appender,
    /// Held, not used.
    _lock: Lock,
}

impl Journal {
    /// Opens the journal of a folder, or begins it; with `force`, begins it in any case.
    pub(in crate::sweep) fn open<R: DeserializeOwned>(
        folder: &Path,
        header: &Header,
        force: bool,
    ) -> Result<Self, JournalError> {
        fs::create_dir_all(folder).map_err(JournalError::io("create the folder", folder))?;
        let lock = Lock::of(folder)?;
        let path = folder.join(FILE);
        let file = files::append(&path).map_err(JournalError::io("open", &path))?;
        let mut appender = Appender::new(file, path.clone());
        if force {
            appender.cut(0)?;
        }
        let record = serde_json::to_vec(header).map_err(|source| unwritable_header(&path, source))?;
        let key = Key::of_header(&record);
        let mut reader = Reader::open(&path)?;
        let mut archive = Archive::new(&reader, key, header)?;
        let begun = reader.header()?;
        if let Some((found, _)) = &begun {
            refuse_other(&path, found, &record)?;
            archive.fill::<R>(&mut reader)?;
        }
        appender.cut(reader.whole)?;
        if begun.is_none() {
            appender.append(&seal(Key::HEADER, &record))?;
            files::flush_names(folder);
        }
        appender.flush()?;
        Ok(Self { archive, key, torn: reader.torn, appender, _lock: lock })
    }

    /// Appends the line of the unit at this place of the canonical order.
    pub(in crate::sweep) fn append(&mut self, unit: usize, line: &[u8]) -> Result<(), JournalError> {
        let place = self.appender.length;
        self.appender.append(line)?;
        self.archive.note(unit, place);
        Ok(())
    }

    /// Flushes everything to the disk.
    pub(in crate::sweep) fn flush(&mut self) -> Result<(), JournalError> {
        self.appender.flush()
    }
}

/// Whether the journal in a folder was begun by the run of this header; not if there is none, or none with a whole header.
pub(in crate::sweep) fn has_begun(folder: &Path, header: &Header) -> Result<bool, JournalError> {
    let path = folder.join(FILE);
    if !files::is_there(&path) {
        return Ok(false);
    }
    let record = serde_json::to_vec(header).map_err(|source| unwritable_header(&path, source))?;
    let Some((found, _)) = Reader::open(&path)?.header()? else { return Ok(false) };
    refuse_other(&path, &found, &record).map(|()| true)
}

/// Appends whole lines to a file, and never again after a write that failed.
struct Appender {
    file: File,
    path: PathBuf,
    length: u64,
    flushed: Instant,
}

impl Appender {
    fn new(file: File, path: PathBuf) -> Self {
        Self { file, path, length: 0, flushed: Instant::now() }
    }

    /// Cuts the file to a length. Not every system lets a file be cut that is open for appending, so it is opened
    /// again.
    fn cut(&mut self, length: u64) -> Result<(), JournalError> {
        let cut = files::write(&self.path).and_then(|file| file.set_len(length));
        cut.map_err(JournalError::io("cut", &self.path))?;
        self.length = length;
        Ok(())
    }

    /// One line, in one write unless the operating system takes less at once.
    fn append(&mut self, line: &[u8]) -> Result<(), JournalError> {
        self.file.write_all(line).map_err(JournalError::io("write", &self.path))?;
        self.length += line.len() as u64;
        self.still_there()?;
        if self.flushed.elapsed() >= FLUSH_INTERVAL { self.flush() } else { Ok(()) }
    }

    /// Writing to a file that was deleted succeeds on Unix, so success is not enough to know that a line is kept. A link
    /// in its place would lead whoever reads it elsewhere.
    fn still_there(&self) -> Result<(), JournalError> {
        let there = fs::symlink_metadata(&self.path).map_err(JournalError::io("find", &self.path))?;
        let length = there.len();
        if there.is_file() && length == self.length {
            return Ok(());
        }
        let reason = format!("it has {length} bytes where {} were written: someone else changed it", self.length);
        Err(JournalError::io("go on writing", &self.path)(std::io::Error::other(reason)))
    }

    fn flush(&mut self) -> Result<(), JournalError> {
        self.file.sync_data().map_err(JournalError::io("flush", &self.path))?;
        self.flushed = Instant::now();
        Ok(())
    }
}

/// The lock of a folder's journal, until it is dropped.
struct Lock(File);

impl Lock {
    fn of(folder: &Path) -> Result<Self, JournalError> {
        let path = folder.join(LOCK);
        let file = files::append(&path).map_err(JournalError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(JournalError::Busy { folder: folder.to_owned() }),
            Err(TryLockError::Error(source)) => Err(JournalError::io("lock", &path)(source)),
        }
    }
}

impl Drop for Lock {
    /// Closing the file is not enough: a process that another thread is just starting has the file open, too, until it
    /// runs its program, and only then would the lock end.
    fn drop(&mut self) {
        // A lock that cannot be released ends with the process.
        let _ = self.0.unlock();
    }
}

fn refuse_other(path: &Path, found: &Value, record: &[u8]) -> Result<(), JournalError> {
    // Read back as the found one was, so that equal headers are equal values.
    let expected = serde_json::from_slice(record).map_err(|source| unwritable_header(path, source))?;
    let differences = Difference::between(found, &expected);
    if differences.is_empty() { Ok(()) } else { Err(JournalError::Different { path: path.to_owned(), differences }) }
}

fn unwritable_header(path: &Path, source: serde_json::Error) -> JournalError {
    JournalError::io("write the header of", path)(source.into())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_named_with_its_path() {
        let path = PathBuf::from("/dev/full");
        let file = fs::OpenOptions::new().append(true).open(&path).unwrap();
        let error = Appender::new(file, path.clone()).append(b"a line\n").unwrap_err();
        let JournalError::Io { action: "write", path: named, source } = error else { panic!("{error}") };
        assert_eq!((named, source.kind()), (path, std::io::ErrorKind::StorageFull));
    }

    #[test]
    fn a_lock_ends_with_its_owner_even_while_a_child_process_has_the_file_open() {
        let folder = tempfile::tempdir().unwrap();
        let lock = Lock::of(folder.path()).unwrap();
        let _of_a_child = lock.0.try_clone().unwrap();
        assert!(matches!(Lock::of(folder.path()), Err(JournalError::Busy { .. })));
        drop(lock);
        assert!(Lock::of(folder.path()).is_ok());
    }
}
