//! A sweep gives the same bytes whatever happens to it: threads, order, shards, kills, damage, full disks.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::fs;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use embedding_norms::sweep::journal::{FILE, JournalError};
use embedding_norms::sweep::{
    Cause, Cell, CellId, EncodeError, Merge, MergeError, Options, Outcome, PlanError, Progress, Shard, Sweep,
    SweepError, Unit, UnitContext, merge,
};
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, RngSeed};
use rand::Rng;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

#[derive(Clone, Debug, Serialize)]
struct Setting {
    norm: f64,
    cost: f64,
}

impl Cell for Setting {
    fn label(&self) -> String {
        format!("norm {}", self.norm)
    }

    fn cost(&self) -> f64 {
        self.cost
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Found {
    bits: u64,
    value: f64,
    steps: Option<f64>,
}

type Results = Vec<(Unit, Found)>;

/// Cells whose costs rise, fall and repeat, so that no order of work is the canonical one.
fn cells(count: usize) -> Vec<Setting> {
    (0..count).map(|index| Setting { norm: 0.1 * index as f64, cost: (index * 7 % 5) as f64 }).collect()
}

fn sweep(cells: &[Setting], replicates: u64, seed: u64) -> Sweep<'_, Setting> {
    Sweep::new("test", cells, NonZeroU64::new(replicates).unwrap(), seed).unwrap()
}

/// Any finite number, most of them with all 53 bits in use.
fn simulate(unit: &mut UnitContext<'_, Setting>) -> Result<Found, Infallible> {
    let bits: u64 = unit.generator.random();
    let value = Some(f64::from_bits(bits)).filter(|value| value.is_finite()).unwrap_or(-0.0);
    Ok(Found { bits, value, steps: bits.is_multiple_of(3).then_some(unit.cell.norm) })
}

fn bytes(results: &Results) -> String {
    serde_json::to_string(results).unwrap()
}

fn threads(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count).unwrap()
}

fn reference(sweep: &Sweep<'_, Setting>) -> String {
    bytes(&sweep.run(&Options::default(), simulate).unwrap().results)
}

fn journalled(folder: &Path) -> Options<'_> {
    Options { journal: Some(folder), ..Options::default() }
}

/// Runs and counts how many units were computed.
fn run_counted(sweep: &Sweep<'_, Setting>, options: &Options<'_>) -> (Outcome<Found, Infallible>, usize) {
    let computed = AtomicUsize::new(0);
    let outcome = sweep.run(options, |unit| {
        computed.fetch_add(1, Ordering::Relaxed);
        simulate(unit)
    });
    (outcome.unwrap(), computed.into_inner())
}

/// A folder with the journal of a finished run, and the journal's bytes.
fn finished(sweep: &Sweep<'_, Setting>) -> (TempDir, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    sweep.run(&journalled(folder.path()), simulate).unwrap();
    let journal = fs::read(folder.path().join(FILE)).unwrap();
    (folder, journal)
}

/// Where each line of a journal ends.
fn line_ends(journal: &[u8]) -> Vec<usize> {
    (0..journal.len()).filter(|&place| journal[place] == b'\n').map(|place| place + 1).collect()
}

fn journal_error(sweep: &Sweep<'_, Setting>, options: &Options<'_>) -> JournalError {
    match sweep.run(options, simulate) {
        Err(SweepError::Journal(error)) => error,
        other => panic!("expected the journal to be refused, got {other:?}"),
    }
}

fn property(cases: u32) -> ProptestConfig {
    let mut config = ProptestConfig::with_cases(cases);
    config.failure_persistence = Some(Box::new(FileFailurePersistence::WithSource("regressions")));
    if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        config.rng_seed = RngSeed::Fixed(1);
    }
    config
}

// Identity and order

#[test]
fn threads_and_journals_change_no_byte() {
    let cells = cells(9);
    let sweep = sweep(&cells, 4, 11);
    let expected = reference(&sweep);
    for count in [1, 2, 5] {
        let folder = tempfile::tempdir().unwrap();
        let plain = Options { threads: threads(count), ..Options::default() };
        assert_eq!(bytes(&sweep.run(&plain, simulate).unwrap().results), expected, "{count} threads");
        let journalled = Options { journal: Some(folder.path()), ..plain };
        assert_eq!(bytes(&sweep.run(&journalled, simulate).unwrap().results), expected, "{count} threads, journal");
    }
    assert_ne!(reference(&other_seed(&cells)), expected, "another root seed gives other results");
}

fn other_seed(cells: &[Setting]) -> Sweep<'_, Setting> {
    sweep(cells, 4, 12)
}

