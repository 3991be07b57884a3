//! The blocks of commands run as they stand, page by page and in order, in a clean folder; the outputs that are shown
//! are theirs.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::pages::{Block, UPDATE, all_markdown, blocks, code_spans, pages, read, updating};
use crate::repository::root;

/// Blocks that are not run, each with the reason that stands in a comment before it: what takes minutes, or needs more
/// than a Rust toolchain.
const NOT_RUN: [(&str, &str, &str); 14] = [
    ("README.md", "cargo install --path sims", "takes minutes"),
    ("README.md", "cargo run --release -- all", "takes minutes"),
    ("README.md", "pip install ./python", "needs pip"),
    ("docs/04-scaling.md", "cargo run --release -- optimizer-laws", "takes minutes"),
    (
        "docs/cluster.md",
        "FOLDER=results/norms TASKS=20 docs/cluster/parallel.sh norm-effect --full",
        "needs GNU parallel",
    ),
    ("docs/cluster.md", "FOLDER=results/norms TASKS=20 docs/cluster/submit.sh norm-effect --full", "needs Slurm"),
    ("docs/diagnosing.md", "python docs/diagnosing.py saved --rates", "takes minutes"),
    ("docs/python.md", "embedding-norms diagnose run.safetensors --optimizer adam", "needs pip"),
    ("docs/python.md", "pip install ./python", "needs pip"),
    ("docs/python.md", "trainer = lightning.Trainer(callbacks=[recorder.lightning()])", "needs trainers"),
    ("fuzz/README.md", "cargo install cargo-fuzz", "takes minutes"),
    ("plots/full/README.md", "embedding-norms confidence --full --replicates 8 --out plots/full", "takes minutes"),
    ("python/README.md", "pip install ./python", "needs pip"),
    ("tests/browser/README.md", "cargo run --release -- all --quick --out results", "needs Chromium"),
];

/// Languages of blocks that are no commands; `pycon` are sessions of Python, which the tests of the package run.
const OTHER_LANGUAGES: [&str; 6] = ["math", "mermaid", "pycon", "rust", "rust,no_run", "text"];

/// Lines are as wide as this in the outputs that pages show.
const WIDTH: &str = "100";

fn reason(block: &Block) -> Option<&str> {
    block.before.strip_prefix("<!-- not run: ")?.strip_suffix(" -->")
}

#[test]
fn every_block_is_run_or_says_why_not() {
    let mut not_run = Vec::new();
    for page in all_markdown() {
        for block in blocks(&read(&page)) {
            let commands = ["sh", "python"].contains(&block.language.as_str());
            assert!(
                commands || OTHER_LANGUAGES.contains(&block.language.as_str()),
                "{page}:{}: a block in '{}'",
                block.line,
                block.language
            );
            let reason = reason(&block);
            assert!(pages().contains(&page) || !commands || reason.is_some(), "{page}:{} is not run", block.line);
            if let Some(reason) = reason {
                let first = block.text.lines().next().unwrap();
                let first = first.split("  #").next().unwrap().trim_end().to_owned();
                not_run.push((page.clone(), first, reason.to_owned()));
            }
        }
    }
    not_run.sort();
    let expected = NOT_RUN.map(|(page, first, reason)| (page.to_owned(), first.to_owned(), reason.to_owned()));
    assert_eq!(not_run, expected);
}

/// A folder with what a reader has before a page is read: a clone's docs/example, and files under the names of the page.
fn clean_folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let example = folder.path().join("docs/example");
    fs::create_dir_all(&example).unwrap();
    fs::create_dir(folder.path().join("saved")).unwrap();
    let copy = |from: &str, to: &str| {
        fs::copy(root().join("docs/example").join(from), folder.path().join(to)).unwrap();
    };
    for file in ["step0.npy", "step1.npy", "views0.npy", "last.npy", "unseen.npy", "labels.npy"] {
        copy(file, &format!("docs/example/{file}"));
        copy(file, file);
        copy(file, &format!("saved/{file}"));
    }
    for (from, to) in [
        ("last.npy", "z.npy"),
        ("step1.npy", "w.npy"),
        ("step1.npy", "saved/epoch1.npy"),
        ("last.npy", "saved/epoch10.npy"),
        ("last.npy", "saved/epoch60.npy"),
    ] {
        copy(from, to);
    }
    fs::write(folder.path().join("saved/ink.npy"), column_of_sums(&folder.path().join("step0.npy"))).unwrap();
    archive(folder.path(), "views.npz", &["z.npy", "w.npy"]);
    folder
}

