//! All pairs of rows without a matrix of all pairs: some rows at a time are compared with all columns, and what is left of
//! them is their loss and what they add to the gradients. Every sum runs in the order in which it would run over the whole
//! matrix, so that results do not depend on the size of the blocks or on the number of threads.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, Axis, Slice};

use super::pull::{Pulls, add_differences};
use super::similarity::{fill_similarities, near_pairs};
use crate::numerics::product::{Right, matrix, pieces, side_by_side};

/// How many rows of so many similarities a thread has in memory at a time, for d coordinates: 2 to 8 MiB, or 64 rows. With
/// fewer rows, the gradient of the columns is read and written again more often, which costs the more the wider it is.
fn rows_of_a_thread(columns: usize, d: usize) -> usize {
    let entries = (d << 11).clamp(1 << 18, 1 << 20);
    (entries / columns.max(1)).next_multiple_of(64).clamp(64, 1024)
}

/// Pulls of near pairs that are kept; when all rows are alike, every pair is near.
const KEPT: usize = 1 << 20;

/// An exponential and what stands around it, in multiplications and additions.
pub(super) const WORK_OF_AN_ENTRY: usize = 64;

/// A loss that is a total over rows, each compared with all columns.
pub(super) trait Rows: Sync {
    /// Puts the derivative of the total with respect to each cosine in the place of its similarity, for rows from
    /// `first_row` on, and the loss of each of them in its place.
    fn slopes(&self, first_row: usize, similarities: &mut [f64], losses: &mut [f64]);
}

/// The rows of x (n × d) and of y (m × d), to be compared.
struct Pairs<'a> {
    x: ArrayView2<'a, f64>,
    y: ArrayView2<'a, f64>,
    /// Yᵀ.
    columns: Right,
}

/// Some rows from the `first` on.
struct Block<'a> {
    first: usize,
    /// Similarities, then slopes.
    entries: &'a mut [f64],
    losses: &'a mut [f64],
    gradient: &'a mut [f64],
}

impl<'a> Pairs<'a> {
    fn new(x: ArrayView2<'a, f64>, y: ArrayView2<'a, f64>) -> Self {
        Self { x, y, columns: Right::of(y.t()) }
    }

    /// How many rows all threads have in memory at a time.
    fn rows_at_a_time(&self) -> usize {
        self.x.nrows().min(rows_of_a_thread(self.y.nrows(), self.y.ncols()) * rayon::current_num_threads())
    }

    fn work_of_a_row(&self) -> usize {
        self.y.nrows() * (self.y.ncols() + WORK_OF_AN_ENTRY)
    }

    fn rows_of_x(&self, first: usize, rows: usize) -> ArrayView2<'a, f64> {
        self.x.slice_axis_move(Axis(0), Slice::from(first..first + rows))
    }

    /// The slopes of a block, without those of near pairs, whose pulls are returned.
    fn slopes(&self, rows: &impl Rows, first: usize, entries: &mut [f64], losses: &mut [f64]) -> Pulls {
        let columns = self.y.nrows();
        fill_similarities(self.rows_of_x(first, losses.len()), &self.columns, entries);
        let near = near_pairs(entries, columns, first);
        rows.slopes(first, entries, losses);
        Pulls::take(near, entries, columns, first)
    }

    /// The losses, slopes and gradients of the rows of a block; the pulls of its near pairs, row after row.
    fn evaluate(&self, rows: &impl Rows, pulling: &Right, block: Block<'_>) -> Vec<Pulls> {
        let (columns, width) = self.y.dim();
        let pieces = pieces(block.losses.len(), self.work_of_a_row());
        let Some(size) = pieces.first().map(Range::len) else { return Vec::new() };
        let places = block.losses.chunks_mut(size).zip(block.gradient.chunks_mut(size * width));
        let places = block.entries.chunks_mut(size * columns).zip(places);
        let parts = places.zip(&pieces).map(|((entries, (losses, gradient)), piece)| Block {
            first: block.first + piece.start,
            entries,
            losses,
            gradient,
        });
        let work = |Block { first, entries, losses, gradient }: Block<'_>| {
            let pulls = self.slopes(rows, first, entries, losses);
            pulling.product(matrix(entries, columns), gradient);
            add_differences((gradient, first), pulls.each(), self.y, self.rows_of_x(first, losses.len()));
            pulls
        };
        side_by_side(parts, work)
    }

    /// What is made of the similarities of every row, as [`Rows::slopes`] has them, without gradients.
    fn visit<T: Send>(&self, losses: &mut [T], visit: impl Fn(usize, &mut [f64], &mut [T]) + Send + Sync) {
        let columns = self.y.nrows();
        let pieces = pieces(self.x.nrows(), self.work_of_a_row());
        let Some(size) = pieces.first().map(Range::len) else { return };
        side_by_side(losses.chunks_mut(size).enumerate(), |(piece, losses)| {
            let rows = rows_of_a_thread(columns, self.y.ncols()).min(size);
            let mut entries = vec![0.0; rows * columns];
            for (block, losses) in losses.chunks_mut(rows).enumerate() {
                let first = piece * size + block * rows;
                let entries = &mut entries[..losses.len() * columns];
                fill_similarities(self.rows_of_x(first, losses.len()), &self.columns, entries);
                visit(first, entries, losses);
            }
        });
    }
}

