//! What the tests of sweeps share: a small sweep, and ways to run it.

use std::convert::Infallible;
use std::fs;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use embedding_norms_lab::sweep::journal::{FILE, JournalError};
use embedding_norms_lab::sweep::{Cell, Options, Outcome, Shard, Sweep, SweepError, Unit, UnitContext};
use rand::Rng;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

#[derive(Clone, Debug, Serialize)]
pub struct Setting {
    pub norm: f64,
    pub cost: f64,
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
pub struct Found {
    pub bits: u64,
    pub value: f64,
    pub steps: Option<f64>,
}

pub type Results = Vec<(Unit, Found)>;

/// Cells whose costs rise, fall and repeat, so that no order of work is the canonical one.
pub fn cells(count: usize) -> Vec<Setting> {
    (0..count).map(|index| Setting { norm: 0.1 * index as f64, cost: (index * 7 % 5) as f64 }).collect()
}

pub fn sweep(cells: &[Setting], replicates: u64, seed: u64) -> Sweep<'_, Setting> {
    Sweep::new("test", cells, NonZeroU64::new(replicates).unwrap(), seed).unwrap()
}

/// Any finite number, most of them with all 53 bits in use.
pub fn simulate(unit: &mut UnitContext<'_, Setting>) -> Result<Found, Infallible> {
    let bits: u64 = unit.generator.random();
    let value = Some(f64::from_bits(bits)).filter(|value| value.is_finite()).unwrap_or(-0.0);
    Ok(Found { bits, value, steps: bits.is_multiple_of(3).then_some(unit.cell.norm) })
}

pub fn bytes(results: &Results) -> String {
    serde_json::to_string(results).unwrap()
}

pub fn threads(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count).unwrap()
}

pub fn reference(sweep: &Sweep<'_, Setting>) -> String {
    bytes(&sweep.run(&Options::default(), simulate).unwrap().results)
}

pub fn journalled(folder: &Path) -> Options<'_> {
    Options { journal: Some(folder), ..Options::default() }
}

/// Runs and counts how many units were computed.
pub fn run_counted(sweep: &Sweep<'_, Setting>, options: &Options<'_>) -> (Outcome<Found, Infallible>, usize) {
    let computed = AtomicUsize::new(0);
    let outcome = sweep.run(options, |unit| {
        computed.fetch_add(1, Ordering::Relaxed);
        simulate(unit)
    });
    (outcome.unwrap(), computed.into_inner())
}

/// A folder with the journal of a finished run, and the journal's bytes.
pub fn finished(sweep: &Sweep<'_, Setting>) -> (TempDir, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    sweep.run(&journalled(folder.path()), simulate).unwrap();
    let journal = fs::read(folder.path().join(FILE)).unwrap();
    (folder, journal)
}

/// Where each line of a journal ends.
pub fn line_ends(journal: &[u8]) -> Vec<usize> {
    (0..journal.len()).filter(|&place| journal[place] == b'\n').map(|place| place + 1).collect()
}

pub fn journal_error(sweep: &Sweep<'_, Setting>, options: &Options<'_>) -> JournalError {
    match sweep.run(options, simulate) {
        Err(SweepError::Journal(error)) => error,
        other => panic!("expected the journal to be refused, got {other:?}"),
    }
}

// Identity and order

pub fn other_seed(cells: &[Setting]) -> Sweep<'_, Setting> {
    sweep(cells, 4, 12)
}

/// Runs every shard with a journal of its own; shards differ in their number of threads.
pub fn run_shards(sweep: &Sweep<'_, Setting>, count: u32) -> Vec<TempDir> {
    let whole = Shard::new(1, count).unwrap();
    let run = |shard: Shard| {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { shard, threads: threads(1 + shard.index() as usize % 3), ..journalled(folder.path()) };
        sweep.run(&options, simulate).unwrap();
        folder
    };
    whole.siblings().map(run).collect()
}

pub fn paths(folders: &[TempDir]) -> Vec<PathBuf> {
    folders.iter().map(|folder| folder.path().to_owned()).collect()
}

/// The records of a journal, the header first.
pub fn records(journal: &[u8]) -> Vec<serde_json::Value> {
    let lines = journal.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice::<serde_json::Value>(line).unwrap()["record"].take()).collect()
}

/// A journal of these records with right checksums, as another program could write it.
pub fn sealed(records: &[serde_json::Value]) -> String {
    let key = *blake3::hash(records[0].to_string().as_bytes()).as_bytes();
    let keys = std::iter::once([0; 32]).chain(std::iter::repeat(key));
    let seal = |(record, key): (&serde_json::Value, [u8; 32])| {
        let checksum = &blake3::keyed_hash(&key, record.to_string().as_bytes()).to_hex()[..32];
        format!("{{\"checksum\":\"{checksum}\",\"record\":{record}}}\n")
    };
    records.iter().zip(keys).map(seal).collect()
}
