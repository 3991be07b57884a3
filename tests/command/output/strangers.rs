//! Folders in which somebody else has prepared something: nothing but regular files that are no links is ever opened.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use crate::output::support::{TINY, embeddings, files, folder, run, tiny};

/// What may lie in the place of a file.
const STRANGERS: [&str; 5] = ["a named pipe", "a symbolic link", "a dangling symbolic link", "a socket", "a folder"];

/// Puts a stranger somewhere. A link that leads somewhere leads to `victim` beside the folder.
fn put(stranger: &str, path: &Path, victim: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    match stranger {
        "a named pipe" => assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
        "a symbolic link" => symlink(victim, path).unwrap(),
        "a dangling symbolic link" => symlink(victim.with_extension("nowhere"), path).unwrap(),
        "a socket" => drop(UnixListener::bind(path).unwrap()),
        "a folder" => fs::create_dir(path).unwrap(),
        other => panic!("{other}"),
    }
}

/// Runs a line where a stranger lies at a path of the folder, and asserts that it is refused by name and that nothing
/// elsewhere was touched.
fn refused(prepare: impl Fn(&Path), stranger: &str, at: &str, line: &str) {
    let place = folder();
    prepare(place.path());
    let victim = place.path().join("victim");
    fs::write(&victim, "kept").unwrap();
    put(stranger, &place.path().join(at), &victim);
    let remedy =
        if at.ends_with("journal.jsonl") || at.ends_with("journal.lock") { "remove the cause" } else { "remove it" };
    let ended = run(place.path(), line);
    assert_eq!(ended.code, Some(2), "{stranger} at {at}, {line}: {ended:?}");
    ended.refuses(&[at, stranger.trim_start_matches("a dangling ").trim_start_matches("a "), remedy]);
    assert_eq!(fs::read_to_string(&victim).unwrap(), "kept", "{stranger} at {at}, {line}");
    assert!(!victim.with_extension("nowhere").exists(), "{stranger} at {at}, {line}");
}

fn nothing(_: &Path) {}

#[test]
fn nothing_is_opened_in_the_place_of_a_journal_or_its_lock() {
    for stranger in STRANGERS {
        for file in ["journal.jsonl", "journal.lock"] {
            let at = format!("results/.journals/norm-effect/1-of-1/{file}");
            refused(nothing, stranger, &at, TINY);
            refused(nothing, stranger, &at, &format!("{TINY} --force"));
        }
    }
}

#[test]
fn links_do_not_lead_journals_elsewhere() {
    for stranger in ["a named pipe", "a dangling symbolic link", "a symbolic link", "a socket"] {
        for below in ["", "/norm-effect", "/norm-effect/1-of-1"] {
            let at = format!("results/.journals{below}");
            refused(nothing, stranger, &at, TINY);
            refused(nothing, stranger, &at, &format!("{TINY} --force"));
        }
    }
    // A link to a folder is one too.
    let place = folder();
    fs::create_dir_all(place.path().join("elsewhere")).unwrap();
    fs::create_dir(place.path().join("results")).unwrap();
    symlink(place.path().join("elsewhere"), place.path().join("results/.journals")).unwrap();
    tiny(place.path(), "").refuses(&["results/.journals", "symbolic link", "remove it"]);
    assert!(files(&place.path().join("elsewhere")).is_empty());
    // The output folder itself may be one: the user named it.
    symlink(place.path().join("elsewhere"), place.path().join("scratch")).unwrap();
    tiny(place.path(), "--out scratch").says();
    assert!(place.path().join("elsewhere/norm-effect.csv").is_file());
}

#[test]
fn nothing_is_opened_in_the_place_of_a_temporary_file() {
    for stranger in ["a named pipe", "a symbolic link", "a dangling symbolic link", "a socket"] {
        refused(nothing, stranger, "results/.a.partial", TINY);
        refused(embeddings, stranger, "results/.a.partial", "simulate --loss cosine z.csv w.csv --max-steps 2");
        refused(embeddings, stranger, "found/.a.partial", "diagnose z.csv --out found");
    }
}

#[test]
fn names_that_can_be_guessed_lead_nowhere() {
    // The process takes the place of the shell that has prepared its first temporary names.
    let place = folder();
    let victim = place.path().join("victim");
    fs::write(&victim, "kept").unwrap();
    let command = crate::output::support::command(place.path(), "");
    let program = command.get_program().to_str().unwrap();
    let script = format!(
        "mkdir results && ln -s ../victim results/.probe.$$.0.partial && \
         ln -s ../victim results/.norm-effect.csv.$$.0.partial && exec {program} {TINY} --quiet"
    );
    let output = Command::new("sh").current_dir(place.path()).args(["-c", &script]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("symbolic link"), "{output:?}");
    assert_eq!(fs::read_to_string(&victim).unwrap(), "kept");
}

