//! From derivatives with respect to cosines to gradients with respect to directions: the chain rule that every loss of
//! cosines shares.
//!
//! The gradient of c = x·y with respect to x is y, and only its tangent part counts; any multiple of x may be added.
//! For a pair near an end ±1 that choice matters to rounding: the tangent part of y is the small remainder of a
//! projection, while y ∓ x is small itself. Near pairs therefore pull by their difference (statement G5).

use ndarray::{Array2, ArrayView2};
use pulp::Simd;

use super::similarity::{Near, Similarity, near_pairs};
use crate::numerics::mirror::{Combine, mirror};
use crate::numerics::product::product;
use crate::numerics::vectorize::{Kernel, LANES, Number, Vector, vectorize, whole, whole_mut};

/// The derivatives of a total with respect to the cosines of pairs of rows, and which of the pairs are near an end.
#[derive(Clone, Debug)]
pub(super) struct Slopes {
    /// With respect to the cosine of x_i and y_k, (n × m).
    pub by_cosine: Array2<f64>,
    /// The pairs near an end.
    pub near: Vec<Near>,
}

impl Slopes {
    /// Slopes that were written over or beside the similarities they belong to.
    pub fn new(by_cosine: Array2<f64>, similarities: &Array2<f64>) -> Self {
        let entries = similarities.as_slice().expect("similarities are in standard layout");
        Self { by_cosine, near: near_pairs(entries, similarities.ncols(), 0) }
    }

    /// Takes the pairs near an end out of the matrix.
    fn take_near(&mut self) -> Vec<Pull> {
        let pulls = self.near.drain(..).map(|Near { row, column, end }| {
            let slope = std::mem::take(&mut self.by_cosine[(row, column)]);
            Pull { target: row, source: column, slope, end }
        });
        pulls.filter(|pull| pull.slope != 0.0).collect()
    }
}

/// The Euclidean gradients with respect to x (n × d) and y (m × d), modulo multiples of each row, of a total with these
/// derivatives with respect to the cosines of x_i and y_k.
pub(super) fn between(mut slopes: Slopes, x: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>) -> [Array2<f64>; 2] {
    let mut near = slopes.take_near();
    let mut first = product(slopes.by_cosine.view(), y);
    let mut second = product(slopes.by_cosine.t(), x);
    add_differences(&mut first, &near, y, x);
    near.iter_mut().for_each(|pull| std::mem::swap(&mut pull.target, &mut pull.source));
    add_differences(&mut second, &near, x, y);
    [first, second]
}

/// The same among the rows of one set x (n × d), each pair of rows having a slope in both orders.
pub(super) fn within(mut slopes: Slopes, x: ArrayView2<'_, f64>) -> Array2<f64> {
    make_symmetric(&mut slopes.by_cosine);
    let near = slopes.take_near();
    let mut gradient = product(slopes.by_cosine.view(), x);
    add_differences(&mut gradient, &near, x, x);
    gradient
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
    add_differences(first, &pulls, y, x);
    add_differences(second, &pulls, x, y);
}

/// A pull of one row by another, modulo a multiple of the row itself.
struct Pull {
    target: usize,
    source: usize,
    slope: f64,
    end: f64,
}

/// gradient_i += slope · (others_k − end · own_i) for each pull of row i by row k, one after the other.
fn add_differences(gradient: &mut Array2<f64>, pulls: &[Pull], others: ArrayView2<'_, f64>, own: ArrayView2<'_, f64>) {
    if !pulls.is_empty() {
        let width = own.ncols().next_multiple_of(LANES);
        let [mut padded, others, own] = [gradient.view(), others, own].map(|rows| in_whole_vectors(rows, width));
        vectorize(AddDifferences { gradient: &mut padded, pulls, others: &others, own: &own, width });
        for (mut row, padded) in gradient.rows_mut().into_iter().zip(padded.chunks_exact(width)) {
            row.iter_mut().zip(padded).for_each(|(value, padded)| *value = *padded);
        }
    }
}

fn in_whole_vectors(rows: ArrayView2<'_, f64>, width: usize) -> Vec<f64> {
    let mut padded = vec![0.0; rows.nrows() * width];
    for (padded, row) in padded.chunks_exact_mut(width).zip(rows.rows()) {
        padded.iter_mut().zip(row).for_each(|(padded, value)| *padded = *value);
    }
    padded
}

/// [`add_differences`] in rows of whole vectors.
struct AddDifferences<'a> {
    gradient: &'a mut [f64],
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
            let target = whole_mut::<S>(&mut self.gradient[places(pull.target)]);
            let others = whole::<S>(&self.others[places(pull.source)]);
            let own = whole::<S>(&self.own[places(pull.target)]);
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
    use super::super::similarity::Near;
    use super::{Slopes, between, within};
    use crate::numerics::product::product;
    use crate::numerics::vectorize::widths::at_every_width;
    use crate::random::{StandardNormal, generator};
    use ndarray::{Array2, ArrayView2};
    use ndarray_rand::RandomExt;

    /// Row i of the gradient with respect to x, pull after pull as [`between`] orders them: the others, then the near
    /// pairs.
    fn row_by_row(slopes: &Slopes, x: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>) -> Array2<f64> {
        let mut far = slopes.by_cosine.clone();
        slopes.near.iter().for_each(|near| far[(near.row, near.column)] = 0.0);
        let mut gradient = product(far.view(), y);
        for near in &slopes.near {
            let slope = slopes.by_cosine[(near.row, near.column)];
            for k in 0..x.ncols() {
                gradient[(near.row, k)] += slope * (y[(near.column, k)] - near.end * x[(near.row, k)]);
            }
        }
        gradient
    }

    #[test]
    fn pulls_of_near_and_other_pairs_are_added_at_every_width_in_every_dimension() {
        let mut generator = generator(1, b"pull", 0);
        for (n, m, d) in [(1, 1, 1), (2, 3, 2), (9, 4, 7), (8, 8, 8), (5, 17, 19)] {
            let mut normal = |rows, columns| Array2::random_using((rows, columns), StandardNormal, &mut generator);
            let (x, y, by_cosine) = (normal(n, d), normal(m, d), normal(n, m));
            let ends = (0..n * m).filter(|place| place % 3 == 0).map(|place| (place, [1.0, -1.0][place % 2]));
            let near = ends.map(|(place, end)| Near { row: place / m, column: place % m, end }).collect();
            let slopes = Slopes { by_cosine, near };
            let expected = row_by_row(&slopes, x.view(), y.view());
            for [first, _] in at_every_width(|| between(slopes.clone(), x.view(), y.view())) {
                assert_eq!(first, expected);
            }
            let turned = slopes.near.iter().map(|near| Near { row: near.column, column: near.row, end: near.end });
            let turned = Slopes { by_cosine: slopes.by_cosine.t().to_owned(), near: turned.collect() };
            let expected = row_by_row(&turned, y.view(), x.view());
            for [_, second] in at_every_width(|| between(slopes.clone(), x.view(), y.view())) {
                assert_eq!(second, expected);
            }
            let both = at_every_width(|| within(Slopes { by_cosine: normal_square(n), near: Vec::new() }, x.view()));
            let mut symmetric = normal_square(n) + normal_square(n).t();
            symmetric.diag_mut().fill(0.0);
            let expected = product(symmetric.view(), x.view());
            assert!(both.iter().all(|gradient| *gradient == expected));
        }
    }

    fn normal_square(n: usize) -> Array2<f64> {
        Array2::random_using((n, n), StandardNormal, &mut generator(2, b"pull", 0))
    }
}