#[test]
fn results_come_in_canonical_order() {
    let cells = cells(5);
    let sweep = sweep(&cells, 3, 1);
    let outcome = sweep.run(&Options { threads: threads(3), ..Options::default() }, simulate).unwrap();
    let units: Vec<(usize, u64)> = outcome.results.iter().map(|(unit, _)| (unit.cell, unit.replicate)).collect();
    let expected: Vec<(usize, u64)> = (0..5).flat_map(|cell| (0..3).map(move |replicate| (cell, replicate))).collect();
    assert_eq!(units, expected);
    let all: std::collections::HashSet<u64> = outcome.results.iter().map(|(_, found)| found.bits).collect();
    assert_eq!(all.len(), 15, "each unit has random numbers of its own");
}

#[test]
fn the_place_of_a_cell_changes_nothing() {
    let forward = cells(8);
    let by_cell = |cells: &[Setting]| -> BTreeMap<(String, u64), Found> {
        let sweep = sweep(cells, 2, 5);
        let results = sweep.run(&Options::default(), simulate).unwrap().results;
        results.into_iter().map(|(unit, found)| ((cells[unit.cell].label(), unit.replicate), found)).collect()
    };
    let mut permuted = forward.clone();
    permuted.rotate_left(3);
    permuted.swap(0, 4);
    assert_eq!(by_cell(&forward), by_cell(&permuted));
    assert_eq!(by_cell(&permuted[..2]).len(), 4);
    for (key, found) in by_cell(&permuted[..2]) {
        assert_eq!(by_cell(&forward)[&key], found, "a sweep of fewer cells gives them the same results");
    }
}

