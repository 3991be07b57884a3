//! What the contrastive losses share: an anchor, its positives P and its negatives N, compared by a softmax at the
//! temperature τ. They differ in three lines, [`Contrast`]; everything that is delicate about a softmax is here, once.
//!
//! With A = log Σ_P exp(c/τ) and B = log Σ_N exp(c/τ), each taken relative to the largest cosine of its own set, a loss
//! is a function of B − A alone. That makes 1 − p of a nearly certain positive, 1/(1 + exp(A − B)), a sum over the
//! *negatives*, without a difference of nearly equal numbers (statement G5), and its value log(1 + exp(B − A)) as well.

use std::ops::Range;

use ndarray::Array2;
use pulp::Simd;
use rayon::prelude::*;

use super::pull::Slopes;
use super::similarity::{Largest, Similarity, near_pairs};
use crate::numerics::exponential::exp;
use crate::numerics::product::pieces;
use crate::numerics::vectorize::{Kernel, LANES, Vector, sum, vectorize, whole_mut};

/// How positives are compared with negatives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contrast {
    /// −log(Σ_P / (Σ_P + Σ_N)): positives are part of the denominator, their sum is inside the logarithm.
    Softmax,
    /// −log(Σ_P / Σ_N): positives are not part of the denominator.
    Decoupled,
    /// The mean over p in P of −log(exp(c_p/τ) / (Σ_P + Σ_N)): the sum over positives is outside the logarithm.
    MeanOfLogs,
}

/// The positives of every row, at least one each.
#[derive(Clone, Debug)]
pub(super) struct Positives {
    columns: Vec<usize>,
    /// Where those of each row begin, and where the last ones end.
    starts: Vec<usize>,
}

impl Positives {
    /// From the positives of row after row.
    pub fn of_rows(rows: impl Iterator<Item = impl IntoIterator<Item = usize>>) -> Self {
        let mut positives = Self { columns: Vec::new(), starts: vec![0] };
        for row in rows {
            positives.columns.extend(row);
            positives.starts.push(positives.columns.len());
        }
        positives
    }

    fn of(&self, row: usize) -> &[usize] {
        &self.columns[self.starts[row]..self.starts[row + 1]]
    }
}

/// Whether a row of similarities holds the anchor's similarity with itself, which is neither positive nor negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Own {
    /// Rows of one set among themselves.
    Inside,
    /// Rows of one set with those of another.
    Absent,
}

/// The total over the rows of a contrastive loss, and its derivative with respect to each cosine, in the memory of the
/// similarities.
pub(super) fn contrast(
    contrast: Contrast,
    mut similarities: Array2<f64>,
    temperature: f64,
    positives: &Positives,
    own: Own,
) -> (f64, Slopes) {
    let (rows, columns) = similarities.dim();
    let entries = similarities.as_slice_mut().expect("similarities are in standard layout");
    let mut losses = vec![0.0; rows];
    let work = |(piece, (entries, losses)): (&Range<usize>, (&mut [f64], &mut [f64]))| {
        let near = near_pairs(entries, columns, piece.start);
        let first_row = piece.start;
        vectorize(Contrasts { contrast, entries, columns, first_row, temperature, positives, own, losses });
        near
    };
    let pieces = pieces(rows, columns * WORK_OF_AN_ENTRY);
    let near = match &pieces[..] {
        [] => Vec::new(),
        [all] => work((all, (entries, &mut losses))),
        several => {
            let size = several[0].len();
            let parts = entries.par_chunks_mut(size * columns).zip(losses.par_chunks_mut(size));
            several.par_iter().zip(parts).map(work).collect::<Vec<_>>().concat()
        }
    };
    let total = losses.into_iter().fold(0.0, |total, loss| total + loss);
    (total, Slopes { by_cosine: similarities, near })
}

/// An exponential and what stands around it, in multiplications and additions.
const WORK_OF_AN_ENTRY: usize = 64;

/// The contrasts of some rows of similarities, which become slopes.
struct Contrasts<'a> {
    contrast: Contrast,
    entries: &'a mut [f64],
    columns: usize,
    first_row: usize,
    temperature: f64,
    positives: &'a Positives,
    own: Own,
    /// Of each row.
    losses: &'a mut [f64],
}

