//! The product of matrices with one order of summation and one rounding of each product and sum on every machine. Library
//! routines round once where the processor can and twice where it cannot, so their last bits depend on it; here it is
//! always once.
//!
//! The right factor is copied into the order in which it is read, in panels of sixteen columns, and so are bands of eight
//! rows of a left one whose rows are not at hand. A tile of 8 × 16 sums stays in registers while the inner index runs.

mod packing;

use std::ops::Range;

use ndarray::{Array2, ArrayView2, Axis, Slice};
use pulp::Simd;
use rayon::prelude::*;

use self::packing::{COLUMNS, ColumnsAcross, ROWS, RowsAcross, interleave};
use crate::numerics::mirror::{Combine, mirror};
use crate::numerics::vectorize::{Aligned, Kernel, LANES, Number, Vector, vectorize};

/// A B for A (n × p) and B (p × q): every entry is summed in the order of the inner index, each product added without a
/// rounding of its own, whatever the processor.
///
/// # Panics
/// If A has not as many columns as B has rows.
pub(crate) fn product(left: ArrayView2<'_, f64>, right: ArrayView2<'_, f64>) -> Array2<f64> {
    assert_eq!(left.ncols(), right.nrows(), "a product needs as many columns on the left as rows on the right");
    tiled(left, right, Shape::Full, AsSummed)
}

/// X Xᵀ for rows of X (n × d), each entry finished as `finish` says, which must be symmetric: one half is summed.
pub(crate) fn gram(x: ArrayView2<'_, f64>, finish: impl Finish) -> Array2<f64> {
    let mut result = tiled(x, x.t(), Shape::LowerTiles, finish);
    mirror(&mut result, Lower);
    result
}

/// What becomes of an inner product once it is summed.
pub(crate) trait Finish: Copy + Sync {
    /// Finishes a vector of inner products of one row with several columns; marked `#[inline(always)]`.
    fn finish<S: Simd>(self, simd: S, sums: Vector<S>, factors: Factors<'_, impl Band>) -> Vector<S>;
}

#[derive(Clone, Copy)]
struct AsSummed;

impl Finish for AsSummed {
    #[inline(always)]
    fn finish<S: Simd>(self, _: S, sums: Vector<S>, _: Factors<'_, impl Band>) -> Vector<S> {
        sums
    }
}

/// Eight rows of the left factor; marked `#[inline(always)]`.
pub(crate) trait Band: Copy {
    /// The entry of R of these rows, from the `first` on, at each of so many inner indices.
    fn entries<const R: usize>(self, first: usize, inner: usize) -> impl Fn(usize, usize) -> f64;
}

/// As they lie.
impl Band for [&[f64]; ROWS] {
    #[inline(always)]
    fn entries<const R: usize>(self, first: usize, inner: usize) -> impl Fn(usize, usize) -> f64 {
        // A loop, which is inlined for certain: the lengths are seen to be equal, and one check serves eight rows.
        let mut rows = [&self[first][..inner]; R];
        for (row, entries) in rows.iter_mut().enumerate() {
            *entries = &self[first + row][..inner];
        }
        move |row, k| rows[row][k]
    }
}

/// Their entries at one inner index side by side.
impl Band for &[RowsAcross] {
    #[inline(always)]
    fn entries<const R: usize>(self, first: usize, inner: usize) -> impl Fn(usize, usize) -> f64 {
        let across = &self[..inner];
        move |row, k| across[k].0[first + row]
    }
}

/// The row and the columns that a vector of inner products is made of.
#[derive(Clone, Copy)]
pub(crate) struct Factors<'a, B> {
    band: B,
    row: usize,
    panel: &'a [ColumnsAcross],
    part: usize,
}

impl<B: Band> Factors<'_, B> {
    /// Folds over the inner index, with the row's entry in every lane and the columns' entries.
    #[inline(always)]
    pub fn fold<S: Simd>(
        self,
        simd: S,
        mut folded: Vector<S>,
        step: impl Fn(Vector<S>, Vector<S>, Vector<S>) -> Vector<S>,
    ) -> Vector<S> {
        let entry = self.band.entries::<1>(self.row, self.panel.len());
        for (k, columns) in self.panel.iter().enumerate() {
            let columns = Vector::new(simd, S::as_simd_f64s(&columns.0).0[self.part]);
            folded = step(folded, Vector::splat(simd, entry(0, k)), columns);
        }
        folded
    }
}

