//! The order in which factors are read: panels of columns and bands of eight rows, side by side at each inner index.

use ndarray::{ArrayView2, Axis, Slice};
use pulp::Simd;

use super::entry::{Entry, Places, copy};
use super::pieces::{ROWS, pieces, side_by_side};
use crate::numerics::vectorize::{Aligned, Kernel, LANES, vectorize};

/// The entries of a band at one inner index.
pub(super) type RowsAcross<E> = Aligned<[E; ROWS]>;

/// The right factor of one or more products, in the order in which it is read.
pub(crate) struct Right<E: Entry = f64> {
    pub(super) panels: Vec<E::Columns>,
    pub(super) inner: usize,
    pub(super) columns: usize,
}

impl<E: Entry> Right<E> {
    /// B, (p × q), copied side by side if that pays.
    pub fn of(right: ArrayView2<'_, f64>) -> Self {
        let (inner, columns) = right.dim();
        let mut panels = vec![E::ZEROS; columns.div_ceil(E::Columns::COUNT) * inner];
        let pieces = pieces(columns.div_ceil(E::Columns::COUNT), E::Columns::COUNT * inner * WORK_OF_A_COPY);
        if let Some(first) = pieces.first() {
            side_by_side(pieces.iter().zip(panels.chunks_mut(first.len() * inner)), |(piece, panels)| {
                vectorize(Packing::<E> { right, first: piece.start, panels });
            });
        }
        Self { panels, inner, columns }
    }
}

/// To copy a number, in multiplications and additions.
const WORK_OF_A_COPY: usize = 8;

/// Panels from the one with this number on.
struct Packing<'a, E: Entry> {
    right: ArrayView2<'a, f64>,
    first: usize,
    panels: &'a mut [E::Columns],
}

impl<E: Entry> Kernel for Packing<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        pack(self.right.t(), self.first * E::Columns::COUNT, self.panels);
    }
}

/// Copies lines from the `first` on, so many to each place, so that their k-th entries stand together; what is past the last
/// line stays.
#[inline(always)]
pub(super) fn pack<E: Entry, P: Places<E>>(lines: ArrayView2<'_, f64>, first: usize, into: &mut [P]) {
    let length = lines.ncols();
    // Loops, which are inlined for certain, as closures of iterators are not.
    if lines.strides()[0] != 1 && lines.nrows() != 1 {
        for (into, first) in into.chunks_exact_mut(length).zip((first..).step_by(P::COUNT)) {
            interleave(lines, first, into);
        }
        return;
    }
    for (k, across) in lines.columns().into_iter().enumerate() {
        let across = across.to_slice().expect("entries side by side, or one");
        for (places, part) in into[k..].iter_mut().step_by(length).zip(across[first..].chunks(P::COUNT)) {
            places.read(part);
        }
    }
}

/// Entries of a line that are copied one after another.
const AT_A_TIME: usize = 8 * LANES;

/// Copies lines from the `first` on, as many as there are places.
#[inline(always)]
fn interleave<E: Entry, P: Places<E>>(lines: ArrayView2<'_, f64>, first: usize, into: &mut [P]) {
    let lines = lines.slice_axis_move(Axis(0), Slice::from(first..lines.nrows().min(first + P::COUNT)));
    // So much of each line at a time that its places stay in the first cache, and what follows is fetched ahead.
    for (into, lines) in into.chunks_mut(AT_A_TIME).zip(lines.axis_chunks_iter(Axis(1), AT_A_TIME)) {
        for (number, line) in lines.rows().into_iter().enumerate() {
            let mut entries = [E::ZERO; AT_A_TIME];
            match line.to_slice() {
                Some(line) => copy(line, &mut entries, E::rounded),
                None => line.iter().zip(&mut entries).for_each(|(&value, entry)| *entry = E::rounded(value)),
            }
            for (places, entry) in into.iter_mut().zip(entries) {
                places.entries()[number] = entry;
            }
        }
    }
}