/// The total over the rows of x (n × d), each compared with all rows of y (m × d), and its Euclidean gradients with respect
/// to x and to y, modulo multiples of each row.
pub(super) fn between(x: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>, rows: &impl Rows) -> (f64, [Array2<f64>; 2]) {
    let pairs = Pairs::new(x, y);
    let (columns, width) = y.dim();
    let pulling = Right::of(y);
    let mut losses = vec![0.0; x.nrows()];
    let [mut first, mut second] = [x, y].map(|side| Array2::zeros((side.nrows(), width)));
    let gradient_of_y = second.as_slice_mut().expect(STANDARD);
    let size = pairs.rows_at_a_time();
    let mut entries = vec![0.0; size * columns];
    let (mut near, mut kept) = (Some(Vec::new()), 0);
    let blocks =
        losses.chunks_mut(size).zip(first.as_slice_mut().expect(STANDARD).chunks_mut(size * width)).enumerate();
    for (block, (losses, gradient)) in blocks {
        let first = block * size;
        let entries = &mut entries[..losses.len() * columns];
        let x = pairs.rows_of_x(first, losses.len());
        let found = pairs.evaluate(rows, &pulling, Block { first, entries, losses, gradient });
        <Right>::of(x).add_transposed(matrix(entries, columns), gradient_of_y, first == 0);
        kept += found.iter().map(Pulls::len).sum::<usize>();
        near = near.filter(|_: &Vec<Pulls>| kept <= KEPT);
        if let Some(near) = &mut near {
            near.extend(found);
        }
    }
    // Near pairs pull last, in the order of the rows of x.
    match near {
        Some(near) => pull_back(&near, (x, y), gradient_of_y),
        None => {
            for (block, losses) in losses.clone().chunks_mut(size).enumerate() {
                let found = pairs.slopes(rows, block * size, &mut entries[..losses.len() * columns], losses);
                pull_back(&[found], (x, y), gradient_of_y);
            }
        }
    }
    (total(&losses), [first, second])
}

/// The total over the rows of x (n × d), each compared with all of them, where `rows` puts the sum of both derivatives with
/// respect to a cosine in the place of a similarity, and the Euclidean gradient, modulo multiples of each row.
pub(super) fn within(x: ArrayView2<'_, f64>, rows: &impl Rows) -> (f64, Array2<f64>) {
    let pairs = Pairs::new(x, x);
    let pulling = Right::of(x);
    let mut losses = vec![0.0; x.nrows()];
    let mut gradient = Array2::zeros(x.dim());
    let size = pairs.rows_at_a_time();
    let mut entries = vec![0.0; size * x.nrows()];
    let gradients = gradient.as_slice_mut().expect(STANDARD).chunks_mut(size * x.ncols());
    for (block, (losses, gradient)) in losses.chunks_mut(size).zip(gradients).enumerate() {
        let entries = &mut entries[..losses.len() * x.nrows()];
        pairs.evaluate(rows, &pulling, Block { first: block * size, entries, losses, gradient });
    }
    (total(&losses), gradient)
}