/// Both entries of a pair are the one below the diagonal.
#[derive(Clone, Copy)]
struct Lower;

impl Combine for Lower {
    #[inline(always)]
    fn combine<N: Number>(self, lower: N, _: N) -> N {
        lower
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Full,
    /// Only the tiles that reach below the diagonal or onto it.
    LowerTiles,
}

fn tiled(left: ArrayView2<'_, f64>, right: ArrayView2<'_, f64>, shape: Shape, finish: impl Finish) -> Array2<f64> {
    let (rows, columns) = (left.nrows(), right.ncols());
    let mut result = vec![0.0; rows * columns];
    let pieces = pieces(rows, columns * left.ncols());
    if let Some(first) = pieces.first() {
        let right = Right::of(right);
        let size = first.len() * columns;
        side_by_side(pieces.iter().zip(result.chunks_mut(size)), |(piece, result)| {
            let left = left.slice_axis_move(Axis(0), Slice::from(piece.clone()));
            vectorize(Tiled::<_, ZERO> { left, first_row: piece.start, right: &right, shape, finish, result });
        });
    }
    Array2::from_shape_vec((rows, columns), result).expect("an entry for every row and column")
}

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

/// Bands for which a panel is read once.
const GROUP: usize = 8;

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

/// The right factor of one or more products, in the order in which it is read.
pub(crate) struct Right {
    panels: Vec<ColumnsAcross>,
    inner: usize,
    columns: usize,
}

impl Right {
    /// B, (p × q), copied side by side if that pays.
    pub fn of(right: ArrayView2<'_, f64>) -> Self {
        let (inner, columns) = right.dim();
        let mut panels = vec![Aligned([0.0; COLUMNS]); columns.div_ceil(COLUMNS) * inner];
        let pieces = pieces(columns.div_ceil(COLUMNS), COLUMNS * inner * WORK_OF_A_COPY);
        if let Some(first) = pieces.first() {
            side_by_side(pieces.iter().zip(panels.chunks_mut(first.len() * inner)), |(piece, panels)| {
                vectorize(Packing { right, first: piece.start, panels });
            });
        }
        Self { panels, inner, columns }
    }

    /// A B for some rows of A, (n × p), on this thread; `result` has n rows.
    pub fn fill(&self, left: ArrayView2<'_, f64>, finish: impl Finish, result: &mut [f64]) {
        vectorize(Tiled::<_, ZERO> { left, first_row: 0, right: self, shape: Shape::Full, finish, result });
    }

    /// As [`Right::fill`], without a finish.
    pub fn product(&self, left: ArrayView2<'_, f64>, result: &mut [f64]) {
        self.fill(left, AsSummed, result);
    }

    /// Adds Aᵀ B to `result`, for A (p × m), side by side if that pays: sums that begin with these inner indices, or go on
    /// from others.
    pub fn add_transposed(&self, left: ArrayView2<'_, f64>, result: &mut [f64], begins: bool) {
        let pieces = pieces(left.ncols(), left.nrows() * self.columns);
        let Some(size) = pieces.first().map(Range::len) else { return };
        side_by_side(pieces.iter().zip(result.chunks_mut(size * self.columns)), |(piece, result)| {
            let left = left.t();
            let left = left.slice_axis(Axis(0), Slice::from(piece.clone()));
            if begins { self.product(left, result) } else { self.go_on(left, result) }
        });
    }

    /// Goes on with sums that stand in `result`, as if these inner indices followed those before.
    fn go_on(&self, left: ArrayView2<'_, f64>, result: &mut [f64]) {
        let finish = AsSummed;
        vectorize(Tiled::<_, ONWARD> { left, first_row: 0, right: self, shape: Shape::Full, finish, result });
    }
}

/// To copy a number, in multiplications and additions.
const WORK_OF_A_COPY: usize = 8;

/// Panels from the one with this number on.
struct Packing<'a> {
    right: ArrayView2<'a, f64>,
    first: usize,
    panels: &'a mut [ColumnsAcross],
}

impl Kernel for Packing<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        for (number, panel) in self.panels.chunks_exact_mut(self.right.nrows()).enumerate() {
            interleave(self.right.t(), (self.first + number) * COLUMNS, panel);
        }
    }
}

/// Whether sums begin at zero, or with what stands in their places.
const ZERO: bool = false;
const ONWARD: bool = true;

