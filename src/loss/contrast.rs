//! What the contrastive losses share: an anchor, its positives P and its negatives N, compared by a softmax at the
//! temperature τ. They differ in three lines, [`Contrast`]; everything that is delicate about a softmax is here, once.
//!
//! With A = log Σ_P exp(c/τ) and B = log Σ_N exp(c/τ), each taken relative to the largest cosine of its own set, a loss
//! is a function of B − A alone. That makes 1 − p of a nearly certain positive, 1/(1 + exp(A − B)), a sum over the
//! *negatives*, without a difference of nearly equal numbers (statement G5), and its value log(1 + exp(B − A)) as well.

use std::ops::Range;

use ndarray::Array2;

use super::similarity::Similarity;

/// How positives are held against negatives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contrast {
    /// −log(Σ_P / (Σ_P + Σ_N)): positives are part of the denominator, their sum is inside the logarithm.
    Softmax,
    /// −log(Σ_P / Σ_N): positives are not part of the denominator.
    Decoupled,
    /// The mean over p in P of −log(exp(c_p/τ) / (Σ_P + Σ_N)): the sum over positives is outside the logarithm.
    MeanOfLogs,
}

/// Whom a row of similarities belongs to.
#[derive(Clone, Debug)]
pub(super) struct Roles {
    /// The positives, ascending; at least one.
    pub positives: Vec<usize>,
    /// The column of the anchor itself, which is neither positive nor negative.
    pub own: Option<usize>,
}

/// The total over the rows of a contrastive loss, and its slope by each cosine, (n × m).
pub(super) fn contrast(
    contrast: Contrast,
    similarities: &Array2<Similarity>,
    temperature: f64,
    roles: impl Fn(usize) -> Roles,
) -> (f64, Array2<f64>) {
    let mut slopes = Array2::zeros(similarities.dim());
    let rows = similarities.rows().into_iter().zip(slopes.rows_mut()).enumerate();
    let total = rows.fold(0.0, |total, (row, (similarities, mut slopes))| {
        let anchor = Anchor {
            similarities: similarities.to_slice().expect("similarities are in standard layout"),
            roles: roles(row),
            temperature,
        };
        total + anchor.evaluate(contrast, slopes.as_slice_mut().expect("slopes are in standard layout"))
    });
    (total, slopes)
}

struct Anchor<'a> {
    similarities: &'a [Similarity],
    roles: Roles,
    temperature: f64,
}

impl Anchor<'_> {
    /// The loss of this anchor; its slopes by the cosines are written to `slopes`.
    fn evaluate(&self, contrast: Contrast, slopes: &mut [f64]) -> f64 {
        let negatives = self.negatives();
        let others = LogSum::of(self.similarities, negatives.iter().cloned(), self.temperature, slopes);
        let own = LogSum::of(self.similarities, self.positives(), self.temperature, slopes)
            .expect("an anchor has at least one positive");
        let odds = others.as_ref().map_or(Odds::NONE, |others| others.odds_against(&own, self.temperature));
        let (value, share) = match contrast {
            Contrast::Softmax | Contrast::MeanOfLogs => (odds.softplus(), odds.share()),
            Contrast::Decoupled => (odds.log(), 1.0),
        };
        if let Some(others) = others {
            scale(slopes, negatives, share / others.sum / self.temperature);
        }
        scale(slopes, self.positives(), -(share / own.sum / self.temperature));
        match contrast {
            Contrast::MeanOfLogs => value + self.spread(&own, slopes),
            Contrast::Softmax | Contrast::Decoupled => value,
        }
    }

    fn positives(&self) -> impl Iterator<Item = Range<usize>> + Clone {
        self.roles.positives.iter().map(|&positive| positive..positive + 1)
    }

    /// The columns between the positives and the anchor itself.
    fn negatives(&self) -> Vec<Range<usize>> {
        let mut cuts = self.roles.positives.clone();
        cuts.extend(self.roles.own);
        cuts.sort_unstable();
        cuts.push(self.similarities.len());
        let starts = std::iter::once(0).chain(cuts.iter().map(|cut| cut + 1));
        starts.zip(&cuts).map(|(start, &cut)| start..cut).filter(|range| !range.is_empty()).collect()
    }

    /// A − mean_P c/τ, how much the positives differ among themselves (log |P| if they do not), its slopes added. They
    /// are E_p/Σ_P − 1/|P|, formed from the differences of the E_p.
    fn spread(&self, positives: &LogSum, slopes: &mut [f64]) -> f64 {
        let indices = &self.roles.positives;
        let count = indices.len() as f64;
        let logit = |positive: usize| self.similarities[positive].minus(positives.top) / self.temperature;
        let excess: Vec<f64> = indices.iter().map(|&positive| libm::expm1(logit(positive))).collect();
        let total_excess = excess.iter().fold(0.0, |total, excess| total + excess);
        for (&positive, excess) in indices.iter().zip(&excess) {
            slopes[positive] += (count * excess - total_excess) / (count * positives.sum) / self.temperature;
        }
        let mean_logit = indices.iter().fold(0.0, |total, &positive| total + logit(positive)) / count;
        libm::log(positives.sum) - mean_logit
    }
}

