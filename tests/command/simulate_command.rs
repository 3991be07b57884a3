//! `embedding-norms simulate`: the library's descent, from files into files.
use crate::files_support;

use std::collections::BTreeMap;
use std::path::Path;

use embedding_norms::loss;
use embedding_norms::normalization::GradScale;
use embedding_norms::optimizer::{self, WeightDecay};
use embedding_norms::simulation::{Cadence, Descent, Start, StopRules};
use embedding_norms_lab::table::Table;
use files_support::{command, json, load, refused, rows, save, stdout};
use ndarray::array;
use tempfile::TempDir;

fn prepare() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), "z.npy", &rows(6, 4, 1));
    save(folder.path(), "w.npy", &rows(6, 4, 2));
    std::fs::write(folder.path().join("labels.txt"), "cat\ndog\ncat\ndog\ncat\ndog\n").unwrap();
    folder
}

fn table(path: &Path) -> Table {
    Table::read_csv(std::fs::File::open(path).unwrap()).unwrap()
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap()))
        .collect()
}

const LINE: &str = "simulate --loss nt-xent --temperature 0.2 z.npy w.npy --optimizer adam --set beta2=0.99 \
                    --learning-rate 0.05 --grad-scale 1 --weight-decay 0.01 --coupled --max-steps 40 --record-every 7";

#[test]
fn it_is_the_librarys_descent_to_the_bit() {
    let folder = prepare();
    stdout(folder.path(), &format!("{LINE} --out out"));
    let loss = loss::by_name("nt-xent", &loss::Parameters::default().with("temperature", 0.2)).unwrap();
    let adam = optimizer::by_name("adam", &optimizer::Parameters::defaults().with("beta2", 0.99)).unwrap();
    let descent = Descent::new(&*loss, &*adam, 0.05).unwrap().grad_scale(GradScale::new(1.0).unwrap());
    let descent = descent.decay(WeightDecay::coupled(0.01).unwrap()).records(Cadence::every(7).unwrap());
    let start = Start::pairs(rows(6, 4, 1), rows(6, 4, 2));
    let outcome = descent.run(start.clone(), &StopRules::budget(40)).unwrap();

    let out = folder.path().join("out");
    assert_eq!(load(&out, "simulate.first.npy"), outcome.first);
    assert_eq!(Some(load(&out, "simulate.second.npy")), outcome.second);
    let numbers = |table: &Table, column: &str| -> Vec<f64> {
        table.numbers(column).unwrap().into_iter().map(Option::unwrap).collect()
    };
    let (summary, each) = (table(&out.join("simulate.csv")), table(&out.join("simulate.embeddings.csv")));
    let records = &outcome.records;
    assert_eq!(numbers(&summary, "step"), [0, 7, 14, 21, 28, 35, 40].map(f64::from));
    assert_eq!(numbers(&summary, "loss"), records.iter().map(|record| record.loss).collect::<Vec<_>>());
    assert_eq!(numbers(&each, "angle"), records.iter().flat_map(|record| record.angles.clone()).collect::<Vec<_>>());
    let norms = records.iter().flat_map(|record| record.second_norms.clone());
    assert_eq!(numbers(&each, "second_norm"), norms.collect::<Vec<_>>());
    // Another decay is another run.
    let other = Descent::new(&*loss, &*adam, 0.05).unwrap().grad_scale(GradScale::new(1.0).unwrap());
    let other = other.decay(WeightDecay::decoupled(0.01).unwrap()).run(start, &StopRules::budget(40)).unwrap();
    assert_ne!(load(&out, "simulate.first.npy"), other.first);
}

#[test]
fn the_same_line_writes_the_same_bytes() {
    let folder = prepare();
    stdout(folder.path(), &format!("{LINE} --out one"));
    stdout(folder.path(), &format!("{LINE} --out two"));
    let (one, two) = (files(&folder.path().join("one")), files(&folder.path().join("two")));
    let names =
        ["simulate.csv", "simulate.embeddings.csv", "simulate.first.npy", "simulate.json", "simulate.second.npy"];
    assert_eq!(one.keys().collect::<Vec<_>>(), names);
    assert_eq!(one, two);
}

#[test]
fn final_positions_are_a_start_again() {
    let folder = prepare();
    let run = |files: &str, steps: u64, out: &str| {
        stdout(folder.path(), &format!("simulate --loss cosine {files} --max-steps {steps} --out {out}"));
    };
    run("z.npy w.npy", 30, "whole");
    run("z.npy w.npy", 12, "half");
    run("half/simulate.first.npy half/simulate.second.npy", 18, "rest");
    assert_eq!(load(folder.path(), "rest/simulate.first.npy"), load(folder.path(), "whole/simulate.first.npy"));
    assert_ne!(load(folder.path(), "half/simulate.first.npy"), load(folder.path(), "whole/simulate.first.npy"));
}

