//! A command says at its end which files it wrote.

use std::collections::BTreeSet;
use std::path::Path;

use embedding_norms_lab::figure;
use serde_json::Value;

use crate::output::support::{TINY, embeddings, files, folder, run, tiny};
use crate::repository::root;

/// The files that a text speaks of.
fn told(text: &str) -> BTreeSet<String> {
    text.lines().filter_map(|line| line.strip_prefix("written ")).map(|path| path.trim().to_owned()).collect()
}

/// The files that one JSON object lists.
fn listed(text: &str) -> BTreeSet<String> {
    let object: Value = serde_json::from_str(text).unwrap();
    let files = object["files"].as_array().unwrap_or_else(|| panic!("{object}"));
    files.iter().map(|file| file.as_str().unwrap().to_owned()).collect()
}

/// The files below a folder, with the folder's name.
fn there(place: &Path, below: &str) -> BTreeSet<String> {
    let names = files(&place.join(below)).into_keys();
    names.filter(|name| !name.starts_with(".journals")).map(|name| format!("{below}/{name}")).collect()
}

#[test]
fn a_simulation_names_every_file() {
    let place = folder();
    let text = tiny(place.path(), if figure::PDF { "--format svg,pdf" } else { "--format svg" }).says();
    let claims = text.find("L2 ").unwrap();
    assert!(claims < text.find("written ").unwrap(), "after the claims: {text}");
    assert_eq!(told(&text), there(place.path(), "results"));
    assert_eq!(listed(&tiny(place.path(), "--json --out other").says()), there(place.path(), "other"));
    assert_eq!(tiny(place.path(), "--quiet").says(), "");
    assert!(told(&run(place.path(), &format!("{TINY} --dry-run")).says()).is_empty());
}

#[test]
fn shards_put_together_are_told_like_a_run() {
    let place = folder();
    for shard in ["1/2", "2/2"] {
        assert!(told(&tiny(place.path(), &format!("--shard {shard} --out parts")).says()).is_empty());
    }
    assert_eq!(told(&run(place.path(), "merge parts --out merged").says()), there(place.path(), "merged"));
    assert_eq!(listed(&run(place.path(), "merge parts --json --out again").says()), there(place.path(), "again"));
}

#[test]
fn commands_on_files_and_figures_name_theirs() {
    let place = folder();
    embeddings(place.path());
    let simulate = "simulate --loss cosine z.csv w.csv --max-steps 3 --out";
    assert_eq!(told(&run(place.path(), &format!("{simulate} one")).says()), there(place.path(), "one"));
    assert_eq!(listed(&run(place.path(), &format!("{simulate} two --json")).says()), there(place.path(), "two"));
    let diagnose = "diagnose z.csv --out";
    assert_eq!(told(&run(place.path(), &format!("{diagnose} three")).says()), there(place.path(), "three"));
    assert_eq!(listed(&run(place.path(), &format!("{diagnose} four --json")).says()), there(place.path(), "four"));
    assert!(listed(&run(place.path(), "diagnose z.csv --json").says()).is_empty());

    let gradient = "gradient --loss cosine z.csv w.csv --write-second out/H.npy --write out/G.npy";
    assert_eq!(told(&run(place.path(), gradient).says()), there(place.path(), "out"));
    assert_eq!(listed(&run(place.path(), &format!("{gradient} --json")).says()), there(place.path(), "out"));

    tiny(place.path(), "--quiet").says();
    assert_eq!(told(&run(place.path(), "redraw results --out drawn").says()), there(place.path(), "drawn"));
    assert_eq!(run(place.path(), "report results").says(), "results/report.html\n");
}

#[test]
fn what_an_interrupted_run_leaves_is_not_tracked() {
    let root = root();
    if !root.join(".git").exists() {
        // A package has no history to be kept clean.
        return;
    }
    for (left, ignored) in [
        ("plots/.journals/norm-effect/1-of-1/journal.jsonl", true),
        ("plots/.norm-effect.svg.4711.0.partial", true),
        ("plots/full/.journals/levers/1-of-1/journal.lock", true),
        ("plots/norm-effect.svg", false),
    ] {
        let git = std::process::Command::new("git").current_dir(root).args(["check-ignore", "-q", left]).status();
        // No git, or one that does not trust the owner of this folder.
        let Some(code) = git.ok().and_then(|status| status.code()).filter(|code| *code < 128) else { return };
        assert_eq!(code, i32::from(!ignored), "{left}");
    }
}
