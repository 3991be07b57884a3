//! What the value and the gradient of a loss cost, against the number of rows n and the dimension d.

mod instructions;

use criterion::{BenchmarkId, Criterion, criterion_group};
use embedding_norms::loss::{Batch, InfoNce, Loss, NtXent, SupervisedInfoNce};
use embedding_norms::random::{StandardNormal, generator};
use embedding_norms::sphere::{Directions, normalize};
use ndarray::Array2;
use ndarray_rand::RandomExt;

fn directions(n: usize, d: usize, stream: u64) -> Directions {
    let points = Array2::random_using((n, d), StandardNormal, &mut generator(1, b"bench", stream));
    normalize(points.view()).expect("normal vectors have directions")
}

fn two_views(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("two views");
    group.sample_size(10);
    for (n, d) in [(4096, 128), (1024, 128), (512, 128), (256, 128), (1024, 32), (1024, 768)] {
        let [x, y] = [0, 1].map(|view| directions(n, d, view));
        let batch = Batch::two_views(&x, &y).expect("views of one shape");
        let losses: [Box<dyn Loss>; 2] =
            [Box::new(InfoNce::new(0.1).expect("a temperature")), Box::new(NtXent::new(0.1).expect("a temperature"))];
        for loss in losses {
            group.bench_function(BenchmarkId::new(loss.name(), format!("n = {n}, d = {d}")), |bencher| {
                bencher.iter(|| loss.evaluate(&batch).expect("two views"));
            });
        }
    }
    group.finish();
}

/// More rows than a matrix of all pairs is kept for; of NT-Xent half of them in each view.
fn many_rows(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("many rows");
    group.sample_size(10);
    let losses: [(Box<dyn Loss>, usize); 2] = [
        (Box::new(InfoNce::new(0.1).expect("a temperature")), 1),
        (Box::new(NtXent::new(0.1).expect("a temperature")), 2),
    ];
    for (loss, views) in losses {
        for n in [4096, 8192, 16384] {
            let [x, y] = [0, 1].map(|view| directions(n / views, 128, view));
            let batch = Batch::two_views(&x, &y).expect("views of one shape");
            group.bench_function(BenchmarkId::new(loss.name(), format!("n = {n}, d = 128")), |bencher| {
                bencher.iter(|| loss.evaluate(&batch).expect("two views"));
            });
        }
    }
    group.finish();
}

/// A batch that lies close together: every cosine is near 0.96, and every pair pulls by its difference.
fn near_rows(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("near rows");
    group.sample_size(10);
    let view = |stream| {
        let noise = Array2::random_using((512, 128), StandardNormal, &mut generator(1, b"bench", stream));
        normalize((1.0 + 0.2 * noise).view()).expect("directions")
    };
    let views = [view(0), view(1)];
    let batch = Batch::two_views(&views[0], &views[1]).expect("views of one shape");
    let losses: [Box<dyn Loss>; 2] =
        [Box::new(InfoNce::new(0.1).expect("a temperature")), Box::new(NtXent::new(0.1).expect("a temperature"))];
    for loss in losses {
        group.bench_function(BenchmarkId::new(loss.name(), "n = 512, d = 128"), |bencher| {
            bencher.iter(|| loss.evaluate(&batch).expect("two views"));
        });
    }
    group.finish();
}

/// The batch of a class-imbalance run: 128 rows in R^10, one drawn positive each.
fn one_positive(criterion: &mut Criterion) {
    let rows = directions(128, 10, 2);
    let positives: Vec<usize> = (0..128).map(|row| (row + 10) % 128).collect();
    let batch = Batch::one_view(&rows).and_then(|batch| batch.with_positives(&positives)).expect("a batch");
    let loss = SupervisedInfoNce::one_positive(1.0).expect("a temperature");
    criterion.bench_function("one positive, n = 128, d = 10", |bencher| {
        bencher.iter(|| loss.evaluate(&batch).expect("positives"));
    });
}

criterion_group!(benches, two_views, many_rows, near_rows, one_positive);
fn main() {
    instructions::chosen();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