/// What `visit` makes of the similarities of some rows of x with all rows of y, one result for each row: called with the
/// number of the first row, the similarities and the places of the results.
pub(super) fn visit<T: Clone + Default + Send>(
    x: ArrayView2<'_, f64>,
    y: ArrayView2<'_, f64>,
    visit: impl Fn(usize, &mut [f64], &mut [T]) + Send + Sync,
) -> Vec<T> {
    let mut results = vec![T::default(); x.nrows()];
    Pairs::new(x, y).visit(&mut results, visit);
    results
}

/// Calls `work` with the similarities of some rows of x with all rows of y, side by side, and then `then` with the number
/// and what has become of the similarities of row after row.
pub(super) fn visit_in_order(
    x: ArrayView2<'_, f64>,
    y: ArrayView2<'_, f64>,
    work: impl Fn(&mut [f64]) + Send + Sync,
    mut then: impl FnMut(usize, &[f64]),
) {
    let pairs = Pairs::new(x, y);
    let columns = y.nrows();
    let size = pairs.rows_at_a_time();
    let mut entries = vec![0.0; size * columns];
    for first in (0..x.nrows()).step_by(size) {
        let rows = size.min(x.nrows() - first);
        let entries = &mut entries[..rows * columns];
        let pieces = pieces(rows, pairs.work_of_a_row());
        let piece = pieces.first().map_or(rows, Range::len);
        side_by_side(entries.chunks_mut(piece * columns).enumerate(), |(number, entries)| {
            let x = pairs.rows_of_x(first + number * piece, entries.len() / columns);
            fill_similarities(x, &pairs.columns, entries);
            work(entries);
        });
        (first..).zip(entries.chunks_exact(columns)).for_each(|(row, entries)| then(row, entries));
    }
}

/// Adds the pulls of near pairs by x to the gradient with respect to y.
fn pull_back(found: &[Pulls], (x, y): (ArrayView2<'_, f64>, ArrayView2<'_, f64>), gradient: &mut [f64]) {
    let (columns, width) = y.dim();
    let pulls = found.iter().map(Pulls::len).sum::<usize>();
    let pieces = pieces(columns, pulls.div_ceil(columns.max(1)) * width);
    let Some(size) = pieces.first().map(Range::len) else { return };
    side_by_side(pieces.iter().zip(gradient.chunks_mut(size * width)), |(piece, gradient)| {
        let own = y.slice_axis_move(Axis(0), Slice::from(piece.clone()));
        for pulls in found {
            add_differences((gradient, piece.start), pulls.turned(), x, own);
        }
    });
}

/// In the order of the rows.
pub(super) fn total(losses: &[f64]) -> f64 {
    losses.iter().fold(0.0, |total, loss| total + loss)
}

const STANDARD: &str = "gradients are in standard layout";

#[cfg(test)]
mod tests {
    use super::{KEPT, Rows, between, rows_of_a_thread};
    use crate::loss::similarity::{fill_similarities, near_pairs, pairs_of};
    use crate::numerics::product::{Right, product};
    use crate::numerics::vectorize::widths::at_every_width;
    use crate::random::{StandardNormal, generator};
    use crate::sphere::normalize;
    use ndarray::{Array2, ArrayView2};
    use ndarray_rand::RandomExt;

    /// Slopes whatever the similarities.
    struct Given(Array2<f64>);

    impl Rows for Given {
        fn slopes(&self, first_row: usize, entries: &mut [f64], losses: &mut [f64]) {
            let columns = self.0.ncols();
            entries
                .copy_from_slice(&self.0.as_slice().expect("standard layout")[first_row * columns..][..entries.len()]);
            losses.iter_mut().zip(entries.chunks(columns)).for_each(|(loss, slopes)| *loss = slopes[0]);
        }
    }

    /// Directions of which every third is one of two opposite ones.
    fn directions(rows: usize, d: usize, stream: u64) -> Array2<f64> {
        let mut points = Array2::random_using((rows, d), StandardNormal, &mut generator(1, b"blocks", stream));
        for (row, mut point) in points.rows_mut().into_iter().enumerate().step_by(3) {
            point.fill([1.0, -1.0][row % 2]);
        }
        normalize(points.view()).expect("directions").units().to_owned()
    }

