//! What the contrastive losses share: every row an anchor that is compared with its positives and its negatives. They differ
//! in three lines of `anchor`, where one anchor is evaluated; what is delicate about a softmax is in `softmax`, once.
//!
//! Among the rows of one set each cosine belongs to two anchors. Small sets keep all of them in memory; for large ones, and
//! where two sets are compared both ways, a first visit of all pairs weighs the anchors, and a second one has, at every
//! pair, the slopes of both. The results are the same bytes.

use std::ops::Range;

use ndarray::{Array2, ArrayView2};
use pulp::Simd;

pub(super) use super::anchor::Contrast;
use super::anchor::{Anchor, Weights};
use super::blocks::{self, Rows, WORK_OF_AN_ENTRY, total};
use super::positives::Positives;
use super::pull::{self, Slopes};
use super::similarity::{Similarity, near_pairs, similarities_within};
use super::softmax::Temperature;
use crate::numerics::product::{pieces, side_by_side};
use crate::numerics::vectorize::{Kernel, Number, Vector, vectorize};

/// Whether a row of similarities holds the anchor's similarity with itself, which is neither positive nor negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Own {
    /// Rows of one set among themselves.
    Inside,
    /// Rows of one set with those of another.
    Absent,
}

impl Own {
    fn of(self, row: usize) -> Option<usize> {
        (self == Self::Inside).then_some(row)
    }
}

/// A contrast of rows with columns.
#[derive(Clone, Copy)]
pub(super) struct Anchors<'a> {
    pub contrast: Contrast,
    pub temperature: f64,
    pub positives: &'a Positives,
}

/// Entries of a matrix of similarities that is kept whole: 32 MiB.
const WHOLE: usize = 1 << 22;

impl Anchors<'_> {
    /// The total over the rows of x (n × d), each an anchor among the rows of y (m × d), and its Euclidean gradients.
    pub fn between(self, x: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>) -> (f64, [Array2<f64>; 2]) {
        blocks::between(x, y, &OneWay(self))
    }

    /// The mean of the totals over the rows of x, each an anchor among those of y, and over the rows of y among those of x.
    pub fn both_ways(self, x: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>) -> (f64, [Array2<f64>; 2]) {
        let (losses, columns) = self.weigh(y, x, Own::Absent);
        let (forth, gradients) = blocks::between(x, y, &BothWays::new(self, Own::Absent, &columns, 0.5));
        (0.5 * (forth + total(&losses)), gradients)
    }

    /// The total over the rows of one set x (n × d), each an anchor among all others, and its Euclidean gradient.
    pub fn within(self, x: ArrayView2<'_, f64>) -> (f64, Array2<f64>) {
        if x.nrows() * x.nrows() > WHOLE { self.in_blocks(x) } else { self.at_once(x) }
    }

    fn in_blocks(self, x: ArrayView2<'_, f64>) -> (f64, Array2<f64>) {
        let (losses, weights) = self.weigh(x, x, Own::Inside);
        let (_, gradient) = blocks::within(x, &BothWays::new(self, Own::Inside, &weights, 1.0));
        (total(&losses), gradient)
    }

    /// The loss and the weights of every row of x among the rows of y.
    fn weigh(self, x: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>, own: Own) -> (Vec<f64>, Vec<Weights>) {
        let weigh = |first_row, entries: &mut [f64], results: &mut [(f64, Weights)]| {
            vectorize(Weighing { anchors: self, own, first_row, entries, results });
        };
        blocks::visit(x, y, weigh).into_iter().unzip()
    }

    fn at_once(self, x: ArrayView2<'_, f64>) -> (f64, Array2<f64>) {
        let rows = x.nrows();
        let mut similarities = similarities_within(x);
        let entries = similarities.as_slice_mut().expect("similarities are in standard layout");
        let mut losses = vec![0.0; rows];
        let work = |(piece, (entries, losses)): (&Range<usize>, (&mut [f64], &mut [f64]))| {
            let near = near_pairs(entries, rows, piece.start);
            vectorize(Slope { anchors: self, own: Own::Inside, first_row: piece.start, entries, losses });
            near
        };
        let pieces = pieces(rows, rows * WORK_OF_AN_ENTRY);
        let size = pieces.first().map_or(1, Range::len);
        let parts = entries.chunks_mut((size * rows).max(1)).zip(losses.chunks_mut(size));
        let near = side_by_side(pieces.iter().zip(parts), work);
        (total(&losses), pull::within(Slopes { by_cosine: similarities, near, rows_of_a_part: size }, x))
    }
}

