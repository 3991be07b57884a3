//! Nothing that is printed is lost in silence.

use std::fs;
use std::path::{Path, PathBuf};

use embedding_norms_lab::figure;

use crate::output::support::{TINY, embeddings, folder, run, tiny};
use crate::repository::root;

/// The sources of the library, the laboratory and the command.
fn sources() -> Vec<PathBuf> {
    let mut folders = ["src", "lab", "sims"].map(|name| root().join(name)).to_vec();
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found
}

#[test]
fn one_file_alone_writes_to_the_streams() {
    let mut places = Vec::new();
    for path in sources() {
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            let prints = ["print!(", "println!(", "dbg!("].iter().any(|name| line.contains(name));
            let streams = ["stdout()", "stderr()"].iter().any(|name| line.contains(name));
            // Questions about a stream, and the script of completions, which goes through the checked way.
            let harmless =
                ["is_terminal()", "use_stderr()", "terminal::attempt("].iter().any(|name| line.contains(name));
            if prints || (streams && !harmless && !path.ends_with("sims/cli/terminal.rs")) {
                places.push(format!("{}:{}: {line}", path.display(), number + 1));
            }
        }
    }
    assert!(places.is_empty(), "use say! or tell!:\n{}", places.join("\n"));
}

/// The names of all commands.
fn commands(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let named = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    named.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// A line that each command prints something for in little time: the command itself, in the folder of [`prepare`].
fn asking(name: &str) -> Vec<String> {
    let lines: &[&str] = match name {
        "list" | "losses" | "optimizers" => &[""],
        "help" => &["", "merge", "norm-effect"],
        "predict" => &["--norm 2", "--norm 0.1 --optimizer adam --weight-decay 0.1"],
        "explain" => &["L2"],
        "completions" => &["bash", "zsh", "fish"],
        "gradient" => &["--loss cosine z.csv w.csv", "--loss cosine z.csv w.csv --json --write G.npy"],
        "simulate" => &["--loss cosine z.csv w.csv --max-steps 3", "--loss cosine z.csv w.csv --max-steps 3 --json"],
        "diagnose" => &["z.csv", "z.csv --positives w.csv --json", "z.csv --out found"],
        "redraw" => &["results/norm-effect.csv --out drawn"],
        "report" => &["results"],
        "explore" => &["--out results"],
        "merge" => &["parts --out merged", "parts --out merged --json"],
        "all" => &["--quick --dry-run"],
        "norm-effect" => {
            let tiny = TINY.trim_start_matches("norm-effect");
            let ways = ["", "--json", "--dry-run", "--shard 1/2 --out shard"];
            return ways.iter().map(|way| format!("norm-effect {tiny} {way}")).collect();
        }
        _ => &["--quick --dry-run"],
    };
    lines.iter().map(|line| format!("{name} {line}")).collect()
}

/// A folder with a run, its shards, and embeddings.
fn prepare() -> tempfile::TempDir {
    let place = folder();
    embeddings(place.path());
    for line in ["--quiet", "--quiet --shard 1/2 --out parts", "--quiet --shard 2/2 --out parts"] {
        tiny(place.path(), line).says();
    }
    place
}

#[cfg(target_os = "linux")]
mod full {
    use std::process::Stdio;

    use super::*;

    /// Runs a line with these streams; the exit status and what it says on stderr.
    fn ended(place: &Path, line: &str, stdout: Stdio, stderr: Stdio) -> (Option<i32>, String) {
        let command = crate::output::support::command(place, line);
        let mut process = std::process::Command::new(command.get_program());
        process.args(command.get_args()).current_dir(place).stdin(Stdio::null()).stdout(stdout).stderr(stderr);
        let output = process.spawn().unwrap().wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }

    fn full_disk() -> Stdio {
        fs::OpenOptions::new().write(true).open("/dev/full").unwrap().into()
    }

    /// What every command is asked for: work, help and version.
    fn every_line(place: &Path) -> Vec<String> {
        let names = commands(&run(place, "--help").says());
        assert!(names.len() > 25 && names.iter().any(|name| name == "completions"), "{names:?}");
        let helps = names.iter().filter(|name| *name != "help").map(|name| format!("{name} --help"));
        let whole = ["", "--help", "-h", "--version", "-V"].map(str::to_owned);
        names.iter().flat_map(|name| asking(name)).chain(helps).chain(whole).collect()
    }

    #[test]
    fn a_full_standard_output_is_an_error_of_every_command() {
        let place = prepare();
        for line in every_line(place.path()) {
            let (code, stderr) = ended(place.path(), &line, full_disk(), Stdio::piped());
            assert_eq!(code, Some(2), "'{line}': {stderr}");
            assert_eq!(stderr.lines().count(), 1, "'{line}': {stderr}");
            assert!(stderr.starts_with("error: cannot write to standard output: No space left"), "'{line}': {stderr}");
        }
    }

    #[test]
    fn an_animation_drawn_for_a_full_standard_output_is_told_too() {
        let place = folder();
        let line = "sphere-trajectories --quick --threads 1";
        let (code, stderr) = ended(place.path(), line, full_disk(), Stdio::piped());
        assert!(code == Some(2) && stderr.contains("standard output"), "{stderr}");
        let last = if figure::PNG { "sphere-trajectories.gif" } else { "sphere-trajectories.svg" };
        assert!(place.path().join("results").join(last).is_file(), "files are written all the same");
    }

    #[test]
    fn whoever_prints_nothing_needs_no_room() {
        let place = folder();
        let (code, stderr) = ended(place.path(), &format!("{TINY} --quiet"), full_disk(), Stdio::piped());
        assert_eq!((code, stderr.as_str()), (Some(0), ""));
    }

    #[test]
    fn a_closed_pipe_stays_quiet() {
        let place = prepare();
        for line in every_line(place.path()) {
            let (reader, writer) = std::io::pipe().unwrap();
            drop(reader);
            let (code, stderr) = ended(place.path(), &line, writer.into(), Stdio::piped());
            assert_eq!((code, stderr.as_str()), (Some(0), ""), "'{line}'");
        }
    }

    #[test]
    fn a_full_standard_error_panics_nowhere() {
        let place = prepare();
        for (line, code) in [
            ("norm-effect --pairs 0", 2),
            ("nonsense", 2),
            ("explain nonsense", 2),
            ("--quick", 2),
            ("report nowhere", 2),
            ("predict --norm 2", 0),
            ("merge parts --out merged", 0),
        ] {
            let found = ended(place.path(), line, Stdio::null(), full_disk());
            assert_eq!(found, (Some(code), String::new()), "{line}");
            let both = ended(place.path(), line, full_disk(), full_disk());
            assert_eq!(both.0, Some(2), "{line}");
        }
        // What Slurm says is told on stderr.
        let command = crate::output::support::command(place.path(), &format!("{TINY} --dry-run"));
        let mut process = std::process::Command::new(command.get_program());
        process.args(command.get_args()).current_dir(place.path()).stdout(Stdio::null()).stderr(full_disk());
        let task = [("TASK_ID", "1"), ("TASK_MIN", "1"), ("TASK_MAX", "2"), ("TASK_COUNT", "2")];
        process.envs(task.map(|(name, value)| (format!("SLURM_ARRAY_{name}"), value)));
        assert_eq!(process.status().unwrap().code(), Some(0));
    }
}
