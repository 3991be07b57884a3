//! Files: checked before the work starts, written under a temporary name, renamed when complete.

use std::cell::RefCell;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use embedding_norms_lab::figure::{Figure, Size, animation, pdf, png};
use embedding_norms_lab::files::{self, Stranger};
use embedding_norms_lab::table::Table;
use rayon::ThreadPoolBuilder;

use crate::cli::arguments::{Drawing, Format};
use crate::cli::failure::Failure;
use crate::cli::wrapping::{valued, width};

/// Pixels per point of a PNG at 300 to the inch.
const PIXELS_PER_POINT: f64 = 300.0 / 72.0;

/// Pixels per point of an animation: 800 across.
const ANIMATED_PIXELS_PER_POINT: f64 = 800.0 / 504.0;
/// Hundredths of a second that each frame of an animation stays.
const FRAME: u16 = 8;

/// Extensions of the files that a run may write.
const ENDINGS: [&str; 8] = ["csv", "json", "svg", "png", "pdf", "gif", "npy", "html"];

/// How many temporary names are tried for a file before giving up.
const NAMES: usize = 100;

/// A folder that can be written to. Others may write to it too: only regular files that are not links are opened
/// ([`files`]), and what is written is a new file under a temporary name until it is complete.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    written: RefCell<Vec<PathBuf>>,
}

impl Folder {
    /// Makes the folder if it is not there, and tries to write into it.
    pub fn prepare(path: &Path) -> Result<Self, Failure> {
        let folder = Self::open(path).map_err(|error| {
            Failure::Refused(format!("cannot write to {}: {error}; give another folder with --out", path.display()))
        })?;
        remove_leftovers(path).map_or(Ok(folder), Err)
    }

    /// The same for the folder of a file that the user named, whatever else is in that folder. The error is that of the
    /// system.
    pub fn of_named_file(path: &Path) -> io::Result<Self> {
        let folder = Self::open(path)?;
        let _ = remove_leftovers(path);
        Ok(folder)
    }

    fn open(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        let folder = Self { path: path.to_owned(), written: RefCell::default() };
        let (probe, _) = folder.temporary("probe")?;
        remove(&probe)?;
        Ok(folder)
    }

    /// The folder's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The files that were written so far, in order.
    pub fn written(&self) -> Vec<PathBuf> {
        self.written.borrow().clone()
    }

    /// Makes folders in this one, one below the other; the path of the last.
    pub fn subfolder(&self, below: &Path) -> Result<PathBuf, Failure> {
        files::subfolder(&self.path, below).map_err(|(path, error)| refused(&path, &error))
    }

