//! The order in which factors are read: panels of sixteen columns and bands of eight rows, side by side at each inner index.

use ndarray::{ArrayView1, ArrayView2};

use crate::numerics::vectorize::{Aligned, LANES};

/// Rows of the left matrix that are worked on side by side.
pub(super) const ROWS: usize = LANES;

/// Columns of the right matrix that are worked on side by side.
pub(super) const COLUMNS: usize = 2 * LANES;

/// The entries of a band at one inner index.
pub(super) type RowsAcross = Aligned<[f64; ROWS]>;

/// The entries of a panel at one inner index.
pub(super) type ColumnsAcross = Aligned<[f64; COLUMNS]>;

/// Copies W lines from the `first` on, so that their k-th entries stand together; what is past the last line stays.
#[inline(always)]
pub(super) fn interleave<const W: usize>(lines: ArrayView2<'_, f64>, first: usize, into: &mut [Aligned<[f64; W]>]) {
    let width = W.min(lines.nrows() - first);
    if lines.strides()[0] == 1 || lines.nrows() == 1 {
        for (places, across) in into.iter_mut().zip(lines.columns()) {
            copy(&mut places.0, across, first);
        }
        return;
    }
    let line = |number: usize| lines.row(first + number);
    let slices: [&[f64]; W] = std::array::from_fn(|number| {
        if number < width { line(number).to_slice().unwrap_or_default() } else { Default::default() }
    });
    if width == W && slices.iter().all(|slice| slice.len() == into.len()) {
        for (k, places) in into.iter_mut().enumerate() {
            for (place, slice) in places.0.iter_mut().zip(&slices) {
                *place = slice[k];
            }
        }
        return;
    }
    for number in 0..width {
        for (places, &value) in into.iter_mut().zip(line(number)) {
            places.0[number] = value;
        }
    }
}

/// Copies W entries from the `first` on, or as many as there are.
#[inline(always)]
fn copy<const W: usize>(places: &mut [f64; W], across: ArrayView1<'_, f64>, first: usize) {
    match across.to_slice().map(|across| &across[first..]) {
        Some(rest) => match rest.first_chunk() {
            Some(whole) => *places = *whole,
            None => places[..rest.len()].copy_from_slice(rest),
        },
        None => places.iter_mut().zip(across.iter().skip(first)).for_each(|(place, &value)| *place = value),
    }
}
