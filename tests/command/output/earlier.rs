//! A folder that holds a run of other settings is not overwritten; the same run may be made again.

use std::fs;
use std::path::Path;

use embedding_norms_lab::figure;
use serde_json::Value;

use crate::output::support::{TINY, embeddings, files, folder, run, tiny};
use crate::repository::root;

const WAYS_OUT: [&str; 2] = ["--out", "--force"];

/// The line is refused with both ways out, before anything in the folder is changed.
fn kept(place: &Path, line: &str, names: &[&str]) {
    let before = files(place);
    run(place, line).refuses(&[names, &WAYS_OUT].concat());
    assert!(files(place) == before, "{line}");
}

#[test]
fn a_simulation_keeps_a_run_of_other_settings() {
    let place = folder();
    tiny(place.path(), "--quiet").says();
    kept(place.path(), &format!("{TINY} --dim 30"), &["results/norm-effect.json", "settings.dim is 20 there, 30 here"]);
    kept(place.path(), &format!("{TINY} --seed 2"), &["seed is 1 there, 2 here"]);
    kept(place.path(), &format!("{TINY} --replicates 4"), &["replicates is 3 there, 4 here"]);
    kept(place.path(), &format!("{TINY} --dim 30 --shard 1/2"), &["settings.dim"]);
    kept(place.path(), "norm-effect --quick --json", &["results/norm-effect.json"]);
    run(place.path(), &format!("{TINY} --dim 30 --dry-run")).says();
    // One way out, and the other, which leaves nothing of the former run.
    tiny(place.path(), "--dim 30 --quiet --out other").says();
    for stale in ["norm-effect.published.csv", "norm-effect.pdf"] {
        fs::write(place.path().join("results").join(stale), "of the former run").unwrap();
    }
    fs::write(place.path().join("results/norm-effects.csv"), "mine").unwrap();
    tiny(place.path(), "--dim 30 --quiet --force").says();
    assert_eq!(fs::read_to_string(place.path().join("results/norm-effects.csv")).unwrap(), "mine");
    fs::remove_file(place.path().join("results/norm-effects.csv")).unwrap();
    assert!(files(&place.path().join("results")) == files(&place.path().join("other")));
    // With force the same run, too, is made again, and takes nothing away.
    fs::write(place.path().join("results/norm-effect.pdf"), "of this run").unwrap();
    tiny(place.path(), "--dim 30 --quiet --force").says();
    assert!(place.path().join("results/norm-effect.pdf").is_file());
}

#[test]
fn the_same_run_may_be_made_again() {
    let place = folder();
    tiny(place.path(), "--quiet").says();
    let first = files(place.path());
    tiny(place.path(), "--quiet --threads 2").says();
    assert!(files(place.path()) == first);
    tiny(
        place.path(),
        if figure::PDF { "--quiet --size one-column --format svg,pdf" } else { "--quiet --size one-column" },
    )
    .says();
    // By any version of the crate: a newer one makes the same run.
    let path = place.path().join("results/norm-effect.json");
    let record = fs::read_to_string(&path).unwrap();
    let older = record.replacen(env!("CARGO_PKG_VERSION"), "0.0.1", 1);
    assert_ne!(older, record);
    fs::write(&path, older).unwrap();
    tiny(place.path(), "--quiet").says();
    assert!(fs::read_to_string(&path).unwrap() == record);
}

#[test]
fn what_is_no_record_of_this_layout_is_kept_too() {
    let place = folder();
    tiny(place.path(), "--quiet").says();
    let path = place.path().join("results/norm-effect.json");
    let record = fs::read_to_string(&path).unwrap();
    for (content, names) in [
        ("my own notes", "not the record of a run"),
        ("[1, 2]", "not the record of a run"),
        ("{}", "schema is absent there"),
        (&record.replacen("\"schema\": 1", "\"schema\": 99", 1), "schema is 99 there, 1 here"),
    ] {
        fs::write(&path, content).unwrap();
        kept(place.path(), TINY, &[names]);
    }
    tiny(place.path(), "--quiet --force").says();
    assert!(fs::read_to_string(&path).unwrap() == record);
}

#[test]
fn all_looks_at_everything_before_it_starts() {
    let place = folder();
    // The last of all simulations alone is in the way.
    fs::create_dir(place.path().join("plots")).unwrap();
    fs::write(place.path().join("plots/levers.json"), "{\"schema\": 1, \"seed\": 7}").unwrap();
    fs::write(place.path().join("plots/report.html"), "another run's").unwrap();
    kept(place.path(), "all --quick", &["plots/levers.json", "seed is 7 there, 1 here"]);
    kept(place.path(), "all --quick --shard 1/2", &["plots/levers.json"]);
    fs::write(place.path().join("plots/norm-effect.json"), "{}").unwrap();
    kept(place.path(), "all --quick", &["plots/norm-effect.json", "another simulation is in the way"]);
    fs::write(place.path().join("plots/confidence.json"), "{}").unwrap();
    kept(place.path(), "all", &["2 other simulations are in the way"]);
}

#[test]
fn an_interrupted_run_of_other_settings_is_found_before_any_work() {
    let place = folder();
    // A shard leaves its journal, as a run does that was interrupted.
    run(place.path(), "levers --quick --shard 1/900 --quiet --out plots").says();
    let ended = run(place.path(), "all --shard 1/900 --out plots --quiet");
    ended.refuses(&["levers", "journal.jsonl belongs to another run", "force"]);
    assert!(!place.path().join("plots/.journals/norm-effect").exists(), "nothing has begun");
}

