//! The command as a task of a job array: its part of the work, its threads, termination and other processors.

use std::collections::BTreeMap;
use std::path::Path;

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin_cmd;
use embedding_norms::instructions::InstructionSet;
use tempfile::TempDir;

/// What Slurm would tell a task with these numbers: id, least, greatest, step, count.
type Numbers = [u32; 5];

const NAMES: [&str; 5] = ["TASK_ID", "TASK_MIN", "TASK_MAX", "TASK_STEP", "TASK_COUNT"];

/// A run of a fraction of a second.
const TINY: &str = "norm-effect --norms 0.5,1,2 --pairs 100 --published-runs 0 --replicates 3";

/// The command in a folder, with the arguments of a line, outside of Slurm.
fn command(folder: &Path, line: &str) -> Command {
    let mut command = cargo_bin_cmd!("embedding-norms");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SLURM_") || name == "EMBEDDING_NORMS_INSTRUCTIONS" {
            command.env_remove(name);
        }
    }
    command.current_dir(folder).args(line.split_whitespace());
    command
}

/// The command as a task of a job array.
fn task(folder: &Path, numbers: Numbers, line: &str) -> Command {
    let mut command = command(folder, line);
    for (name, number) in NAMES.iter().zip(numbers) {
        command.env(format!("SLURM_ARRAY_{name}"), number.to_string());
    }
    command
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// What a command says on stderr when it succeeds.
fn said(command: &mut Command) -> String {
    String::from_utf8(command.assert().success().get_output().stderr.clone()).unwrap()
}

/// What a command says on stderr when it refuses.
fn refused(command: &mut Command) -> String {
    let output = command.assert().code(2).get_output().clone();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr.matches("error:").count(), 1, "{stderr}");
    assert!(output.stdout.is_empty() && !stderr.contains("panicked"), "{stderr}");
    stderr
}

/// Every file of a folder with its content, by its path within, without journals.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            found.insert(name, std::fs::read(&path).unwrap());
        }
    }
    found
}