/// Some rows of a product.
struct Tiled<'a, F, const BEGIN: bool> {
    left: ArrayView2<'a, f64>,
    first_row: usize,
    right: &'a Right,
    shape: Shape,
    finish: F,
    result: &'a mut [f64],
}

impl<F: Finish, const BEGIN: bool> Kernel for Tiled<'_, F, BEGIN> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let (rows, inner) = self.left.dim();
        let groups = std::mem::take(&mut self.result).chunks_mut(GROUP * ROWS * self.right.columns).enumerate();
        if let Some(entries) = self.left.to_slice() {
            for (index, result) in groups {
                // Past the last row it stands again.
                let row = |number: usize| &entries[number.min(rows - 1) * inner..][..inner];
                let band = |band: usize| -> [&[f64]; ROWS] {
                    std::array::from_fn(|number| row((index * GROUP + band) * ROWS + number))
                };
                let bands: [_; GROUP] = std::array::from_fn(band);
                self.fill_group(simd, &bands, index * GROUP * ROWS, result);
            }
        } else {
            let mut across = vec![Aligned([0.0; ROWS]); GROUP * inner];
            for (index, result) in groups {
                let first = index * GROUP * ROWS;
                for (band, first) in (first..rows).step_by(ROWS).take(GROUP).enumerate() {
                    interleave(self.left, first, &mut across[band * inner..][..inner]);
                }
                let bands: [&[RowsAcross]; GROUP] = std::array::from_fn(|band| &across[band * inner..][..inner]);
                self.fill_group(simd, &bands, first, result);
            }
        }
    }
}

impl<F: Finish, const BEGIN: bool> Tiled<'_, F, BEGIN> {
    /// The rows of the result for some bands, from the `first` of this piece on: every panel is read once for all of them.
    #[inline(always)]
    fn fill_group<S: Simd>(&self, simd: S, bands: &[impl Band], first: usize, result: &mut [f64]) {
        let (inner, columns) = (self.right.inner, self.right.columns);
        for (number, panel) in self.right.panels.chunks_exact(inner).enumerate() {
            let left = number * COLUMNS;
            for (index, (&band, result)) in bands.iter().zip(result.chunks_mut(ROWS * columns)).enumerate() {
                let last_row = self.first_row + first + index * ROWS + result.len() / columns - 1;
                if self.shape == Shape::Full || left <= last_row {
                    tile::<S, BEGIN>(simd, (band, panel), self.finish, (result, columns, left));
                }
            }
        }
    }
}

/// Eight rows times one panel, as many at once as there are registers for, from the column `left` of the result on.
#[inline(always)]
fn tile<S: Simd, const BEGIN: bool>(
    simd: S,
    factors: (impl Band, &[ColumnsAcross]),
    finish: impl Finish,
    (result, columns, left): (&mut [f64], usize, usize),
) {
    let mut tile = [[0.0; COLUMNS]; ROWS];
    let width = COLUMNS.min(columns - left);
    if BEGIN == ONWARD {
        for (row, sums) in result.chunks_exact(columns).zip(&mut tile) {
            sums[..width].copy_from_slice(&row[left..][..width]);
        }
    }
    for pair in 0..COLUMNS / (2 * S::F64_LANES) {
        if S::F64_LANES == LANES {
            rows_of_tile::<S, _, ROWS>(simd, factors, (0, pair), finish, &mut tile);
        } else {
            rows_of_tile::<S, _, { ROWS / 2 }>(simd, factors, (0, pair), finish, &mut tile);
            rows_of_tile::<S, _, { ROWS / 2 }>(simd, factors, (ROWS / 2, pair), finish, &mut tile);
        }
    }
    for (row, sums) in result.chunks_exact_mut(columns).zip(&tile) {
        let places = &mut row[left..];
        match places.first_chunk_mut() {
            Some(whole) => *whole = *sums,
            None => places.copy_from_slice(&sums[..places.len()]),
        }
    }
}