/// A covariate for the example: an array file with one column.
fn column_of_sums(embeddings: &Path) -> Vec<u8> {
    use npyz::WriterBuilder;
    let rows = embedding_norms::data::embeddings::Embeddings::open(embeddings).unwrap().read().unwrap();
    let mut bytes = Vec::new();
    let shape = [rows.nrows() as u64, 1];
    let writer = npyz::WriteOptions::<f64>::new().default_dtype().shape(&shape).writer(&mut bytes);
    let mut writer = writer.begin_nd().unwrap();
    writer.extend(rows.rows().into_iter().map(|row| row.sum())).unwrap();
    writer.finish().unwrap();
    bytes
}

/// Arrays in one file, as `np.savez` leaves them.
fn archive(folder: &Path, name: &str, arrays: &[&str]) {
    let mut archive = zip::ZipWriter::new(fs::File::create(folder.join(name)).unwrap());
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for array in arrays {
        archive.start_file(*array, stored).unwrap();
        archive.write_all(&fs::read(folder.join(array)).unwrap()).unwrap();
    }
    archive.finish().unwrap();
}

/// A program in a folder, with `embedding-norms` on the PATH and none of the surroundings of a terminal or a cluster.
fn program(name: &str, folder: &Path) -> Command {
    let mut command = Command::new(name);
    let here = PathBuf::from(env!("CARGO_BIN_EXE_embedding-norms"));
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{}:{path}", here.parent().unwrap().display()));
    command.env("COLUMNS", WIDTH).env("NO_COLOR", "1").current_dir(folder);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SLURM_") {
            command.env_remove(name);
        }
    }
    command
}

fn finished(mut command: Command, what: &str) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(status.success(), "{what}: {status}\n{}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

/// What a Python needs for the blocks of the pages; `PYTHON` names another than `python3`.
struct Python(String);

impl Python {
    fn found() -> Option<Self> {
        let name = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let imports = "import numpy, pandas, torch, safetensors.torch";
        let found = Command::new(&name).args(["-c", imports]).output().is_ok_and(|output| output.status.success());
        if !found {
            // Not captured as `eprintln!` is, so that it is seen.
            let said = "docs: the blocks of Python were NOT run: no NumPy, pandas, PyTorch and safetensors here\n";
            std::io::stderr().write_all(said.as_bytes()).unwrap();
        }
        found.then_some(Self(name))
    }
}

/// What the blocks of Python take as given: a model and inputs.
const GIVEN: &str = "\
import numpy as np
import torch
torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 8))
first_views, second_views = torch.rand(40, 64), torch.rand(40, 64)
samples, augmented = first_views, second_views
np.save('labels.npy', np.arange(40) % 4)
";

/// Runs the blocks of a page in order; what each printed, by its line.
fn run(page: &str, python: Option<&Python>) -> BTreeMap<usize, String> {
    let folder = clean_folder();
    let mut printed = BTreeMap::new();
    let mut before = GIVEN.to_owned();
    for block in blocks(&read(page)) {
        let what = format!("{page}:{}", block.line);
        if reason(&block).is_some() {
            continue;
        }
        match (block.language.as_str(), python) {
            ("sh", _) => {
                let mut shell = program("bash", folder.path());
                shell.args(["-euo", "pipefail", "-c", &block.text]);
                printed.insert(block.line, finished(shell, &what));
            }
            ("python", Some(Python(name))) => {
                // One session for the whole page: what came before runs again, in silence.
                fs::write(folder.path().join("before.py"), &before).unwrap();
                fs::write(folder.path().join("block.py"), &block.text).unwrap();
                let session = "import contextlib, io\n\
                               with contextlib.redirect_stdout(io.StringIO()):\n    exec(open('before.py').read())\n\
                               exec(open('block.py').read())";
                let mut interpreter = program(name, folder.path());
                interpreter.args(["-c", session]);
                printed.insert(block.line, finished(interpreter, &what));
                before += &block.text;
            }
            _ => {}
        }
    }
    printed
}

