//! Rows in pieces that threads share.

use std::ops::Range;

use ndarray::ArrayView2;
use rayon::prelude::*;

use crate::numerics::vectorize::LANES;

/// Rows of the left factor that are worked on side by side.
pub(super) const ROWS: usize = LANES;

/// What `work` makes of each of a few pieces, in their order, side by side if there are several.
pub(crate) fn side_by_side<T: Send, R: Send>(
    pieces: impl Iterator<Item = T>,
    work: impl Fn(T) -> R + Send + Sync,
) -> Vec<R> {
    let pieces: Vec<T> = pieces.collect();
    match pieces.len() {
        0 | 1 => pieces.into_iter().map(work).collect(),
        _ => pieces.into_par_iter().map(work).collect(),
    }
}

/// Rows of so many numbers, one after another.
pub(crate) fn matrix(entries: &[f64], columns: usize) -> ArrayView2<'_, f64> {
    ArrayView2::from_shape((entries.len() / columns, columns), entries).expect("whole rows")
}

/// Multiplications and additions below which a second thread costs more than it takes over.
const WORTH_A_THREAD: usize = 1 << 22;

/// Whole bands of rows, a piece for each thread if that pays, by the multiplications and additions of a row: what is done
/// for a row is the same in any of them.
pub(crate) fn pieces(rows: usize, work_of_a_row: usize) -> Vec<Range<usize>> {
    if rows * work_of_a_row == 0 {
        return Vec::new();
    }
    let threads = if rows * work_of_a_row < 2 * WORTH_A_THREAD { 1 } else { rayon::current_num_threads() };
    let size = rows.div_ceil(threads).next_multiple_of(ROWS);
    (0..rows).step_by(size).map(|first| first..rows.min(first + size)).collect()
}

/// As [`pieces`], where the n-th row takes n times as much as the first: pieces of the same work, the first of which have more
/// rows.
pub(super) fn pieces_of_triangle(rows: usize, work_of_last_row: usize) -> Vec<Range<usize>> {
    let even = pieces(rows, work_of_last_row.div_ceil(2));
    let last = |number: usize| {
        let share = (number + 1) as f64 / even.len() as f64;
        ((rows as f64 * share.sqrt()) as usize).next_multiple_of(ROWS).min(rows)
    };
    let mut first = 0;
    (0..even.len()).map(|number| std::mem::replace(&mut first, last(number))..last(number)).collect()
}
