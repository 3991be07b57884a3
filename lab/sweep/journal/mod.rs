//! The journal: what a sweep has finished, safe on disk.
//!
//! A journal is a folder with `journal.jsonl` and a lock file. Each line is a JSON object that carries a checksum of
//! the rest of the line. The first line is the [`Header`], which says which sweep and shard this is; every other line
//! is one finished unit, in the order in which units finished.
//!
//! **What survives.** A line is handed to the operating system by one write as soon as its unit is finished, and from
//! then on a killed process cannot lose it. Against a power failure the file is also flushed to the disk, at most once
//! a second and when the run ends, so that at most about a second of finished units has to be computed again.
//!
//! **What is noticed.** A last line without its line end is a write that was cut short: it is dropped and reported.
//! Any other line that is not as it was written is an error that names the file and the line; the checksums are keyed
//! with the header, so a line of another sweep's journal is such a line too. A file that vanishes or is cut while the
//! run goes on is noticed at the next unit.
//!
//! **Who may write.** The lock ends with the process that holds it, however it ends.
//!
//! **What is opened.** Regular files that are not links ([`crate::files`]): a pipe, a device or a link in the
//! place of the journal or of its lock is an error that names it.

mod reader;
mod record;
mod writer;

use std::path::{Path, PathBuf};

pub use super::header::{Difference, FORMAT, Header};
pub(super) use reader::{Archive, Reader, known_header};
pub(super) use record::{Key, line_of};
pub(super) use writer::{Journal, has_begun};

/// The name of the file in a journal's folder.
pub const FILE: &str = "journal.jsonl";

/// The name of the lock file in a journal's folder.
pub const LOCK: &str = "journal.lock";

/// What can be wrong with a journal.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The operating system refused: full disk, missing permission, vanished folder.
    #[error(
        "cannot {action} {path}: {source}; units written before stay valid: remove the cause and run again",
        path = path.display()
    )]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// Another process writes this journal.
    #[error(
        "another run is writing the journal in {folder}: wait for it, or use another folder",
        folder = folder.display()
    )]
    Busy {
        /// The folder.
        folder: PathBuf,
    },
    /// The journal belongs to another sweep, shard or version.
    #[error(
        "{path} belongs to another run: {differences}; use another folder, or start over with force, which deletes \
         what it holds", path = path.display(), differences = Difference::list(differences)
    )]
    Different {
        /// The journal.
        path: PathBuf,
        /// The fields in which it differs.
        differences: Vec<Difference>,
    },
    /// A line is not as it was written.
    #[error(
        "{path}, line {line}, is damaged: {reason}; restore the file from a copy, or start over with force, which \
         deletes what it holds", path = path.display()
    )]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// The line, counted from 1; the first is the header.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A line is as it was written, but the result in it has another form than this program expects.
    #[error(
        "{path}, line {line}: the result has another form than expected ({source}); it was written by another build \
         of the program: use that build, or start over with force, which deletes what the journal holds",
        path = path.display()
    )]
    Unreadable {
        /// The journal.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What the reader said.
        source: serde_json::Error,
    },
}

/// The header of the journal in a folder.
///
/// # Errors
/// [`JournalError`]: there is none, it cannot be read, or it has another format.
pub fn header_of(folder: &Path) -> Result<Header, JournalError> {
    known_header(&mut Reader::open(&folder.join(FILE))?).map(|(header, _)| header)
}

impl JournalError {
    /// Wraps an error of the operating system with what was tried on what.
    fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}
