//! How certain a measure is: bootstrap intervals, and permutation tests.

use rand::seq::SliceRandom;
use rand::{Rng, RngCore};
use statrs::statistics::{Data, OrderStatistics};

use super::ConfidenceError;
use super::error::at_least;
use crate::numerics::groups::Groups;
use crate::setting::within;
use crate::statistics::Estimate;

/// Which points may stand in for one another: those of the same group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strata(Vec<Vec<usize>>);

impl Strata {
    /// All n points.
    pub fn whole(n: usize) -> Self {
        Self(vec![(0..n).collect()])
    }

    /// Points with the same label: what differs between groups stays as it is.
    pub fn groups(labels: &[usize]) -> Self {
        Self(Groups::of(labels).iter().map(<[usize]>::to_vec).collect())
    }

    /// The number of points.
    pub fn len(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }

    /// Whether there is no point.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// For each place a point, drawn with replacement from its group.
    fn resample(&self, generator: &mut dyn RngCore, points: &mut [usize]) {
        for group in &self.0 {
            for &place in group {
                points[place] = group[generator.random_range(0..group.len())];
            }
        }
    }

    /// For each place a point, every point of a group once.
    fn shuffle(&self, generator: &mut dyn RngCore, points: &mut [usize]) {
        for group in &self.0 {
            let mut shuffled = group.clone();
            shuffled.shuffle(generator);
            for (&place, point) in group.iter().zip(shuffled) {
                points[place] = point;
            }
        }
    }
}

/// A statistic with its percentile bootstrap interval.
///
/// `statistic` takes the places of the points that a resample consists of; the value is that of the places 0, 1, …, and
/// the interval runs between quantiles of the values over resamples (Efron), with points drawn within their strata.
/// `replicates` of the result is the number of points.
///
/// # Errors
/// No point, no resample, a confidence that is not between 0 and 1, and whatever the statistic refuses.
///
/// ```
/// use embedding_norms::{confidence::{ConfidenceError, Strata, bootstrap}, random::generator};
/// let values = [1.0, 4.0, 2.0, 8.0, 5.0, 7.0];
/// let mean = |places: &[usize]| Ok(places.iter().map(|&place| values[place]).sum::<f64>() / 6.0);
/// let estimate = bootstrap(&Strata::whole(6), 1000, 0.95, &mut generator(1, b"mean", 0), mean)?;
/// assert!(estimate.value == 4.5 && estimate.lower < 3.5 && estimate.upper > 5.5);
/// # Ok::<(), ConfidenceError>(())
/// ```
pub fn bootstrap(
    strata: &Strata,
    resamples: usize,
    confidence: f64,
    generator: &mut dyn RngCore,
    mut statistic: impl FnMut(&[usize]) -> Result<f64, ConfidenceError>,
) -> Result<Estimate, ConfidenceError> {
    at_least("a bootstrap", 1, strata.len())?;
    at_least("bootstrap resamples", 1, resamples)?;
    within("the confidence", confidence, confidence > 0.0 && confidence < 1.0, "above 0 and below 1")?;
    let mut places: Vec<usize> = (0..strata.len()).collect();
    let value = statistic(&places)?;
    let mut values = Vec::with_capacity(resamples);
    for _ in 0..resamples {
        strata.resample(generator, &mut places);
        values.push(statistic(&places)?);
    }
    let mut values = Data::new(values);
    let tail = 0.5 * (1.0 - confidence);
    Ok(Estimate { value, lower: values.quantile(tail), upper: values.quantile(1.0 - tail), replicates: strata.len() })
}

/// A statistic beside its values under permutation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShuffleControl {
    /// The statistic of the points as they are.
    pub value: f64,
    /// The mean over shuffles.
    pub mean: f64,
    /// The 2.5 % quantile over shuffles.
    pub lower: f64,
    /// The 97.5 % quantile over shuffles.
    pub upper: f64,
    /// The two-sided p-value: twice the smaller share of shuffles on one side, the points as they are included.
    pub p: f64,
}

/// The shuffle control of a statistic of two measures: one of them is permuted at random within each stratum.
///
/// `statistic` takes, for each place, the point from which one measure comes; 0, 1, … are the points as they are.
/// p = min(1, 2 (1 + m)/(1 + N)) with m the smaller of the numbers of the N shuffles whose statistic is at least, or at
/// most, that of the points as they are (Phipson and Smyth, *Permutation P-values should never be zero*, 2010).
///
/// # Errors
/// Fewer than 2 points, no shuffle, and whatever the statistic refuses.
pub fn shuffle_control(
    strata: &Strata,
    shuffles: usize,
    generator: &mut dyn RngCore,
    mut statistic: impl FnMut(&[usize]) -> Result<f64, ConfidenceError>,
) -> Result<ShuffleControl, ConfidenceError> {
    at_least("a shuffle control", 2, strata.len())?;
    at_least("shuffles", 1, shuffles)?;
    let mut places: Vec<usize> = (0..strata.len()).collect();
    let value = statistic(&places)?;
    let mut values = Vec::with_capacity(shuffles);
    for _ in 0..shuffles {
        strata.shuffle(generator, &mut places);
        values.push(statistic(&places)?);
    }
    // The same pairs summed in another order may differ by rounding, and are as extreme all the same.
    let rounding = 1e-12 * value.abs();
    let above = values.iter().filter(|&&other| other >= value - rounding).count();
    let below = values.iter().filter(|&&other| other <= value + rounding).count();
    let p = (2.0 * (1.0 + above.min(below) as f64) / (1.0 + shuffles as f64)).min(1.0);
    let mean = values.iter().fold(0.0, |sum, value| sum + value) / shuffles as f64;
    let mut values = Data::new(values);
    Ok(ShuffleControl { value, mean, lower: values.quantile(0.025), upper: values.quantile(0.975), p })
}
