//! Statistics of independent replicates: means and predictions, with intervals.
//!
//! ```
//! use embedding_norms::statistics::mean_with_interval;
//! let found = mean_with_interval(&[1.9, 2.0, 2.1], 0.95).unwrap();
//! assert!((found.value - 2.0).abs() < 1e-12 && found.lower > 1.75 && found.upper < 2.25);
//! assert_eq!(mean_with_interval(&[2.0], 0.95), None); // one replicate has no spread
//! ```

use statrs::distribution::{ContinuousCDF, StudentsT};

pub use crate::numerics::scaled::mean;
use crate::numerics::scaled::mean_and_deviation;

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

/// Student's t for a two-sided interval from n values.
fn student(n: usize, confidence: f64) -> f64 {
    assert!(confidence > 0.0 && confidence < 1.0, "a confidence lies between 0 and 1");
    let student = StudentsT::new(0.0, 1.0, (n - 1) as f64).expect("at least one degree of freedom");
    student.inverse_cdf(1.0 - 0.5 * (1.0 - confidence))
}