    /// Row i of the gradient with respect to x, pull after pull: the others, then the near pairs.
    fn row_by_row(slopes: ArrayView2<'_, f64>, near: &[Pair], x: &Array2<f64>, y: &Array2<f64>) -> Array2<f64> {
        let mut far = slopes.to_owned();
        near.iter().for_each(|&(row, column, _)| far[(row, column)] = 0.0);
        let mut gradient = product(far.view(), y.view());
        for &(row, column, end) in near {
            let slope = slopes[(row, column)];
            for k in 0..x.ncols() {
                gradient[(row, k)] += slope * (y[(column, k)] - end * x[(row, k)]);
            }
        }
        gradient
    }

    /// Row, column and end of a near one.
    type Pair = (usize, usize, f64);

    fn near(x: &Array2<f64>, y: &Array2<f64>) -> Vec<Pair> {
        let mut similarities = vec![0.0; x.nrows() * y.nrows()];
        fill_similarities(x.view(), &Right::of(y.t()), &mut similarities);
        near_pairs(&similarities, y.nrows(), 0).into_iter().flat_map(pairs_of).collect()
    }

    fn expected(slopes: &Array2<f64>, x: &Array2<f64>, y: &Array2<f64>) -> [Array2<f64>; 2] {
        let near = near(x, y);
        assert!(!near.is_empty());
        let turned: Vec<Pair> = near.iter().map(|&(row, column, end)| (column, row, end)).collect();
        [row_by_row(slopes.view(), &near, x, y), row_by_row(slopes.t(), &turned, y, x)]
    }

    #[test]
    fn pulls_of_near_and_other_pairs_are_added_at_every_width_in_every_dimension() {
        for (n, m, d) in [(1, 1, 1), (2, 3, 2), (9, 4, 7), (8, 8, 8), (5, 17, 19)] {
            let (x, y) = (directions(n, d, 0), directions(m, d, 1));
            let slopes = Array2::random_using((n, m), StandardNormal, &mut generator(2, b"blocks", 0));
            let expected = expected(&slopes, &x, &y);
            let given = Given(slopes);
            let found = at_every_width(|| between(x.view(), y.view(), &given));
            assert!(found.iter().all(|(_, gradients)| *gradients == expected), "{n} and {m} rows in {d} dimensions");
        }
    }

    #[test]
    fn blocks_of_rows_give_the_bytes_of_whole_matrices_on_any_number_of_threads() {
        let (n, m, d) = (2 * rows_of_a_thread(301, 24) + 21, 301, 24);
        let (x, y) = (directions(n, d, 0), directions(m, d, 1));
        let slopes = Array2::random_using((n, m), StandardNormal, &mut generator(2, b"blocks", 0));
        let expected = expected(&slopes, &x, &y);
        let total = slopes.column(0).iter().fold(0.0, |total, loss| total + loss);
        let given = Given(slopes);
        for threads in [1, 2, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            let found = pool.install(|| between(x.view(), y.view(), &given));
            assert!(found == (total, expected.clone()), "on {threads} threads");
        }
    }

    #[test]
    fn near_pairs_pull_alike_whether_all_are_kept_or_not_on_any_number_of_threads() {
        let d = 24;
        for n in [1000, 1030] {
            // Near one another, but not the same, so that every pair pulls.
            let mut points = Array2::random_using((n, d), StandardNormal, &mut generator(1, b"blocks", 2));
            points.mapv_inplace(|coordinate| 0.5 + 1e-4 * coordinate);
            let same = normalize(points.view()).expect("directions").units().to_owned();
            assert_eq!((near(&same, &same).len(), n * n > KEPT), (n * n, n == 1030));
            let given = Given(Array2::random_using((n, n), StandardNormal, &mut generator(2, b"blocks", 0)));
            let expected = expected(&given.0, &same, &same);
            for threads in [1, 2, 3] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
                let (_, found) = pool.install(|| between(same.view(), same.view(), &given));
                assert!(found == expected, "{n} rows on {threads} threads");
            }
        }
    }
}
