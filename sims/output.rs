//! Files: checked before the work starts, written under a temporary name, renamed when whole.

use std::fs;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use embedding_norms::figure::{Figure, Size, animation, pdf, png};
use rayon::ThreadPoolBuilder;

use crate::arguments::{Drawing, Format};
use crate::failure::Failure;
use crate::simulation::Tables;

/// Pixels per point of a PNG at 300 to the inch.
const PIXELS_PER_POINT: f64 = 300.0 / 72.0;

/// Pixels per point of an animation: 800 across.
const ANIMATED_PIXELS_PER_POINT: f64 = 800.0 / 504.0;
/// Hundredths of a second that each frame of an animation stays.
const FRAME: u16 = 8;

/// A folder that can be written to.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Makes the folder if it is not there, and tries to write into it.
    pub fn prepare(path: &Path) -> Result<Self, Failure> {
        Self::open(path).map_err(|error| {
            Failure::Refused(format!("cannot write to {}: {error}; give another folder with --out", path.display()))
        })
    }

    /// The same, with what the system says if it refuses.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        fs::create_dir_all(path)?;
        let probe = path.join(format!(".probe.{}.partial", std::process::id()));
        fs::write(&probe, b"").and_then(|()| remove(&probe))?;
        remove_leftovers(path);
        Ok(Self(path.to_owned()))
    }

    /// The folder's path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file: whole or not at all.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), Failure> {
        self.write_with(name, |file| file.write_all(content))
    }

    /// Writes a file piece by piece: whole or not at all.
    pub fn write_with(
        &self,
        name: &str,
        content: impl FnOnce(&mut fs::File) -> std::io::Result<()>,
    ) -> Result<(), Failure> {
        let (path, partial) = (self.0.join(name), self.0.join(format!(".{name}.{}.partial", std::process::id())));
        let result = fs::File::create(&partial)
            .and_then(|mut file| {
                // Whoever clears leftovers away sees by the lock that this is none.
                let _ = file.try_lock();
                content(&mut file).and_then(|()| file.sync_all())
            })
            .and_then(|()| fs::rename(&partial, &path));
        result.map_err(|error| {
            let _ = fs::remove_file(&partial);
            Failure::Refused(format!("cannot write {}: {error}", path.display()))
        })
    }

    /// Writes the tables of a simulation: `<simulation>.csv` and `<simulation>.<part>.csv`.
    pub fn write_tables(&self, simulation: &str, tables: &Tables) -> Result<(), Failure> {
        for (part, table) in tables.each() {
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

/// Removes a file that several processes may remove: those of a job array share a folder, and on two machines even their
/// process ids can be the same.
fn remove(path: &Path) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Removes what a process that was killed while it wrote has left. A file that is being written is locked, and stays.
fn remove_leftovers(folder: &Path) {
    let Ok(files) = fs::read_dir(folder) else { return };
    for file in files.flatten() {
        let name = file.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with('.') || !name.ends_with(".partial") {
            continue;
        }
        // One that cannot be removed does no harm.
        if fs::File::open(file.path()).is_ok_and(|open| open.try_lock().is_ok()) {
            let _ = fs::remove_file(file.path());
        }
    }
}

/// `<simulation>[.<part>].<extension>`.
pub fn file_name(simulation: &str, part: &str, extension: &str) -> String {
    if part.is_empty() { format!("{simulation}.{extension}") } else { format!("{simulation}.{part}.{extension}") }
}
