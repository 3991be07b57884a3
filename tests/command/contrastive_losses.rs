//! The simulation of all losses, from the command line: what it writes, what it finds, and what it refuses.

use std::path::Path;
use std::process::Output;

use assert_cmd::cargo::cargo_bin_cmd;
use embedding_norms::loss::catalogue;
use embedding_norms_lab::table::Table;

fn command(arguments: &[&str]) -> Output {
    cargo_bin_cmd!("embedding-norms").args(arguments).output().unwrap()
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut all = vec!["contrastive-losses", "--force", "--out", folder.to_str().unwrap()];
    all.extend(arguments);
    command(&all)
}

fn table(folder: &Path, part: &str) -> Table {
    Table::read_csv(std::fs::File::open(folder.join(format!("contrastive-losses{part}.csv"))).unwrap()).unwrap()
}

/// A column of numbers in the rows in which another column has this text.
fn numbers_where(table: &Table, column: &str, text: &str, wanted: &str) -> Vec<Option<f64>> {
    let rows = table.texts(column).unwrap().into_iter().zip(table.numbers(wanted).unwrap());
    rows.filter(|(found, _)| found == text).map(|(_, number)| number).collect()
}

/// Settings that take a second and decide every claim but that of the hinges.
const SMALL: [&str; 8] = ["--embeddings", "16", "--dim", "8", "--hinge-draws", "1", "--hinge-rates", "0.02"];

#[test]
fn all_losses_keep_their_laws_at_small_settings_too() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &[&SMALL[..], &["--learning-rate", "0.01", "--json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let record: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let claims = record["claims"]["contrastive-losses"].as_array().unwrap();
    let count = |verdict: &str| claims.iter().filter(|claim| claim["verdict"] == verdict).count();
    assert_eq!((claims.len(), count("as-stated"), count("not-tested")), (9, 8, 1));
    let main = table(folder.path(), "");
    // Three norms and three replicates of every loss; the first count is what was asked for.
    assert_eq!(main.rows().len(), 9 * catalogue().len());
    let first = numbers_where(&main, "norm", "1", "steps");
    assert!(!first.is_empty() && first.iter().all(|steps| *steps == Some(100.0)), "{first:?}");
    assert!(main.texts("stop").unwrap().iter().all(|stop| stop == "loss-level"));
    for part in ["", ".exponents", ".growth"] {
        assert!(folder.path().join(format!("contrastive-losses{part}.svg")).is_file());
    }
}

#[test]
fn threads_change_no_byte() {
    let read = |threads: &str| {
        let folder = tempfile::tempdir().unwrap();
        run(
            folder.path(),
            &[&SMALL[..], &["--losses", "dcl,triplet", "--replicates", "2", "--threads", threads]].concat(),
        );
        let mut files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path()).collect();
        files.retain(|path| path.is_file());
        files.sort();
        files.iter().map(|path| std::fs::read(path).unwrap()).collect::<Vec<_>>()
    };
    let one = read("1");
    assert!(one.len() >= 9);
    assert_eq!(one, read("4"));
}

#[test]
fn settings_that_cannot_decide_are_not_tested_and_wrong_ones_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    // Two replicates, or large steps; no contrast of G4 and no triplets either way.
    for few in [["--replicates", "2"], ["--learning-rate", "0.2"], ["--norms", "1,2,3"], ["--first-steps", "50"]] {
        let output = run(folder.path(), &[&SMALL[..], &["--losses", "siglip"], &few].concat());
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && text.contains(", 5 not tested\n"), "{text}");
        assert_eq!(text.matches("  not tested  ").count(), 5, "{text}");
    }
    for (wrong, why) in [
        (["--losses", "vicreg"], "there is no loss 'vicreg'"),
        (["--embeddings", "3"], "at least 4 embeddings"),
        (["--concentration", "-1"], "finite and not negative"),
    ] {
        let output = run(folder.path(), &wrong);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && message.contains(why), "{message}");
    }
}

#[test]
fn a_temperature_and_near_views_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    let chosen = ["--losses", "cosine,clip", "--temperature", "0.3", "--concentration", "30", "--replicates", "1"];
    assert!(run(folder.path(), &[&SMALL[..], &chosen].concat()).status.success());
    let main = table(folder.path(), "");
    let temperatures = |loss: &str| numbers_where(&main, "loss", loss, "temperature");
    assert!(temperatures("cosine").iter().all(|found| *found == Some(1.0)));
    assert!(temperatures("clip").iter().all(|found| *found == Some(0.3)));
    // Near views have little loss to lose: mean cosines start near 1.
    let spent = numbers_where(&table(folder.path(), ".growth"), "loss", "cosine", "spent");
    assert!(spent.iter().all(|spent| spent.unwrap() < 4.0), "{spent:?}");
}

#[test]
fn the_list_of_losses_names_all_with_their_formulas() {
    let output = command(&["losses"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success());
    for entry in catalogue() {
        // Where lines end depends on the width.
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let named = text.contains(&format!("{} {}", entry.name, entry.formula));
        assert!(
            named && text.contains(entry.source) && text.contains(&entry.with_defaults().needs().to_string()),
            "{}",
            entry.name
        );
    }
    assert!(text.contains("temperature τ = 0.07") && text.contains("bias b = -10"));
}