/// R rows from the `first` on, and two vectors of columns; sums begin with what stands in the tile.
#[inline(always)]
fn rows_of_tile<S: Simd, B: Band, const R: usize>(
    simd: S,
    (band, panel): (B, &[ColumnsAcross]),
    (first, pair): (usize, usize),
    finish: impl Finish,
    tile: &mut [[f64; COLUMNS]; ROWS],
) {
    let mut sums = [[Vector::splat(simd, 0.0); 2]; R];
    for (row, sums) in sums.iter_mut().enumerate() {
        let places = S::as_simd_f64s(&tile[first + row]).0;
        *sums = [Vector::new(simd, places[2 * pair]), Vector::new(simd, places[2 * pair + 1])];
    }
    let entry = band.entries::<R>(first, panel.len());
    for (k, values) in panel.iter().enumerate() {
        let values = S::as_simd_f64s(&values.0).0;
        let values = [Vector::new(simd, values[2 * pair]), Vector::new(simd, values[2 * pair + 1])];
        for (row, sums) in sums.iter_mut().enumerate() {
            let factor = Vector::splat(simd, entry(row, k));
            *sums = [factor.multiply_add(values[0], sums[0]), factor.multiply_add(values[1], sums[1])];
        }
    }
    for (row, sums) in sums.into_iter().enumerate() {
        let places = S::as_mut_simd_f64s(&mut tile[first + row]).0;
        for (half, sums) in sums.into_iter().enumerate() {
            let part = 2 * pair + half;
            places[part] = finish.finish(simd, sums, Factors { band, row: first + row, panel, part }).value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AsSummed, gram, pieces, product};
    use crate::numerics::vectorize::Number;
    use crate::numerics::vectorize::widths::at_every_width;
    use crate::random::{StandardNormal, generator};
    use ndarray::{Array2, ArrayView2, Axis, Slice};
    use ndarray_rand::RandomExt;

    fn by_entries(left: ArrayView2<'_, f64>, right: ArrayView2<'_, f64>) -> Array2<f64> {
        Array2::from_shape_fn((left.nrows(), right.ncols()), |(i, k)| {
            left.row(i).iter().zip(right.column(k)).fold(0.0, |sum, (x, y)| x.multiply_add(*y, sum))
        })
    }

    #[test]
    fn every_entry_is_summed_in_order_bit_for_bit() {
        let mut generator = generator(1, b"product", 0);
        for (n, p, q) in
            [(1, 1, 1), (3, 5, 17), (4, 16, 16), (9, 2, 33), (21, 40, 7), (16, 3, 32), (5, 0, 3), (0, 2, 2)]
        {
            let left = Array2::random_using((n, p), StandardNormal, &mut generator);
            let right = Array2::random_using((p, q), StandardNormal, &mut generator);
            let expected = by_entries(left.view(), right.view());
            for product in at_every_width(|| product(left.view(), right.view())) {
                assert_eq!(product, expected);
            }
            // In other layouts: transposed, and with gaps between the entries.
            let [turned_left, turned_right] =
                [&left, &right].map(|matrix| matrix.t().as_standard_layout().into_owned());
            assert_eq!(product(turned_left.t(), turned_right.t()), expected);
            let wide = Array2::from_shape_fn((n, 2 * p), |(i, k)| left[(i, k / 2)]);
            assert_eq!(product(wide.slice_axis(Axis(1), Slice::new(0, None, 2)), right.view()), expected);
        }
    }

    #[test]
    fn pieces_are_whole_bands_and_give_the_same_bytes_on_any_number_of_threads() {
        let mut generator = generator(1, b"pieces", 0);
        let mut normal = |size| Array2::random_using(size, StandardNormal, &mut generator);
        let (left, right) = (normal((203, 210)), normal((210, 205)));
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            let products = || {
                let square = gram(left.view(), AsSummed);
                (product(left.view(), right.view()), product(right.t(), left.t()), square)
            };
            pool.install(|| (pieces(203, 205 * 210), products()))
        };
        let (pieces, expected) = on(1);
        assert_eq!(pieces.len(), 1);
        for threads in [2, 3, 5] {
            let (pieces, found) = on(threads);
            assert_eq!(pieces.len(), threads);
            assert!(pieces.iter().all(|piece| piece.start % super::ROWS == 0));
            assert_eq!(pieces.last().map(|piece| piece.end), Some(203));
            assert!(found == expected, "on {threads} threads");
        }
    }

    #[test]
    fn inner_products_of_rows_among_themselves_are_summed_once() {
        let mut generator = generator(1, b"gram", 0);
        for (n, d) in [(1, 1), (7, 3), (16, 16), (33, 10), (70, 5)] {
            let x = Array2::random_using((n, d), StandardNormal, &mut generator);
            for gram in at_every_width(|| gram(x.view(), AsSummed)) {
                assert_eq!(gram, by_entries(x.view(), x.t()));
            }
        }
    }
}
