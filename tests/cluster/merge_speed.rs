//! What merging costs against the number of units and shards: a measurement, run by hand (docs/cluster.md has its
//! numbers).
//!
//! `cargo test --release --test cluster -- --ignored --nocapture merge_speed`

use std::convert::Infallible;
use std::fs;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Instant;

use embedding_norms::sweep::{Cell, Merge, Options, Shard, Sweep};
use rand::Rng;
use serde::Serialize;

#[derive(Serialize)]
struct Numbered {
    number: usize,
}

impl Cell for Numbered {
    fn label(&self) -> String {
        format!("cell {}", self.number)
    }

    fn cost(&self) -> f64 {
        1.0 + (self.number % 7) as f64
    }
}

/// What a descent finds, in size.
type Found = [f64; 4];

/// The most memory that this process has held since the last call, in megabytes, where the system tells.
fn peak_memory() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let _ = fs::write("/proc/self/clear_refs", "5");
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).map_or(f64::NAN, |kilo: f64| kilo / 1e3)
}

fn measure(cells: usize, replicates: u64, shards: u32) {
    let place = tempfile::tempdir().unwrap();
    let cells: Vec<Numbered> = (0..cells).map(|number| Numbered { number }).collect();
    let planning = Instant::now();
    let sweep = Sweep::new("speed", &cells, NonZeroU64::new(replicates).unwrap(), 1).unwrap();
    sweep.header(Shard::new(1, shards).unwrap());
    let planned = planning.elapsed().as_secs_f64();
    let run = |shard: Shard| -> PathBuf {
        let folder = place.path().join(shard.index().to_string());
        let options = Options { shard, journal: Some(&folder), ..Options::default() };
        sweep.run_each(&options, |unit| Ok::<Found, Infallible>(unit.generator.random()), |_, _| {}).unwrap();
        folder
    };
    let folders: Vec<PathBuf> = Shard::new(1, shards).unwrap().siblings().map(run).collect();
    let bytes: u64 = folders.iter().map(|folder| fs::metadata(folder.join("journal.jsonl")).unwrap().len()).sum();
    peak_memory();
    let before = peak_memory();
    let opening = Instant::now();
    let merged = Merge::open(&folders).unwrap();
    let opened = opening.elapsed().as_secs_f64();
    let reading = Instant::now();
    let mut units = 0;
    merged.each(|_, _: Found| units += 1).unwrap();
    let read = reading.elapsed().as_secs_f64();
    assert_eq!(units, sweep.units());
    let (megabytes, memory) = (bytes as f64 / 1e6, peak_memory() - before);
    let each = 1e6 * (opened + read) / units as f64;
    println!(
        "{units:>9} {shards:>6} {megabytes:>9.0} {planned:>9.2} {opened:>9.2} {read:>9.2} {each:>8.2} {memory:>9.0}"
    );
}

#[test]
#[ignore = "a measurement of a minute or two"]
fn merge_speed() {
    println!("    units shards  MB there    plan s    open s    read s  µs/unit MB memory");
    for (cells, replicates, shards) in
        [(1_000, 100, 10), (1_000, 100, 100), (1_000, 100, 1_000), (10_000, 100, 10), (10_000, 100, 100)]
    {
        measure(cells, replicates, shards);
    }
}
