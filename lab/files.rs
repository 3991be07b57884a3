//! Files in output folders: regular files that are not links, and nothing else.
//!
//! Others may write to an output folder too, and the names in it can be guessed. A named pipe in the place of a journal
//! would block a run for ever, and a symbolic link would redirect its lines to another file. So every file of an output
//! folder is opened here: what lies there is checked before, a link is not followed, nothing waits for a pipe, and what
//! was opened is checked again. A file with a second name (a hard link) is not written to.
//!
//! The output folder itself may be a link; folders that are made in it may not ([`subfolder`]).

use std::fs::{self, File, FileType, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Something else in the place of a file or a folder of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is {found}, not {expected}")]
pub struct Stranger {
    /// What it is, such as `a named pipe`.
    pub found: &'static str,
    /// What it should be.
    pub expected: &'static str,
}

impl Stranger {
    /// The stranger that an error is about, if it is about one.
    pub fn of(error: &io::Error) -> Option<Self> {
        error.get_ref().and_then(|source| source.downcast_ref::<Self>()).copied()
    }

    fn instead_of_file(kind: FileType) -> io::Error {
        Self { found: words(kind), expected: "a regular file" }.into()
    }
}

impl From<Stranger> for io::Error {
    fn from(stranger: Stranger) -> Self {
        Self::new(ErrorKind::InvalidInput, stranger)
    }
}

/// Opens a file for reading.
///
/// # Errors
/// Those of the system, and a [`Stranger`].
pub fn open(path: &Path) -> io::Result<File> {
    open_with(OpenOptions::new().read(true), path)
}

/// Opens a file that somebody named, for reading: a link is followed, but what it leads to must be a regular file.
///
/// # Errors
/// Those of the system, and a [`Stranger`].
pub fn open_named(path: &Path) -> io::Result<File> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(Stranger::instead_of_file(metadata.file_type()));
    }
    checked(without_waiting(OpenOptions::new().read(true)).open(path)?, |_| true)
}

/// Makes a new file for writing.
///
/// # Errors
/// Those of the system: [`ErrorKind::AlreadyExists`] if anything has this name.
pub fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Opens a file for appending; makes it if it is not there.
///
/// # Errors
/// Those of the system, and a [`Stranger`].
pub fn append(path: &Path) -> io::Result<File> {
    checked(open_with(OpenOptions::new().append(true).create(true), path)?, has_one_name)
}

/// Opens a file that is there for writing.
///
/// # Errors
/// Those of the system, and a [`Stranger`].
pub fn write(path: &Path) -> io::Result<File> {
    checked(open_with(OpenOptions::new().write(true), path)?, has_one_name)
}

/// The bytes of a file.
///
/// # Errors
/// As for [`open`].
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The text of a file.
///
/// # Errors
/// As for [`open`], and bytes that are not UTF-8.
pub fn read_to_string(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    open(path)?.read_to_string(&mut text)?;
    Ok(text)
}

/// Whether anything has this name, whatever it is: a dangling link counts.
pub fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Whether there is a folder of this name.
///
/// # Errors
/// Those of the system, and a [`Stranger`] in its place, such as a link to another folder.
pub fn is_folder(path: &Path) -> io::Result<bool> {
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => Ok(true),
        Ok(metadata) => Err(Stranger { found: words(metadata.file_type()), expected: "a folder" }.into()),
        Err(error) if is_absence(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether an error says that nothing is there: no such name, or a name below something that is not a folder.
pub fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Makes folders within a folder, one below the other, as far as they are not there; the path of the last.
///
/// # Errors
/// The path that stands in the way, and why.
pub fn subfolder(folder: &Path, below: &Path) -> Result<PathBuf, (PathBuf, io::Error)> {
    let mut path = folder.to_owned();
    for name in below {
        path.push(name);
        match fs::create_dir(&path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err((path, error)),
            _ => {}
        }
        if let Err(error) = is_folder(&path) {
            return Err((path, error));
        }
    }
    Ok(path)
}

/// A folder below a folder; none if it is not there.
///
/// # Errors
/// The path that stands in the way, and why.
pub fn find_subfolder(folder: &Path, below: &Path) -> Result<Option<PathBuf>, (PathBuf, io::Error)> {
    let mut path = folder.to_owned();
    for name in below {
        path.push(name);
        match is_folder(&path) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(error) => return Err((path, error)),
        }
    }
    Ok(Some(path))
}

/// Flushes the names in a folder to the disk, where the system lets folders be flushed.
pub fn flush_names(folder: &Path) {
    if folder.is_dir()
        && let Ok(folder) = without_waiting(OpenOptions::new().read(true)).open(folder)
    {
        let _ = folder.sync_all();
    }
}

fn open_with(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    // Before: opening a device may have effects. After: the file may have been replaced in between.
    match path.symlink_metadata() {
        Ok(metadata) if !metadata.is_file() => Err(Stranger::instead_of_file(metadata.file_type())),
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => checked(without_following(options).open(path)?, |_| true),
    }
}

/// The file, if it is a regular one that meets a condition.
fn checked(file: File, holds: impl Fn(&Metadata) -> bool) -> io::Result<File> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(Stranger::instead_of_file(metadata.file_type()));
    }
    if !holds(&metadata) {
        return Err(Stranger { found: "a file with a second name (a hard link)", expected: "one of its own" }.into());
    }
    Ok(file)
}

