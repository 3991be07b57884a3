//! Tiles of a product: eight rows times a panel of columns, summed in registers.

use std::ops::Range;

use ndarray::{ArrayView2, Axis, Slice};
use pulp::Simd;

use super::entry::{Entry, Places};
use super::packing::{Right, RowsAcross, pack};
use super::pieces::{ROWS, pieces, side_by_side};
use crate::numerics::vectorize::{Aligned, Kernel, Vector, vectorize};

/// What becomes of inner products once they are summed; its functions are marked `#[inline(always)]`.
pub(crate) trait Finish<E: Entry = f64>: Copy + Send + Sync {
    /// Whether any of these inner products, row after row, is finished with its factors.
    fn needs_factors<S: Simd>(self, simd: S, sums: &[E::Columns]) -> bool;
    /// Finishes two vectors of inner products of one row with several columns, with their factors if any of the tile needs
    /// them.
    fn finish<S: Simd>(self, simd: S, sums: Two<S, E>, factors: Option<Factors<'_, impl Band<E>, E>>) -> Two<S, E>;
}

/// Two vectors, which keep a processor busier than one whose every sum waits for the one before.
pub(crate) type Two<S, E = f64> = [<E as Entry>::Lanes<S>; 2];

#[derive(Clone, Copy)]
pub(super) struct AsSummed;

impl<E: Entry> Finish<E> for AsSummed {
    #[inline(always)]
    fn needs_factors<S: Simd>(self, _: S, _: &[E::Columns]) -> bool {
        false
    }

    #[inline(always)]
    fn finish<S: Simd>(self, _: S, sums: Two<S, E>, _: Option<Factors<'_, impl Band<E>, E>>) -> Two<S, E> {
        sums
    }
}

/// Eight rows of the left factor; marked `#[inline(always)]`.
pub(crate) trait Band<E: Entry = f64>: Copy {
    /// The entry of R of these rows, from the `first` on, at each of so many inner indices.
    fn entries<const R: usize>(self, first: usize, inner: usize) -> impl Fn(usize, usize) -> E;
}

/// As they lie.
impl<E: Entry> Band<E> for [&[E]; ROWS] {
    #[inline(always)]
    fn entries<const R: usize>(self, first: usize, inner: usize) -> impl Fn(usize, usize) -> E {
        // A loop, which is inlined for certain: the lengths are seen to be equal, and one check serves eight rows.
        let mut rows = [&self[first][..inner]; R];
        for (row, entries) in rows.iter_mut().enumerate() {
            *entries = &self[first + row][..inner];
        }
        move |row, k| rows[row][k]
    }
}

/// Their entries at one inner index side by side.
impl<E: Entry> Band<E> for &[RowsAcross<E>] {
    #[inline(always)]
    fn entries<const R: usize>(self, first: usize, inner: usize) -> impl Fn(usize, usize) -> E {
        let across = &self[..inner];
        move |row, k| across[k].0[first + row]
    }
}

/// The row and the columns that two vectors of inner products are made of.
#[derive(Clone, Copy)]
pub(crate) struct Factors<'a, B, E: Entry = f64> {
    band: B,
    row: usize,
    panel: &'a [E::Columns],
    pair: usize,
}

impl<B: Band> Factors<'_, B> {
    /// Folds over the inner index, with the row's entry in every lane and the columns' entries, each vector by a step of its
    /// own.
    #[inline(always)]
    pub fn fold<S: Simd>(
        self,
        simd: S,
        mut folded: [Vector<S>; 2],
        steps: [impl Fn(Vector<S>, Vector<S>, Vector<S>) -> Vector<S>; 2],
    ) -> [Vector<S>; 2] {
        let entry = self.band.entries::<1>(self.row, self.panel.len());
        for (k, columns) in self.panel.iter().enumerate() {
            let columns = f64::registers::<S>(columns);
            let row = Vector::splat(simd, entry(0, k));
            folded = [
                steps[0](folded[0], row, Vector::new(simd, columns[2 * self.pair])),
                steps[1](folded[1], row, Vector::new(simd, columns[2 * self.pair + 1])),
            ];
        }
        folded
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Full,
    /// Only the tiles that reach below the diagonal or onto it.
    LowerTiles,
}

