//! What a step of the engines costs, against the number of pairs n and the dimension d.

mod instructions;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use embedding_norms::loss::NegativeCosine;
use embedding_norms::random::{StandardNormal, generator};
use embedding_norms::simulation::{PairDescent, Start, StopRules};
use embedding_norms::sphere::uniform_half_tangents;
use embedding_norms::theory::pair::{EqualPopulation, FirstStep};
use ndarray::Array2;
use ndarray_rand::RandomExt;

/// Steps of one run; the start of the run is a hundredth of it or less.
const STEPS: u64 = 10_000;

fn pairs(n: usize, d: usize) -> Start {
    let mut generator = generator(1, b"bench", 0);
    let mut view = || Array2::random_using((n, d), StandardNormal, &mut generator);
    Start::pairs(view(), view())
}

/// n pairs in R^d moved `STEPS` times, with a learning rate that never ends the run.
fn full(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("full engine");
    group.sample_size(10).throughput(Throughput::Elements(STEPS));
    for (n, d) in [(500, 20), (125, 20), (2000, 20), (500, 5), (500, 80)] {
        let start = pairs(n, d);
        let stops = StopRules::budget(STEPS).never_stationary();
        let descent = PairDescent::new(NegativeCosine::symmetric(), 1e-9).expect("a positive learning rate");
        group.bench_function(BenchmarkId::new("steps", format!("n = {n}, d = {d}")), |bencher| {
            bencher.iter(|| descent.run(start.clone(), &stops).expect("pairs have directions"));
        });
    }
    group.finish();
}

/// The same by the recursion of D1.
fn pair(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pair engine");
    group.sample_size(20).throughput(Throughput::Elements(STEPS));
    for n in [500, 125, 2000] {
        let half_tangents = uniform_half_tangents(n, 20, &mut generator(1, b"bench", 1)).expect("a dimension above 1");
        let population = EqualPopulation::new(&half_tangents, 1e-9).expect("a population");
        group.bench_function(BenchmarkId::new("steps", format!("n = {n}")), |bencher| {
            bencher.iter(|| population.clone().steps_until_mean(1e-3, FirstStep::Cosine, STEPS).expect("a tolerance"));
        });
    }
    group.finish();
}

criterion_group!(benches, full, pair);
fn main() {
    instructions::chosen();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
