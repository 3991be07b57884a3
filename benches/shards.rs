//! What a divided sweep costs beside its work: planning, which every task does for the whole of it, and the merge.
//! `docs/cluster.md` has the numbers.

use std::convert::Infallible;
use std::fs;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use embedding_norms_lab::sweep::{Cell, Merge, Options, Shard, Sweep};
use rand::Rng;
use serde::Serialize;

const REPLICATES: NonZeroU64 = NonZeroU64::new(100).unwrap();

#[derive(Serialize)]
struct Numbered(usize);

impl Cell for Numbered {
    fn label(&self) -> String {
        format!("cell {}", self.0)
    }

    fn cost(&self) -> f64 {
        1.0 + (self.0 % 7) as f64
    }
}

/// What a descent finds, in size.
type Found = [f64; 4];

fn cells(units: u64) -> Vec<Numbered> {
    (0..(units / REPLICATES) as usize).map(Numbered).collect()
}

fn sweep(cells: &[Numbered]) -> Sweep<'_, Numbered> {
    Sweep::new("shards", cells, REPLICATES, 1).expect("cells differ")
}

fn shard(index: u32, count: u32) -> Shard {
    Shard::new(index, count).expect("a shard")
}

/// The journals of all shards, each in a folder of its own.
fn journals(sweep: &Sweep<'_, Numbered>, shards: u32, place: &Path) -> Vec<PathBuf> {
    let run = |shard: Shard| {
        let folder = place.join(shard.index().to_string());
        let options = Options { shard, journal: Some(&folder), ..Options::default() };
        sweep
            .run_each(&options, |unit| Ok::<Found, Infallible>(unit.generator.random()), |_, _| {})
            .expect("no unit fails");
        folder
    };
    shard(1, shards).siblings().map(run).collect()
}

fn plan(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("plan");
    group.sample_size(10);
    for units in [100_000, 1_000_000] {
        let cells = cells(units);
        group.throughput(Throughput::Elements(units));
        group.bench_function(BenchmarkId::from_parameter(format!("{units} units")), |bencher| {
            bencher.iter(|| sweep(&cells).header(shard(1, 100)));
        });
    }
    group.finish();
}

fn merge(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("merge");
    group.sample_size(10);
    for (units, shards) in [(100_000, 10), (100_000, 100), (100_000, 1_000), (1_000_000, 10), (1_000_000, 100)] {
        let place = tempfile::tempdir().expect("a folder");
        let cells = cells(units);
        let folders = journals(&sweep(&cells), shards, place.path());
        let bytes = folders.iter().map(|folder| fs::metadata(folder.join("journal.jsonl")).expect("a journal").len());
        println!("{units} units in {shards} shards: {} MB of journals", bytes.sum::<u64>() / 1_000_000);
        group.throughput(Throughput::Elements(units));
        group.bench_function(BenchmarkId::from_parameter(format!("{units} units, {shards} shards")), |bencher| {
            bencher.iter(|| {
                let mut merged = 0;
                Merge::open(&folders).and_then(|all| all.each(|_, _: Found| merged += 1)).expect("whole journals");
                assert_eq!(merged, units);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, plan, merge);
criterion_main!(benches);
