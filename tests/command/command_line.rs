//! The command as a user meets it: wrong use, files, determinism, resuming, shards, settings from a file.
use std::collections::BTreeMap;
use std::path::Path;

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin_cmd;
use embedding_norms_lab::figure;
use embedding_norms_lab::statement::STATEMENTS;
use embedding_norms_lab::table::Table;
use serde_json::Value;
use tempfile::TempDir;

/// A run of a fraction of a second.
const TINY: [&str; 5] = ["norm-effect", "--norms=0.5,1", "--pairs=100", "--dim=20", "--published-runs=0"];

/// The command in a folder of its own, with the arguments of a line.
fn command(folder: &Path, line: &str) -> Command {
    let mut command = cargo_bin_cmd!("embedding-norms");
    command.current_dir(folder).args(line.split_whitespace());
    command
}

/// The tiny run with further arguments.
fn tiny(folder: &Path, line: &str) -> Command {
    command(folder, &format!("{} --replicates=3 {line}", TINY.join(" ")))
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Every file of a folder with its content, by its path within.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
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

/// The line is refused with one error that says this, and nothing is written.
fn refused(line: &str, says: &[&str]) {
    refused_with(&[], line, says);
}

/// The same with files that are there before.
fn refused_with(before: &[(&str, &str)], line: &str, says: &[&str]) {
    let place = folder();
    for (name, content) in before {
        std::fs::write(place.path().join(name), content).unwrap();
    }
    let there = files(place.path());
    let output = command(place.path(), line).assert().code(2).get_output().clone();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.stdout.is_empty(), "{line}: {}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(stderr.matches("error:").count(), 1, "{line}: {stderr}");
    assert!(!stderr.contains("panicked") && !stderr.contains('\u{1b}'), "{line}: {stderr}");
    for words in says {
        assert!(stderr.contains(words), "{line}: '{words}' is not in: {stderr}");
    }
    assert_eq!(files(place.path()), there, "{line}");
}

#[test]
fn values_that_make_no_sense_are_refused() {
    for line in ["--norms 0", "--norms nan", "--norms=-1", "--norms inf", "--norms 1,,2", "--learning-rate 0"] {
        refused(&format!("norm-effect {line}"), &[line.split([' ', '=']).next().unwrap()]);
    }
    refused("norm-effect --pairs 0", &["--pairs", "at least 1"]);
    refused("norm-effect --dim 1", &["--dim", "at least 2 dimensions"]);
    refused("norm-effect --tolerance 3", &["--tolerance", "below 2"]);
    refused("norm-effect --threads 0", &["--threads", "at least 1"]);
    refused("norm-effect --replicates 0", &["--replicates", "at least 1"]);
    refused("norm-effect --seed one", &["--seed"]);
    refused("norm-effect --shard 0/2", &["there is no shard 0 of 2"]);
    refused("norm-effect --shard 3/2", &["there is no shard 3 of 2"]);
    refused("norm-effect --quick --full", &["--quick", "--full"]);
    refused("norm-effect --format gif", &["gif", "svg"]);
    refused("predict", &["--norm"]);
    refused("predict --norm 1 --angle 4", &["--angle"]);
}

#[cfg(not(feature = "png"))]
#[test]
fn formats_that_are_left_out_are_refused_with_the_command_that_builds_them() {
    let place = folder();
    for format in ["png", "pdf"] {
        let remedy = format!("cargo run --release --features {format} -- ");
        for line in ["norm-effect --quick", "redraw none.csv", "diagnose none.csv --out found", "all --quick"] {
            let output =
                command(place.path(), &format!("{line} --format svg,{format}")).assert().code(2).get_output().clone();
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert!(output.stdout.is_empty() && stderr.contains(&remedy), "{line}: {stderr}");
        }
    }
    assert!(files(place.path()).is_empty(), "no work is done before");
    let drawn = |options: &str| {
        let line = format!("sphere-trajectories --quick --out drawn {options}");
        String::from_utf8(command(place.path(), &line).assert().success().get_output().stderr.clone()).unwrap()
    };
    let said = drawn("");
    assert!(said.contains("sphere-trajectories.gif is not drawn") && said.contains("--features png"), "{said}");
    assert_eq!(drawn("--force --quiet"), "");
    assert!(!place.path().join("drawn/sphere-trajectories.gif").exists());
}

#[test]
fn misspelt_names_get_a_suggestion() {
    refused("norm-efect", &["did you mean 'norm-effect'?"]);
    refused("norm-effect --pair 3", &["did you mean '--pairs'?"]);
    refused("all --quik", &["did you mean '--quick'?"]);
    refused("norm-effect --first-step cosin", &["did you mean 'cosine'?"]);
    refused("explain L22", &["there is no statement 'L22'", "L1 to L8"]);
    refused("explain nonsense", &["there are G1, G2"]);
    refused("redraw x.csv --as norm-efect", &["did you mean 'norm-effect'?"]);
}

#[test]
fn places_that_cannot_be_used_are_refused() {
    refused_with(&[("file", "")], "norm-effect --quick --out file/below", &["cannot write to file/below", "--out"]);
    refused_with(&[("file", "")], "all --quick --out file", &["cannot write to file"]);
    refused("merge nowhere", &["nowhere: no such folder"]);
    refused("merge . --seed 3", &["--seed", "cannot be used with"]);
    refused("report nowhere", &["nowhere: no such folder"]);
    refused("report .", &["no simulation has left its record"]);
    refused_with(&[("norm-effect.json", "{}")], "report .", &["./norm-effect.json: not the record of a run"]);
    let other = r#"{"schema": 99, "claims": "in a layout of the future"}"#;
    refused_with(&[("norm-effect.json", other)], "report .", &["version 99"]);
}

#[test]
fn mistakes_in_a_file_of_settings_are_refused() {
    refused("norm-effect --config none.toml", &["none.toml"]);
    let with = |content: &str, says: &[&str]| {
        refused_with(&[("my.toml", content)], "norm-effect --config my.toml", says);
    };
    with("[norm-effect]\nnorm = [1.0]", &["there is no setting 'norm'", "did you mean 'norms'?"]);
    with("[norm-efect]\nnorms = [1.0]", &["there is no table [norm-efect]", "did you mean 'norm-effect'?"]);
    with("[norm-effect]\npairs = \"many\"", &["'many' is not a whole number"]);
    with("[norm-effect]\npairs = true", &["'pairs' must be a number"]);
    with("[common]\nquick = 3", &["'quick' is a switch"]);
    with("pairs = 3", &["'pairs' stands outside of a table", "[norm-effect]"]);
    with("[norm-effect\n", &["my.toml"]);
}

#[test]
fn everything_has_help_with_an_example() {
    let place = folder();
    let root = command(place.path(), "--help").assert().success().get_output().stdout.clone();
    let text = String::from_utf8(root).unwrap();
    let commands = text.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let first = commands.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names: Vec<&str> = first.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.contains(&"norm-effect") && names.contains(&"redraw"), "{names:?}");
    for name in names.iter().filter(|name| **name != "help") {
        let help = command(place.path(), &format!("{name} --help")).assert().success().get_output().stdout.clone();
        let help = String::from_utf8(help).unwrap();
        assert!(help.contains("Example") && help.contains(&format!("embedding-norms {name}")), "{help}");
        assert!(!help.starts_with("Options") && !help.contains('\u{1b}'), "{name} says what it does: {help}");
    }
}

