//! The product of matrices with one order of summation and one rounding of each product and sum on every machine. Library
//! routines round once where the processor can and twice where it cannot, so their last bits depend on it; here it is
//! always once.
//!
//! The right factor is copied into the order in which it is read, in panels of sixteen columns (of thirty-two in single
//! precision), and so are bands of eight rows of a left one whose rows are not at hand. A tile of 8 × 16 (or 8 × 32) sums
//! stays in registers while the inner index runs. As many panels as the second cache holds are read for one band after the
//! other: the bands, of which less is read for a tile, are what comes from farther away, and steadily.

mod entry;
mod packing;
mod pieces;
mod tile;

use ndarray::{Array2, ArrayView2, Axis, Slice};

use self::entry::Entry;
pub(crate) use self::packing::Right;
use self::pieces::pieces_of_triangle;
pub(crate) use self::pieces::{matrix, pieces, side_by_side};
use self::tile::{AsSummed, Begins, Shape, Tiled};
pub(crate) use self::tile::{Band, Factors, Finish, Two};
use crate::numerics::mirror::{Combine, mirror};
use crate::numerics::vectorize::{Number, vectorize};

/// Inner products of a row with the columns of a panel, in double precision.
pub(crate) type Sums = <f64 as Entry>::Columns;

/// In what numbers the products of matrices are formed and summed. Everything else is of double precision in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// With 53 binary digits.
    #[default]
    Double,
    /// With 24 binary digits, in about half the time: factors, each product with its sum, and so the results, are rounded
    /// to them. Numbers beyond 3.4e38 become infinite, and those below 1.2e-38 lose digits.
    Single,
}

/// A B for A (n × p) and B (p × q): every entry is summed in the order of the inner index, each product added without a
/// rounding of its own, whatever the processor.
///
/// # Panics
/// If A has not as many columns as B has rows.
pub(crate) fn product(left: ArrayView2<'_, f64>, right: ArrayView2<'_, f64>) -> Array2<f64> {
    product_in::<f64>(left, right)
}

impl Precision {
    /// As [`product`], in this precision.
    pub(crate) fn product(self, left: ArrayView2<'_, f64>, right: ArrayView2<'_, f64>) -> Array2<f64> {
        match self {
            Self::Double => product_in::<f64>(left, right),
            Self::Single => product_in::<f32>(left, right),
        }
    }
}

fn product_in<E: Entry>(left: ArrayView2<'_, f64>, right: ArrayView2<'_, f64>) -> Array2<f64> {
    assert_eq!(left.ncols(), right.nrows(), "a product needs as many columns on the left as rows on the right");
    tiled::<E>(left, right, Shape::Full, AsSummed)
}

