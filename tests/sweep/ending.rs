//! Ending early: failures, cancelling, panics, vanished folders, progress.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use embedding_norms_lab::sweep::journal::{FILE, JournalError};
use embedding_norms_lab::sweep::{MergeError, Options, Progress, SweepError, Unit, UnitContext, merge};
use tempfile::TempDir;

use crate::support::*;

fn fail_where(norm: f64) -> impl Fn(&mut UnitContext<'_, Setting>) -> Result<Found, String> + Sync {
    move |unit| match unit.cell.norm == norm {
        true => Err(format!("no descent at norm {norm}")),
        false => simulate(unit).map_err(|never| match never {}),
    }
}

#[test]
fn the_first_failure_stops_the_run_and_finished_units_are_kept() {
    let cells = cells(5);
    let sweep = sweep(&cells, 2, 1);
    let folder = tempfile::tempdir().unwrap();
    // Costs are 0, 2, 4, 1, 3: cells 2 and 4 come before cell 1.
    let outcome = sweep.run(&journalled(folder.path()), fail_where(cells[1].norm));
    let Err(SweepError::Failed(failure)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(failure.unit, Unit { cell: 1, replicate: 0 });
    assert_eq!(failure.to_string(), "cell 'norm 0.1', replicate 0: no descent at norm 0.1");
    let (outcome, computed) = run_counted(&sweep, &journalled(folder.path()));
    assert_eq!((outcome.summary.progress.skipped, computed), (4, 6));
    assert_eq!(bytes(&outcome.results), reference(&sweep));
}

#[test]
fn a_run_that_keeps_going_lists_failures_and_keeps_the_rest() {
    let cells = cells(5);
    let sweep = sweep(&cells, 2, 1);
    let folder = tempfile::tempdir().unwrap();
    let options = Options { keep_going: true, threads: threads(2), ..journalled(folder.path()) };
    let outcome = sweep.run(&options, fail_where(cells[1].norm)).unwrap();
    let failed: Vec<Unit> = outcome.summary.failures.iter().map(|failure| failure.unit).collect();
    assert_eq!(failed, [Unit { cell: 1, replicate: 0 }, Unit { cell: 1, replicate: 1 }]);
    assert_eq!((outcome.results.len(), outcome.summary.progress.failed), (8, 2));
    assert!(!outcome.summary.is_cancelled());
    let (resumed, computed) = run_counted(&sweep, &options);
    assert_eq!((computed, bytes(&resumed.results)), (2, reference(&sweep)), "failed units are tried again");
}

#[test]
fn cancelling_keeps_finished_units_and_throws_away_those_told_to_stop() {
    let cells = cells(5);
    let sweep = sweep(&cells, 2, 1);
    let folder = tempfile::tempdir().unwrap();
    let (cancelled, begun) = (AtomicBool::new(false), AtomicUsize::new(0));
    let options = Options { cancelled: &cancelled, ..journalled(folder.path()) };
    let work = |unit: &mut UnitContext<'_, Setting>| {
        match begun.fetch_add(1, Ordering::Relaxed) {
            // Finished before it hears of it: a whole result, which counts.
            2 => cancelled.store(true, Ordering::Relaxed),
            _ => assert!(!unit.is_cancelled()),
        }
        simulate(unit)
    };
    let outcome = sweep.run(&options, work).unwrap();
    assert!(outcome.summary.is_cancelled());
    assert_eq!((outcome.results.len(), begun.into_inner()), (3, 3));

    cancelled.store(false, Ordering::Relaxed);
    let told = sweep.run(&options, |unit| {
        cancelled.store(true, Ordering::Relaxed);
        assert!(unit.is_cancelled());
        simulate(unit)
    });
    assert_eq!(told.unwrap().results.len(), 3, "a unit that was told to stop has no result");

    cancelled.store(false, Ordering::Relaxed);
    let (resumed, computed) = run_counted(&sweep, &options);
    assert_eq!((computed, bytes(&resumed.results)), (7, reference(&sweep)));
    assert!(!resumed.summary.is_cancelled());
}

