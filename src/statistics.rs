//! Statistics of independent replicates: means and predictions, with intervals.
//!
//! ```
//! use embedding_norms::statistics::mean_with_interval;
//! let found = mean_with_interval(&[1.9, 2.0, 2.1], 0.95).unwrap();
//! assert!((found.value - 2.0).abs() < 1e-12 && found.lower > 1.75 && found.upper < 2.25);
//! assert_eq!(mean_with_interval(&[2.0], 0.95), None); // one replicate has no spread
//! ```

use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, StudentsT};

pub use crate::numerics::scaled::{mean, mean_and_deviation};

/// A number with its uncertainty.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// The lower end of the interval.
    pub lower: f64,
    /// The upper end of the interval.
    pub upper: f64,
    /// The number of independent replicates it is made from.
    pub replicates: usize,
}

impl Estimate {
    /// How far its interval reaches from a predicted value: the larger distance of its two ends, negative where neither
    /// lies beyond.
    pub fn reach(&self, predicted: f64) -> f64 {
        (predicted - self.lower).max(self.upper - predicted)
    }

    /// The value and its interval, to so many decimals.
    ///
    /// ```
    /// use embedding_norms::statistics::Estimate;
    /// let exponent = Estimate { value: 2.0001, lower: 1.9994, upper: 2.0008, replicates: 20 };
    /// assert_eq!(exponent.to_decimals(3), "2.000 [1.999, 2.001]");
    /// ```
    pub fn to_decimals(&self, decimals: usize) -> String {
        format!("{:.decimals$} [{:.decimals$}, {:.decimals$}]", self.value, self.lower, self.upper)
    }

    /// The same in another scale, by an increasing function.
    pub fn map(self, scale: impl Fn(f64) -> f64) -> Self {
        let Self { value, lower, upper, replicates } = self;
        Self { value: scale(value), lower: scale(lower), upper: scale(upper), replicates }
    }
}

/// The mean of independent replicates with Student's t interval at the given confidence, such as 0.95.
///
/// `None` for fewer than two replicates, which have no spread.
///
/// # Panics
/// If the confidence is not between 0 and 1.
pub fn mean_with_interval(values: &[f64], confidence: f64) -> Option<Estimate> {
    let n = values.len();
    if n < 2 {
        return None;
    }
    let (mean, deviation) = mean_and_deviation(values);
    let half = student(n, confidence) * deviation / (n as f64).sqrt();
    Some(Estimate { value: mean, lower: mean - half, upper: mean + half, replicates: n })
}

/// The interval in which one further draw from the distribution of `values`, taken as normal, lies with the given
/// confidence: mean ± t s √(1 + 1/n), with Student's t, as mean and spread are both uncertain. `None` for fewer than two
/// values.
///
/// # Panics
/// If the confidence is not between 0 and 1.
pub fn prediction_interval(values: &[f64], confidence: f64) -> Option<Estimate> {
    let n = values.len();
    if n < 2 {
        return None;
    }
    let (mean, deviation) = mean_and_deviation(values);
    let half = student(n, confidence) * deviation * (1.0 + 1.0 / n as f64).sqrt();
    Some(Estimate { value: mean, lower: mean - half, upper: mean + half, replicates: n })
}

/// The median with its interval by order statistics, whatever the distribution: between the k-th values from both ends, with
/// the largest k so that a median lies there with at least the given confidence. `None` for too few values to have one.
///
/// The number of values below the median is binomial with p = ½.
///
/// # Panics
/// If the confidence is not between 0 and 1.
///
/// ```
/// use embedding_norms::statistics::median_with_interval;
/// let values: Vec<f64> = (1..=10).map(f64::from).collect();
/// let median = median_with_interval(&values, 0.95).unwrap();
/// // P(X ≤ 1) = 11/1024 < 0.025 for X of ten throws.
/// assert_eq!((median.lower, median.value, median.upper), (2.0, 5.5, 9.0));
/// assert!(median_with_interval(&values[..5], 0.95).is_none());
/// ```
pub fn median_with_interval(values: &[f64], confidence: f64) -> Option<Estimate> {
    assert!(confidence > 0.0 && confidence < 1.0, "a confidence lies between 0 and 1");
    let n = values.len();
    let below = Binomial::new(0.5, n as u64).ok()?;
    // The first k with P(X ≤ k) ≥ tail: the k-th values leave out P(X ≤ k − 1) < tail on each side.
    let k = below.inverse_cdf(0.5 * (1.0 - confidence)) as usize;
    if k == 0 {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let value = 0.5 * (sorted[(n - 1) / 2] + sorted[n / 2]);
    Some(Estimate { value, lower: sorted[k - 1], upper: sorted[n - k], replicates: n })
}

/// The share of trials that succeeded with Wilson's 95 % interval, which stays between 0 and 1. Successes may be fractions
/// where a trial is the mean of several. `None` without trials.
///
/// ```
/// use embedding_norms::statistics::share_with_interval;
/// let all = share_with_interval(10.0, 10).unwrap();
/// assert!(all.value == 1.0 && (all.lower - 0.7225).abs() < 1e-4 && all.upper == 1.0);
/// ```
pub fn share_with_interval(successes: f64, trials: usize) -> Option<Estimate> {
    if trials == 0 {
        return None;
    }
    let (n, z) = (trials as f64, 1.959_963_984_540_054);
    let share = successes / n;
    let centre = (share + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt() / (1.0 + z * z / n);
    // Exact at the ends, where centre and half cancel.
    let lower = if successes == 0.0 { 0.0 } else { centre - half };
    let upper = if successes == n { 1.0 } else { centre + half };
    Some(Estimate { value: share, lower, upper, replicates: trials })
}

/// Student's t for a two-sided interval from n values.
fn student(n: usize, confidence: f64) -> f64 {
    assert!(confidence > 0.0 && confidence < 1.0, "a confidence lies between 0 and 1");
    let student = StudentsT::new(0.0, 1.0, (n - 1) as f64).expect("at least one degree of freedom");
    student.inverse_cdf(1.0 - 0.5 * (1.0 - confidence))
}