/// Slopes of the loss of each row.
struct OneWay<'a>(Anchors<'a>);

impl Rows for OneWay<'_> {
    fn slopes(&self, first_row: usize, entries: &mut [f64], losses: &mut [f64]) {
        vectorize(Slope { anchors: self.0, own: Own::Absent, first_row, entries, losses });
    }
}

/// Some rows of similarities, which become slopes.
struct Slope<'a> {
    anchors: Anchors<'a>,
    own: Own,
    first_row: usize,
    entries: &'a mut [f64],
    losses: &'a mut [f64],
}

impl Kernel for Slope<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { anchors: Anchors { contrast, temperature, positives }, .. } = self;
        let mut anchor = Anchor::new(temperature);
        let columns = self.entries.len() / self.losses.len();
        let rows = self.entries.chunks_exact_mut(columns).zip(self.losses);
        for (row, (similarities, loss)) in (self.first_row..).zip(rows) {
            *loss = anchor.evaluate(simd, contrast, similarities, positives.of(row), self.own.of(row));
        }
    }
}

/// Some rows of similarities, whose anchors are weighed.
struct Weighing<'a> {
    anchors: Anchors<'a>,
    own: Own,
    first_row: usize,
    entries: &'a [f64],
    results: &'a mut [(f64, Weights)],
}

impl Kernel for Weighing<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { anchors: Anchors { contrast, temperature, positives }, .. } = self;
        let mut anchor = Anchor::new(temperature);
        let columns = self.entries.len() / self.results.len();
        let rows = self.entries.chunks_exact(columns).zip(self.results);
        for (row, (similarities, result)) in (self.first_row..).zip(rows) {
            *result = anchor.weigh(simd, contrast, similarities, positives.of(row), self.own.of(row));
        }
    }
}

/// Slopes of the losses of both anchors of a pair, added up and multiplied by a factor, where those of the columns have been
/// weighed before. Those of the rows have too if both are one set.
struct BothWays<'a> {
    anchors: Anchors<'a>,
    own: Own,
    weights: &'a [Weights],
    /// Those of the negatives of each column.
    tops: Vec<f64>,
    factors: Vec<f64>,
    share: f64,
}

impl<'a> BothWays<'a> {
    fn new(anchors: Anchors<'a>, own: Own, weights: &'a [Weights], share: f64) -> Self {
        let tops = weights.iter().map(|weights| weights.negatives.top.0).collect();
        let factors = weights.iter().map(|weights| weights.negatives.factor).collect();
        Self { anchors, own, weights, tops, factors, share }
    }

    /// The slope of a pair that is no positive, or a vector of them, by the weights of its row and of its column.
    #[inline(always)]
    fn slope<N: Number>(&self, similarity: N, [row, column]: [(Similarity<N>, N); 2], temperature: Temperature) -> N {
        // Closures are not certain to be inlined.
        let of_row = row.1 * temperature.term(Similarity(similarity).minus(row.0));
        let of_column = column.1 * temperature.term(Similarity(similarity).minus(column.0));
        similarity.constant(self.share) * (of_row + of_column)
    }
}

impl Rows for BothWays<'_> {
    fn slopes(&self, first_row: usize, entries: &mut [f64], losses: &mut [f64]) {
        vectorize(SlopeBothWays { work: self, first_row, entries, losses });
    }
}

/// Some rows of similarities, which become slopes.
struct SlopeBothWays<'a> {
    work: &'a BothWays<'a>,
    first_row: usize,
    entries: &'a mut [f64],
    losses: &'a mut [f64],
}