impl<E: Entry> Right<E> {
    /// A B for some rows of A, (n × p), on this thread; `result` has n rows.
    pub fn fill(&self, left: ArrayView2<'_, f64>, finish: impl Finish<E>, result: &mut [f64]) {
        let (begins, shape) = (Begins::AtZero, Shape::Full);
        vectorize(Tiled { left, first_row: 0, right: self, shape, begins, finish, result });
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
            let (begins, shape) = (if begins { Begins::AtZero } else { Begins::WithResult }, Shape::Full);
            vectorize(Tiled { left, first_row: 0, right: self, shape, begins, finish: AsSummed, result });
        });
    }
}

/// With what sums begin.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Begins {
    AtZero,
    /// With what stands in their places, as if these inner indices followed others.
    WithResult,
}

/// Some rows of a product.
pub(super) struct Tiled<'a, E: Entry, F> {
    pub left: ArrayView2<'a, f64>,
    pub first_row: usize,
    pub right: &'a Right<E>,
    pub shape: Shape,
    pub begins: Begins,
    pub finish: F,
    pub result: &'a mut [f64],
}

impl<E: Entry, F: Finish<E>> Kernel for Tiled<'_, E, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let (rows, inner) = self.left.dim();
        let result = std::mem::take(&mut self.result);
        if let Some(entries) = self.left.to_slice() {
            let entries = E::all_rounded(entries);
            self.fill(simd, Lying { entries: &entries, rows, inner }, 0, result);
            return;
        }
        let group = (COPIED / inner).min(rows.div_ceil(ROWS)).max(1);
        let mut across = vec![Aligned([E::ZERO; ROWS]); group * inner];
        for (index, result) in result.chunks_mut(group * ROWS * self.right.columns).enumerate() {
            let first = index * group * ROWS;
            let across = &mut across[..(rows - first).div_ceil(ROWS).min(group) * inner];
            pack(self.left, first, across);
            self.fill(simd, Copied { across, inner }, first, result);
        }
    }
}

/// Inner indices of panels, at 128 bytes, that are read for one band after the other: 384 KiB, which the second cache holds.
const READ: usize = 3 << 10;

/// Inner indices of bands, at 64 bytes or half as many, that are copied at a time: 1 MiB at most.
const COPIED: usize = 1 << 14;

impl<E: Entry, F: Finish<E>> Tiled<'_, E, F> {
    /// The rows of the result for some bands, from the `first` of this piece on.
    #[inline(always)]
    fn fill<S: Simd>(&self, simd: S, bands: impl Bands<E>, first: usize, result: &mut [f64]) {
        let (inner, columns) = (self.right.inner, self.right.columns);
        let group = (READ / inner).max(1);
        for (number, panels) in self.right.panels.chunks(group * inner).enumerate() {
            for (index, result) in result.chunks_mut(ROWS * columns).enumerate() {
                let band = bands.band(index);
                let last_row = self.first_row + first + index * ROWS + result.len() / columns - 1;
                for (place, panel) in panels.chunks_exact(inner).enumerate() {
                    let left = (number * group + place) * E::Columns::COUNT;
                    if self.shape == Shape::Full || left <= last_row {
                        tile::<S, E>(simd, (band, panel), (self.begins, self.finish), (result, columns, left));
                    }
                }
            }
        }
    }
}

/// The bands of some rows; marked `#[inline(always)]`.
trait Bands<E: Entry> {
    type Band: Band<E>;

    /// The band with this number.
    fn band(&self, number: usize) -> Self::Band;
}

/// Rows one after another.
struct Lying<'a, E> {
    entries: &'a [E],
    rows: usize,
    inner: usize,
}