#[test]
fn list_and_explain_know_every_statement() {
    let place = folder();
    let list = command(place.path(), "list").assert().success().get_output().stdout.clone();
    let list = String::from_utf8(list).unwrap();
    assert!(list.contains("norm-effect") && list.contains("one-step-bound"));
    for statement in STATEMENTS {
        let text = command(place.path(), &format!("explain {}", statement.id)).assert().success();
        let text = String::from_utf8(text.get_output().stdout.clone()).unwrap();
        let anchor = format!("plots/report.html#{}", statement.id.to_lowercase());
        // Where lines end depends on the width.
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = words(&text);
        let formulas = statement.formula.split(";  ").map(words);
        for part in [statement.title, &statement.section(), &statement.test_command(), &anchor] {
            assert!(text.contains(part), "{}: {part}", statement.id);
        }
        assert!(formulas.into_iter().all(|formula| text.contains(&formula)), "{}: {text}", statement.id);
    }
}

#[test]
fn predict_warns_below_the_best_norm() {
    let place = folder();
    let predict = |line: &str| {
        let output = command(place.path(), &format!("predict {line}")).assert().success().get_output().clone();
        String::from_utf8(output.stdout).unwrap()
    };
    let above = predict("--norm 8 --learning-rate 0.02");
    assert!(above.contains("L8") && !above.contains("warning"), "{above}");
    let below = predict("--norm 0.1 --learning-rate 0.02");
    assert!(below.contains("warning: the norm lies below the best one"), "{below}");
}

