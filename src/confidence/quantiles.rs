//! Groups of points by the size of a measure: deciles and the like.

use super::ConfidenceError;
use super::error::{all_finite, at_least, same_length};
use crate::numerics::scaled::mean;

/// The group of each point when points are ordered by a measure and cut into `groups` parts of equal size (up to one
/// point): 0 for the smallest values. Equal values are ordered by their place.
///
/// # Errors
/// No group, fewer points than groups, a value that is not finite.
///
/// ```
/// use embedding_norms::confidence::quantile_groups;
/// assert_eq!(quantile_groups(&[5.0, 1.0, 3.0, 2.0, 4.0], 2)?, [1, 0, 0, 0, 1]);
/// # Ok::<(), embedding_norms::confidence::ConfidenceError>(())
/// ```
pub fn quantile_groups(values: &[f64], groups: usize) -> Result<Vec<usize>, ConfidenceError> {
    at_least("quantile groups", 1, groups)?;
    at_least("points in quantile groups", groups, values.len())?;
    all_finite("the measure", values)?;
    let mut order: Vec<usize> = (0..values.len()).collect();
    // Stable, and -0 is equal to 0.
    order.sort_by(|&a, &b| values[a].partial_cmp(&values[b]).expect("finite numbers have an order"));
    let mut group = vec![0; values.len()];
    for (rank, &point) in order.iter().enumerate() {
        group[point] = rank * groups / values.len();
    }
    Ok(group)
}

/// The mean of a measure over the points of each of `number` groups; `None` for a group without points.
///
/// # Errors
/// Different lengths, a label that is not below `number`, a value that is not finite.
pub fn group_means(groups: &[usize], number: usize, values: &[f64]) -> Result<Vec<Option<f64>>, ConfidenceError> {
    same_length("the measure", groups.len(), values.len())?;
    all_finite("the measure", values)?;
    let mut members = vec![Vec::new(); number];
    for (&group, &value) in groups.iter().zip(values) {
        members.get_mut(group).ok_or(ConfidenceError::Row { row: group, rows: number })?.push(value);
    }
    Ok(members.into_iter().map(|values| (!values.is_empty()).then(|| mean(&values))).collect())
}