/// X Xᵀ for rows of X (n × d), each entry finished as `finish` says, which must be symmetric: one half is summed.
pub(crate) fn gram(x: ArrayView2<'_, f64>, finish: impl Finish) -> Array2<f64> {
    let mut result = tiled(x, x.t(), Shape::LowerTiles, finish);
    mirror(&mut result, Lower);
    result
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

fn tiled<E: Entry>(
    left: ArrayView2<'_, f64>,
    right: ArrayView2<'_, f64>,
    shape: Shape,
    finish: impl Finish<E>,
) -> Array2<f64> {
    let (rows, columns) = (left.nrows(), right.ncols());
    let mut result = vec![0.0; rows * columns];
    let work_of_a_row = columns * left.ncols();
    let pieces = match shape {
        Shape::Full => pieces(rows, work_of_a_row),
        Shape::LowerTiles => pieces_of_triangle(rows, work_of_a_row),
    };
    let right = Right::<E>::of(right);
    let mut rest = result.as_mut_slice();
    let parts = pieces.into_iter().map(|piece| {
        let result = rest.split_off_mut(..piece.len() * columns).expect("a place for every row");
        let left = left.slice_axis_move(Axis(0), Slice::from(piece.clone()));
        Tiled { left, first_row: piece.start, right: &right, shape, begins: Begins::AtZero, finish, result }
    });
    side_by_side(parts, vectorize);
    Array2::from_shape_vec((rows, columns), result).expect("an entry for every row and column")
}

/// A [`Right`] of either precision.
pub(crate) enum RightIn {
    Double(Right<f64>),
    Single(Right<f32>),
}

impl RightIn {
    /// As [`Right::of`].
    pub fn of(right: ArrayView2<'_, f64>, precision: Precision) -> Self {
        match precision {
            Precision::Double => Self::Double(Right::of(right)),
            Precision::Single => Self::Single(Right::of(right)),
        }
    }

    /// As [`Right::product`].
    pub fn product(&self, left: ArrayView2<'_, f64>, result: &mut [f64]) {
        match self {
            Self::Double(right) => right.product(left, result),
            Self::Single(right) => right.product(left, result),
        }
    }

    /// As [`Right::add_transposed`].
    pub fn add_transposed(&self, left: ArrayView2<'_, f64>, result: &mut [f64], begins: bool) {
        match self {
            Self::Double(right) => right.add_transposed(left, result, begins),
            Self::Single(right) => right.add_transposed(left, result, begins),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::entry::Entry;
    use super::{AsSummed, Precision, Right, gram, pieces, product};
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

    // The rounding is said, and the same everywhere.
    #[allow(clippy::disallowed_methods)]
    fn by_rounded_entries(left: ArrayView2<'_, f64>, right: ArrayView2<'_, f64>) -> Array2<f64> {
        Array2::from_shape_fn((left.nrows(), right.ncols()), |(i, k)| {
            let entries = left.row(i).into_iter().zip(right.column(k));
            f64::from(entries.fold(0.0, |sum: f32, (&x, &y)| (x as f32).mul_add(y as f32, sum)))
        })
    }

    /// So many inner indices that two panels are read at a time, of more, and not all rows are copied at once, though all are
    /// one thread's.
    const LONG: (usize, usize, usize) = (105, 1200, 66);

    #[test]
    fn every_entry_is_summed_in_order_bit_for_bit() {
        let mut generator = generator(1, b"product", 0);
        for (n, p, q) in
            [(1, 1, 1), (3, 5, 17), (4, 16, 16), (9, 2, 33), (21, 40, 7), (16, 3, 32), (5, 0, 3), (0, 2, 2), LONG]
        {
            let left = Array2::random_using((n, p), StandardNormal, &mut generator);
            let right = Array2::random_using((p, q), StandardNormal, &mut generator);
            let expected = by_entries(left.view(), right.view());
            for product in at_every_width(|| product(left.view(), right.view())) {
                assert_eq!(product, expected);
            }
            let rounded = by_rounded_entries(left.view(), right.view());
            let single = |left, right| Precision::Single.product(left, right);
            for product in at_every_width(|| single(left.view(), right.view())) {
                assert_eq!(product, rounded);
            }
            assert!(p == 0 || n == 0 || rounded != expected, "the precisions differ");
            // In other layouts: transposed, and with gaps between the entries.
            let [turned_left, turned_right] =
                [&left, &right].map(|matrix| matrix.t().as_standard_layout().into_owned());
            assert_eq!(product(turned_left.t(), turned_right.t()), expected);
            assert_eq!(single(turned_left.t(), turned_right.t()), rounded);
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
                let single = Precision::Single.product(left.view(), right.view());
                (product(left.view(), right.view()), product(right.t(), left.t()), square, single)
            };
            pool.install(|| (pieces(203, 205 * 210), products()))
        };
        let (pieces, expected) = on(1);
        assert_eq!(pieces.len(), 1);
        for threads in [2, 3, 5] {
            let (pieces, found) = on(threads);
            assert_eq!(pieces.len(), threads);
            assert!(pieces.iter().all(|piece| piece.start % super::pieces::ROWS == 0));
            assert_eq!(pieces.last().map(|piece| piece.end), Some(203));
            assert!(found == expected, "on {threads} threads");
        }
    }

    /// Aᵀ B, some rows of both at a time.
    fn go_on<E: Entry>(left: ArrayView2<'_, f64>, right: ArrayView2<'_, f64>, parts: usize) -> Array2<f64> {
        let mut sums = Array2::zeros((left.ncols(), right.ncols()));
        let rows = left.nrows().div_ceil(parts);
        for (part, (left, right)) in
            left.axis_chunks_iter(Axis(0), rows).zip(right.axis_chunks_iter(Axis(0), rows)).enumerate()
        {
            let sums = sums.as_slice_mut().expect("standard layout");
            Right::<E>::of(right).add_transposed(left, sums, part == 0);
        }
        sums
    }

    #[test]
    fn sums_go_on_from_part_to_part_as_if_there_were_one() {
        let mut generator = generator(1, b"onward", 0);
        let left = Array2::random_using((37, 13), StandardNormal, &mut generator);
        let right = Array2::random_using((37, 41), StandardNormal, &mut generator);
        for parts in [1, 2, 5] {
            assert_eq!(go_on::<f64>(left.view(), right.view(), parts), by_entries(left.t(), right.view()));
            assert_eq!(go_on::<f32>(left.view(), right.view(), parts), by_rounded_entries(left.t(), right.view()));
        }
    }

    #[test]
    fn inner_products_of_rows_among_themselves_are_summed_once() {
        let mut generator = generator(1, b"gram", 0);
        for (n, d) in [(1, 1), (7, 3), (16, 16), (33, 10), (70, 5), (LONG.0, LONG.1)] {
            let x = Array2::random_using((n, d), StandardNormal, &mut generator);
            for gram in at_every_width(|| gram(x.view(), AsSummed)) {
                assert_eq!(gram, by_entries(x.view(), x.t()));
            }
        }
    }
}