impl Kernel for SlopeBothWays<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let BothWays { anchors, own, weights, tops, factors, share } = self.work;
        let temperature = Temperature::new(anchors.temperature);
        let mut anchor = Anchor::new(anchors.temperature);
        let mut of_positives = Vec::new();
        let [tops, factors] = [tops, factors].map(|values| S::as_simd_f64s(values));
        for (row, (entries, loss)) in
            (self.first_row..).zip(self.entries.chunks_exact_mut(weights.len()).zip(self.losses))
        {
            let positives = anchors.positives.of(row);
            let of_row = match own {
                Own::Inside => weights[row],
                Own::Absent => {
                    let (own_loss, of_row) = anchor.weigh(simd, anchors.contrast, entries, positives, None);
                    *loss = own_loss;
                    of_row
                }
            };
            of_positives.clear();
            for column in positives.iter() {
                let of_row = of_row.of_positive(entries[column], temperature);
                let of_column = weights[column].of_positive(entries[column], temperature);
                of_positives.push(share * (of_row + of_column));
            }
            let negatives = of_row.negatives;
            let (vectors, rest) = S::as_mut_simd_f64s(entries);
            let constant = (Similarity(Vector::splat(simd, negatives.top.0)), Vector::splat(simd, negatives.factor));
            for ((entry, &top), &factor) in vectors.iter_mut().zip(tops.0).zip(factors.0) {
                let column = (Similarity(Vector::new(simd, top)), Vector::new(simd, factor));
                *entry = self.work.slope(Vector::new(simd, *entry), [constant, column], temperature).value;
            }
            for ((entry, &top), &factor) in rest.iter_mut().zip(tops.1).zip(factors.1) {
                let column = (Similarity(top), factor);
                *entry = self.work.slope(*entry, [(negatives.top, negatives.factor), column], temperature);
            }
            positives.iter().zip(&of_positives).for_each(|(column, slope)| entries[column] = *slope);
            own.of(row).into_iter().for_each(|column| entries[column] = 0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Anchors, Contrast, OneWay};
    use crate::loss::blocks::{Rows, WORK_OF_AN_ENTRY};
    use crate::loss::positives::Positives;
    use crate::numerics::groups::Groups;
    use crate::numerics::product::{pieces, product};
    use crate::numerics::vectorize::widths::same_at_every_width;
    use crate::random::{StandardNormal, generator};
    use crate::sphere::normalize;
    use ndarray::Array2;
    use ndarray_rand::RandomExt;

    const KINDS: [Contrast; 3] = [Contrast::Softmax, Contrast::Decoupled, Contrast::MeanOfLogs];

    /// The second is there for what is lost in a reciprocal.
    const TEMPERATURES: [f64; 2] = [0.3, 3e-309];

    /// Directions of which every fifth is one and the same, and every seventh nearly so.
    fn directions(rows: usize, d: usize, stream: u64) -> Array2<f64> {
        let mut points = Array2::random_using((rows, d), StandardNormal, &mut generator(1, b"contrast", stream));
        for (row, mut point) in points.rows_mut().into_iter().enumerate() {
            if row % 5 == 0 || row % 7 == 0 {
                point.fill(1.0 + row as f64 * 1e-6);
                point[0] += if row % 7 == 0 { 1e-4 * row as f64 } else { 0.0 };
            }
        }
        normalize(points.view()).expect("directions").units().to_owned()
    }

    fn on<T: Send>(threads: usize, work: impl Fn() -> T + Send + Sync) -> T {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads").install(work)
    }

    fn bytes(total: f64, gradients: &[&Array2<f64>]) -> Vec<f64> {
        gradients.iter().flat_map(|gradient| gradient.iter().copied()).chain([total]).collect()
    }

    fn positives(rows: usize) -> [Positives; 3] {
        let partners =
            Positives::of_rows((0..rows).map(|row| Some(if row < rows / 2 { row + rows / 2 } else { row - rows / 2 })));
        let labels: Vec<usize> = (0..rows).map(|row| row % 2).collect();
        let all_others = Positives::of_rows((0..rows).map(|row| (0..rows).filter(move |&other| other != row)));
        [partners, Positives::OfClass(Groups::of(&labels)), all_others]
    }

    #[test]
    fn contrasts_within_a_set_are_the_same_bytes_in_blocks_and_at_every_width() {
        for rows in [4, 8, 10, 22] {
            let x = directions(rows, 3, 0);
            for (positives, contrast, temperature) in cases(&positives(rows)) {
                let anchors = Anchors { contrast, temperature, positives };
                let [at_once, in_blocks] = [Anchors::at_once, Anchors::in_blocks].map(|evaluate| {
                    same_at_every_width(|| {
                        let (total, gradient) = evaluate(anchors, x.view());
                        bytes(total, &[&gradient])
                    })
                });
                // NaN, which a temperature beyond the reciprocals may lead to, is equal to itself here.
                let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(&at_once), bits(&in_blocks), "{contrast:?}, {rows} rows, {temperature:e}");
            }
        }
    }

    fn cases(positives: &[Positives]) -> impl Iterator<Item = (&Positives, Contrast, f64)> {
        let kinds =
            move |positives| KINDS.map(move |kind| TEMPERATURES.map(move |temperature| (positives, kind, temperature)));
        positives.iter().flat_map(kinds).flatten()
    }

    #[test]
    fn contrasts_of_many_rows_are_the_same_bytes_in_blocks_on_any_number_of_threads() {
        let rows = 600; // On one thread in two blocks.
        let x = directions(rows, 16, 0);
        for positives in &positives(rows)[..2] {
            for contrast in KINDS {
                let anchors = Anchors { contrast, temperature: 0.3, positives };
                let evaluate = |threads, in_blocks| {
                    on(threads, || if in_blocks { anchors.in_blocks(x.view()) } else { anchors.at_once(x.view()) })
                };
                let expected = evaluate(1, false);
                assert!(expected.1.iter().any(|slope| *slope != 0.0));
                for threads in [1, 2, 3] {
                    assert_eq!(on(threads, || pieces(rows, rows * WORK_OF_AN_ENTRY).len()), threads);
                    assert!(evaluate(threads, false) == expected, "{contrast:?} on {threads} threads");
                    assert!(evaluate(threads, true) == expected, "{contrast:?} in blocks on {threads} threads");
                }
            }
        }
    }

    #[test]
    fn both_ways_is_the_mean_of_one_way_and_the_other() {
        // On one thread the last of them are compared in two blocks.
        for rows in [3, 16, 400, 600] {
            let [x, y] = [0, 1].map(|stream| far(rows, stream));
            let positives = Positives::of_rows((0..rows).map(Some));
            for contrast in [Contrast::Softmax, Contrast::Decoupled] {
                let anchors = Anchors { contrast, temperature: 0.7, positives: &positives };
                let one_way = |x: &Array2<f64>, y: &Array2<f64>| {
                    let mut entries = 1.0 - product(x.view(), y.t());
                    entries.mapv_inplace(|distance| if distance > 1.0 { -(2.0 - distance) } else { distance });
                    (entries, vec![0.0; rows])
                };
                let slopes = |x: &Array2<f64>, y: &Array2<f64>| {
                    let (mut entries, mut losses) = one_way(x, y);
                    OneWay(anchors).slopes(0, entries.as_slice_mut().expect("standard layout"), &mut losses);
                    (entries, losses.iter().fold(0.0, |total, loss| total + loss))
                };
                let (forth, back) = (slopes(&x, &y), slopes(&y, &x));
                let both = (&forth.0 + &back.0.t()) * 0.5;
                let (total, [first, second]) = anchors.both_ways(x.view(), y.view());
                assert!((total / (0.5 * (forth.1 + back.1)) - 1.0).abs() < 1e-14);
                for (found, expected) in
                    [(first, product(both.view(), y.view())), (second, product(both.t(), x.view()))]
                {
                    let close = |(found, expected): (&f64, &f64)| (found - expected).abs() < 1e-13;
                    assert!(found.iter().zip(&expected).all(close));
                }
                let [alone, on_three] = [1, 3].map(|threads| on(threads, || anchors.both_ways(x.view(), y.view())));
                assert!(alone == on_three);
            }
        }
    }

    /// Directions in R^64, none of them near another.
    fn far(rows: usize, stream: u64) -> Array2<f64> {
        let points = Array2::random_using((rows, 64), StandardNormal, &mut generator(2, b"contrast", stream));
        normalize(points.view()).expect("directions").units().to_owned()
    }
}
