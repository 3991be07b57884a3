//! Sums of exponentials of cosines, and their odds: where a softmax loses digits or overflows, once for all losses.

use pulp::Simd;

use super::similarity::{Largest, Similarity};
use crate::numerics::exponential::exp;
use crate::numerics::vectorize::{Kernel, LANES, Number, Vector, sum, whole_mut};

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
    pub fn all_but(&mut self, row: &[f64], excluded: impl Iterator<Item = usize>) {
        self.gather(std::iter::once(row));
        excluded.for_each(|column| self.padded[column] = NONE);
    }

    /// What was taken: the similarities, or their terms once they are summed.
    pub fn values(&self) -> &[f64] {
        &self.padded[..self.count]
    }

    /// Puts the terms exp((c − top)/τ) in the place of the similarities; `None` for an empty set.
    #[inline(always)]
    pub fn log_sum<S: Simd>(&mut self, simd: S, temperature: Temperature) -> Option<LogSum> {
        let top = Similarity(Largest(&self.padded).run(simd));
        if top.0 == NONE {
            return None;
        }
        let tops = Similarity(Vector::splat(simd, top.0));
        for value in whole_mut::<S>(&mut self.padded) {
            *value = temperature.term(Similarity(Vector::new(simd, *value)).minus(tops)).value;
        }
        Some(LogSum { top, sum: sum(&self.padded) })
    }
}

/// A temperature τ above 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Temperature {
    value: f64,
    /// The error of the reciprocal counts |logit| e^logit in a sum at most. Below 5.6e-309 there is none.
    reciprocal: Option<f64>,
}

impl Temperature {
    pub fn new(value: f64) -> Self {
        Self { value, reciprocal: Some(1.0 / value).filter(|reciprocal| reciprocal.is_finite()) }
    }

    #[inline(always)]
    pub fn value(self) -> f64 {
        self.value
    }

    /// exp(c/τ) for a difference of cosines, or a vector of them.
    #[inline(always)]
    pub fn term<N: Number>(self, difference: N) -> N {
        exp(match self.reciprocal {
            Some(reciprocal) => difference * difference.constant(reciprocal),
            None => difference / difference.constant(self.value),
        })
    }
}

impl LogSum {
    /// The odds of this set against the other.
    pub fn odds_against(&self, other: &Self, temperature: f64) -> Odds {
        Odds { exponent: self.top.minus(other.top) / temperature, factor: self.sum / other.sum }
    }
}

/// Odds factor · e^exponent, which may be beyond all floating-point numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Odds {
    exponent: f64,
    factor: f64,
}

impl Odds {
    /// No terms on one side.
    pub const NONE: Self = Self { exponent: 0.0, factor: 0.0 };

    /// The logarithm of the odds.
    pub fn log(self) -> f64 {
        self.exponent + libm::log(self.factor)
    }

    /// log(1 + odds) and odds/(1 + odds), with full relative precision and without overflow.
    pub fn softplus_and_share(self) -> (f64, f64) {
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
    use super::{Odds, Temperature, Terms, softplus_and_slope};
    use crate::loss::similarity::{Similarity, sample};
    use crate::numerics::vectorize::widths::same_at_every_width;
    use crate::numerics::vectorize::{Kernel, vectorize};
    use pulp::Simd;

    struct Summed {
        terms: Terms,
        temperature: f64,
    }

    impl Kernel for Summed {
        type Output = Vec<f64>;

        #[inline(always)]
        fn run<S: Simd>(mut self, simd: S) -> Vec<f64> {
            let sum = self.terms.log_sum(simd, Temperature::new(self.temperature)).map_or(0.0, |log_sum| log_sum.sum);
            [self.terms.values(), &[sum]].concat()
        }
    }

    #[test]
    fn terms_of_sets_of_every_size_are_summed_at_every_width() {
        let temperature = 0.5;
        for count in (0..=20).chain([63, 64, 65]) {
            let similarities: Vec<f64> = (0..count).map(sample).collect();
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