impl<'a, E: Entry> Bands<E> for Lying<'a, E> {
    type Band = [&'a [E]; ROWS];

    #[inline(always)]
    fn band(&self, number: usize) -> Self::Band {
        let mut band: Self::Band = [&[]; ROWS];
        for (row, entries) in (number * ROWS..).zip(&mut band) {
            // Past the last row it stands again.
            *entries = &self.entries[row.min(self.rows - 1) * self.inner..][..self.inner];
        }
        band
    }
}

/// Rows in the order in which they are read.
struct Copied<'a, E> {
    across: &'a [RowsAcross<E>],
    inner: usize,
}

impl<'a, E: Entry> Bands<E> for Copied<'a, E> {
    type Band = &'a [RowsAcross<E>];

    #[inline(always)]
    fn band(&self, number: usize) -> Self::Band {
        &self.across[number * self.inner..][..self.inner]
    }
}

/// Eight rows times one panel, as many at once as there are registers for, from the column `left` of the result on.
#[inline(always)]
fn tile<S: Simd, E: Entry>(
    simd: S,
    factors: (impl Band<E>, &[E::Columns]),
    (begins, finish): (Begins, impl Finish<E>),
    (result, columns, left): (&mut [f64], usize, usize),
) {
    let mut tile = [E::ZEROS; ROWS];
    let width = E::Columns::COUNT.min(columns - left);
    if begins == Begins::WithResult {
        for (row, sums) in result.chunks_exact(columns).zip(&mut tile) {
            sums.read(&row[left..][..width]);
        }
    }
    let registers = E::Columns::COUNT / E::lanes::<S>();
    for pair in 0..registers / 2 {
        if registers == 2 {
            rows_of_tile::<S, E, _, ROWS>(simd, factors, (0, pair), &mut tile);
        } else {
            rows_of_tile::<S, E, _, { ROWS / 2 }>(simd, factors, (0, pair), &mut tile);
            rows_of_tile::<S, E, _, { ROWS / 2 }>(simd, factors, (ROWS / 2, pair), &mut tile);
        }
    }
    // Once for the whole tile, as the few that need more than their sums would else be in the way of all others.
    let needs_factors = finish.needs_factors(simd, &tile);
    let (band, panel) = factors;
    for (row, sums) in tile.iter_mut().enumerate() {
        for (pair, places) in E::registers_mut::<S>(sums).chunks_exact_mut(2).enumerate() {
            let factors = needs_factors.then_some(Factors { band, row, panel, pair });
            let sums = finish.finish(simd, [places[0], places[1]], factors);
            [places[0], places[1]] = sums;
        }
    }
    for (row, sums) in result.chunks_exact_mut(columns).zip(&tile) {
        sums.write(&mut row[left..]);
    }
}

/// R rows from the `first` on, and two vectors of columns; sums begin with what stands in the tile.
#[inline(always)]
fn rows_of_tile<S: Simd, E: Entry, B: Band<E>, const R: usize>(
    simd: S,
    (band, panel): (B, &[E::Columns]),
    (first, pair): (usize, usize),
    tile: &mut [E::Columns; ROWS],
) {
    let mut sums = [[E::ZERO.splat(simd); 2]; R];
    for (row, sums) in sums.iter_mut().enumerate() {
        let places = E::registers::<S>(&tile[first + row]);
        *sums = [places[2 * pair], places[2 * pair + 1]];
    }
    let entry = band.entries::<R>(first, panel.len());
    for (k, values) in panel.iter().enumerate() {
        let values = E::registers::<S>(values);
        let values = [values[2 * pair], values[2 * pair + 1]];
        for (row, sums) in sums.iter_mut().enumerate() {
            let factor = entry(row, k).splat(simd);
            *sums =
                [E::multiply_add(simd, factor, values[0], sums[0]), E::multiply_add(simd, factor, values[1], sums[1])];
        }
    }
    for (row, sums) in sums.into_iter().enumerate() {
        let places = E::registers_mut::<S>(&mut tile[first + row]);
        [places[2 * pair], places[2 * pair + 1]] = sums;
    }
}
