//! A sweep of equal cells: against the number of cells, and on one thread and on two.

use std::convert::Infallible;
use std::num::{NonZeroU64, NonZeroUsize};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use embedding_norms::theory::pair::{EqualPopulation, FirstStep};
use embedding_norms_lab::sweep::{Cell, Options, Sweep, UnitContext};
use serde::Serialize;

#[derive(Serialize)]
struct Equal(u64);

impl Cell for Equal {
    fn label(&self) -> String {
        format!("cell {}", self.0)
    }

    fn cost(&self) -> f64 {
        1.0
    }
}

fn sweep(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sweep");
    group.sample_size(10);
    let half_tangents: Vec<f64> = (1..=500).map(|pair| f64::from(pair) / 250.0).collect();
    for (cells, threads) in [(64, 1), (64, 2), (16, 1), (256, 1)] {
        let settings: Vec<Equal> = (0..cells).map(Equal).collect();
        let sweep = Sweep::new("bench", &settings, NonZeroU64::MIN, 1).expect("cells differ");
        let options = Options { threads: NonZeroUsize::new(threads).expect("a thread"), ..Options::default() };
        group.bench_function(BenchmarkId::new("equal cells", format!("{cells} cells, threads {threads}")), |bencher| {
            bencher.iter(|| {
                let count = |_: &mut UnitContext<'_, Equal>| {
                    let population = EqualPopulation::new(&half_tangents, 1e-9).expect("a population");
                    let count = population.steps_until_mean(1e-3, FirstStep::Cosine, 10_000).expect("a tolerance");
                    Ok::<_, Infallible>(count.steps())
                };
                sweep.run(&options, count).expect("no unit fails").results.len()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, sweep);
criterion_main!(benches);