impl Kernel for Contrasts<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let [positives, negatives] = [Terms::default(), Terms::default()];
        let mut anchor = Anchor { temperature: self.temperature, positives, negatives };
        let rows = self.entries.chunks_exact_mut(self.columns).zip(self.losses).enumerate();
        for (index, (similarities, loss)) in rows {
            let row = self.first_row + index;
            let own = (self.own == Own::Inside).then_some(row);
            *loss = anchor.evaluate(simd, self.contrast, similarities, self.positives.of(row), own);
        }
    }
}

/// What is worked on for one anchor; its memory serves all of them.
struct Anchor {
    temperature: f64,
    positives: Terms,
    negatives: Terms,
}

impl Anchor {
    /// The loss of an anchor; the derivatives with respect to its cosines take the place of the similarities in `row`.
    #[inline(always)]
    fn evaluate<S: Simd>(
        &mut self,
        simd: S,
        contrast: Contrast,
        row: &mut [f64],
        positives: &[usize],
        own: Option<usize>,
    ) -> f64 {
        self.negatives.all_but(row, positives.iter().copied().chain(own));
        self.positives.gather(positives.iter().map(|&positive| &row[positive..=positive]));
        let spread =
            if contrast == Contrast::MeanOfLogs { self.spread(simd, row, positives) } else { Spread::default() };
        let own_sum = self.positives.log_sum(simd, self.temperature).expect("an anchor has at least one positive");
        let others = self.negatives.log_sum(simd, self.temperature);
        let odds = others.as_ref().map_or(Odds::NONE, |others| others.odds_against(&own_sum, self.temperature));
        let (value, share) = match contrast {
            Contrast::Softmax | Contrast::MeanOfLogs => odds.softplus_and_share(),
            Contrast::Decoupled => (odds.log(), 1.0),
        };
        if let Some(others) = others {
            let factor = share / others.sum / self.temperature;
            row.iter_mut().zip(self.negatives.values()).for_each(|(slope, term)| *slope = factor * term);
        } else {
            row.fill(0.0);
        }
        let factor = -(share / own_sum.sum / self.temperature);
        for (&positive, term) in positives.iter().zip(self.positives.values()) {
            row[positive] = factor * term;
        }
        for (&positive, slope) in positives.iter().zip(&spread.slopes) {
            row[positive] += slope;
        }
        value + spread.value
    }

    /// A − mean_P c/τ, how much the positives differ among themselves (log |P| if they do not), and its slopes. They are
    /// E_p/Σ_P − 1/|P|, formed from the differences of the E_p.
    #[inline(always)]
    fn spread<S: Simd>(&self, simd: S, row: &[f64], positives: &[usize]) -> Spread {
        let count = positives.len() as f64;
        let top = Similarity(Largest(self.positives.values()).run(simd));
        let logit = |positive: usize| Similarity(row[positive]).minus(top) / self.temperature;
        let excess: Vec<f64> = positives.iter().map(|&positive| libm::expm1(logit(positive))).collect();
        let total_excess = excess.iter().fold(0.0, |total, excess| total + excess);
        let sum = count + total_excess;
        let slope = |excess: &f64| (count * excess - total_excess) / (count * sum) / self.temperature;
        let mean_logit = positives.iter().fold(0.0, |total, &positive| total + logit(positive)) / count;
        Spread { value: libm::log(sum) - mean_logit, slopes: excess.iter().map(slope).collect() }
    }
}

/// What [`Contrast::MeanOfLogs`] adds for the positives of an anchor.
#[derive(Default)]
struct Spread {
    value: f64,
    slopes: Vec<f64>,
}

/// The similarities of a set of columns and then their terms.
#[derive(Default)]
pub(super) struct Terms {
    /// In whole vectors, with [`NONE`] for what is not in the set.
    padded: Vec<f64>,
    count: usize,
}

/// In the place of a similarity, what is smaller than all cosines: its term is 0.
const NONE: f64 = f64::INFINITY;

/// log Σ exp(c/τ) over a set of cosines, as the largest cosine and the sum relative to it, which is between 1 and the
/// size of the set.
pub(super) struct LogSum {
    /// The largest cosine.
    pub top: Similarity,
    /// Σ exp((c − top)/τ).
    pub sum: f64,
}