#[test]
fn every_rule_can_end_a_run_and_is_named() {
    let folder = prepare();
    save(folder.path(), "up.npy", &array![[1.0, 0.0]]);
    save(folder.path(), "down.npy", &array![[-1.0, 0.0]]);
    let ends = |line: &str, stop: &str, goal: bool| {
        let record = json(folder.path(), &format!("simulate --loss cosine {line} --json --force"));
        assert_eq!(record["stop"], stop, "{line}");
        assert_eq!(record["reached_goal"], goal, "{line}");
        record["steps"].as_u64().unwrap()
    };
    let mean = ends("z.npy w.npy --mean-cosine 1e-2", "mean-cosine", true);
    assert!(mean < ends("z.npy w.npy --every-pair 1e-2", "every-pair", true));
    ends("z.npy w.npy --loss-level -0.5", "loss-level", true);
    ends("z.npy w.npy --stationary 10", "stationary", false);
    ends("up.npy down.npy", "stationary", false);
    assert_eq!(ends("up.npy down.npy --never-stationary --max-steps 77", "budget", false), 77);
    ends("z.npy w.npy --max-steps 5", "budget", false);
}

#[test]
fn a_run_that_leaves_the_numbers_of_f64_fails_and_says_why() {
    let folder = prepare();
    let line =
        "simulate --loss cosine z.npy w.npy --learning-rate 1e308 --grad-scale 8 --max-steps 50 --json --out out";
    refused(folder.path(), line, &["1e+308", "--grad-scale 8", "Z, row", "Lower the rate", "is in out"]);
    let record: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("out/simulate.json")).unwrap()).unwrap();
    assert_eq!((&record["stop"], &record["reached_goal"]), (&"not-finite".into(), &false.into()));
}

#[test]
fn weights_decay_once_under_a_rule_that_has_its_own() {
    let folder = prepare();
    let run = |line: &str, out: &str| {
        let steps = if line.contains("--max-steps") { "" } else { "--max-steps 7" };
        let run =
            format!("simulate --loss nt-xent z.npy w.npy --learning-rate 0.05 {steps} {line} --force --out {out}");
        stdout(folder.path(), &format!("{run} --quiet"));
        load(folder.path(), &format!("{out}/simulate.first.npy"))
    };
    for rule in ["adamw", "lars", "lamb"] {
        let option = run(&format!("--optimizer {rule} --weight-decay 0.1"), "option");
        assert_eq!(option, run(&format!("--optimizer {rule} --set weight-decay=0.1"), "setting"), "{rule}");
        assert_eq!(option, run(&format!("--optimizer {rule} --set weight-decay=0.1 --weight-decay 0.1"), "both"));
        assert_ne!(option, run(&format!("--optimizer {rule}"), "default"), "{rule}");
        let text = std::fs::read_to_string(folder.path().join("option/simulate.json")).unwrap();
        let record: serde_json::Value = serde_json::from_str(&text).unwrap();
        let optimizer = &record["settings"]["optimizer"];
        assert_eq!(optimizer["parameters"]["weight-decay"], 0.1);
        assert!(optimizer["weight_decay"].is_null(), "nothing decays beside the rule: {optimizer}");
        let no = |line: &str, says: &[&str]| {
            let line = format!("simulate --loss cosine z.npy w.npy --optimizer {rule} --weight-decay 0.1 {line}");
            refused(folder.path(), &line, says);
        };
        no("--set weight-decay=0.2", &["--weight-decay 0.1", "weight-decay=0.2", "give one of them"]);
        no("--coupled", &["--coupled", rule, "leave --coupled out"]);
    }
    // By hand: z ← (1 − γλ) z, then as Adam.
    let adamw = run("--optimizer adamw --weight-decay 0.1 --max-steps 1", "one");
    let adam = run("--optimizer adam --max-steps 1", "adam");
    let expected = adam - 0.05 * 0.1 * rows(6, 4, 1);
    assert!((&adamw - &expected).iter().all(|difference| difference.abs() < 1e-15), "{adamw} for {expected}");
    // Beside a rule without a decay of its own.
    let beside = run("--optimizer adam --weight-decay 0.1 --max-steps 1", "beside");
    assert!((&beside - &expected).iter().all(|difference| difference.abs() < 1e-15));
}

#[test]
fn a_setting_with_two_values_is_refused() {
    let folder = prepare();
    let no = |line: &str, says: &[&str]| {
        refused(folder.path(), &format!("simulate --loss cosine z.npy w.npy --optimizer {line}"), says);
    };
    no("adam --set beta1=0.5 --set beta1=0.6", &["beta1=0.5", "beta1=0.6", "give one of them"]);
    no("adam --set weight-decay=0.1", &["no setting 'weight-decay'", "an option of its own, --weight-decay"]);
    no("adam --set learning-rate=0.1", &["an option of its own, --learning-rate"]);
}