#[cfg(unix)]
fn without_following(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
}

#[cfg(unix)]
fn without_waiting(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    options.custom_flags(libc::O_NONBLOCK)
}

#[cfg(unix)]
fn has_one_name(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.nlink() <= 1
}

#[cfg(not(unix))]
fn without_following(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(not(unix))]
fn without_waiting(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(not(unix))]
fn has_one_name(_: &Metadata) -> bool {
    true
}

/// What something is, in words.
fn words(kind: FileType) -> &'static str {
    if kind.is_symlink() {
        return "a symbolic link";
    }
    if kind.is_dir() {
        return "a folder";
    }
    if kind.is_file() {
        return "a file";
    }
    special(kind)
}

#[cfg(unix)]
fn special(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match kind {
        kind if kind.is_fifo() => "a named pipe",
        kind if kind.is_socket() => "a socket",
        _ => "a device",
    }
}

#[cfg(not(unix))]
fn special(_: FileType) -> &'static str {
    "something else"
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;
    use std::process::Command;

    use super::*;

    type Opening = fn(&Path) -> io::Result<File>;
    const OPENINGS: [Opening; 4] = [open, append, write, open_named];

    fn found(opening: Opening, path: &Path) -> &'static str {
        Stranger::of(&opening(path).unwrap_err()).unwrap().found
    }

    #[test]
    fn what_is_no_regular_file_is_named_and_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        assert!(Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
        fs::create_dir(path("folder")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(path("socket")).unwrap();
        for opening in OPENINGS {
            assert_eq!(found(opening, &path("pipe")), "a named pipe");
            assert_eq!(found(opening, &path("folder")), "a folder");
            assert_eq!(found(opening, &path("socket")), "a socket");
            assert_eq!(found(opening, Path::new("/dev/null")), "a device");
        }
    }

    #[test]
    fn links_are_not_followed_wherever_they_lead() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("file"), "kept").unwrap();
        symlink(path("file"), path("link")).unwrap();
        symlink(path("elsewhere"), path("dangling")).unwrap();
        for opening in &OPENINGS[..3] {
            assert_eq!(found(*opening, &path("link")), "a symbolic link");
            assert_eq!(found(*opening, &path("dangling")), "a symbolic link");
        }
        assert_eq!(create(&path("dangling")).unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert!(open_named(&path("link")).is_ok(), "somebody named it");
        assert!(!path("elsewhere").exists());
        // Only the flags protect where the first check comes too early.
        assert!(without_following(OpenOptions::new().append(true).create(true)).open(path("dangling")).is_err());
        assert!(without_following(OpenOptions::new().read(true)).open(path("link")).is_err());
    }

    #[test]
    fn a_file_with_a_second_name_is_read_but_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("one"), folder.path().join("other"));
        fs::write(&one, "kept").unwrap();
        fs::hard_link(&one, &other).unwrap();
        assert_eq!(read_to_string(&other).unwrap(), "kept");
        assert!(found(append, &other).contains("second name") && found(write, &other).contains("second name"));
    }

    #[test]
    fn folders_are_made_and_links_to_folders_refused() {
        let folder = tempfile::tempdir().unwrap();
        let made = subfolder(folder.path(), Path::new("a/b/c")).unwrap();
        assert!(is_folder(&made).unwrap() && subfolder(folder.path(), Path::new("a/b/c")).unwrap() == made);
        fs::create_dir(folder.path().join("elsewhere")).unwrap();
        symlink(folder.path().join("elsewhere"), folder.path().join("a/link")).unwrap();
        let (path, error) = subfolder(folder.path(), Path::new("a/link/c")).unwrap_err();
        assert_eq!(path, folder.path().join("a/link"));
        assert_eq!(error.to_string(), "it is a symbolic link, not a folder");
        assert!(!folder.path().join("elsewhere/c").exists());
    }
}