impl Terms {
    /// Takes the similarities of a set, piece after piece.
    pub fn gather<'a>(&mut self, pieces: impl Iterator<Item = &'a [f64]>) {
        self.padded.clear();
        pieces.for_each(|piece| self.padded.extend_from_slice(piece));
        self.count = self.padded.len();
        self.padded.resize(self.count.next_multiple_of(LANES), NONE);
    }

    /// Takes the similarities of a row without those in some columns, whose terms are 0.
    fn all_but(&mut self, row: &[f64], excluded: impl Iterator<Item = usize>) {
        self.gather(std::iter::once(row));
        excluded.for_each(|column| self.padded[column] = NONE);
    }

    /// What was taken: the similarities, or their terms once they are summed.
    pub fn values(&self) -> &[f64] {
        &self.padded[..self.count]
    }

    /// Puts the terms exp((c − top)/τ) in the place of the similarities; `None` for an empty set.
    #[inline(always)]
    pub fn log_sum<S: Simd>(&mut self, simd: S, temperature: f64) -> Option<LogSum> {
        let top = Similarity(Largest(&self.padded).run(simd));
        if top.0 == NONE {
            return None;
        }
        // The error of the reciprocal counts |logit| e^logit in the sum at most. Below 5.6e-309 there is none.
        let reciprocal_temperature = 1.0 / temperature;
        if reciprocal_temperature.is_finite() {
            Exponentials { similarities: &mut self.padded, top, reciprocal_temperature }.run(simd);
        } else {
            let term = |similarity: f64| exp(Similarity(similarity).minus(top) / temperature);
            self.padded.iter_mut().for_each(|value| *value = term(*value));
        }
        Some(LogSum { top, sum: sum(&self.padded) })
    }
}

/// Similarities become exp((c − top)/τ).
struct Exponentials<'a> {
    similarities: &'a mut [f64],
    top: Similarity,
    reciprocal_temperature: f64,
}

impl Kernel for Exponentials<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let top = Similarity(Vector::splat(simd, self.top.0));
        let reciprocal_temperature = Vector::splat(simd, self.reciprocal_temperature);
        for value in whole_mut::<S>(self.similarities) {
            let similarity = Similarity(Vector::new(simd, *value));
            *value = exp(similarity.minus(top) * reciprocal_temperature).value;
        }
    }
}

impl LogSum {
    /// The odds of this set against the other.
    fn odds_against(&self, other: &Self, temperature: f64) -> Odds {
        Odds { exponent: self.top.minus(other.top) / temperature, factor: self.sum / other.sum }
    }
}

/// Odds factor · e^exponent, which may be beyond all floating-point numbers.
#[derive(Clone, Copy, Debug)]
struct Odds {
    exponent: f64,
    factor: f64,
}

impl Odds {
    const NONE: Self = Self { exponent: 0.0, factor: 0.0 };

    fn log(self) -> f64 {
        self.exponent + libm::log(self.factor)
    }

    /// log(1 + odds) and odds/(1 + odds), with full relative precision and without overflow.
    fn softplus_and_share(self) -> (f64, f64) {
        if self.exponent > 0.0 {
            let against = exp(-self.exponent) / self.factor;
            (self.log() + libm::log1p(against), 1.0 / (1.0 + against))
        } else {
            let odds = self.factor * exp(self.exponent);
            (libm::log1p(odds), odds / (1.0 + odds))
        }
    }
}

/// log(1 + exp(x)) and its slope 1/(1 + exp(−x)), with full relative precision and without overflow.
pub(super) fn softplus_and_slope(x: f64) -> (f64, f64) {
    Odds { exponent: x, factor: 1.0 }.softplus_and_share()
}

#[cfg(test)]
mod tests {
    use super::{Contrast, Odds, Own, Positives, Terms, WORK_OF_AN_ENTRY, contrast, softplus_and_slope};
    use crate::loss::similarity::Similarity;
    use crate::numerics::product::pieces;
    use crate::numerics::vectorize::widths::same_at_every_width;
    use crate::numerics::vectorize::{Kernel, vectorize};
    use ndarray::Array2;
    use pulp::Simd;

    /// Similarities of cosines from −1 to 1, both ends and both sides of 0 included.
    fn similarity(number: usize) -> f64 {
        let e = 0.125 * (number * 5 % 17) as f64;
        if e <= 1.0 { e } else { e - 2.125 }
    }

    struct Summed {
        terms: Terms,
        temperature: f64,
    }

    impl Kernel for Summed {
        type Output = Vec<f64>;