#[test]
fn completions_name_commands_and_options() {
    let place = folder();
    for shell in ["bash", "zsh", "fish"] {
        let script = command(place.path(), &format!("completions {shell}")).assert().success().get_output().clone();
        let script = String::from_utf8(script.stdout).unwrap();
        assert!(["norm-effect", "redraw", "learning-rate"].iter().all(|name| script.contains(name)), "{shell}");
    }
    // Of the two learning rates only the one that a command has.
    let script = command(place.path(), "completions bash").assert().success().get_output().stdout.clone();
    let script = String::from_utf8(script).unwrap();
    let options =
        script.lines().filter(|line| line.contains("opts=") && line.contains("learning-rate ")).collect::<Vec<_>>();
    assert!(options.len() > 8 && options.iter().any(|line| line.contains(" --mean-learning-rate ")), "{options:?}");
    let both = |line: &&&str| line.contains("mean-learning-rate ") && line.contains(" --learning-rate ");
    assert_eq!(options.iter().filter(both).count(), 0, "{options:?}");
}

#[test]
fn a_run_writes_tables_a_record_and_figures() {
    let place = folder();
    let formats: Vec<&str> = [("svg", true), ("png", figure::PNG), ("pdf", figure::PDF)]
        .iter()
        .filter(|one| one.1)
        .map(|one| one.0)
        .collect();
    tiny(place.path(), &format!("--out here --format {}", formats.join(","))).assert().success();
    let names: Vec<String> = files(&place.path().join("here")).into_keys().collect();
    for ending in ["csv", "json"].iter().chain(&formats) {
        assert!(names.contains(&format!("norm-effect.{ending}")), "{ending} in {names:?}");
    }
    assert!(names.iter().all(|name| !name.contains("partial") && !name.contains("journal")), "{names:?}");
}

#[test]
fn what_a_killed_process_left_is_cleared_away() {
    let place = folder();
    std::fs::create_dir(place.path().join("results")).unwrap();
    std::fs::write(place.path().join("results/.norm-effect.svg.123.partial"), "<sv").unwrap();
    tiny(place.path(), "--quiet").assert().success();
    assert!(files(&place.path().join("results")).keys().all(|name| !name.contains("partial")));
}

#[test]
fn quiet_says_nothing_and_json_is_one_object() {
    let place = folder();
    let quiet = tiny(place.path(), "--quiet").assert().success().get_output().clone();
    assert!(quiet.stdout.is_empty() && quiet.stderr.is_empty());
    let json = tiny(place.path(), "--json").assert().success().get_output().clone();
    let object: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert!(object["claims"]["norm-effect"].as_array().is_some_and(|claims| claims.len() > 4));
    assert!(json.stderr.is_empty());
    let shard = tiny(place.path(), "--json --shard 1/2 --out part").assert().success().get_output().clone();
    assert!(serde_json::from_slice::<Value>(&shard.stdout).unwrap().is_object());
    refused("norm-effect --json --dry-run", &["--dry-run", "--json"]);
}

#[test]
fn threads_shards_and_repetition_leave_the_same_bytes() {
    let place = folder();
    let one = |out: &str, line: &str| {
        tiny(place.path(), &format!("--quiet --out {out} {line}")).assert().success();
        files(&place.path().join(out))
    };
    let whole = one("threads-1", "--threads 1");
    assert!(whole.len() >= 4);
    assert!(one("threads-2", "--threads 2") == whole);
    assert!(one("threads-4", "--threads 4") == whole);
    assert!(one("threads-1", "--threads 3") == whole, "a second run into the same folder");
    assert!(one("other-seed", "--seed 2") != whole);
    assert!(!whole.contains_key("report.html"), "a single simulation has no report of its own");
    one("part-1", "--shard 1/2");
    one("part-2", "--shard 2/2");
    command(place.path(), "merge part-2 part-1 --quiet --out merged").assert().success();
    assert!(files(&place.path().join("merged")) == whole, "shards, merged");
}

