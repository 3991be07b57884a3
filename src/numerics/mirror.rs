//! Matrices made symmetric, in blocks of eight by eight.

use std::ops::Range;

use ndarray::Array2;
use pulp::Simd;

use crate::numerics::vectorize::{Kernel, LANES, Number, Vector, vectorize};

/// What becomes of the entries of a mirrored pair.
pub(crate) trait Combine: Copy {
    /// Both entries, from the one below the diagonal and the one above it; marked `#[inline(always)]`.
    fn combine<N: Number>(self, lower: N, upper: N) -> N;
}

/// Replaces both entries of every mirrored pair of a square matrix by what `combine` makes of them.
pub(crate) fn mirror(matrix: &mut Array2<f64>, combine: impl Combine) {
    let n = matrix.nrows();
    let entries = matrix.as_slice_mut().expect("matrices are kept in standard layout");
    vectorize(Mirrored { entries, n, combine });
}

struct Mirrored<'a, C> {
    entries: &'a mut [f64],
    n: usize,
    combine: C,
}

impl<C: Combine> Kernel for Mirrored<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { entries, n, combine } = self;
        let whole = n - n % LANES;
        for top in (0..n).step_by(LANES) {
            for left in (0..top).step_by(LANES) {
                if top < whole {
                    mirror_block(simd, entries, n, (top, left), combine);
                } else {
                    mirror_entries(entries, n, (top..n, left..left + LANES), combine);
                }
            }
            mirror_entries(entries, n, (top..n.min(top + LANES), top..n), combine);
        }
    }
}

#[inline(always)]
fn mirror_entries(entries: &mut [f64], n: usize, (rows, columns): (Range<usize>, Range<usize>), combine: impl Combine) {
    for row in rows {
        for column in columns.start..columns.end.min(row) {
            let both = combine.combine(entries[row * n + column], entries[column * n + row]);
            entries[row * n + column] = both;
            entries[column * n + row] = both;
        }
    }
}

type Block = [[f64; LANES]; LANES];

/// [`mirror`] for a whole block below the diagonal.
#[inline(always)]
fn mirror_block<S: Simd>(simd: S, entries: &mut [f64], n: usize, (top, left): (usize, usize), combine: impl Combine) {
    let mut upper = load(entries, n, (left, top));
    transpose(simd, &mut upper);
    let mut lower = load(entries, n, (top, left));
    for (lower, upper) in lower.iter_mut().zip(&upper) {
        let uppers = S::as_simd_f64s(upper).0;
        for (lower, &upper) in S::as_mut_simd_f64s(lower).0.iter_mut().zip(uppers) {
            *lower = combine.combine(Vector::new(simd, *lower), Vector::new(simd, upper)).value;
        }
    }
    store(entries, n, (top, left), &lower);
    transpose(simd, &mut lower);
    store(entries, n, (left, top), &lower);
}

#[inline(always)]
fn load(entries: &[f64], n: usize, (top, left): (usize, usize)) -> Block {
    let mut block = [[0.0; LANES]; LANES];
    for (line, places) in block.iter_mut().enumerate() {
        *places = *entries[(top + line) * n + left..].first_chunk().expect("a whole block");
    }
    block
}

#[inline(always)]
fn store(entries: &mut [f64], n: usize, (top, left): (usize, usize), block: &Block) {
    for (line, values) in block.iter().enumerate() {
        *entries[(top + line) * n + left..].first_chunk_mut().expect("a whole block") = *values;
    }
}

/// Lanes whose number has the bit 1, 2 or 4 are above 0.
const LANES_WITH: [[f64; LANES]; 3] = [
    [0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0],
    [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0],
    [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0],
];

/// Exchanges the entries of mirrored pairs: in squares of the width of a vector bit by bit of the lanes' numbers, and then
/// the squares.
#[inline(always)]
fn transpose<S: Simd>(simd: S, block: &mut Block) {
    for (bit, lanes_with) in LANES_WITH.iter().enumerate() {
        let distance = 1 << bit;
        if distance < S::F64_LANES {
            let zero = simd.splat_f64s(0.0);
            let moved = simd.greater_than_f64s(S::as_simd_f64s(lanes_with).0[0], zero);
            for pair in 0..LANES / 2 {
                let row = pair / distance * 2 * distance + pair % distance;
                for part in 0..LANES / S::F64_LANES {
                    let first = S::as_simd_f64s(&block[row]).0[part];
                    let second = S::as_simd_f64s(&block[row + distance]).0[part];
                    let down = simd.rotate_right_f64s(second, distance);
                    let up = simd.rotate_left_f64s(first, distance);
                    S::as_mut_simd_f64s(&mut block[row]).0[part] = simd.select_f64s(moved, down, first);
                    S::as_mut_simd_f64s(&mut block[row + distance]).0[part] = simd.select_f64s(moved, second, up);
                }
            }
        }
    }
    for row in 0..LANES {
        for part in row / S::F64_LANES + 1..LANES / S::F64_LANES {
            let mirrored = (part * S::F64_LANES + row % S::F64_LANES, row / S::F64_LANES);
            let first = S::as_simd_f64s(&block[row]).0[part];
            let second = S::as_simd_f64s(&block[mirrored.0]).0[mirrored.1];
            S::as_mut_simd_f64s(&mut block[row]).0[part] = second;
            S::as_mut_simd_f64s(&mut block[mirrored.0]).0[mirrored.1] = first;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Combine, mirror};
    use crate::numerics::vectorize::Number;
    use crate::numerics::vectorize::widths::at_every_width;
    use ndarray::Array2;

    /// Tells the entries apart.
    #[derive(Clone, Copy)]
    struct Skewed;

    impl Combine for Skewed {
        #[inline(always)]
        fn combine<N: Number>(self, lower: N, upper: N) -> N {
            lower.constant(1000.0) * lower + upper
        }
    }

    #[test]
    fn mirrored_entries_are_combined_at_every_width_and_the_diagonal_stays() {
        for n in (0..=20).chain([64, 67]) {
            let matrix = Array2::from_shape_fn((n, n), |(row, column)| (row * n + column) as f64);
            let expected = Array2::from_shape_fn((n, n), |(row, column)| match row.cmp(&column) {
                std::cmp::Ordering::Equal => matrix[(row, column)],
                _ => 1000.0 * matrix[(row.max(column), row.min(column))] + matrix[(row.min(column), row.max(column))],
            });
            let mirrored = || {
                let mut matrix = matrix.clone();
                mirror(&mut matrix, Skewed);
                matrix
            };
            for found in at_every_width(mirrored) {
                assert_eq!(found, expected);
            }
        }
    }
}
