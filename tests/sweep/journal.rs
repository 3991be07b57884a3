//! The journal: resuming, damage, other runs, other versions, two writers.

use std::convert::Infallible;
use std::fs;

use embedding_norms_lab::sweep::journal::{FILE, JournalError};
use embedding_norms_lab::sweep::{Merge, MergeError, Options, SweepError, merge};

use crate::support::*;

/// Cuts a finished journal to each of these lengths, resumes, and checks what was lost, computed and found.
fn resume_from_lengths(lengths: impl Iterator<Item = usize>) -> usize {
    let cells = cells(3);
    let sweep = sweep(&cells, 2, 3);
    let (folder, journal) = finished(&sweep);
    let (expected, ends) = (reference(&sweep), line_ends(&journal));
    let mut tried = 0;
    for length in lengths.take_while(|&length| length <= journal.len()) {
        fs::write(folder.path().join(FILE), &journal[..length]).unwrap();
        let (outcome, computed) = run_counted(&sweep, &journalled(folder.path()));
        let whole = ends.iter().filter(|&&end| end <= length).count();
        let skipped = whole.saturating_sub(1);
        assert_eq!(outcome.summary.progress.skipped, skipped, "cut to {length} bytes");
        assert_eq!(computed, 6 - skipped, "cut to {length} bytes");
        let torn = length - if whole == 0 { 0 } else { ends[whole - 1] };
        assert_eq!(outcome.summary.torn_bytes, torn as u64);
        assert_eq!(bytes(&outcome.results), expected);
        assert_eq!(fs::read(folder.path().join(FILE)).unwrap().len(), journal.len(), "the journal is whole again");
        tried += 1;
    }
    tried
}

#[test]
fn a_run_resumes_from_every_prefix_of_whole_lines() {
    let cells = cells(3);
    let (_folder, journal) = finished(&sweep(&cells, 2, 3));
    let ends = line_ends(&journal);
    assert_eq!(ends.len(), 7, "a header and six units");
    assert_eq!(resume_from_lengths(std::iter::once(0).chain(ends)), 8);
}

#[test]
fn a_torn_last_line_of_any_length_is_dropped_and_reported() {
    let cells = cells(3);
    let (_folder, journal) = finished(&sweep(&cells, 2, 3));
    let ends = line_ends(&journal);
    let (last, header) = (ends[5]..ends[6], 0..ends[0]);
    assert_eq!(resume_from_lengths(last.clone()), last.len());
    assert_eq!(resume_from_lengths(header.clone()), header.len());
}

#[test]
fn a_changed_byte_in_a_line_is_refused_by_name() {
    let cells = cells(3);
    let sweep = sweep(&cells, 2, 3);
    let (folder, journal) = finished(&sweep);
    let (path, ends) = (folder.path().join(FILE), line_ends(&journal));
    let lines = [(1, 0..ends[0]), (3, ends[1]..ends[2]), (7, ends[5]..ends[6] - 1)];
    for (named, place) in lines.into_iter().flat_map(|(line, places)| places.map(move |place| (line, place))) {
        for byte in [journal[place] ^ 1, b'\n'].into_iter().filter(|&byte| byte != journal[place]) {
            let mut changed = journal.clone();
            changed[place] = byte;
            fs::write(&path, &changed).unwrap();
            match journal_error(&sweep, &journalled(folder.path())) {
                JournalError::Damaged { path: file, line, .. } => assert_eq!((file, line), (path.clone(), named)),
                other => panic!("byte {place}: {other}"),
            }
            assert_eq!(fs::read(&path).unwrap(), changed, "a refused journal is left as it is");
        }
    }
}

