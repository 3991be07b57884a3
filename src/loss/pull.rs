//! From derivatives with respect to cosines to gradients with respect to directions: the chain rule that every loss of
//! cosines shares.
//!
//! The gradient of c = x·y with respect to x is y, and only its tangent part counts; any multiple of x may be added.
//! For a pair near an end ±1 that choice matters to rounding: the tangent part of y is the small remainder of a
//! projection, while y ∓ x is small itself. Near pairs therefore pull by their difference (statement G5).

use std::borrow::Cow;

use ndarray::{Array2, ArrayView2};
use pulp::Simd;

use super::similarity::{Near, Similarity};
use crate::numerics::mirror::{Combine, mirror};
use crate::numerics::product::product;
use crate::numerics::vectorize::{Kernel, LANES, Number, Vector, vectorize, whole, whole_mut};

/// The derivatives of a total with respect to the cosines of all pairs of rows of one set, and which of them are near.
#[derive(Clone, Debug)]
pub(super) struct Slopes {
    /// With respect to the cosine of x_i and x_k as row i has it, (n × n).
    pub by_cosine: Array2<f64>,
    /// The pairs near an end.
    pub near: Vec<Near>,
}

/// The Euclidean gradient with respect to x (n × d), modulo multiples of each row, of a total with these derivatives, each
/// pair of rows having one in both orders.
pub(super) fn within(mut slopes: Slopes, x: ArrayView2<'_, f64>) -> Array2<f64> {
    make_symmetric(&mut slopes.by_cosine);
    let entries = slopes.by_cosine.as_slice_mut().expect("slopes are in standard layout");
    let near = take_near(slopes.near, entries, x.nrows(), 0);
    let mut gradient = product(slopes.by_cosine.view(), x);
    add_differences((gradient.as_slice_mut().expect("a product is in standard layout"), 0), &near, x, x);
    gradient
}

/// Takes the pairs near an end out of the slopes of some rows, of which `first_row` is the first.
pub(super) fn take_near(near: Vec<Near>, slopes: &mut [f64], columns: usize, first_row: usize) -> Vec<Pull> {
    let pulls = near.into_iter().map(|Near { row, column, end }| {
        let slope = std::mem::take(&mut slopes[(row - first_row) * columns + column]);
        Pull { target: row, source: column, slope, end }
    });
    pulls.filter(|pull| pull.slope != 0.0).collect()
}

/// The gradients with respect to x and y (both n × d) of a total with a derivative with respect to the cosine of each
/// pair (x_i, y_i), added to `first` and `second`.
pub(super) fn add_pairs(
    slope: f64,
    pairs: &[Similarity],
    [x, y]: [ArrayView2<'_, f64>; 2],
    [first, second]: [&mut Array2<f64>; 2],
) {
    let pull = |(row, pair): (usize, &Similarity)| {
        let end = if pair.is_near() { pair.end() } else { 0.0 };
        Pull { target: row, source: row, slope, end }
    };
    let pulls: Vec<Pull> = pairs.iter().enumerate().map(pull).collect();
    for (gradient, others, own) in [(first, y, x), (second, x, y)] {
        add_differences((gradient.as_slice_mut().expect("gradients are in standard layout"), 0), &pulls, others, own);
    }
}

/// A pull of one row by another, modulo a multiple of the row itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pull {
    target: usize,
    source: usize,
    slope: f64,
    end: f64,
}

impl Pull {
    /// The pull of the other row of the pair.
    pub fn turned(self) -> Self {
        Self { target: self.source, source: self.target, ..self }
    }
}