#[test]
fn what_has_the_final_name_is_replaced_and_not_opened() {
    for stranger in ["a named pipe", "a symbolic link", "a dangling symbolic link", "a socket"] {
        let place = folder();
        let victim = place.path().join("victim");
        fs::write(&victim, "kept").unwrap();
        put(stranger, &place.path().join("results/norm-effect.csv"), &victim);
        put(stranger, &place.path().join("results/norm-effect.svg"), &victim);
        tiny(place.path(), "--quiet").says();
        for name in ["norm-effect.csv", "norm-effect.svg"] {
            let metadata = place.path().join("results").join(name).symlink_metadata().unwrap();
            assert!(metadata.is_file() && metadata.len() > 100, "{stranger}");
        }
        assert_eq!(fs::read_to_string(&victim).unwrap(), "kept", "{stranger}");
        assert!(!victim.with_extension("nowhere").exists());
    }
}

/// A folder with a run in it.
fn finished(place: &Path) {
    tiny(place, "--quiet").says();
}

/// The same without one of its files.
fn finished_without(name: &'static str) -> impl Fn(&Path) {
    move |place| {
        finished(place);
        fs::remove_file(place.join("results").join(name)).unwrap();
    }
}

#[test]
fn what_is_read_back_is_a_regular_file_too() {
    for stranger in STRANGERS {
        let record = "results/norm-effect.json";
        refused(nothing, stranger, record, TINY);
        refused(finished_without("norm-effect.json"), stranger, record, "report results");
        for table in ["norm-effect.csv", "norm-effect.single-pairs.csv"] {
            let at = format!("results/{table}");
            refused(finished_without(table), stranger, &at, "redraw results --out drawn");
            refused(finished_without(table), stranger, &at, "report results");
        }
        refused(finished_without("norm-effect.svg"), stranger, "results/norm-effect.svg", "report results");
        refused(finished, stranger, "results/norm-effect.gif", "report results");
        refused(embeddings, stranger, "results/simulate.json", "simulate --loss cosine z.csv w.csv --max-steps 2");
        refused(embeddings, stranger, "found/diagnose.json", "diagnose z.csv --out found");
    }
    // A table that is named itself may be a link, as those of data managers are; not a pipe.
    let place = folder();
    finished(place.path());
    symlink(place.path().join("results/norm-effect.csv"), place.path().join("mine.csv")).unwrap();
    run(place.path(), "redraw mine.csv --as norm-effect --out drawn").says();
    put("a named pipe", &place.path().join("pipe.csv"), &place.path().join("victim"));
    run(place.path(), "redraw pipe.csv --as norm-effect --out drawn").refuses(&["pipe.csv", "named pipe"]);
}

#[test]
fn merging_opens_no_stranger() {
    let parts = |place: &Path| {
        tiny(place, "--quiet --shard 1/2 --out parts").says();
        fs::create_dir_all(place.join("parts/.journals/norm-effect/2-of-2")).unwrap();
    };
    for stranger in STRANGERS {
        let at = "parts/.journals/norm-effect/2-of-2/journal.jsonl";
        refused(parts, stranger, at, "merge parts --out merged");
    }
    for stranger in ["a named pipe", "a symbolic link", "a dangling symbolic link", "a socket"] {
        refused(parts, stranger, "parts/.journals/norm-effect/3-of-3", "merge parts --out merged");
        refused(parts, stranger, "parts/.journals/levers", "merge parts --out merged");
        refused(nothing, stranger, "parts/.journals", "merge parts --out merged");
    }
}

#[test]
fn a_journal_with_a_second_name_is_not_written_to() {
    let place = folder();
    let journal = place.path().join("results/.journals/norm-effect/1-of-1");
    fs::create_dir_all(&journal).unwrap();
    fs::write(place.path().join("victim"), "kept").unwrap();
    fs::hard_link(place.path().join("victim"), journal.join("journal.jsonl")).unwrap();
    tiny(place.path(), "--force").refuses(&["journal.jsonl", "hard link"]);
    assert_eq!(fs::read_to_string(place.path().join("victim")).unwrap(), "kept");
}

#[test]
fn a_file_that_the_user_names_is_a_file() {
    let place = folder();
    embeddings(place.path());
    let write = |file: &str| run(place.path(), &format!("gradient --loss cosine z.csv w.csv --write {file}"));
    for device in ["/dev/stdout", "/dev/null", "-"] {
        write(device).refuses(&["--write", ".npy"]);
    }
    put("a named pipe", &place.path().join("G.npy"), place.path());
    write("G.npy").refuses(&["--write G.npy", "pipe", "another file"]);
    // A link is replaced, and what it led to stays.
    fs::write(place.path().join("victim"), "kept").unwrap();
    symlink(place.path().join("victim"), place.path().join("H.npy")).unwrap();
    write("H.npy").says();
    assert!(place.path().join("H.npy").symlink_metadata().unwrap().is_file());
    assert_eq!(fs::read_to_string(place.path().join("victim")).unwrap(), "kept");
    // What lies beside it is none of this command's business.
    put("a named pipe", &place.path().join(".a.partial"), place.path());
    write("I.npy").says();
}
