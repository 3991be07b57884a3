//! The simulations on spherical mixtures from the command line: the same bytes for any number of threads, any replicate
//! by itself, and mistakes refused.
use std::collections::BTreeMap;
use std::path::Path;

use assert_cmd::cargo::cargo_bin_cmd;

/// Runs a line in a folder.
fn run(folder: &Path, line: &str) -> assert_cmd::assert::Assert {
    cargo_bin_cmd!("embedding-norms").current_dir(folder).args(line.split_whitespace()).assert()
}

/// Every simulation with settings that take a moment.
const SMALL: [(&str, &str); 3] = [
    ("class-imbalance", "--samples 150 --epochs 4 --every 2 --batch 32 --controls 9"),
    ("local-density", "--samples 150 --epochs 4 --batch 32"),
    ("latent-space", "--classes 3 --per-class 40 --epochs 4 --batch 32"),
];

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: std::path::PathBuf| {
        (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap())
    };
    entries.filter(|path| path.is_file()).map(read).collect()
}

#[test]
fn threads_change_no_byte_and_seeds_do() {
    let folder = tempfile::tempdir().unwrap();
    for (name, options) in SMALL {
        let small = format!("{name} {options} --replicates 4 --quiet");
        run(folder.path(), &format!("{small} --threads 1 --out {name}-1")).success();
        run(folder.path(), &format!("{small} --threads 3 --out {name}-3")).success();
        run(folder.path(), &format!("{small} --threads 3 --seed 2 --out {name}-other")).success();
        let found = |suffix: &str| files(&folder.path().join(format!("{name}-{suffix}")));
        assert!(found("1").len() >= 3, "{name}");
        assert!(found("1") == found("3"), "{name}");
        assert!(found("1")[&format!("{name}.csv")] != found("other")[&format!("{name}.csv")], "{name}");
    }
}

#[test]
fn any_replicate_is_run_again_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    for (name, options) in SMALL {
        run(folder.path(), &format!("{name} {options} --replicates 4 --quiet --out all")).success();
        run(folder.path(), &format!("{name} {options} --first-replicate 2 --replicates 1 --quiet --out one")).success();
        let table =
            |place: &str| std::fs::read_to_string(folder.path().join(place).join(format!("{name}.csv"))).unwrap();
        let column = table("all").lines().next().unwrap().split(',').position(|column| column == "replicate").unwrap();
        let of = |table: &str, replicate: &str| -> Vec<String> {
            let rows = table.lines().skip(1).filter(|row| row.split(',').nth(column) == Some(replicate));
            rows.map(str::to_owned).collect()
        };
        assert_eq!(of(&table("one"), "2"), of(&table("all"), "2"), "{name}");
        assert_eq!(of(&table("one"), "2").len(), table("one").lines().count() - 1, "{name}");
        // Negative control: another replicate is another run.
        assert_ne!(of(&table("one"), "2"), of(&table("all"), "1"), "{name}");
    }
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (line, says) in [
        ("class-imbalance --weights 1", "at least two classes"),
        ("class-imbalance --weights 1,0", "above 0"),
        ("class-imbalance --epochs 0", "at least 1"),
        ("local-density --samples 10", "too few for neighbour 10"),
        ("local-density --neighbours 0", "at least 1"),
        ("latent-space --per-class 2", "--per-class 2 is too few"),
        ("latent-space --classes 1", "at least 2"),
        ("latent-space --temperature -1", "above 0"),
    ] {
        let output = run(folder.path(), line).code(2).get_output().clone();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(says), "{line}: {stderr}");
        assert!(!folder.path().join("results").exists(), "{line}: nothing is written");
    }
}

#[test]
fn a_training_that_diverges_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let line = "class-imbalance --samples 100 --epochs 3 --mean-learning-rate 1e200 --replicates 1";
    let stderr = run(folder.path(), line).code(2).get_output().stderr.clone();
    let stderr = String::from_utf8(stderr).unwrap();
    assert!(stderr.contains("class-imbalance") && stderr.contains("smaller learning rate"), "{stderr}");
}
