//! From derivatives with respect to cosines to gradients with respect to directions: the chain rule that every loss of
//! cosines shares.
//!
//! The gradient of c = x·y with respect to x is y, and only its tangent part counts; any multiple of x may be added.
//! For a pair near an end ±1 that choice matters to rounding: the tangent part of y is the small remainder of a
//! projection, while y ∓ x is small itself. Near pairs therefore pull by their difference (statement G5).

use std::borrow::Cow;

use ndarray::{Array2, ArrayView2, Axis};
use pulp::Simd;

use super::similarity::{Near, Similarity};
use crate::numerics::mirror::{Combine, mirror};
use crate::numerics::product::{product, side_by_side};
use crate::numerics::vectorize::{Kernel, LANES, Number, Vector, vectorize, whole, whole_mut};

/// The derivatives of a total with respect to the cosines of all pairs of rows of one set, and which of them are near.
#[derive(Clone, Debug)]
pub(super) struct Slopes {
    /// With respect to the cosine of x_i and x_k as row i has it, (n × n).
    pub by_cosine: Array2<f64>,
    /// The pairs near an end of some rows after the other, so many in each part.
    pub near: Vec<Vec<Near>>,
    pub rows_of_a_part: usize,
}

/// The Euclidean gradient with respect to x (n × d), modulo multiples of each row, of a total with these derivatives, each
/// pair of rows having one in both orders.
pub(super) fn within(mut slopes: Slopes, x: ArrayView2<'_, f64>) -> Array2<f64> {
    make_symmetric(&mut slopes.by_cosine);
    let (rows, (columns, width)) = (slopes.rows_of_a_part, x.dim());
    let entries = slopes.by_cosine.as_slice_mut().expect("slopes are in standard layout");
    let parts = slopes.near.into_iter().zip(entries.chunks_mut(rows * columns)).enumerate();
    let pulls = side_by_side(parts, |(part, (near, entries))| Pulls::take(near, entries, columns, part * rows));
    let mut gradient = product(slopes.by_cosine.view(), x);
    let entries = gradient.as_slice_mut().expect("a product is in standard layout");
    let parts = pulls.iter().zip(entries.chunks_mut(rows * width).zip(x.axis_chunks_iter(Axis(0), rows))).enumerate();
    side_by_side(parts, |(part, (pulls, (gradient, own)))| {
        add_differences((gradient, part * rows), pulls.each(), x, own);
    });
    gradient
}

/// The pulls of near pairs, row after row.
#[derive(Clone, Debug, Default)]
pub(super) struct Pulls {
    near: Vec<Near>,
    /// One for each pair.
    slopes: Vec<f64>,
}

impl Pulls {
    /// Takes the pairs near an end out of the slopes of some rows, of which `first_row` is the first.
    pub fn take(near: Vec<Near>, entries: &mut [f64], columns: usize, first_row: usize) -> Self {
        let mut slopes = Vec::with_capacity(near.iter().copied().map(Near::count).sum());
        for &near in &near {
            let row = &mut entries[(near.row - first_row) * columns..][..columns];
            let mut left = near;
            while let Some(((column, _), others)) = left.split_first() {
                slopes.push(std::mem::take(&mut row[column]));
                left = others;
            }
        }
        Self { near, slopes }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.slopes.len()
    }

    /// One after the other.
    pub fn each(&self) -> Each<'_> {
        Each { left: None, others: self.near.iter(), slopes: self.slopes.iter(), turned: false }
    }

    /// Those of the other row of each pair, in the same order.
    pub fn turned(&self) -> Each<'_> {
        Each { turned: true, ..self.each() }
    }
}

/// See [`Pulls::each`].
#[derive(Clone)]
pub(super) struct Each<'a> {
    left: Option<Near>,
    others: std::slice::Iter<'a, Near>,
    slopes: std::slice::Iter<'a, f64>,
    turned: bool,
}

