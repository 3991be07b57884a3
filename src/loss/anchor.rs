//! One anchor, its positives P and its negatives N, compared by a softmax at the temperature τ.
//!
//! With A = log Σ_P exp(c/τ) and B = log Σ_N exp(c/τ), each taken relative to the largest cosine of its own set, a loss
//! is a function of B − A alone. That makes 1 − p of a nearly certain positive, 1/(1 + exp(A − B)), a sum over the
//! *negatives*, without a difference of nearly equal numbers (statement G5), and its value log(1 + exp(B − A)) as well.

use pulp::Simd;

use super::positives::OfRow;
use super::similarity::{Largest, Similarity};
use super::softmax::{Odds, Temperature, Terms};
use crate::numerics::vectorize::Kernel;

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

/// What is worked on for one anchor; its memory serves all of them.
pub(super) struct Anchor {
    temperature: Temperature,
    positives: Terms,
    negatives: Terms,
}

/// From which the derivative of a loss with respect to each cosine of an anchor follows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Weights {
    pub negatives: Weight,
    positives: Weight,
    spread: Option<Spread>,
}

/// What factor · exp((c − top)/τ) is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weight {
    pub top: Similarity,
    pub factor: f64,
}

impl Default for Weight {
    /// That of an empty set: 0 at every cosine.
    fn default() -> Self {
        Self { top: Similarity(0.0), factor: 0.0 }
    }
}

impl Anchor {
    pub fn new(temperature: f64) -> Self {
        let [positives, negatives] = [Terms::default(), Terms::default()];
        Self { temperature: Temperature::new(temperature), positives, negatives }
    }

    /// The loss of an anchor; the derivatives with respect to its cosines take the place of the similarities in `row`.
    #[inline(always)]
    pub fn evaluate<S: Simd>(
        &mut self,
        simd: S,
        contrast: Contrast,
        row: &mut [f64],
        positives: OfRow<'_>,
        own: Option<usize>,
    ) -> f64 {
        let (loss, weights) = self.weigh(simd, contrast, row, positives, own);
        let spread: Vec<f64> =
            positives.iter().filter_map(|column| weights.spread_slope(row[column], self.temperature)).collect();
        row.iter_mut().zip(self.negatives.values()).for_each(|(slope, term)| *slope = weights.negatives.factor * term);
        if weights.negatives.factor == 0.0 {
            row.fill(0.0);
        }
        for (positive, term) in positives.iter().zip(self.positives.values()) {
            row[positive] = weights.positives.factor * term;
        }
        for (positive, slope) in positives.iter().zip(&spread) {
            row[positive] += slope;
        }
        loss
    }

    /// The loss of an anchor with these similarities, and what its derivatives are made of.
    #[inline(always)]
    pub fn weigh<S: Simd>(
        &mut self,
        simd: S,
        contrast: Contrast,
        row: &[f64],
        positives: OfRow<'_>,
        own: Option<usize>,
    ) -> (f64, Weights) {
        let temperature = self.temperature.value();
        self.negatives.all_but(row, positives.iter().chain(own));
        self.positives.gather(positives.iter().map(|positive| &row[positive..=positive]));
        let spread = (contrast == Contrast::MeanOfLogs)
            .then(|| Spread::of(Similarity(Largest(self.positives.values()).run(simd)), row, positives, temperature));
        let own_sum = self.positives.log_sum(simd, self.temperature).expect("an anchor has at least one positive");
        let others = self.negatives.log_sum(simd, self.temperature);
        let odds = others.as_ref().map_or(Odds::NONE, |others| others.odds_against(&own_sum, temperature));
        let (value, share) = match contrast {
            Contrast::Softmax | Contrast::MeanOfLogs => odds.softplus_and_share(),
            Contrast::Decoupled => (odds.log(), 1.0),
        };
        let negatives = others
            .map_or(Weight::default(), |others| Weight { top: others.top, factor: share / others.sum / temperature });
        let positives = Weight { top: own_sum.top, factor: -(share / own_sum.sum / temperature) };
        let loss = value + spread.map_or(0.0, |(value, _)| value);
        (loss, Weights { negatives, positives, spread: spread.map(|(_, spread)| spread) })
    }
}

impl Weights {
    /// The derivative of the anchor's loss with respect to the cosine of a positive.
    #[inline(always)]
    pub fn of_positive(self, similarity: f64, temperature: Temperature) -> f64 {
        let slope = self.positives.factor * temperature.term(Similarity(similarity).minus(self.positives.top));
        match self.spread {
            Some(spread) => slope + spread.slope(similarity, temperature.value()),
            None => slope,
        }
    }

    fn spread_slope(self, similarity: f64, temperature: Temperature) -> Option<f64> {
        self.spread.map(|spread| spread.slope(similarity, temperature.value()))
    }
}

/// What [`Contrast::MeanOfLogs`] adds for the positives of an anchor: A − mean_P c/τ, how much they differ among themselves
/// (log |P| if they do not). Its slopes are E_p/Σ_P − 1/|P|, formed from the differences of the E_p.
#[derive(Clone, Copy, Debug)]
struct Spread {
    top: Similarity,
    count: f64,
    total_excess: f64,
}

impl Spread {
    /// Its value, and what its slopes are made of.
    fn of(top: Similarity, row: &[f64], positives: OfRow<'_>, temperature: f64) -> (f64, Self) {
        let count = positives.count() as f64;
        let mut spread = Self { top, count, total_excess: 0.0 };
        let excess = |positive| libm::expm1(spread.logit(row[positive], temperature));
        let total_excess = positives.iter().map(excess).fold(0.0, |total, excess| total + excess);
        let logits = positives.iter().map(|positive| spread.logit(row[positive], temperature));
        let mean_logit = logits.fold(0.0, |total, logit| total + logit) / count;
        spread.total_excess = total_excess;
        (libm::log(count + total_excess) - mean_logit, spread)
    }

    fn logit(self, similarity: f64, temperature: f64) -> f64 {
        Similarity(similarity).minus(self.top) / temperature
    }

    fn slope(self, similarity: f64, temperature: f64) -> f64 {
        let Self { count, total_excess, .. } = self;
        let excess = libm::expm1(self.logit(similarity, temperature));
        (count * excess - total_excess) / (count * (count + total_excess)) / temperature
    }
}