/// gradient_i += slope · (others_k − end · own_i) for each pull of row i by row k, one after the other. The gradient and
/// `own` are those of some rows, of which the first has this number.
pub(super) fn add_differences(
    (gradient, first_row): (&mut [f64], usize),
    pulls: &[Pull],
    others: ArrayView2<'_, f64>,
    own: ArrayView2<'_, f64>,
) {
    if pulls.is_empty() {
        return;
    }
    let columns = own.ncols();
    let width = columns.next_multiple_of(LANES);
    let [others, own] = [&others, &own].map(|rows| in_whole_vectors(rows, width));
    let (others, own) = (&others, &own);
    if width == columns {
        vectorize(AddDifferences { gradient, first_row, pulls, others, own, width });
        return;
    }
    let rows = ArrayView2::from_shape((gradient.len() / columns, columns), &*gradient).expect("whole rows");
    let mut padded = in_whole_vectors(&rows, width).into_owned();
    vectorize(AddDifferences { gradient: &mut padded, first_row, pulls, others, own, width });
    for (row, padded) in gradient.chunks_exact_mut(columns).zip(padded.chunks_exact(width)) {
        row.copy_from_slice(&padded[..columns]);
    }
}

/// Rows with zeros up to this width; as they are if they have it.
fn in_whole_vectors<'a>(rows: &'a ArrayView2<'_, f64>, width: usize) -> Cow<'a, [f64]> {
    if let Some(entries) = rows.as_slice().filter(|_| rows.ncols() == width) {
        return Cow::Borrowed(entries);
    }
    let mut padded = vec![0.0; rows.nrows() * width];
    for (padded, row) in padded.chunks_exact_mut(width).zip(rows.rows()) {
        padded.iter_mut().zip(row).for_each(|(padded, value)| *padded = *value);
    }
    Cow::Owned(padded)
}

/// [`add_differences`] in rows of whole vectors.
struct AddDifferences<'a> {
    gradient: &'a mut [f64],
    first_row: usize,
    pulls: &'a [Pull],
    others: &'a [f64],
    own: &'a [f64],
    width: usize,
}

impl Kernel for AddDifferences<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let places = |row: usize| row * self.width..(row + 1) * self.width;
        for pull in self.pulls {
            let (slope, end) = (Vector::splat(simd, pull.slope), Vector::splat(simd, pull.end));
            let target = places(pull.target - self.first_row);
            let own = whole::<S>(&self.own[target.clone()]);
            let target = whole_mut::<S>(&mut self.gradient[target]);
            let others = whole::<S>(&self.others[places(pull.source)]);
            for ((target, &other), &own) in target.iter_mut().zip(others).zip(own) {
                let difference = Vector::new(simd, other) - end * Vector::new(simd, own);
                *target = (Vector::new(simd, *target) + slope * difference).value;
            }
        }
    }
}

/// W becomes W + Wᵀ, without a diagonal: a row has no cosine with itself.
fn make_symmetric(slopes: &mut Array2<f64>) {
    slopes.diag_mut().fill(0.0);
    mirror(slopes, Sum);
}

#[derive(Clone, Copy)]
struct Sum;

impl Combine for Sum {
    #[inline(always)]
    fn combine<N: Number>(self, lower: N, upper: N) -> N {
        lower + upper
    }
}

#[cfg(test)]
mod tests {
    use super::{Slopes, within};
    use crate::numerics::product::product;
    use crate::numerics::vectorize::widths::at_every_width;
    use crate::random::{StandardNormal, generator};
    use ndarray::Array2;
    use ndarray_rand::RandomExt;

    #[test]
    fn slopes_of_both_orders_of_a_pair_are_added_at_every_width() {
        let mut generator = generator(1, b"pull", 0);
        for (n, d) in [(1, 1), (2, 2), (9, 7), (8, 8), (5, 19)] {
            let mut normal = |rows, columns| Array2::random_using((rows, columns), StandardNormal, &mut generator);
            let (x, by_cosine) = (normal(n, d), normal(n, n));
            let mut symmetric = &by_cosine + &by_cosine.t();
            symmetric.diag_mut().fill(0.0);
            let expected = product(symmetric.view(), x.view());
            let slopes = Slopes { by_cosine, near: Vec::new() };
            let both = at_every_width(|| within(slopes.clone(), x.view()));
            assert!(both.iter().all(|gradient| *gradient == expected));
        }
    }
}