/// log Σ exp(c/τ) over a set of cosines, as the largest cosine and the sum relative to it, which is between 1 and the
/// size of the set.
pub(super) struct LogSum {
    /// The largest cosine.
    pub top: Similarity,
    /// Σ exp((c − top)/τ).
    pub sum: f64,
}

impl LogSum {
    /// Over the columns in `ranges`; the terms exp((c − top)/τ) are written to the same columns of `terms`. `None` for
    /// no columns.
    pub fn of(
        row: &[Similarity],
        ranges: impl Iterator<Item = Range<usize>> + Clone,
        temperature: f64,
        terms: &mut [f64],
    ) -> Option<Self> {
        let all = ranges.clone().flat_map(|range| &row[range]);
        let top = *all.reduce(|top, next| if next.minus(*top) > 0.0 { next } else { top })?;
        let mut sum = 0.0;
        for range in ranges {
            for (term, similarity) in terms[range.clone()].iter_mut().zip(&row[range]) {
                *term = libm::exp(similarity.minus(top) / temperature);
                sum += *term;
            }
        }
        Some(Self { top, sum })
    }

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

    /// log(1 + odds), with full relative precision and without overflow.
    fn softplus(self) -> f64 {
        if self.exponent > 0.0 {
            self.log() + libm::log1p(libm::exp(-self.exponent) / self.factor)
        } else {
            libm::log1p(self.factor * libm::exp(self.exponent))
        }
    }

    /// odds/(1 + odds), likewise.
    fn share(self) -> f64 {
        if self.exponent > 0.0 {
            1.0 / (1.0 + libm::exp(-self.exponent) / self.factor)
        } else {
            let odds = self.factor * libm::exp(self.exponent);
            odds / (1.0 + odds)
        }
    }
}

fn scale(values: &mut [f64], ranges: impl IntoIterator<Item = Range<usize>>, factor: f64) {
    for range in ranges {
        values[range].iter_mut().for_each(|value| *value *= factor);
    }
}

/// log(1 + exp(x)), with full relative precision and without overflow.
pub(super) fn softplus(x: f64) -> f64 {
    Odds { exponent: x, factor: 1.0 }.softplus()
}

/// 1/(1 + exp(−x)), the slope of [`softplus`].
pub(super) fn logistic(x: f64) -> f64 {
    Odds { exponent: x, factor: 1.0 }.share()
}

#[cfg(test)]
mod tests {
    use super::{Odds, logistic, softplus};

    #[test]
    fn softplus_and_its_slope_are_precise_in_both_tails() {
        for (x, value, slope) in [
            (-200.0, 1.3838965267367376e-87, 1.3838965267367376e-87),
            (-1.0, 0.313_261_687_518_222_85, 0.268_941_421_369_995_1),
            (0.0, std::f64::consts::LN_2, 0.5),
            (1.0, 1.313_261_687_518_222_8, 0.731_058_578_630_004_9),
            (800.0, 800.0, 1.0),
        ] {
            assert!((softplus(x) / value - 1.0).abs() < 4e-16, "softplus({x}) = {}", softplus(x));
            assert!((logistic(x) / slope - 1.0).abs() < 4e-16, "logistic({x}) = {}", logistic(x));
        }
        assert_eq!((softplus(f64::NEG_INFINITY), logistic(f64::NEG_INFINITY)), (0.0, 0.0));
        assert_eq!((Odds::NONE.softplus(), Odds::NONE.share()), (0.0, 0.0));
    }
}
