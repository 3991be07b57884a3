//! Writing arrays of numbers in numpy's format.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use embedding_norms::data::embeddings::{file_of, write_npy};
use ndarray::Array2;

use crate::cli::failure::Failure;
use crate::cli::output::Folder;

/// A file that can be written to.
pub struct ArrayFile {
    path: PathBuf,
    folder: Folder,
    name: String,
}

impl ArrayFile {
    /// Checks that the file can be written, and that it is not one of the inputs.
    pub fn prepare(option: &str, path: &Path, inputs: &[&Path]) -> Result<Self, Failure> {
        let refuse = |what: &str| Failure::Refused(format!("{option} {}: {what}", path.display()));
        if path.exists() && !path.is_file() && !path.is_dir() {
            let remedy = "give another file, with a name that ends in .npy";
            return Err(refuse(&format!(
                "this is a pipe or a device, and arrays are written as whole files; {remedy}"
            )));
        }
        let name = path.file_name().and_then(|name| name.to_str()).filter(|name| name.ends_with(".npy"));
        let name = name.ok_or_else(|| refuse("arrays are written as .npy; end the name in .npy"))?;
        if path.is_dir() {
            return Err(refuse("this is a folder; give a file in it"));
        }
        if inputs.iter().any(|input| is_same(path, input)) {
            return Err(refuse("this is one of the inputs; give another file"));
        }
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = Folder::of_named_file(parent).map_err(|error| refuse(&format!("{error}; give another file")))?;
        Ok(Self { path: path.to_owned(), folder, name: name.to_owned() })
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes an array: the whole file or none.
    pub fn write(&self, array: &Array2<f64>) -> Result<(), Failure> {
        write(&self.folder, &self.name, array)
    }
}

/// Writes an array as f64 in C order: the whole file or none.
pub fn write(folder: &Folder, name: &str, array: &Array2<f64>) -> Result<(), Failure> {
    folder.write_with(name, |file| to_npy(file, array))
}

fn to_npy(file: &mut File, array: &Array2<f64>) -> io::Result<()> {
    let mut file = BufWriter::new(file);
    write_npy(&mut file, array.view())?;
    file.flush()
}

/// Whether two paths name the same file. An input may be FILE[:KEY][:ROWS].
fn is_same(path: &Path, input: &Path) -> bool {
    let whole = |path: &Path| path.canonicalize().ok();
    whole(path).is_some_and(|path| Some(path) == whole(&file_of(input)))
}