#[test]
fn foreign_doubled_and_alien_lines_are_refused() {
    let cells = cells(3);
    let (sweep, other) = (sweep(&cells, 2, 3), other_seed(&cells));
    let ((folder, journal), (_other, foreign)) = (finished(&sweep), finished(&other));
    let (ends, foreign_ends) = (line_ends(&journal), line_ends(&foreign));
    let foreign_line = &foreign[foreign_ends[0]..foreign_ends[1]];
    let doubled_line = &journal[ends[0]..ends[1]];
    let doubled = &records(&journal)[1];
    let twice = format!("replicate {} of cell {} (counted from 0) occurs twice", doubled["replicate"], doubled["cell"]);
    for (line, said) in [
        (foreign_line, "its checksum is wrong"),
        (doubled_line, twice.as_str()),
        (b"{}\n", "it does not have the form of a journal's line"),
    ] {
        fs::write(folder.path().join(FILE), [&journal, line].concat()).unwrap();
        let error = journal_error(&sweep, &journalled(folder.path()));
        assert!(matches!(&error, JournalError::Damaged { line: 8, reason, .. } if reason == said), "{error}");
    }
    fs::write(folder.path().join(FILE), "my notes, not a journal").unwrap();
    let error = journal_error(&sweep, &journalled(folder.path()));
    assert!(matches!(error, JournalError::Damaged { line: 1, .. }), "{error}");
    assert_eq!(fs::read(folder.path().join(FILE)).unwrap(), b"my notes, not a journal");
}

#[test]
fn a_result_of_another_form_is_refused_by_name() {
    let cells = cells(3);
    let sweep = sweep(&cells, 2, 3);
    let (folder, _) = finished(&sweep);
    let outcome = sweep.run(&journalled(folder.path()), |_| Ok::<String, Infallible>(String::new()));
    let Err(SweepError::Journal(JournalError::Unreadable { line: 2, .. })) = outcome else { panic!("{outcome:?}") };
    let error = merge::<String>(&[folder.path()]).unwrap_err();
    assert!(matches!(&error, MergeError::Journal(JournalError::Unreadable { .. })), "{error}");
}

// Journals of other runs

fn fields(error: &JournalError) -> Vec<&str> {
    match error {
        JournalError::Different { differences, .. } => differences.iter().map(|d| d.field.as_str()).collect(),
        other => panic!("{other}"),
    }
}

#[test]
fn a_journal_of_another_run_is_refused_field_by_field_and_force_starts_over() {
    let (few, more) = (cells(3), cells(4));
    let (folder, journal) = finished(&sweep(&few, 2, 3));
    let options = journalled(folder.path());
    assert_eq!(fields(&journal_error(&sweep(&few, 2, 4), &options)), ["root_seed"]);
    let cell_fields = ["cells", "cells_hash", "division_hash", "shard_units"];
    assert_eq!(fields(&journal_error(&sweep(&more, 2, 3), &options)), cell_fields);
    let replicate_fields = ["replicates", "division_hash", "shard_units"];
    assert_eq!(fields(&journal_error(&sweep(&few, 3, 3), &options)), replicate_fields);
    let mut changed = few.clone();
    changed[1].norm += f64::EPSILON;
    assert_eq!(fields(&journal_error(&sweep(&changed, 2, 3), &options)), ["cells_hash"]);
    let shard = Options { shard: "1/2".parse().unwrap(), ..options };
    assert_eq!(fields(&journal_error(&sweep(&few, 2, 3), &shard)), ["division_hash", "shard", "shard_units"]);
    assert_eq!(fs::read(folder.path().join(FILE)).unwrap(), journal, "refusing changes nothing");

    let other = sweep(&few, 2, 4);
    let (outcome, computed) = run_counted(&other, &Options { force: true, ..options });
    assert_eq!((outcome.summary.progress.skipped, computed), (0, 6));
    let (outcome, computed) = run_counted(&other, &options);
    assert_eq!((bytes(&outcome.results), computed), (reference(&other), 0), "the journal is now that of the other run");
}