#[test]
fn the_blocks_of_every_page_run_in_order_and_print_what_is_shown() {
    let python = Python::found();
    let mut outputs = 0;
    for page in pages() {
        let text = read(&page);
        if !blocks(&text).iter().any(|block| ["sh", "python"].contains(&block.language.as_str())) {
            continue;
        }
        let printed = run(&page, python.as_ref());
        // By lines, from the last block to the first, so that the places of those before stay.
        let mut renewed: Vec<String> = text.lines().map(str::to_owned).collect();
        for block in blocks(&text).iter().rev().filter(|block| block.before.starts_with("<!-- prints")) {
            let (_, output) = printed.range(..block.line).next_back().expect("a block of commands before its output");
            let expected = shortened(output, &block.before);
            if updating() {
                let shown = block.line..block.line + block.text.lines().count();
                renewed.splice(shown, expected.lines().map(str::to_owned));
            } else {
                assert_eq!(block.text, expected, "{page}:{}: {UPDATE}", block.line);
            }
            outputs += 1;
        }
        if updating() && outputs > 0 {
            fs::write(root().join(&page), renewed.join("\n") + "\n").unwrap();
        }
    }
    assert!(outputs >= 2, "only {outputs} outputs are shown");
}

/// The lines that `<!-- prints, first 5 lines -->` lets stand, and how many follow.
fn shortened(output: &str, mark: &str) -> String {
    let lines: Vec<&str> = output.lines().map(str::trim_end).collect();
    let kept = mark.split_whitespace().find_map(|word| word.parse().ok()).unwrap_or(lines.len());
    let mut text: String = lines.iter().take(kept).flat_map(|line| [*line, "\n"]).collect();
    if lines.len() > kept {
        text += &format!("… {} more lines\n", lines.len() - kept);
    }
    text
}

/// The files that a line of commands writes.
fn written(line: &str) -> Vec<&str> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let options = ["--write", "--write-second", "--write-total"];
    words.windows(2).filter(|pair| options.contains(&pair[0])).map(|pair| pair[1]).collect()
}

#[test]
fn no_two_commands_of_a_page_write_the_same_file() {
    let mut found = 0;
    for page in pages() {
        let mut names = Vec::new();
        for block in blocks(&read(&page)).iter().filter(|block| block.language == "sh") {
            names.extend(block.text.lines().flat_map(written).map(str::to_owned));
        }
        found += names.len();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all, "{page}: a second command writes over a file of the first: {names:?}");
    }
    assert!(found > 3);
}

#[test]
fn commands_in_the_text_name_what_exists() {
    let help = finished(
        {
            let mut command = program("embedding-norms", root());
            command.arg("--help");
            command
        },
        "--help",
    );
    let known = |name: &str| help.lines().any(|line| line.split_whitespace().next() == Some(name));
    let mut checked = 0;
    for page in all_markdown() {
        let text = read(&page);
        for span in code_spans(&text) {
            let span = span.split_whitespace().collect::<Vec<_>>().join(" ");
            let command =
                ["embedding-norms ", "cargo run --release -- "].iter().find_map(|begin| span.strip_prefix(begin));
            if let Some(name) = command.and_then(|rest| rest.split(' ').next()) {
                let name = name.trim_end_matches('…');
                let simulation = name.is_empty() || name.starts_with('-') || name == "all" || known(name);
                assert!(simulation, "{page}: `{span}`");
                checked += 1;
            }
        }
    }
    assert!(checked > 25, "only {checked} commands were found");
}
