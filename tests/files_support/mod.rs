//! What tests of commands on files share: the command in a folder, and arrays on their way in and out.
#![allow(dead_code)]

use std::path::Path;

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin_cmd;
use embedding_norms::data::embeddings::Embeddings;
use embedding_norms::random::generator;
use embedding_norms::sphere::uniform;
use ndarray::Array2;
use npyz::WriterBuilder;

/// The command in a folder, with the arguments of a line.
pub fn command(folder: &Path, line: &str) -> Command {
    let mut command = cargo_bin_cmd!("embedding-norms");
    command.current_dir(folder).args(line.split_whitespace());
    command
}

/// What the command prints, once it has succeeded.
pub fn stdout(folder: &Path, line: &str) -> String {
    let output = command(folder, line).assert().success().get_output().clone();
    assert!(output.stderr.is_empty(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The one JSON object that the command prints.
pub fn json(folder: &Path, line: &str) -> serde_json::Value {
    serde_json::from_str(&stdout(folder, line)).unwrap()
}

/// The command refuses this line with one error that says all this.
pub fn refused(folder: &Path, line: &str, says: &[&str]) {
    let output = command(folder, line).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{line}: {stderr}");
    assert!(output.stdout.is_empty(), "{line}");
    assert_eq!(stderr.matches("error:").count(), 1, "{line}: {stderr}");
    for words in says {
        assert!(stderr.contains(words), "{line}: '{words}' is not in: {stderr}");
    }
}

/// Writes an array as numpy does.
pub fn save(folder: &Path, name: &str, array: &Array2<f64>) {
    let file = std::fs::File::create(folder.join(name)).unwrap();
    let shape = [array.nrows() as u64, array.ncols() as u64];
    let mut writer = npyz::WriteOptions::<f64>::new().default_dtype().shape(&shape).writer(file).begin_nd().unwrap();
    writer.extend(array.iter().copied()).unwrap();
    writer.finish().unwrap();
}

/// Writes a list of numbers as numpy does, (n,).
pub fn save_column(folder: &Path, name: &str, numbers: &[f64]) {
    let file = std::fs::File::create(folder.join(name)).unwrap();
    let shape = [numbers.len() as u64];
    let mut writer = npyz::WriteOptions::<f64>::new().default_dtype().shape(&shape).writer(file).begin_nd().unwrap();
    writer.extend(numbers.iter().copied()).unwrap();
    writer.finish().unwrap();
}

/// Reads an array.
pub fn load(folder: &Path, name: &str) -> Array2<f64> {
    Embeddings::open(folder.join(name)).unwrap().read().unwrap()
}

/// Rows in random directions, with norms from 1/2 to 4.
pub fn rows(n: usize, d: usize, seed: u64) -> Array2<f64> {
    let mut rows = uniform(n, d, &mut generator(seed, b"tests/files", 0)).unwrap();
    for (row, mut vector) in rows.rows_mut().into_iter().enumerate() {
        vector *= 0.5 * libm::exp2(3.0 * (row as f64) / (n as f64));
    }
    rows
}
