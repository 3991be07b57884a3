//! The command in a folder, at most for some time, with its output where a test wants it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin_cmd;
use tempfile::TempDir;

/// A run of a fraction of a second.
pub const TINY: &str = "norm-effect --norms=0.5,1 --pairs=100 --dim=20 --published-runs=0 --replicates=3";

/// The longest that any command here may take; one that waits for a pipe takes for ever.
const LONGEST: Duration = Duration::from_secs(60);

pub fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// What came of a command.
#[derive(Debug)]
pub struct Ended {
    /// The exit status; none of a command that had to be ended.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// It did what it was asked to, and says this on stdout.
    pub fn says(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.stdout
    }

    /// It refused with one error, which names all this, and said nothing else.
    pub fn refuses(&self, names: &[&str]) {
        assert_eq!(self.code, Some(2), "{self:?}");
        assert_eq!(self.stderr.matches("error:").count(), 1, "{self:?}");
        assert!(self.stdout.is_empty() && !self.stderr.contains("panicked"), "{self:?}");
        for name in names {
            assert!(self.stderr.contains(name), "'{name}' is not in: {}", self.stderr);
        }
    }
}

/// The command in a folder, with the arguments of a line.
pub fn command(folder: &Path, line: &str) -> Command {
    let mut command = cargo_bin_cmd!("embedding-norms");
    command.current_dir(folder).args(line.split_whitespace()).timeout(LONGEST);
    command
}

/// Runs the command to its end.
pub fn run(folder: &Path, line: &str) -> Ended {
    let output = command(folder, line).output().unwrap_or_else(|error| panic!("{line}: {error}"));
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// The tiny run with further arguments.
pub fn tiny(folder: &Path, line: &str) -> Ended {
    run(folder, &format!("{TINY} {line}"))
}

/// Every file below a folder with its content, by its path within.
pub fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// Two views of a few embeddings as CSV, and classes: what commands on files need.
pub fn embeddings(folder: &Path) {
    let row = |index: i32, shift: f64| {
        let angle = 0.7 * f64::from(index) + shift;
        format!("{},{},{}\n", 2.0 * angle.cos(), 2.0 * angle.sin(), 0.5 + 0.1 * f64::from(index))
    };
    let rows = |shift: f64| (0..12).map(|index| row(index, shift)).collect::<String>();
    std::fs::write(folder.join("z.csv"), format!("a,b,c\n{}", rows(0.0))).unwrap();
    std::fs::write(folder.join("w.csv"), format!("a,b,c\n{}", rows(0.3))).unwrap();
}