/// The shards that have a journal in a folder.
fn shards(folder: &Path) -> Vec<String> {
    let journals = std::fs::read_dir(folder.join(".journals/norm-effect")).unwrap();
    let mut names: Vec<String> = journals.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn an_array_does_the_work_of_one_run() {
    let place = folder();
    said(&mut command(place.path(), &format!("{TINY} --quiet --out whole")));
    for (array, tasks) in [("from-1", [1, 1, 3, 1, 3]), ("from-0", [0, 0, 4, 2, 3]), ("alone", [1, 1, 1, 1, 1])] {
        let [least, _, greatest, step, count] = tasks;
        for id in (least..=greatest).step_by(step as usize) {
            let line = format!("{TINY} --out {array}");
            let says = said(&mut task(place.path(), [id, least, greatest, step, count], &line));
            let part = format!("shard {}/{count}, from SLURM_ARRAY_TASK_ID = {id}", (id - least) / step + 1);
            let part = if count == 1 { "all of the work, from SLURM_ARRAY_TASK_ID = 1" } else { &part };
            assert!(says.contains(part) && says.contains("--shard"), "{says}");
        }
        if count > 1 {
            assert_eq!(shards(&place.path().join(array)), ["1-of-3", "2-of-3", "3-of-3"]);
            said(&mut command(place.path(), &format!("merge {array} --quiet --out {array}")));
        }
        assert!(files(&place.path().join(array)) == files(&place.path().join("whole")), "{array}");
    }
}

#[test]
fn what_the_user_writes_wins_over_slurm() {
    let place = folder();
    let numbers = [2, 1, 3, 1, 3];
    let says = said(&mut task(place.path(), numbers, &format!("{TINY} --shard 1/2 --out a")));
    assert!(!says.contains("Slurm"), "{says}");
    assert_eq!(shards(&place.path().join("a")), ["1-of-2"]);
    said(&mut task(place.path(), numbers, &format!("{TINY} --shard 1/1 --out all")));
    assert!(files(&place.path().join("all")).contains_key("norm-effect.csv"), "the whole work");
    std::fs::write(place.path().join("my.toml"), "[common]\nshard = \"3/5\"\nthreads = 1\n").unwrap();
    let mut from_file = task(place.path(), numbers, &format!("{TINY} --config my.toml --out b"));
    said(from_file.env("SLURM_CPUS_PER_TASK", "nonsense"));
    assert_eq!(shards(&place.path().join("b")), ["3-of-5"]);
    // Numbers that make no sense do not matter to who does not need them.
    said(&mut task(place.path(), [9, 1, 3, 0, 0], &format!("{TINY} --shard 1/2 --out c")));
    said(command(place.path(), &format!("{TINY} --threads 2 --out d")).env("SLURM_CPUS_PER_TASK", "0"));
    assert!(said(&mut task(place.path(), numbers, &format!("{TINY} --quiet --out e"))).is_empty());
}

#[test]
fn what_slurm_says_and_cannot_be_used_is_refused() {
    let place = folder();
    let says = refused(&mut task(place.path(), [2, 1, 7, 1, 3], TINY));
    assert!(says.contains("no part of a division into 3") && says.contains("--shard 1/1"), "{says}");
    let says = refused(&mut task(place.path(), [3, 3, 3, 1, 1], TINY));
    assert!(says.contains("does not tell how the work is divided"), "{says}");
    let says = refused(task(place.path(), [2, 1, 3, 1, 3], TINY).env_remove("SLURM_ARRAY_TASK_COUNT"));
    assert!(says.contains("SLURM_ARRAY_TASK_COUNT is not"), "{says}");
    for wrong in ["0", "-1", "many"] {
        let says = refused(command(place.path(), TINY).env("SLURM_CPUS_PER_TASK", wrong));
        assert!(says.contains(&format!("SLURM_CPUS_PER_TASK is '{wrong}'")) && says.contains("--threads"), "{says}");
    }
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0, "nothing is written");
}

#[test]
fn a_part_of_an_array_submitted_again_divides_nothing_anew() {
    let place = folder();
    said(&mut task(place.path(), [1, 1, 7, 1, 7], TINY));
    let says = refused(&mut task(place.path(), [3, 3, 4, 1, 2], TINY));
    assert!(says.contains("divided into 7 parts") && says.contains("--shard I/7"), "{says}");
    assert_eq!(shards(&place.path().join("results")), ["1-of-7"]);
    said(&mut task(place.path(), [3, 3, 4, 1, 2], &format!("{TINY} --shard 3/7")));
    let says = said(&mut task(place.path(), [1, 1, 7, 1, 7], TINY));
    assert!(says.contains("finished already"), "the whole array again: {says}");
}

#[test]
fn all_simulations_share_an_array() {
    let place = folder();
    let mut plan = task(place.path(), [2, 1, 3, 1, 3], "all --quick --dry-run");
    let output = plan.assert().success().get_output().clone();
    assert_eq!(String::from_utf8_lossy(&output.stderr).matches("shard 2/3").count(), 1, "told once");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.matches("units").count() > 10 && text.contains("3/3"), "{text}");
}

