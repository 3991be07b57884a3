//! What the contrastive losses share: an anchor, its positives P and its negatives N, compared by a softmax at the
//! temperature τ. They differ in three lines, [`Contrast`]; what is delicate about a softmax is in `softmax`, once.
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
use super::softmax::{Odds, Terms};
use crate::numerics::product::pieces;
use crate::numerics::vectorize::{Kernel, vectorize};

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

#[cfg(test)]
mod tests {
    use super::{Contrast, Own, Positives, WORK_OF_AN_ENTRY, contrast};
    use crate::loss::similarity::sample;
    use crate::numerics::product::pieces;
    use crate::numerics::vectorize::widths::same_at_every_width;
    use ndarray::Array2;

    #[test]
    fn contrasts_are_the_same_bytes_at_every_width() {
        for rows in [2, 3, 8, 9, 21] {
            let similarities = Array2::from_shape_fn((rows, rows), |(row, column)| sample(3 * row + 7 * column));
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
        let similarities = Array2::from_shape_fn((rows, rows), |(row, column)| sample(3 * row + 7 * column));
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
}