#[test]
fn merging_keeps_a_run_of_other_settings() {
    let place = folder();
    for shard in ["1/2", "2/2"] {
        tiny(place.path(), &format!("--quiet --shard {shard} --out parts")).says();
    }
    run(place.path(), &format!("{TINY} --dim 30 --quiet")).says();
    kept(place.path(), "merge parts", &["results/norm-effect.json", "settings.dim is 30 there, 20 here"]);
    run(place.path(), "merge parts --quiet --force").says();
    run(place.path(), "merge parts --quiet").says();
    tiny(place.path(), "--quiet --out whole").says();
    assert!(files(&place.path().join("results")) == files(&place.path().join("whole")));
}

#[cfg(unix)]
#[test]
fn a_forced_run_that_was_interrupted_goes_on_without_force() {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    let place = folder();
    tiny(place.path(), "--quiet").says();
    let line = "norm-effect --norms 3,4,5 --replicates 12 --published-runs 0 --threads 1 --quiet";
    kept(place.path(), line, &["settings.norms"]);
    fs::write(place.path().join("results/norm-effect.published.csv"), "of the former run").unwrap();
    let forced = crate::output::support::command(place.path(), &format!("{line} --force"));
    let mut cut = Command::new(forced.get_program());
    cut.args(forced.get_args()).current_dir(place.path()).stderr(Stdio::piped());
    let mut cut = cut.spawn().unwrap();
    let journal = place.path().join("results/.journals/norm-effect/1-of-1/journal.jsonl");
    let started = Instant::now();
    while fs::read(&journal).map_or(0, |text| text.len()) < 1500 && started.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(Command::new("kill").args(["-INT", &cut.id().to_string()]).status().unwrap().success());
    assert_eq!(cut.wait().unwrap().code(), Some(130));
    let mut says = String::new();
    std::io::Read::read_to_string(cut.stderr.as_mut().unwrap(), &mut says).unwrap();
    assert!(says.contains("run the same command again to go on (without --force"), "{says}");
    let ended = run(place.path(), &line.replace(" --quiet", ""));
    assert!(ended.stderr.contains("went on from an interrupted run"), "{ended:?}");
    ended.says();
    run(place.path(), &format!("{line} --out whole")).says();
    assert!(files(&place.path().join("results")) == files(&place.path().join("whole")));
}

#[test]
fn commands_on_files_keep_what_another_question_found() {
    let place = folder();
    embeddings(place.path());
    fs::copy(place.path().join("z.csv"), place.path().join("other.csv")).unwrap();
    let simulate = "simulate --loss cosine z.csv w.csv --max-steps 3";
    run(place.path(), simulate).says();
    run(place.path(), simulate).says();
    kept(place.path(), &format!("{simulate} --learning-rate 0.1"), &["results/simulate.json", "learning_rate"]);
    kept(place.path(), "simulate --loss cosine other.csv w.csv --max-steps 3", &["settings.inputs", "other.csv"]);
    run(place.path(), &format!("{simulate} --learning-rate 0.1 --force")).says();
    fs::write(place.path().join("labels.txt"), "a\nb\n".repeat(6)).unwrap();
    run(place.path(), "simulate --loss sup-con z.csv --labels labels.txt --max-steps 3 --force").says();
    assert!(!place.path().join("results/simulate.second.npy").exists(), "it was the former run's");

    run(place.path(), "diagnose z.csv --out found").says();
    run(
        place.path(),
        if figure::PNG { "diagnose z.csv --out found --format svg,png" } else { "diagnose z.csv --out found" },
    )
    .says();
    kept(place.path(), "diagnose other.csv --out found", &["found/diagnose.json", "settings.checkpoints"]);
    kept(place.path(), "diagnose z.csv --out found --seed 2", &["settings.seed is 1 there, 2 here"]);
    run(place.path(), "diagnose other.csv --out found --force").says();
    run(place.path(), "diagnose z.csv").says();
}

#[test]
fn figures_are_not_drawn_beside_another_table() {
    let place = folder();
    tiny(place.path(), "--quiet --out one").says();
    tiny(place.path(), "--quiet --dim 30 --out other").says();
    kept(place.path(), "redraw one --out other", &["other/norm-effect.csv", "another table"]);
    run(place.path(), "redraw one --out one").says();
    run(place.path(), "redraw one/norm-effect.csv --out new").says();
    run(place.path(), "redraw one --out other --force").says();
}

#[test]
fn the_gallery_can_be_made_again_without_force() {
    let place = folder();
    let gallery = root().join("plots");
    let mut records = 0;
    for file in fs::read_dir(&gallery).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            fs::copy(&path, place.path().join(path.file_name().unwrap())).unwrap();
            records += 1;
        }
    }
    assert!(records > 15);
    // One record is changed: it alone is in the way, and all others are those of their runs.
    let path = place.path().join("levers.json");
    let mut record: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    record["seed"] = 99.into();
    fs::write(&path, record.to_string()).unwrap();
    let ended = run(place.path(), "all --out .");
    ended.refuses(&["./levers.json holds another run: seed is 99 there, 1 here: write to"]);
}