#[test]
fn one_engine_counts_as_both_do_and_claims_what_it_decides_alone() {
    let place = folder();
    let run = |line: &str, engine: &str| {
        let line = format!("{line} --engine {engine} --json --out {engine}");
        let output = command(place.path(), &line).assert().success().get_output().clone();
        let object: Value = serde_json::from_slice(&output.stdout).unwrap();
        let claims = object["claims"].as_object().unwrap().values().next().unwrap().as_array().unwrap().clone();
        let of = |name: &str| claims.iter().find(|claim| claim["statement"] == name).unwrap()["verdict"].clone();
        (of("D1"), of("L4"), claims.iter().filter(|claim| claim["verdict"] == "as-stated").count())
    };
    let column = |simulation: &str, engine: &str, name: &str| {
        let file = std::fs::File::open(place.path().join(engine).join(format!("{simulation}.csv"))).unwrap();
        Table::read_csv(file).unwrap().numbers(name).unwrap()
    };
    for (simulation, line, crosses) in [
        ("norm-effect", "norm-effect --norms=0.5,1,2 --pairs=100 --replicates=3 --published-runs=0", "as-stated"),
        ("opposite-halves", "opposite-halves --quick --learning-rate 0.01 --interpolations=-0.9,0,0.5", "not-tested"),
    ] {
        let (engines, flow, decided) = run(line, "both");
        assert_eq!((engines, flow), ("as-stated".into(), "as-stated".into()), "{simulation}");
        let (engines, flow, full) = run(line, "full");
        assert_eq!((engines, flow), ("not-tested".into(), crosses.into()), "{simulation}");
        let (engines, flow, pair) = run(line, "pair");
        assert_eq!((engines, flow, pair), ("not-tested".into(), "as-stated".into(), decided - 1), "{simulation}");
        assert!(0 < full && full <= pair, "{simulation}: {full} {pair}");
        for (engine, has, lacks) in [("full", "steps", "pair_steps"), ("pair", "pair_steps", "steps")] {
            assert_eq!(column(simulation, engine, has), column(simulation, "both", has), "{simulation}");
            assert!(column(simulation, engine, has).iter().all(Option::is_some), "{simulation}");
            assert!(column(simulation, engine, lacks).iter().all(Option::is_none), "{simulation}");
            assert!(place.path().join(engine).join(format!("{simulation}.svg")).exists());
        }
    }
    refused("norm-effect --engine pairs", &["--engine", "did you mean 'pair'?"]);
}

#[test]
fn a_file_of_settings_is_used_and_options_win() {
    let place = folder();
    let content =
        "[common]\nseed = 7\nreplicates = 2\n[norm-effect]\nnorms = [0.5, 2]\npairs = 90\npublished-runs = 0\n";
    std::fs::write(place.path().join("my.toml"), content).unwrap();
    command(place.path(), "norm-effect --config my.toml --pairs 120 --dim 30 --quiet").assert().success();
    let text = std::fs::read_to_string(place.path().join("results/norm-effect.json")).unwrap();
    let record: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((record["seed"].as_u64(), record["replicates"].as_u64()), (Some(7), Some(2)));
    assert_eq!(record["settings"]["norms"], serde_json::json!([0.5, 2.0]));
    assert_eq!((record["settings"]["pairs"].as_u64(), record["settings"]["dim"].as_u64()), (Some(120), Some(30)));
}

#[test]
fn the_other_learning_rate_is_refused_with_the_value_to_write() {
    for (line, says) in [
        ("class-imbalance --learning-rate 0.01", "write --mean-learning-rate 1.28 (the mean over 128 embeddings)"),
        ("class-imbalance --batch 32 --learning-rate=0.01", "write --mean-learning-rate 0.32 (the mean over 32"),
        ("local-density --learning-rate 1e-7 --quick", "write --mean-learning-rate 1.28e-5"),
        ("latent-space --learning-rate 0.03 --batch 7", "write --mean-learning-rate 0.21"),
        ("confidence --learning-rate 0.001", "write --mean-learning-rate 0.512 (the mean over 512 embeddings)"),
        (
            "levers --learning-rate 0.01",
            "--digits-mean-learning-rate 1.28 (the mean over 128 embeddings) or --mixture-mean",
        ),
        ("levers --learning-rate 0.01", "--mixture-mean-learning-rate 0.64 (the mean over 64 embeddings)"),
        ("norm-effect --mean-learning-rate 10", "write --learning-rate 0.02 (for the mean over 500 pairs)"),
        ("opposite-halves --mean-learning-rate 0.3 --pairs 3", "write --learning-rate 0.1 (for the mean over 3 pairs)"),
        ("weight-decay --mean-learning-rate 0.5", "write --learning-rate and 0.5/n for the mean over n embeddings"),
        ("predict --norm 8 --mean-learning-rate 0.5", "write --learning-rate and 0.5/n"),
    ] {
        let (written, command) = (line.split(' ').find(|word| word.contains("rate")).unwrap(), line.split(' ').next());
        refused(line, &[written.split('=').next().unwrap(), &format!("on '{}'", command.unwrap()), says]);
    }
    refused(
        "class-imbalance --learning-rate 1e307",
        &["--mean-learning-rate", "a finite number above 0, not infinity"],
    );
    refused("class-imbalance --learning-rate -1", &["--learning-rate", "above 0, not -1"]);
    refused("norm-growth --mean-learning-rate 1", &["unexpected argument"]);
    let settings = "[common]\nreplicates = 1\n[class-imbalance]\nlearning-rate = 0.01\nbatch = 50\n";
    refused_with(&[("my.toml", settings)], "class-imbalance --config my.toml", &["--mean-learning-rate 0.5 (the mean"]);
    refused_with(&[("my.toml", settings)], "all --config my.toml", &["--mean-learning-rate 0.5 (the mean over 50"]);
}