#[test]
fn one_view_has_norms_and_no_angles() {
    let folder = prepare();
    let line = "simulate --loss sup-con z.npy --labels labels.txt --max-steps 20 --records-per-decade 4 --out out";
    stdout(folder.path(), line);
    let out = folder.path().join("out");
    let each = table(&out.join("simulate.embeddings.csv"));
    assert!(each.numbers("angle").unwrap().iter().all(Option::is_none));
    assert!(each.numbers("first_norm").unwrap().iter().all(Option::is_some));
    assert!(!out.join("simulate.second.npy").exists());
    let losses = table(&out.join("simulate.csv")).numbers("loss").unwrap();
    assert!(losses.len() > 5 && losses.first() > losses.last());
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_writes_what_it_has() {
    use std::process::{Command as Process, Stdio};
    use std::time::{Duration, Instant};

    let folder = prepare();
    let line = "simulate --loss cosine z.npy w.npy --never-stationary --record-every 1000 --out";
    let endless = command(folder.path(), &format!("{line} cut --max-steps 1000000000"));
    let mut run = Process::new(endless.get_program());
    let mut run = run.args(endless.get_args()).current_dir(folder.path()).stderr(Stdio::piped()).spawn().unwrap();
    // The folder is made when everything is read, just before the first step.
    let started = Instant::now();
    while !folder.path().join("cut").exists() && started.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(2));
    }
    std::thread::sleep(Duration::from_millis(500));
    assert!(Process::new("kill").args(["-INT", &run.id().to_string()]).status().unwrap().success());
    assert_eq!(run.wait().unwrap().code(), Some(130));
    let mut said = String::new();
    std::io::Read::read_to_string(run.stderr.as_mut().unwrap(), &mut said).unwrap();

    let cut = folder.path().join("cut");
    let record: serde_json::Value = serde_json::from_slice(&std::fs::read(cut.join("simulate.json")).unwrap()).unwrap();
    let steps = record["steps"].as_u64().unwrap();
    assert!(record["stop"] == "cancelled" && record["reached_goal"] == false && steps > 0, "{record}");
    assert!(said.contains(&format!("interrupted after {steps} steps")) && said.contains("cut"), "{said}");
    // It is the beginning of the run that was asked for.
    stdout(folder.path(), &format!("{line} whole --max-steps {steps}"));
    let whole = folder.path().join("whole");
    for name in ["simulate.csv", "simulate.embeddings.csv", "simulate.first.npy", "simulate.second.npy"] {
        assert!(std::fs::read(cut.join(name)).unwrap() == std::fs::read(whole.join(name)).unwrap(), "{name}");
    }
}

#[test]
fn wrong_use_is_refused_and_leaves_nothing() {
    let folder = prepare();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let before = files(folder.path());
    let no = |line: &str, says: &[&str]| refused(folder.path(), &format!("simulate --loss cosine {line}"), says);
    no("", &["<Z>"]);
    no("z.npy", &["two views", "give W after Z"]);
    no("z.npy nowhere.npy", &["nowhere.npy: no such file"]);
    no("z.npy w.npy --optimizer adma", &["--optimizer", "did you mean 'adam'"]);
    no("z.npy w.npy --set momentum=1", &["gradient-descent", "momentum"]);
    no("z.npy w.npy --optimizer heavy-ball --set momentum=2", &["heavy-ball", "below 1"]);
    no("z.npy w.npy --set momentum", &["NAME=VALUE"]);
    no("z.npy w.npy --learning-rate 0", &["--learning-rate", "above 0"]);
    no("z.npy w.npy --grad-scale inf", &["GradScale"]);
    no("z.npy w.npy --weight-decay -1", &["weight decay", "0 or larger"]);
    no("z.npy w.npy --coupled", &["--weight-decay"]);
    no("z.npy w.npy --max-steps 0", &["--max-steps", "at least 1"]);
    no("z.npy w.npy --mean-cosine 2", &["--mean-cosine", "below 2"]);
    no("z.npy --mean-cosine 0.1", &["W"]);
    no("z.npy w.npy --stationary 1 --never-stationary", &["--stationary"]);
    no("z.npy w.npy --record-every 0", &["--record-every"]);
    no("z.npy w.npy --records-per-decade 5000", &["records per decade"]);
    no("z.npy w.npy --record-every 1 --records-per-decade 5", &["--record-every"]);
    no("z.npy w.npy --record-every 1 --max-steps 1000000000", &["--record-every 1", "record less often"]);
    no("z.npy w.npy --out file/below", &["cannot write to file/below", "--out"]);
    no("z.npy w.npy --labels labels.txt", &["--labels labels.txt", "cosine takes no labels", "leave this out"]);
    refused(folder.path(), "simulate --loss sup-con z.npy", &["--labels FILE"]);
    assert_eq!(files(folder.path()), before);
}
