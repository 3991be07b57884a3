//! Separating one set of points from another by one number.

use super::ConfidenceError;
use super::error::{all_finite, at_least};
use super::ranks::average_ranks;

/// The area under the receiver operating characteristic: the probability that a value of the positives is larger than
/// one of the negatives, equal values counted half. ½ is chance, 1 is perfect separation. It is the Mann-Whitney
/// statistic U over its largest value.
///
/// To detect unseen classes by *small* norms, give negated norms, or the norms with the sets exchanged.
///
/// # Errors
/// An empty set, a value that is not finite.
///
/// ```
/// use embedding_norms::confidence::auroc;
/// assert_eq!(auroc(&[3.0, 1.0], &[0.0, 1.0])?, 0.875);
/// # Ok::<(), embedding_norms::confidence::ConfidenceError>(())
/// ```
pub fn auroc(positives: &[f64], negatives: &[f64]) -> Result<f64, ConfidenceError> {
    at_least("positives", 1, positives.len())?;
    at_least("negatives", 1, negatives.len())?;
    all_finite("positives", positives)?;
    all_finite("negatives", negatives)?;
    // statrs has the test itself, but compares every pair of values before it sorts them.
    let ranks = average_ranks("values", &[positives, negatives].concat())?;
    let (p, n) = (positives.len() as f64, negatives.len() as f64);
    let sum = ranks.iter().take(positives.len()).fold(0.0, |sum, rank| sum + rank);
    Ok((sum - 0.5 * p * (p + 1.0)) / (p * n))
}