impl Iterator for Each<'_> {
    type Item = Pull;

    #[inline(always)]
    fn next(&mut self) -> Option<Pull> {
        loop {
            let Some(near) = self.left else {
                self.left = Some(*self.others.next()?);
                continue;
            };
            let Some(((column, end), others)) = near.split_first() else {
                self.left = None;
                continue;
            };
            self.left = Some(others);
            let &slope = self.slopes.next()?;
            let [target, source] = if self.turned { [column, near.row] } else { [near.row, column] };
            return Some(Pull { target, source, slope, end });
        }
    }
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
        let gradient = gradient.as_slice_mut().expect("gradients are in standard layout");
        add_differences((gradient, 0), pulls.iter().copied(), others, own);
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

/// gradient_i += slope · (others_k − end · own_i) for each pull of row i by row k, one after the other. The gradient and
/// `own` are those of some rows, of which the first has this number; pulls of others are passed over.
pub(super) fn add_differences(
    (gradient, first_row): (&mut [f64], usize),
    pulls: impl Iterator<Item = Pull> + Clone,
    others: ArrayView2<'_, f64>,
    own: ArrayView2<'_, f64>,
) {
    if pulls.clone().next().is_none() {
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
struct AddDifferences<'a, P> {
    gradient: &'a mut [f64],
    first_row: usize,
    pulls: P,
    others: &'a [f64],
    own: &'a [f64],
    width: usize,
}

impl<P: Iterator<Item = Pull>> Kernel for AddDifferences<'_, P> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { gradient, first_row, pulls, others, own, width } = self;
        let rows = first_row..first_row + gradient.len() / width;
        let mut of_row: Vec<Pull> = Vec::new();
        for pull in pulls {
            if pull.slope == 0.0 || !rows.contains(&pull.target) {
                continue;
            }
            if let Some(last) = of_row.last()
                && last.target != pull.target
            {
                add_to_row(simd, (gradient, own), (last.target - first_row, width), &of_row, others);
                of_row.clear();
            }
            of_row.push(pull);
        }
        if let Some(last) = of_row.last() {
            add_to_row(simd, (gradient, own), (last.target - first_row, width), &of_row, others);
        }
    }
}

/// Vectors of a row that stay in registers while all pulls are added to them.
const AT_A_TIME: usize = 4;

/// Pulls of one row, one after the other.
#[inline(always)]
fn add_to_row<S: Simd>(
    simd: S,
    (gradient, own): (&mut [f64], &[f64]),
    (row, width): (usize, usize),
    pulls: &[Pull],
    others: &[f64],
) {
    let target = whole_mut::<S>(&mut gradient[row * width..][..width]);
    let own = whole::<S>(&own[row * width..][..width]);
    let others = (whole::<S>(others), target.len());
    let many = target.len() - target.len() % AT_A_TIME;
    for part in (0..many).step_by(AT_A_TIME) {
        add_to_part::<S, AT_A_TIME>(simd, (target, own), part, pulls, others);
    }
    for part in many..target.len() {
        add_to_part::<S, 1>(simd, (target, own), part, pulls, others);
    }
}

/// [`add_to_row`] for N vectors from this one on.
#[inline(always)]
fn add_to_part<S: Simd, const N: usize>(
    simd: S,
    (target, own): (&mut [S::f64s], &[S::f64s]),
    part: usize,
    pulls: &[Pull],
    (others, parts): (&[S::f64s], usize),
) {
    let mut sums: [S::f64s; N] = *target[part..].first_chunk().expect("so many vectors");
    let own: [S::f64s; N] = *own[part..].first_chunk().expect("so many vectors");
    for pull in pulls {
        let (slope, end) = (Vector::splat(simd, pull.slope), Vector::splat(simd, pull.end));
        let others: &[S::f64s; N] = others[pull.source * parts + part..].first_chunk().expect("so many vectors");
        for ((sum, &other), &own) in sums.iter_mut().zip(others).zip(&own) {
            let difference = Vector::new(simd, other) - end * Vector::new(simd, own);
            *sum = (Vector::new(simd, *sum) + slope * difference).value;
        }
    }
    target[part..part + N].copy_from_slice(&sums);
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
            let slopes = Slopes { by_cosine, near: Vec::new(), rows_of_a_part: 1 };
            let both = at_every_width(|| within(slopes.clone(), x.view()));
            assert!(both.iter().all(|gradient| *gradient == expected));
        }
    }
}