/// Whatever rate a simulation has, help shows that one alone, and the other is refused under its name.
#[test]
fn every_simulation_has_one_kind_of_learning_rate() {
    let place = folder();
    let text = |line: &str| {
        String::from_utf8(command(place.path(), line).assert().success().get_output().stdout.clone()).unwrap()
    };
    let list: Value = serde_json::from_str(&text("list --json")).unwrap();
    let mut rates = [0, 0];
    for simulation in list["simulations"].as_array().unwrap() {
        let name = simulation["name"].as_str().unwrap();
        let help = text(&format!("{name} --help"));
        let (of_mean, per_embedding) = (help.contains("-mean-learning-rate <η>"), help.contains("--learning-rate <γ>"));
        assert!(!(of_mean && per_embedding), "{name}");
        rates = [rates[0] + usize::from(of_mean), rates[1] + usize::from(per_embedding)];
        if of_mean {
            refused(&format!("{name} --learning-rate 0.01"), &[&format!("on '{name}'"), "mean-learning-rate "]);
        } else if per_embedding {
            refused(&format!("{name} --mean-learning-rate 0.01"), &[&format!("on '{name}'"), "write --learning-rate "]);
        }
    }
    assert!(rates[0] >= 4 && rates[1] >= 6, "{rates:?}");
}

#[test]
fn everything_at_quick_settings_whole_and_in_shards() {
    let place = folder();
    let one = |line: &str| command(place.path(), line).assert().get_output().clone();
    let output = one("all --quick --json --out whole");
    one("all --quick --quiet --out parts --shard 1/2");
    one("all --quick --quiet --out parts --shard 2/2");
    one("merge parts --quiet --out merged");
    let whole = files(&place.path().join("whole"));
    assert!(whole.contains_key("report.html"));
    assert!(files(&place.path().join("merged")) == whole);
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    for (name, claims) in object["claims"].as_object().unwrap() {
        for claim in claims.as_array().unwrap() {
            assert_ne!(claim["verdict"], "not-as-stated", "{name}: {claim}");
        }
    }
    assert_eq!(output.status.code(), Some(0));
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_goes_on_where_it_was() {
    use std::process::{Command as Process, Stdio};
    use std::time::{Duration, Instant};

    let place = folder();
    let line = "norm-effect --norms 3,4,5 --replicates 8 --published-runs 0 --threads 1 --out";
    command(place.path(), &format!("{line} whole")).assert().success();
    let binary = command(place.path(), "").get_program().to_owned();
    let mut run = Process::new(binary)
        .args(line.split(' ').chain(["cut"]))
        .current_dir(place.path())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // As soon as one unit is kept, and thus long before the last.
    let started = Instant::now();
    let kept =
        || files(place.path()).iter().any(|(name, content)| name.starts_with("cut/.journals") && content.len() > 1500);
    while !kept() && started.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(Process::new("kill").args(["-INT", &run.id().to_string()]).status().unwrap().success());
    assert_eq!(run.wait().unwrap().code(), Some(130));
    let mut said = String::new();
    std::io::Read::read_to_string(run.stderr.as_mut().unwrap(), &mut said).unwrap();
    assert!(said.contains("run the same command again to go on"), "{said}");
    assert!(files(&place.path().join("cut")).keys().all(|name| name.starts_with(".journals")), "nothing half-written");
    let resumed = command(place.path(), &format!("{line} cut")).assert().success().get_output().clone();
    assert!(String::from_utf8_lossy(&resumed.stderr).contains("went on from an interrupted run"));
    assert!(files(&place.path().join("cut")) == files(&place.path().join("whole")));
}