#[cfg(unix)]
#[test]
fn a_terminated_task_goes_on_where_it_was() {
    use std::process::{Command as Process, Stdio};
    use std::time::{Duration, Instant};

    let place = folder();
    let numbers = [1, 1, 2, 1, 2];
    let line = "norm-effect --norms 3,4,5 --replicates 12 --published-runs 0 --threads 1 --out";
    said(&mut command(place.path(), &format!("{line} whole --quiet")));
    let started_task = task(place.path(), numbers, &format!("{line} cut --force"));
    let mut run = Process::new(started_task.get_program());
    run.args(started_task.get_args()).current_dir(place.path()).stderr(Stdio::piped());
    run.envs(started_task.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut run = run.spawn().unwrap();
    let journal = place.path().join("cut/.journals/norm-effect/1-of-2/journal.jsonl");
    let started = Instant::now();
    while std::fs::read(&journal).map_or(0, |text| text.len()) < 1500 && started.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(2));
    }
    let asked = Instant::now();
    assert!(Process::new("kill").args(["-TERM", &run.id().to_string()]).status().unwrap().success());
    assert_eq!(run.wait().unwrap().code(), Some(143), "what Slurm and shells call ended by SIGTERM");
    assert!(asked.elapsed() < Duration::from_secs(10), "it ends soon");
    let mut says = String::new();
    std::io::Read::read_to_string(run.stderr.as_mut().unwrap(), &mut says).unwrap();
    assert!(says.contains("run the same command again to go on"), "{says}");
    // As Slurm starts it again, with the very same script.
    let mut again = task(place.path(), numbers, &format!("{line} cut --force"));
    let says = said(again.env("SLURM_RESTART_COUNT", "1"));
    assert!(says.contains("went on from an interrupted run") && says.contains("in spite of --force"), "{says}");
    said(&mut task(place.path(), [2, 1, 2, 1, 2], &format!("{line} cut --quiet")));
    said(&mut command(place.path(), "merge cut --quiet --out merged"));
    assert!(files(&place.path().join("merged")) == files(&place.path().join("whole")));
    // Submitted anew, --force starts over.
    let says = said(&mut task(place.path(), numbers, &format!("{line} cut --force")));
    assert!(!says.contains("finished already"), "{says}");
}

#[test]
fn tasks_that_start_together_do_not_disturb_each_other() {
    let place = folder();
    let start = |id: u32| {
        let place = place.path().to_owned();
        std::thread::spawn(move || said(&mut task(&place, [id, 1, 16, 1, 16], &format!("{TINY} --quiet --out all"))))
    };
    let runs: Vec<_> = (1..=16).map(start).collect();
    runs.into_iter().for_each(|run| assert_eq!(run.join().unwrap(), ""));
    said(&mut command(place.path(), "merge all --quiet --out all"));
}

#[test]
fn every_instruction_set_leaves_the_same_bytes() {
    let place = folder();
    let sets: Vec<InstructionSet> = InstructionSet::available().collect();
    let count = sets.len() as u32 + 1;
    said(&mut command(place.path(), "all --quick --quiet --out whole"));
    // Each set does a part of all simulations; the last part is left to the widest.
    for (index, name) in (1..).zip(sets.iter().map(|set| set.name()).chain([""])) {
        let line = format!("all --quick --quiet --out parts --shard {index}/{count}");
        said(command(place.path(), &line).env("EMBEDDING_NORMS_INSTRUCTIONS", name));
    }
    said(&mut command(place.path(), "merge parts --quiet --out merged"));
    let whole = files(&place.path().join("whole"));
    assert!(whole.len() > 20 && files(&place.path().join("merged")) == whole);
}

#[test]
fn instruction_sets_that_cannot_be_had_are_refused() {
    let place = folder();
    for wrong in ["avx", "SCALAR", "x86-v5"] {
        let says = refused(command(place.path(), TINY).env("EMBEDDING_NORMS_INSTRUCTIONS", wrong));
        assert!(
            says.contains(&format!("EMBEDDING_NORMS_INSTRUCTIONS: '{wrong}'")) && says.contains("scalar"),
            "{says}"
        );
    }
    for set in InstructionSet::ALL.into_iter().filter(|set| !InstructionSet::available().any(|has| has == *set)) {
        let says = refused(command(place.path(), TINY).env("EMBEDDING_NORMS_INSTRUCTIONS", set.name()));
        assert!(says.contains(&format!("this processor has no {set} instructions")), "{says}");
    }
}
