//! Pipes and links in the place of a journal or of its lock: an error that names them, soon, and nothing elsewhere.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use embedding_norms_lab::files::Stranger;
use embedding_norms_lab::sweep::journal::{FILE, JournalError, LOCK};
use embedding_norms_lab::sweep::{MergeError, Options, Shard, merge};

use crate::support::*;

fn pipe(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// What some work ends in, if it ends.
fn within_seconds<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(work()));
    receiver.recv_timeout(Duration::from_secs(20)).expect("it waits for a pipe")
}

/// What a run says that finds a stranger at a path.
fn error_of_run(folder: PathBuf, force: bool) -> JournalError {
    within_seconds(move || journal_error(&sweep(&cells(3), 1, 1), &Options { force, ..journalled(&folder) }))
}

fn names(error: &JournalError, path: &Path, found: &str) {
    let JournalError::Io { path: named, source, .. } = error else { panic!("{error}") };
    assert_eq!((named.as_path(), Stranger::of(source).unwrap().found), (path, found), "{error}");
}

#[test]
fn a_pipe_or_a_link_is_refused_by_name() {
    for (force, name) in [(false, FILE), (true, FILE), (false, LOCK), (true, LOCK)] {
        let outer = tempfile::tempdir().unwrap();
        let (folder, victim) = (outer.path().join("journal"), outer.path().join("victim"));
        fs::create_dir(&folder).unwrap();
        let path = folder.join(name);
        pipe(&path);
        names(&error_of_run(folder.clone(), force), &path, "a named pipe");
        fs::remove_file(&path).unwrap();
        symlink(&victim, &path).unwrap();
        names(&error_of_run(folder.clone(), force), &path, "a symbolic link");
        assert!(!victim.exists(), "a link that leads nowhere makes no file there");
        fs::write(&victim, "kept").unwrap();
        names(&error_of_run(folder.clone(), force), &path, "a symbolic link");
        assert_eq!(fs::read_to_string(&victim).unwrap(), "kept");
    }
}

#[test]
fn merging_refuses_them_too() {
    let cells = cells(4);
    let folders = run_shards(&sweep(&cells, 1, 1), 2);
    let path = folders[1].path().join(FILE);
    fs::rename(&path, folders[1].path().join("elsewhere")).unwrap();
    symlink(folders[1].path().join("elsewhere"), &path).unwrap();
    for found in ["a symbolic link", "a named pipe"] {
        let both = paths(&folders);
        let error = within_seconds(move || merge::<Found>(&both).unwrap_err());
        let MergeError::Journal(error) = error else { panic!("{error}") };
        names(&error, &path, found);
        fs::remove_file(&path).unwrap();
        pipe(&path);
    }
}

#[test]
fn a_link_that_takes_the_place_of_a_journal_ends_the_run() {
    let cells = cells(5);
    let sweep = sweep(&cells, 1, 1);
    let outer = tempfile::tempdir().unwrap();
    let (folder, begun) = (outer.path().join("journal"), std::sync::atomic::AtomicUsize::new(0));
    let (path, away) = (folder.join(FILE), outer.path().join("away"));
    let outcome = sweep.run(&journalled(&folder), |unit| {
        if begun.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 2 {
            // The file itself grows on, so that its length is right wherever one looks through the link.
            fs::rename(&path, &away).unwrap();
            symlink(&away, &path).unwrap();
        }
        simulate(unit)
    });
    let Err(embedding_norms_lab::sweep::SweepError::Journal(error)) = outcome else { panic!("{outcome:?}") };
    assert!(matches!(error, JournalError::Io { action: "go on writing", .. }), "{error}");
}

#[test]
fn whether_a_run_was_begun_is_told_without_running_it() {
    let cells = cells(3);
    let (ours, others) = (sweep(&cells, 2, 1), sweep(&cells, 2, 2));
    let folder = tempfile::tempdir().unwrap();
    assert!(!ours.has_begun(folder.path(), Shard::WHOLE).unwrap());
    fs::write(folder.path().join(FILE), "").unwrap();
    assert!(!ours.has_begun(folder.path(), Shard::WHOLE).unwrap(), "nothing whole is in it");
    ours.run(&journalled(folder.path()), simulate).unwrap();
    assert!(ours.has_begun(folder.path(), Shard::WHOLE).unwrap());
    assert!(matches!(others.has_begun(folder.path(), Shard::WHOLE), Err(JournalError::Different { .. })));
}