    /// Writes a file: the whole file or none.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), Failure> {
        self.write_with(name, |file| file.write_all(content))
    }

    /// Writes a file piece by piece: the whole file or none.
    pub fn write_with(
        &self,
        name: &str,
        content: impl FnOnce(&mut fs::File) -> std::io::Result<()>,
    ) -> Result<(), Failure> {
        let path = self.path.join(name);
        let refuse = |error: io::Error| Failure::Refused(format!("cannot write {}: {error}", path.display()));
        let (partial, mut file) = self.temporary(name).map_err(refuse)?;
        // The lock tells a process that removes leftovers that this file is in use.
        let _ = file.try_lock();
        let whole = content(&mut file).and_then(|()| file.sync_all());
        // An existing entry of this name is replaced and not opened, even if it is a link.
        whole.and_then(|()| fs::rename(&partial, &path)).map_err(|error| {
            let _ = fs::remove_file(&partial);
            refuse(error)
        })?;
        self.written.borrow_mut().push(path);
        Ok(())
    }

    /// Removes what another run left under this name, after this one has written its files: tables and figures that
    /// this one does not write would be taken for its own.
    pub fn remove_others(&self, name: &str) -> Result<(), Failure> {
        let written = self.written.borrow();
        for entry in fs::read_dir(&self.path)?.flatten() {
            let file = entry.file_name().to_string_lossy().into_owned();
            let rest = file.strip_prefix(name).and_then(|rest| rest.strip_prefix('.'));
            let ours = rest.and_then(|rest| rest.rsplit('.').next()).is_some_and(|ending| ENDINGS.contains(&ending));
            let path = self.path.join(&file);
            if ours && !written.contains(&path) && entry.file_type()?.is_file() {
                remove(&path).map_err(|error| refused(&path, &error))?;
            }
        }
        Ok(())
    }

    /// A new file under a temporary name that nothing had before.
    fn temporary(&self, name: &str) -> io::Result<(PathBuf, fs::File)> {
        let mut last = None;
        for attempt in 0..NAMES {
            let path = self.path.join(format!(".{name}.{}.{attempt}.partial", std::process::id()));
            match files::create(&path) {
                Ok(file) => return Ok((path, file)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => last = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(last.unwrap_or_else(|| ErrorKind::AlreadyExists.into()))
    }

    /// Writes the tables of a simulation: `<simulation>.csv` and `<simulation>.<part>.csv`.
    pub fn write_tables<'a>(
        &self,
        simulation: &str,
        tables: impl Iterator<Item = (&'a str, &'a Table)>,
    ) -> Result<(), Failure> {
        for (part, table) in tables {
            self.write(&file_name(simulation, part, "csv"), table.to_csv()?.as_bytes())?;
        }
        Ok(())
    }

    /// Writes figures under the name of a simulation, all formats from the one SVG.
    pub fn write_figures(
        &self,
        simulation: &str,
        figures: &[(&str, Figure)],
        drawing: &Drawing,
    ) -> Result<(), Failure> {
        for (part, figure) in figures {
            let svg = figure.to_svg(drawing.size.into())?;
            for format in &drawing.format {
                let (extension, content) = match format {
                    Format::Svg => ("svg", svg.clone().into_bytes()),
                    Format::Png => ("png", png(&svg, PIXELS_PER_POINT)?),
                    Format::Pdf => ("pdf", pdf(&svg)?),
                };
                self.write(&file_name(simulation, part, extension), &content)?;
            }
        }
        Ok(())
    }

    /// Writes the animations of a simulation as GIF, in one size.
    pub fn write_animations(
        &self,
        simulation: &str,
        animations: &[(&str, Vec<Figure>)],
        threads: NonZeroUsize,
    ) -> Result<(), Failure> {
        for (part, frames) in animations {
            let frames = frames.iter().map(|frame| frame.to_svg(Size::TwoColumns)).collect::<Result<Vec<_>, _>>()?;
            let threads = ThreadPoolBuilder::new().num_threads(threads.get()).build()?;
            let content = threads.install(|| animation(&frames, ANIMATED_PIXELS_PER_POINT, FRAME))?;
            self.write(&file_name(simulation, part, "gif"), &content)?;
        }
        Ok(())
    }
}

/// What is in the way, and the remedy.
pub fn refused(path: &Path, error: &io::Error) -> Failure {
    let remedy = Stranger::of(error).map_or("", |_| "; remove it, or use another folder");
    Failure::Refused(format!("{}: {error}{remedy}", path.display()))
}

/// Reads a file of an output folder; none if nothing has this name.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    match files::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if files::is_absence(&error) => Ok(None),
        Err(error) => Err(refused(path, &error)),
    }
}

/// Removes a file that several processes may remove: those of a job array share a folder, and on two machines even their
/// process ids can be the same.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Removes temporary files left by processes that were killed while writing. A file that is being written is locked,
/// and stays. An entry with such a name that is not a file was put there by somebody else, and is reported.
fn remove_leftovers(folder: &Path) -> Option<Failure> {
    let mut stranger = None;
    for entry in fs::read_dir(folder).ok()?.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with('.') || !name.ends_with(".partial") {
            continue;
        }
        match files::open(&entry.path()) {
            // A leftover that cannot be removed is harmless.
            Ok(file) if file.try_lock().is_ok() => drop(fs::remove_file(entry.path())),
            Err(error) if Stranger::of(&error).is_some() => {
                stranger.get_or_insert_with(|| refused(&entry.path(), &error));
            }
            Ok(_) | Err(_) => {}
        }
    }
    stranger
}

/// How many files are listed one by one.
const TOLD: usize = 24;

/// Says which files were written, a line each; of very many, how many there are and where.
pub fn tell_of(files: &[PathBuf]) {
    if files.len() <= TOLD {
        files.iter().for_each(|file| tell_path("written", file));
        return;
    }
    let mut folders: Vec<&Path> = files.iter().filter_map(|file| file.parent()).collect();
    folders.sort();
    folders.dedup();
    for folder in folders {
        let count = files.iter().filter(|file| file.parent() == Some(folder)).count();
        tell_path(&format!("{count} files written into"), folder);
    }
}

/// Prints a path after its label, or below it if both do not fit on a line.
pub fn tell_path(what: &str, path: &Path) {
    say!("{}", valued("", what, 14, &path.display().to_string(), width()).trim_end());
}

/// The paths of files as JSON lists them.
pub fn listed(files: &[PathBuf]) -> Vec<String> {
    files.iter().map(|file| file.display().to_string()).collect()
}

/// `<simulation>[.<part>].<extension>`.
pub fn file_name(simulation: &str, part: &str, extension: &str) -> String {
    if part.is_empty() { format!("{simulation}.{extension}") } else { format!("{simulation}.{part}.{extension}") }
}