#[test]
fn work_that_asks_stops_soon_after_the_run_is_cancelled() {
    let cells = cells(4);
    let cancelled = AtomicBool::new(false);
    let options = Options { cancelled: &cancelled, threads: threads(2), ..Options::default() };
    let begun = Instant::now();
    let outcome = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(50));
            cancelled.store(true, Ordering::Relaxed);
        });
        sweep(&cells, 1, 1).run(&options, |unit| {
            while !unit.is_cancelled() && begun.elapsed() < Duration::from_secs(20) {
                std::thread::sleep(Duration::from_millis(1));
            }
            simulate(unit)
        })
    });
    assert_eq!(outcome.unwrap().results.len(), 0);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn a_panic_ends_the_run_on_all_threads_and_finished_units_are_kept() {
    let cells = cells(100);
    let sweep = sweep(&cells, 1, 1);
    let folder = tempfile::tempdir().unwrap();
    let (options, begun) = (Options { threads: threads(2), ..journalled(folder.path()) }, AtomicUsize::new(0));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        sweep.run(&options, |unit| {
            assert_ne!(begun.fetch_add(1, Ordering::Relaxed), 4, "a mistake in the work");
            std::thread::sleep(Duration::from_millis(5));
            simulate(unit)
        })
    }));
    assert!(panicked.is_err());
    let begun = begun.into_inner();
    assert!(begun < 50, "{begun} units begun");
    let (resumed, computed) = run_counted(&sweep, &options);
    assert_eq!((computed, bytes(&resumed.results)), (100 - (begun - 1), reference(&sweep)));
}

/// Waits in one unit until it is told to stop, while another one ends the run.
fn ended_by(options: &Options<'_>, end: impl Fn() + Sync) -> (Duration, bool) {
    let cells = cells(2);
    let sweep = sweep(&cells, 1, 1);
    let (begun, waiting, told) = (Instant::now(), AtomicBool::new(false), AtomicBool::new(false));
    let wait = |until: &dyn Fn() -> bool| {
        while !until() && begun.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    let run = std::panic::AssertUnwindSafe(|| {
        sweep.run(&Options { threads: threads(2), ..*options }, |unit| {
            if unit.unit.cell == 1 {
                waiting.store(true, Ordering::Relaxed);
                wait(&|| unit.is_cancelled());
                told.store(unit.is_cancelled(), Ordering::Relaxed);
            } else {
                wait(&|| waiting.load(Ordering::Relaxed));
                assert!(!unit.is_cancelled());
                end();
            }
            simulate(unit)
        })
    });
    assert!(!std::panic::catch_unwind(run).is_ok_and(|outcome| outcome.is_ok()), "the run has an outcome");
    (begun.elapsed(), told.into_inner())
}

#[test]
fn work_that_asks_is_told_of_a_panic_and_of_a_journal_that_is_gone() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("journal");
    for (taken, told) in [
        ended_by(&Options::default(), || panic!("a mistake in the work")),
        ended_by(&journalled(&folder), || panic!("a mistake in the work")),
        ended_by(&journalled(&folder), || fs::remove_dir_all(&folder).unwrap()),
    ] {
        assert!(told && taken < Duration::from_secs(10), "{taken:?}");
    }
}