#[test]
fn settings_of_the_sweep_are_compared_field_by_field() {
    let cells = cells(2);
    let described = |norms: &[f64]| {
        let settings = serde_json::json!({"pairs": 500, "norm": {"list": norms}});
        sweep(&cells, 1, 1).with_settings(&settings).unwrap()
    };
    let (folder, _) = finished(&described(&[0.5, 1.0]));
    let error = journal_error(&described(&[0.5, 2.0]), &journalled(folder.path()));
    assert_eq!(fields(&error), ["settings.norm.list"]);
    assert!(error.to_string().contains("settings.norm.list is [0.5,1.0] there, [0.5,2.0] here"), "{error}");
    let (outcome, computed) = run_counted(&described(&[0.5, 1.0]), &journalled(folder.path()));
    assert_eq!((outcome.results.len(), computed), (2, 0));
    assert_eq!(Merge::open(&[folder.path()]).unwrap().header().settings["pairs"], 500);
}

#[test]
fn a_journal_of_another_version_is_refused() {
    let cells = cells(2);
    let sweep = sweep(&cells, 1, 1);
    let (folder, journal) = finished(&sweep);
    let records = records(&journal);
    assert_eq!(sealed(&records).as_bytes(), journal, "the form of format 1, byte by byte");
    for (field, value) in [("crate_version", "0.0.0".into()), ("format", 2.into())] {
        let mut records = records.clone();
        records[0][field] = value;
        fs::write(folder.path().join(FILE), sealed(&records)).unwrap();
        assert_eq!(fields(&journal_error(&sweep, &journalled(folder.path()))), [field]);
    }
    let MergeError::Journal(error) = merge::<Found>(&[folder.path()]).unwrap_err() else { panic!("merged") };
    assert_eq!(fields(&error), ["format"]);
}

#[test]
fn a_unit_in_two_journals_or_of_no_sweep_is_named() {
    let cells = cells(4);
    let sweep = sweep(&cells, 1, 1);
    let folders = run_shards(&sweep, 2);
    let [first, second] = [0, 1].map(|index| folders[index].path().join(FILE));
    let mut both = records(&fs::read(&second).unwrap());
    both.push(records(&fs::read(&first).unwrap())[1].clone());
    fs::write(&second, sealed(&both)).unwrap();
    let doubled = both.pop().unwrap();
    let error = merge::<Found>(&paths(&folders)).unwrap_err();
    let MergeError::DoubledUnit { unit, first: in_first, second: in_second } = error else { panic!("{error}") };
    assert_eq!(unit.cell, doubled["cell"].as_u64().unwrap() as usize);
    assert_eq!((in_first, in_second), (first.clone(), second.clone()));

    for (field, beyond) in [("cell", 4), ("replicate", 1)] {
        let mut records = both.clone();
        records[1][field] = beyond.into();
        fs::write(&second, sealed(&records)).unwrap();
        let error = merge::<Found>(&paths(&folders)).unwrap_err();
        let MergeError::Journal(JournalError::Damaged { line: 2, reason, .. }) = &error else { panic!("{error}") };
        let [cell, replicate] = ["cell", "replicate"].map(|field| records[1][field].as_u64().unwrap());
        assert_eq!(reason, &format!("the sweep has no replicate {replicate} of cell {cell} (counted from 0)"));
    }
}

#[test]
fn a_second_writer_is_refused_while_the_first_is_at_work() {
    let cells = cells(1);
    let sweep = sweep(&cells, 1, 1);
    let folder = tempfile::tempdir().unwrap();
    let (options, force) = (journalled(folder.path()), Options { force: true, ..journalled(folder.path()) });
    let outcome = sweep.run(&options, |unit| {
        for second in [&options, &force] {
            let error = journal_error(&sweep, second);
            assert!(matches!(&error, JournalError::Busy { folder: busy } if busy == folder.path()), "{error}");
        }
        simulate(unit)
    });
    assert_eq!(bytes(&outcome.unwrap().results), reference(&sweep));
    assert_eq!(run_counted(&sweep, &options).1, 0, "the lock ends with the run");
}

// Shards
