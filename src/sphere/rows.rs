//! Sums over the coordinates of each row of two matrices, rows side by side.

use ndarray::ArrayView2;

/// Rows that are summed side by side: an addition waits four cycles for the one before it in its own sum, and two can
/// begin in each cycle beside as many products.
const ROWS: usize = 4;

/// Folds the coordinates of each row of `x` with those of the same row of `y`, in their order, and hands on the row and
/// what it folds to, from the first row to the last.
///
/// A row folds to the same bits here as by itself.
///
/// # Panics
/// If the shapes differ.
pub(super) fn fold_rows<A: Copy>(
    x: ArrayView2<'_, f64>,
    y: ArrayView2<'_, f64>,
    start: A,
    combine: impl Fn(A, f64, f64) -> A,
    mut hand_on: impl FnMut(usize, A),
) {
    assert_eq!(x.dim(), y.dim(), "rows are folded with rows of a matrix of the same shape");
    let (n, d) = x.dim();
    let (x, y) = (x.as_standard_layout(), y.as_standard_layout());
    let [x, y] = [&x, &y].map(|matrix| matrix.as_slice().expect("a matrix in standard layout"));
    for first in (0..n).step_by(ROWS) {
        // Places behind the last row repeat it.
        let rows: [_; ROWS] = std::array::from_fn(|place| {
            let start = (first + place).min(n - 1) * d;
            (&x[start..][..d], &y[start..][..d])
        });
        let mut folded = [start; ROWS];
        for k in 0..d {
            for (folded, (x, y)) in folded.iter_mut().zip(rows) {
                *folded = combine(*folded, x[k], y[k]);
            }
        }
        folded.into_iter().take(n - first).enumerate().for_each(|(place, folded)| hand_on(first + place, folded));
    }
}

#[cfg(test)]
mod tests {
    use super::fold_rows;
    use crate::random::{StandardNormal, generator};
    use ndarray::Array2;
    use ndarray_rand::RandomExt;

    #[test]
    fn a_row_folds_to_the_same_bits_as_by_itself_in_any_layout() {
        let mut generator = generator(1, b"rows", 0);
        for (n, d) in [(0, 3), (1, 1), (3, 0), (4, 7), (5, 2), (11, 20)] {
            let mut draw = |shape| Array2::random_using(shape, StandardNormal, &mut generator);
            let (x, y) = (draw((n, d)), draw((d, n)));
            let (x, y) = (x.view(), y.t());
            let mut found = Vec::new();
            fold_rows(x, y, 0.5, |sum, a, b| sum * a - b, |row, sum| found.push((row, sum)));
            let alone = |row: usize| x.row(row).iter().zip(y.row(row)).fold(0.5, |sum, (a, b)| sum * a - b);
            assert_eq!(found, (0..n).map(|row| (row, alone(row))).collect::<Vec<_>>());
        }
    }
}