#[test]
fn progress_never_goes_back_and_ends_at_the_whole() {
    let cells = cells(5);
    let sweep = sweep(&cells, 2, 1);
    let (folder, journal) = finished(&sweep);
    fs::write(folder.path().join(FILE), &journal[..line_ends(&journal)[3]]).unwrap();
    let reports = Mutex::new(Vec::new());
    let report = |progress: Progress| reports.lock().unwrap().push(progress);
    let options = Options { progress: &report, threads: threads(3), ..journalled(folder.path()) };
    let outcome = sweep.run(&options, simulate).unwrap();
    let reports = reports.into_inner().unwrap();
    assert_eq!(reports.iter().map(|report| report.finished).collect::<Vec<_>>(), (3..=10).collect::<Vec<_>>());
    assert!(reports.is_sorted_by_key(|report| report.cost_finished));
    // Costs 4, 4 and 3 were done before, of 2 · (0 + 2 + 4 + 1 + 3).
    assert!(reports.iter().all(|report| (report.skipped, report.cost_skipped, report.cost_total) == (3, 11.0, 20.0)));
    assert_eq!((reports[7], reports[7].cost_finished), (outcome.summary.progress, 20.0));
}

// The disk

/// Runs with something happening to the journal while the third unit is at work.
fn disturbed(disturb: impl Fn(&Path) + Sync) -> (TempDir, JournalError, usize) {
    let cells = cells(5);
    let sweep = sweep(&cells, 2, 1);
    let outer = tempfile::tempdir().unwrap();
    let (folder, begun) = (outer.path().join("journal"), AtomicUsize::new(0));
    let outcome = sweep.run(&journalled(&folder), |unit| {
        if begun.fetch_add(1, Ordering::Relaxed) == 2 {
            disturb(&folder);
        }
        simulate(unit)
    });
    let Err(SweepError::Journal(error)) = outcome else { panic!("{outcome:?}") };
    (outer, error, begun.into_inner())
}

#[test]
fn a_folder_that_vanishes_ends_the_run_with_its_path() {
    let (outer, error, begun) = disturbed(|folder| fs::remove_dir_all(folder).unwrap());
    let JournalError::Io { path, source, .. } = error else { panic!("{error}") };
    assert_eq!((path, source.kind()), (outer.path().join("journal").join(FILE), std::io::ErrorKind::NotFound));
    assert_eq!(begun, 3, "no unit is computed that cannot be kept");
}

#[test]
fn a_journal_that_someone_else_cuts_ends_the_run() {
    let (_outer, error, begun) = disturbed(|folder| {
        fs::OpenOptions::new().write(true).open(folder.join(FILE)).unwrap().set_len(10).unwrap();
    });
    assert!(matches!(error, JournalError::Io { action: "go on writing", .. }), "{error}");
    assert_eq!(begun, 3);
}

#[test]
fn a_folder_that_cannot_be_one_is_refused_before_any_work() {
    let outer = tempfile::tempdir().unwrap();
    let file = outer.path().join("file");
    fs::write(&file, "").unwrap();
    let cells = cells(1);
    for folder in [file.clone(), file.join("below")] {
        let outcome = sweep(&cells, 1, 1).run(&journalled(&folder), |unit| {
            assert!(unit.is_cancelled(), "work has begun");
            simulate(unit)
        });
        let Err(SweepError::Journal(JournalError::Io { path, .. })) = outcome else { panic!("{outcome:?}") };
        assert!(path.starts_with(&file));
    }
    fs::create_dir_all(outer.path().join("journal").join(FILE)).unwrap();
    let error = journal_error(&sweep(&cells, 1, 1), &journalled(&outer.path().join("journal")));
    assert!(matches!(&error, JournalError::Io { action: "open", path, .. } if path.ends_with(FILE)), "{error}");
    let error = merge::<Found>(&[outer.path().join("journal")]).unwrap_err();
    assert!(matches!(&error, MergeError::Journal(JournalError::Io { path, .. }) if path.ends_with(FILE)), "{error}");
}

#[test]
fn results_can_be_taken_one_by_one() {
    let cells = cells(40);
    let sweep = sweep(&cells, 3, 1);
    let folder = tempfile::tempdir().unwrap();
    let options = Options { threads: threads(2), ..journalled(folder.path()) };
    let mut taken = Vec::new();
    let summary = sweep.run_each(&options, simulate, |unit, found| taken.push((unit, found))).unwrap();
    assert_eq!((bytes(&taken), summary.progress.finished), (reference(&sweep), 120));
}
