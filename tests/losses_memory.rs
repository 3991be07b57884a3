//! Losses compare all pairs of rows without a matrix of all pairs.

use embedding_norms::loss::{self, Batch, Entry, Parameters};
use embedding_norms::random::{StandardNormal, generator};
use embedding_norms::sphere::{Directions, normalize};
use ndarray::Array2;
use ndarray_rand::RandomExt;
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Rows of a view.
const ROWS: usize = 3000;

const MATRIX: usize = ROWS * ROWS * size_of::<f64>();

/// On two threads: similarities of some rows, factors in the order in which they are read, gradients.
const LIMIT: usize = 24 << 20;

/// What the evaluation of a loss takes beside its batch, at most.
fn peak_of(entry: &Entry, [x, y]: [&Directions; 2]) -> usize {
    let loss = loss::by_name(entry.name, &Parameters::defaults()).unwrap();
    let labels: Vec<usize> = (0..ROWS).map(|row| row % 10).collect();
    let positives: Vec<usize> = (0..ROWS).map(|row| (row + 10) % ROWS).collect();
    let one = Batch::one_view(x).unwrap();
    let batches =
        [Batch::two_views(x, y).unwrap(), one.with_labels(&labels).unwrap(), one.with_positives(&positives).unwrap()];
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let evaluated = batches.iter().find_map(|batch| loss.evaluate(batch).ok()).expect("a batch for every loss");
    assert!(evaluated.total.is_finite());
    MEMORY.peak_usage() - before
}

/// The same where every pair of rows is near: each has a pull of its own, and a million of them are kept.
const LIMIT_COLLAPSED: usize = LIMIT + (8 << 20);

#[test]
fn losses_of_thousands_of_rows_have_no_matrix_of_all_pairs() {
    const { assert!(3 * LIMIT < MATRIX + (4 << 20)) };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let check = |views: &[Directions; 2], limit: usize| {
        for entry in loss::catalogue() {
            let peak = pool.install(|| peak_of(entry, views.each_ref()));
            println!("{}: {} MiB", entry.name, peak >> 20);
            assert!(peak < limit, "{}: {} MiB, where it should take {}", entry.name, peak >> 20, limit >> 20);
        }
    };
    let drawn = |view| Array2::random_using((ROWS, 32), StandardNormal, &mut generator(1, b"memory", view));
    check(&[0, 1].map(|view| normalize(drawn(view).view()).unwrap()), LIMIT);
    let collapsed = normalize(Array2::ones((ROWS, 32)).view()).unwrap();
    check(&[collapsed.clone(), collapsed], LIMIT_COLLAPSED);
}