#[test]
fn a_cell_is_named_by_its_values_not_by_their_order() {
    #[derive(Serialize)]
    struct Reordered {
        cost: f64,
        norm: f64,
    }
    let name = CellId::of(&Setting { norm: 2.0, cost: 3.0 }).unwrap();
    assert_eq!(name, CellId::of(&Reordered { cost: 3.0, norm: 2.0 }).unwrap());
    assert_eq!(name, CellId::of(&HashMap::from([("norm", 2.0), ("cost", 3.0)])).unwrap());
    assert_ne!(name, CellId::of(&Reordered { cost: 2.0, norm: 3.0 }).unwrap());
    assert_eq!(name.to_string(), blake3::hash(br#"{"cost":3.0,"norm":2.0}"#).to_string());
}

#[test]
fn the_most_costly_unit_comes_first() {
    let cells = cells(6);
    let order = Mutex::new(Vec::new());
    let work = |unit: &mut UnitContext<'_, Setting>| {
        order.lock().unwrap().push(unit.cell.cost);
        simulate(unit)
    };
    sweep(&cells, 2, 1).run(&Options::default(), work).unwrap();
    assert_eq!(order.into_inner().unwrap(), [4.0, 4.0, 3.0, 3.0, 2.0, 2.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
}

#[test]
fn cells_without_a_name_or_a_cost_are_refused() {
    let plan = |cells: &[Setting]| Sweep::new("test", cells, NonZeroU64::MIN, 1).map(|_| ()).unwrap_err();
    let error = plan(&[Setting { norm: f64::NAN, cost: 1.0 }]);
    assert!(error.to_string().contains("value.norm is NaN"), "{error}");
    assert!(matches!(plan(&[Setting { norm: 1.0, cost: -1.0 }]), PlanError::Cost { cost: -1.0, .. }));
    let twice = [1.0, 2.0, 1.0].map(|norm| Setting { norm, cost: 1.0 });
    assert!(matches!(plan(&twice), PlanError::Duplicate { first: 0, second: 2, .. }));
    let too_many = Sweep::new("test", &twice[..2], NonZeroU64::MAX, 1).map(|_| ()).unwrap_err();
    assert!(matches!(too_many, PlanError::TooMany { cells: 2, replicates: u64::MAX }));
}

// Numbers

#[test]
fn a_result_that_json_cannot_hold_is_a_named_failure() {
    #[derive(Serialize, Deserialize)]
    struct Measured {
        angles: Vec<Option<f64>>,
    }
    let cells = cells(1);
    let folder = tempfile::tempdir().unwrap();
    for options in [Options::default(), journalled(folder.path())] {
        let outcome = sweep(&cells, 1, 1)
            .run(&options, |_| Ok::<_, Infallible>(Measured { angles: vec![Some(1.0), None, Some(f64::INFINITY)] }));
        let Err(SweepError::Failed(failure)) = outcome else { panic!("an infinity was accepted") };
        let Cause::Result(EncodeError::NotFinite { field, value }) = failure.cause else { panic!("{failure}") };
        assert_eq!((field.as_str(), value), ("value.angles[2]", f64::INFINITY));
    }
}

proptest! {
    #![proptest_config(property(64))]
    #[test]
    fn every_finite_number_keeps_its_bits(bits in prop::collection::vec(any::<u64>(), 1..40)) {
        let numbers: Vec<f64> = bits.into_iter().map(f64::from_bits).filter(|value| value.is_finite()).collect();
        let numbers = [numbers, vec![-0.0, f64::MAX, f64::from_bits(1), 0.1 + 0.2]].concat();
        let (cells, folder) = (cells(1), tempfile::tempdir().unwrap());
        let sweep = sweep(&cells, 1, 1);
        let outcome = sweep.run(&journalled(folder.path()), |_| Ok::<_, Infallible>(numbers.clone())).unwrap();
        let to_bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(to_bits(&outcome.results[0].1), to_bits(&numbers));
    }
}

// Resuming

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
    for line in [foreign_line, doubled_line, b"{}\n"] {
        fs::write(folder.path().join(FILE), [&journal, line].concat()).unwrap();
        let error = journal_error(&sweep, &journalled(folder.path()));
        assert!(matches!(error, JournalError::Damaged { line: 8, .. }), "{error}");
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

/// The records of a journal, the header first.
fn records(journal: &[u8]) -> Vec<serde_json::Value> {
    let lines = journal.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice::<serde_json::Value>(line).unwrap()["record"].take()).collect()
}

/// A journal of these records with right checksums, as another program could write it.
fn sealed(records: &[serde_json::Value]) -> String {
    let key = *blake3::hash(records[0].to_string().as_bytes()).as_bytes();
    let keys = std::iter::once([0; 32]).chain(std::iter::repeat(key));
    let seal = |(record, key): (&serde_json::Value, [u8; 32])| {
        let checksum = &blake3::keyed_hash(&key, record.to_string().as_bytes()).to_hex()[..32];
        format!("{{\"checksum\":\"{checksum}\",\"record\":{record}}}\n")
    };
    records.iter().zip(keys).map(seal).collect()
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
    let MergeError::DoubledUnit { unit, .. } = merge::<Found>(&paths(&folders)).unwrap_err() else { panic!("merged") };
    assert_eq!(unit.cell, doubled["cell"].as_u64().unwrap() as usize);

    for (field, beyond) in [("cell", 4), ("replicate", 1)] {
        let mut records = both.clone();
        records[1][field] = beyond.into();
        fs::write(&second, sealed(&records)).unwrap();
        let error = merge::<Found>(&paths(&folders)).unwrap_err();
        assert!(matches!(&error, MergeError::Journal(JournalError::Damaged { line: 2, .. })), "{error}");
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

/// Runs every shard with a journal of its own; shards differ in their number of threads.
fn run_shards(sweep: &Sweep<'_, Setting>, count: u32) -> Vec<TempDir> {
    let whole = Shard::new(1, count).unwrap();
    let run = |shard: Shard| {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { shard, threads: threads(1 + shard.index() as usize % 3), ..journalled(folder.path()) };
        sweep.run(&options, simulate).unwrap();
        folder
    };
    whole.siblings().map(run).collect()
}

fn paths(folders: &[TempDir]) -> Vec<PathBuf> {
    folders.iter().map(|folder| folder.path().to_owned()).collect()
}

#[test]
fn merged_shards_are_the_whole_in_any_order() {
    let cells = cells(9);
    let sweep = sweep(&cells, 2, 21);
    let expected = reference(&sweep);
    for count in 1..=7 {
        let folders = run_shards(&sweep, count);
        let mut paths = paths(&folders);
        for _ in 0..count.min(3) {
            paths.rotate_left(1);
            let merge = Merge::open(&paths).unwrap();
            merge.refuse_other(&sweep).unwrap();
            assert_eq!(bytes(&merge.results().unwrap()), expected, "{count} shards");
        }
    }
}

#[test]
fn missing_and_doubled_shards_and_units_are_named() {
    let cells = cells(6);
    let sweep = sweep(&cells, 2, 21);
    let folders = run_shards(&sweep, 3);
    let paths = paths(&folders);
    let error = merge::<Found>(&paths[1..2]).unwrap_err();
    assert!(error.to_string().contains("missing shard 1/3, 3/3"), "{error}");
    let error = merge::<Found>(&[&paths[..], &paths[1..2]].concat()).unwrap_err();
    let MergeError::DoubledShard { shard, first, .. } = error else { panic!("{error}") };
    assert_eq!((shard.to_string(), first), ("2/3".to_owned(), paths[1].join(FILE)));
    assert!(matches!(merge::<Found>(&[] as &[&Path]), Err(MergeError::Nothing)));

    let file = paths[2].join(FILE);
    let journal = fs::read(&file).unwrap();
    fs::write(&file, &journal[..journal.len() - 1]).unwrap();
    let error = merge::<Found>(&paths).unwrap_err();
    let MergeError::MissingUnits { units, shards } = error else { panic!("{error}") };
    assert_eq!(shards, [Shard::new(3, 3).unwrap()]);
    let torn = records(&journal).pop().unwrap();
    assert_eq!(
        serde_json::to_value(units).unwrap(),
        serde_json::json!([{"cell": torn["cell"], "replicate": torn["replicate"]}])
    );
    fs::write(&file, &journal).unwrap();
    assert_eq!(bytes(&merge(&paths).unwrap()), reference(&sweep));
}

#[test]
fn journals_of_different_sweeps_or_divisions_do_not_merge() {
    let cells = cells(6);
    let (sweep, other) = (sweep(&cells, 2, 21), sweep(&cells, 2, 22));
    let (thirds, halves, others) = (run_shards(&sweep, 3), run_shards(&sweep, 2), run_shards(&other, 3));
    let differing = |first: &TempDir, second: &TempDir| match merge::<Found>(&[first.path(), second.path()]) {
        Err(MergeError::Different { differences, second: named, .. }) => {
            assert_eq!(named, second.path().join(FILE));
            differences.into_iter().map(|difference| difference.field).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(differing(&thirds[0], &others[1]), ["root_seed"]);
    assert_eq!(differing(&thirds[0], &halves[1]), ["shards", "division_hash"]);
    let error = Merge::open(&paths(&others)).unwrap().refuse_other(&sweep).unwrap_err();
    assert!(matches!(&error, MergeError::OtherSweep { differences, .. } if differences[0].field == "root_seed"));
}

proptest! {
    #![proptest_config(property(200))]
    #[test]
    fn shards_are_balanced_and_take_each_unit_once(
        exponents in prop::collection::vec(-3.0..6.0_f64, 1..40), replicates in 1..5_u64, count in 1..9_u32,
    ) {
        let cells: Vec<Setting> = exponents.iter().enumerate()
            .map(|(index, exponent)| Setting { norm: index as f64, cost: 10_f64.powf(*exponent) }).collect();
        let sweep = sweep(&cells, replicates, 1);
        let plan: Vec<_> = sweep.plan(Shard::new(1, count).unwrap()).collect();
        prop_assert_eq!(plan.len(), cells.len() * replicates as usize);
        let mut loads = vec![0.0; count as usize];
        for (place, planned) in plan.iter().enumerate() {
            prop_assert_eq!(sweep.unit(place), Unit { cell: planned.cell, replicate: planned.replicate });
            prop_assert_eq!(planned.cost, cells[planned.cell].cost);
            loads[planned.shard.index() as usize - 1] += planned.cost;
        }
        let mean = loads.iter().sum::<f64>() / f64::from(count);
        let largest = cells.iter().map(Cell::cost).fold(0.0, f64::max);
        let greatest = loads.iter().copied().fold(0.0, f64::max);
        let bound = (mean + largest) * (1.0 + 1e-12);
        prop_assert!(greatest <= bound, "{} of mean {} and largest {}", greatest, mean, largest);
    }
}

#[test]
fn one_costly_unit_weighs_as_much_as_many_cheap_ones() {
    let cost = |index: u32| if index == 4 { 9.0 } else { 1.0 };
    let cells: Vec<Setting> = (0..10).map(|index| Setting { norm: f64::from(index), cost: cost(index) }).collect();
    let plan: Vec<_> = sweep(&cells, 1, 1).plan("1/2".parse().unwrap()).collect();
    let first = plan.iter().filter(|planned| planned.shard.index() == 1);
    assert_eq!(first.map(|planned| planned.cell).collect::<Vec<_>>(), [4]);
}

#[test]
fn units_without_a_cost_are_spread_too() {
    let cells: Vec<Setting> = (0..10).map(|index| Setting { norm: f64::from(index), cost: 0.0 }).collect();
    let mut units = [0; 4];
    for planned in sweep(&cells, 2, 1).plan("1/4".parse().unwrap()) {
        units[planned.shard.index() as usize - 1] += 1;
    }
    assert_eq!(units, [5; 4]);
}

#[test]
fn shards_are_written_index_of_count() {
    for (text, index, count) in [("1/1", 1, 1), ("2/7", 2, 7), ("7/7", 7, 7)] {
        let shard: Shard = text.parse().unwrap();
        assert_eq!((shard.index(), shard.count(), shard.to_string().as_str()), (index, count, text));
    }
    for text in ["", "3", "0/3", "4/3", "1/0", "a/3", "1/3/5", "-1/3", "1 / 3"] {
        let error = text.parse::<Shard>().unwrap_err();
        assert!(error.to_string().contains("shard"), "{text}: {error}");
    }
}

// Ending early

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
