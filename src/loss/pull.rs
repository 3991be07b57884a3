//! From slopes by cosines to gradients by directions: the chain rule that every loss of cosines shares.
//!
//! The gradient of c = x·y by x is y, and only its tangent part counts; any multiple of x may be added. For a pair near
//! an end ±1 that choice matters to rounding: the tangent part of y is the small remainder of a projection, while
//! y ∓ x is small itself. Near pairs therefore pull by their difference (statement G5).

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut1};

use super::similarity::{CONTIGUOUS, Similarity};
use crate::product::product;

/// The Euclidean gradients by x (n × d) and y (m × d), modulo multiples of each row, of a total whose slope by the
/// cosine of x_i and y_k is `slopes` (i, k).
pub(super) fn between(
    mut slopes: Array2<f64>,
    similarities: &Array2<Similarity>,
    x: ArrayView2<'_, f64>,
    y: ArrayView2<'_, f64>,
) -> [Array2<f64>; 2] {
    let near = take_near(&mut slopes, similarities);
    let mut first = product(slopes.view(), y);
    let mut second = product(slopes.t(), x);
    for Near { row, column, slope, end } in near {
        add_difference(first.row_mut(row), slope, y.row(column), end, x.row(row));
        add_difference(second.row_mut(column), slope, x.row(row), end, y.row(column));
    }
    [first, second]
}

/// The same among the rows of one set x (n × d), each pair of rows having a slope in both orders.
pub(super) fn within(slopes: Array2<f64>, similarities: &Array2<Similarity>, x: ArrayView2<'_, f64>) -> Array2<f64> {
    let mut slopes = symmetric(slopes);
    let near = take_near(&mut slopes, similarities);
    let mut gradient = product(slopes.view(), x);
    for Near { row, column, slope, end } in near {
        add_difference(gradient.row_mut(row), slope, x.row(column), end, x.row(row));
    }
    gradient
}

/// The gradients by x and y (both n × d) of a total with a slope by the cosine of each pair (x_i, y_i), added to
/// `first` and `second`.
pub(super) fn add_pairs(
    slope: f64,
    pairs: &[Similarity],
    [x, y]: [ArrayView2<'_, f64>; 2],
    [first, second]: [&mut Array2<f64>; 2],
) {
    for (row, pair) in pairs.iter().enumerate() {
        let end = if pair.is_near() { pair.end() } else { 0.0 };
        add_difference(first.row_mut(row), slope, y.row(row), end, x.row(row));
        add_difference(second.row_mut(row), slope, x.row(row), end, y.row(row));
    }
}

/// A pair near an end, taken out of the matrix of slopes.
struct Near {
    row: usize,
    column: usize,
    slope: f64,
    end: f64,
}

fn take_near(slopes: &mut Array2<f64>, similarities: &Array2<Similarity>) -> Vec<Near> {
    let mut near = Vec::new();
    for (row, (mut slopes, similarities)) in slopes.rows_mut().into_iter().zip(similarities.rows()).enumerate() {
        for (column, (slope, similarity)) in slopes.iter_mut().zip(similarities).enumerate() {
            if similarity.is_near() && *slope != 0.0 {
                near.push(Near { row, column, slope: std::mem::take(slope), end: similarity.end() });
            }
        }
    }
    near
}

/// target += slope · (other − end · own).
fn add_difference(
    mut target: ArrayViewMut1<'_, f64>,
    slope: f64,
    other: ArrayView1<'_, f64>,
    end: f64,
    own: ArrayView1<'_, f64>,
) {
    let target = target.as_slice_mut().expect("gradients are in standard layout");
    let (other, own) = (other.to_slice().expect(CONTIGUOUS), own.to_slice().expect(CONTIGUOUS));
    for ((target, other), own) in target.iter_mut().zip(other).zip(own) {
        *target += slope * (other - end * own);
    }
}

/// W + Wᵀ, without a diagonal: a row has no cosine with itself.
fn symmetric(mut slopes: Array2<f64>) -> Array2<f64> {
    for row in 0..slopes.nrows() {
        slopes[(row, row)] = 0.0;
        for column in 0..row {
            let both = slopes[(row, column)] + slopes[(column, row)];
            slopes[(row, column)] = both;
            slopes[(column, row)] = both;
        }
    }
    slopes
}
