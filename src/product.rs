//! The product of matrices with one order of summation on every machine. Library routines contract a product and a sum
//! where the processor can, so their last bits depend on it.

use ndarray::{Array2, ArrayView2};
use pulp::Simd;

use crate::vectorize::{Kernel, LANES, Vector, vectorize};

/// Rows of the left matrix that are worked on side by side.
const ROWS: usize = 4;

/// Columns of the right matrix that are worked on side by side.
const COLUMNS: usize = 2 * LANES;

/// A B for A (n × p) and B (p × q): every entry is summed in the order of the inner index, as [`crate::sphere::inner`]
/// does, whatever the processor.
///
/// # Panics
/// If A has not as many columns as B has rows.
pub(crate) fn product(left: ArrayView2<'_, f64>, right: ArrayView2<'_, f64>) -> Array2<f64> {
    assert_eq!(left.ncols(), right.nrows(), "a product needs as many columns on the left as rows on the right");
    let panels = panels(right);
    let mut result = Array2::zeros((left.nrows(), right.ncols()));
    let entries = result.as_slice_mut().expect("a new matrix is in standard layout");
    vectorize(Product { left, panels: &panels, columns: right.ncols(), result: entries });
    result
}

/// The columns sixteen at a time, row after row, with zeros past the last one.
fn panels(right: ArrayView2<'_, f64>) -> Vec<Vec<[f64; COLUMNS]>> {
    let mut panels = vec![vec![[0.0; COLUMNS]; right.nrows()]; right.ncols().div_ceil(COLUMNS)];
    for (row, values) in right.rows().into_iter().enumerate() {
        for (column, &value) in values.iter().enumerate() {
            panels[column / COLUMNS][row][column % COLUMNS] = value;
        }
    }
    panels
}

struct Product<'a> {
    left: ArrayView2<'a, f64>,
    panels: &'a [Vec<[f64; COLUMNS]>],
    columns: usize,
    result: &'a mut [f64],
}

impl Kernel for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let mut band = vec![[0.0; ROWS]; self.left.ncols()];
        for (index, results) in self.result.chunks_mut(ROWS * self.columns.max(1)).enumerate() {
            for (lane, row) in self.left.rows().into_iter().skip(index * ROWS).take(ROWS).enumerate() {
                for (place, &value) in band.iter_mut().zip(row) {
                    place[lane] = value;
                }
            }
            for (number, panel) in self.panels.iter().enumerate() {
                let tile = tile(simd, &band, panel);
                let first = number * COLUMNS;
                let width = COLUMNS.min(self.columns - first);
                for (row, sums) in results.chunks_exact_mut(self.columns).zip(&tile) {
                    row[first..first + width].copy_from_slice(&sums[..width]);
                }
            }
        }
    }
}

/// Four rows times one panel.
#[inline(always)]
fn tile<S: Simd>(simd: S, band: &[[f64; ROWS]], panel: &[[f64; COLUMNS]]) -> [[f64; COLUMNS]; ROWS] {
    let mut tile = [[0.0; COLUMNS]; ROWS];
    for part in 0..COLUMNS / (2 * S::F64_LANES) {
        let mut sums = [[Vector::splat(simd, 0.0); 2]; ROWS];
        for (factors, values) in band.iter().zip(panel) {
            let values = S::as_simd_f64s(values).0;
            let values = [Vector::new(simd, values[2 * part]), Vector::new(simd, values[2 * part + 1])];
            for (sums, &factor) in sums.iter_mut().zip(factors) {
                let factor = Vector::splat(simd, factor);
                *sums = [sums[0] + factor * values[0], sums[1] + factor * values[1]];
            }
        }
        for (row, sums) in tile.iter_mut().zip(&sums) {
            let row = S::as_mut_simd_f64s(row).0;
            row[2 * part] = sums[0].value;
            row[2 * part + 1] = sums[1].value;
        }
    }
    tile
}

#[cfg(test)]
mod tests {
    use super::product;
    use crate::random::{StandardNormal, generator};
    use crate::sphere::inner;
    use ndarray::Array2;
    use ndarray_rand::RandomExt;

    #[test]
    fn every_entry_is_the_inner_product_bit_for_bit() {
        let mut generator = generator(1, b"product", 0);
        for (n, p, q) in [(1, 1, 1), (3, 5, 17), (4, 16, 16), (9, 2, 33), (21, 40, 7), (5, 0, 3)] {
            let left = Array2::random_using((n, p), StandardNormal, &mut generator);
            let right = Array2::random_using((q, p), StandardNormal, &mut generator);
            let expected = Array2::from_shape_fn((n, q), |(i, k)| inner(left.row(i), right.row(k)));
            assert_eq!(product(left.view(), right.t()), expected);
        }
    }
}
