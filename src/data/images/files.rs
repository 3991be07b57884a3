//! The names under which data sets are published, and where they lie.

use std::fs;
use std::path::{Path, PathBuf};

use super::cifar::CifarKind;
use super::error::{ImageError, ImageProblem, named};
use super::image::Half;
use super::stream::Files;

/// Subfolders in which archives and torchvision put the files.
const SUBFOLDERS: [&str; 3] = ["raw", "cifar-10-batches-bin", "cifar-100-binary"];

/// Files to train on, and those of the test if they are there.
pub(super) struct Found {
    pub training: Files,
    pub test: Option<Files>,
}

/// The files of a folder, or of the data set in it whose file names begin with the last part of the path.
pub(super) fn find(path: &Path) -> Result<Found, ImageError> {
    let (folder, prefix) = match (path.is_dir(), path.parent(), path.file_name()) {
        (false, Some(parent), Some(prefix)) if parent.is_dir() && !path.exists() => {
            (parent, Some(prefix.to_string_lossy().into_owned()))
        }
        _ => (path, None),
    };
    let of = |problem: ImageProblem| problem.of(&named(path));
    if folder.is_file() {
        return Err(of(ImageProblem::NoFolder));
    }
    let names = listed(folder).map_err(|error| of(ImageProblem::File(error)))?;
    if let Some(found) = in_folder(folder, &names, prefix.as_deref()).map_err(of)? {
        return Ok(found);
    }
    for subfolder in SUBFOLDERS.map(|name| folder.join(name)) {
        if let Ok(names) = listed(&subfolder)
            && let Some(found) = in_folder(&subfolder, &names, prefix.as_deref()).map_err(of)?
        {
            return Ok(found);
        }
    }
    Err(of(ImageProblem::NothingFound { found: in_their_place(&names) }))
}

/// The names in a folder, sorted.
fn listed(folder: &Path) -> Result<Vec<String>, crate::data::embeddings::Problem> {
    use crate::data::embeddings::Problem;
    let entries = fs::read_dir(folder).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Problem::Missing,
        _ => Problem::Refused(error),
    })?;
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry.map_err(Problem::Refused)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// What stands in a folder without images, if it is known.
fn in_their_place(names: &[String]) -> &'static str {
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    let ends = |ending: &str| names.iter().any(|name| name.ends_with(ending));
    match () {
        () if has("data_batch_1") || (has("train") && has("meta")) => {
            "; here is the Python version of CIFAR, which is a pickle: get the binary version"
        }
        () if ends("-binary.tar.gz") => "; here is the archive of CIFAR: unpack it with tar -xzf",
        () if ends(".npz") => "; .npz is not read here: get the IDX files of KMNIST",
        () if ends(".mat") => "; .mat is not read here: get the binary version of EMNIST, gzip.zip",
        () => "",
    }
}

fn in_folder(folder: &Path, names: &[String], prefix: Option<&str>) -> Result<Option<Found>, ImageProblem> {
    if let Some(found) = idx(folder, names, prefix)? {
        return Ok(Some(found));
    }
    Ok(if prefix.is_some() { None } else { cifar(folder, names)? })
}

/// What the name of a file of IDX says.
struct Name<'a> {
    /// What stands before, with EMNIST the name of a split.
    prefix: &'a str,
    half: Half,
    images: bool,
}

impl<'a> Name<'a> {
    fn of(file: &'a str) -> Option<Self> {
        let name = file.strip_suffix(".gz").unwrap_or(file);
        for (images, kind) in [(true, "images"), (false, "labels")] {
            let dimensions = if images { 3 } else { 1 };
            for separator in ['-', '.'] {
                let Some(name) = name.strip_suffix(&format!("-{kind}{separator}idx{dimensions}-ubyte")) else {
                    continue;
                };
                for (half, word) in [(Half::Training, "train"), (Half::Test, "t10k"), (Half::Test, "test")] {
                    if let Some(prefix) = name.strip_suffix(word) {
                        return Some(Self { prefix: prefix.trim_end_matches('-'), half, images });
                    }
                }
            }
        }
        None
    }
}

fn idx(folder: &Path, names: &[String], prefix: Option<&str>) -> Result<Option<Found>, ImageProblem> {
    let known: Vec<(&String, Name<'_>)> = names.iter().filter_map(|file| Some((file, Name::of(file)?))).collect();
    let mut prefixes: Vec<&str> =
        known.iter().filter(|(_, name)| name.half == Half::Training).map(|(_, name)| name.prefix).collect();
    prefixes.dedup();
    prefixes.sort_unstable();
    prefixes.dedup();
    let prefix = match (prefix, &prefixes[..]) {
        (_, []) => return Ok(None),
        (Some(prefix), prefixes) if prefixes.contains(&prefix) => prefix,
        (None, [only]) => only,
        (None, several) if several.contains(&"") => "",
        (None, several) => {
            let example = folder.join(several[0]).display().to_string();
            return Err(ImageProblem::Several { there: several.join(", "), example });
        }
        (Some(_), _) => return Ok(None),
    };
    // Sorted, a plain file comes before the packed one of the same name.
    let file = |half, images| {
        let is_wanted = |name: &Name<'_>| (name.prefix, name.half, name.images) == (prefix, half, images);
        known.iter().find(|(_, name)| is_wanted(name)).map(|(file, _)| (*file).clone())
    };
    let files = |half| match (file(half, true), file(half, false)) {
        (None, None) => Ok(None),
        (Some(images), Some(labels)) => {
            Ok(Some(Files::Idx { images: folder.join(images), labels: folder.join(labels) }))
        }
        (Some(present), None) => Err(incomplete(present.replace("images", "labels").replace("idx3", "idx1"), present)),
        (None, Some(present)) => Err(incomplete(present.replace("labels", "images").replace("idx1", "idx3"), present)),
    };
    let test = files(Half::Test)?;
    Ok(files(Half::Training)?.map(|training| Found { training, test }))
}

fn incomplete(missing: String, present: String) -> ImageProblem {
    ImageProblem::Incomplete { missing, present }
}

fn cifar(folder: &Path, names: &[String]) -> Result<Option<Found>, ImageProblem> {
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    let files = |kind, names: &[&str]| {
        let files: Vec<PathBuf> = names.iter().map(|name| folder.join(name)).collect();
        Files::Cifar { kind, files }
    };
    let ten = ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"];
    if let Some(present) = ten.into_iter().find(|name| has(name)) {
        if let Some(missing) = ten.into_iter().find(|name| !has(name)) {
            return Err(incomplete(missing.to_owned(), present.to_owned()));
        }
        let test = has("test_batch.bin").then(|| files(CifarKind::Ten, &["test_batch.bin"]));
        return Ok(Some(Found { training: files(CifarKind::Ten, &ten), test }));
    }
    let test = has("test.bin").then(|| files(CifarKind::Hundred, &["test.bin"]));
    Ok(has("train.bin").then(|| Found { training: files(CifarKind::Hundred, &["train.bin"]), test }))
}