        #[inline(always)]
        fn run<S: Simd>(mut self, simd: S) -> Vec<f64> {
            let sum = self.terms.log_sum(simd, self.temperature).map_or(0.0, |log_sum| log_sum.sum);
            [self.terms.values(), &[sum]].concat()
        }
    }

    #[test]
    fn terms_of_sets_of_every_size_are_summed_at_every_width() {
        let temperature = 0.5;
        for count in (0..=20).chain([63, 64, 65]) {
            let similarities: Vec<f64> = (0..count).map(similarity).collect();
            let found = same_at_every_width(|| {
                let mut terms = Terms::default();
                terms.gather(similarities.chunks(3));
                vectorize(Summed { terms, temperature })
            });
            let cosine = |&similarity: &f64| Similarity(similarity).cosine();
            let top = similarities.iter().map(cosine).fold(-1.0, f64::max);
            let expected: Vec<f64> =
                similarities.iter().map(|similarity| libm::exp((cosine(similarity) - top) / temperature)).collect();
            assert_eq!(found.len(), count + 1);
            for (found, expected) in found.iter().zip(&expected) {
                assert!((found / expected - 1.0).abs() < 1e-15, "{found} and {expected} of {count} terms");
            }
            assert!((found[count] - expected.iter().sum::<f64>()).abs() <= 1e-15 * found[count], "{count} terms");
        }
    }

    #[test]
    fn contrasts_are_the_same_bytes_at_every_width() {
        for rows in [2, 3, 8, 9, 21] {
            let similarities = Array2::from_shape_fn((rows, rows), |(row, column)| similarity(3 * row + 7 * column));
            let one = Positives::of_rows((0..rows).map(|row| Some((row + 1) % rows)));
            let others = Positives::of_rows((0..rows).map(|row| (0..rows).filter(move |&other| other != row)));
            for (positives, own) in [(&one, Own::Absent), (&one, Own::Inside), (&others, Own::Inside)] {
                for kind in [Contrast::Softmax, Contrast::Decoupled, Contrast::MeanOfLogs] {
                    same_at_every_width(|| {
                        let (total, slopes) = contrast(kind, similarities.clone(), 0.3, positives, own);
                        let near = slopes.near.iter().map(|near| (near.row * rows + near.column) as f64 * near.end);
                        slopes.by_cosine.iter().copied().chain(near).chain([total]).collect()
                    });
                }
            }
        }
    }

    #[test]
    fn contrasts_are_the_same_bytes_on_any_number_of_threads() {
        let rows = 370;
        let similarities = Array2::from_shape_fn((rows, rows), |(row, column)| similarity(3 * row + 7 * column));
        let positives = Positives::of_rows((0..rows).map(|row| Some((row + 1) % rows)));
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            pool.install(|| {
                let (total, slopes) = contrast(Contrast::Softmax, similarities.clone(), 0.3, &positives, Own::Inside);
                let near: Vec<_> = slopes.near.iter().map(|near| (near.row, near.column, near.end)).collect();
                (pieces(rows, rows * WORK_OF_AN_ENTRY).len(), (total.to_bits(), slopes.by_cosine, near))
            })
        };
        let (alone, expected) = on(1);
        assert_eq!(alone, 1);
        for threads in [2, 3] {
            let (several, found) = on(threads);
            assert_eq!(several, threads);
            assert!(found == expected, "on {threads} threads");
        }
    }

    #[test]
    fn softplus_and_its_slope_are_precise_in_both_tails() {
        for (x, value, slope) in [
            (-200.0, 1.3838965267367376e-87, 1.3838965267367376e-87),
            (-1.0, 0.313_261_687_518_222_85, 0.268_941_421_369_995_1),
            (0.0, std::f64::consts::LN_2, 0.5),
            (1.0, 1.313_261_687_518_222_8, 0.731_058_578_630_004_9),
            (800.0, 800.0, 1.0),
        ] {
            let (softplus, logistic) = softplus_and_slope(x);
            assert!((softplus / value - 1.0).abs() < 4e-16, "softplus({x}) = {softplus}");
            assert!((logistic / slope - 1.0).abs() < 4e-16, "logistic({x}) = {logistic}");
        }
        assert_eq!(softplus_and_slope(f64::NEG_INFINITY), (0.0, 0.0));
        assert_eq!(Odds::NONE.softplus_and_share(), (0.0, 0.0));
    }
}
