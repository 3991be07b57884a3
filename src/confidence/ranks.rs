//! Rank correlations: over all points, within groups, and given covariates.

use std::collections::BTreeMap;

use ndarray::{Array1, ArrayView2};
use statrs::statistics::{Data, OrderStatistics, RankTieBreaker};

use super::ConfidenceError;
use super::error::{all_finite, at_least, same_length};
use crate::sphere::{inner, norm_of};

/// The share of a rank vector below which it counts as zero: rounding leaves about 10⁻¹⁵.
const NOTHING: f64 = 1e-10;

/// Ranks from 1, ascending; equal values share the mean of their ranks.
pub(super) fn average_ranks(what: &'static str, values: &[f64]) -> Result<Array1<f64>, ConfidenceError> {
    all_finite(what, values)?;
    if values.is_empty() {
        return Ok(Array1::zeros(0));
    }
    Ok(Array1::from(Data::new(values.to_vec()).ranks(RankTieBreaker::Average)))
}

/// Ranks about their mean, which is (n + 1)/2 with ties and without.
fn centred_ranks(what: &'static str, values: &[f64]) -> Result<Array1<f64>, ConfidenceError> {
    let ranks = average_ranks(what, values)? - 0.5 * (values.len() as f64 + 1.0);
    if ranks.iter().all(|&rank| rank == 0.0) { Err(ConfidenceError::Constant { what }) } else { Ok(ranks) }
}

/// The cosine of two vectors: of centred ones, their correlation.
fn correlation(x: &Array1<f64>, y: &Array1<f64>) -> f64 {
    inner(x.view(), y.view()) / (norm_of(x.view()) * norm_of(y.view()))
}

/// Spearman's rank correlation r_s of two measures of the same points, in [−1, 1]; equal values share the mean of their
/// ranks.
///
/// # Errors
/// Different lengths, fewer than 3 points, a value that is not finite, a measure that is constant.
///
/// ```
/// use embedding_norms::confidence::spearman;
/// let along = spearman(&[1.0, 2.0, 3.0, 9.0], &[0.1, 10.0, 1e3, 1e9])?;
/// assert!((along - 1.0).abs() < 1e-12);
/// # Ok::<(), embedding_norms::confidence::ConfidenceError>(())
/// ```
pub fn spearman(x: &[f64], y: &[f64]) -> Result<f64, ConfidenceError> {
    check(x, y)?;
    Ok(correlation(&centred_ranks(FIRST, x)?, &centred_ranks(SECOND, y)?).clamp(-1.0, 1.0))
}

/// The 95 % interval of Spearman's r_s of n points in closed form: tanh(artanh r_s ∓ 1.96 √((1 + r_s²/2)/(n − 3))), after
/// Bonett and Wright, *Psychometrika* 65 (2000), 23-28. `None` for fewer than 4 points. [`super::bootstrap`] assumes less and
/// takes longer.
///
/// ```
/// use embedding_norms::confidence::spearman_interval;
/// let (lower, upper) = spearman_interval(0.5, 103).unwrap();
/// assert!((lower - 0.3287).abs() < 1e-4 && (upper - 0.6394).abs() < 1e-4);
/// ```
pub fn spearman_interval(correlation: f64, points: usize) -> Option<(f64, f64)> {
    if points < 4 {
        return None;
    }
    let half = 1.959_963_984_540_054 * ((1.0 + 0.5 * correlation * correlation) / (points as f64 - 3.0)).sqrt();
    let middle = libm::atanh(correlation.clamp(-1.0, 1.0));
    Some((libm::tanh(middle - half), libm::tanh(middle + half)))
}

/// What errors call the two measures.
const FIRST: &str = "the first measure";
const SECOND: &str = "the second measure";

fn check(x: &[f64], y: &[f64]) -> Result<(), ConfidenceError> {
    same_length(SECOND, x.len(), y.len())?;
    at_least("a rank correlation", 3, x.len())?;
    all_finite(FIRST, x)?;
    all_finite(SECOND, y)
}

/// Rank correlations within groups.
#[derive(Clone, Debug, PartialEq)]
pub struct WithinGroups {
    /// Each group's label, number of points, and Spearman's r_s: `None` below 3 points or where a measure is constant.
    pub groups: Vec<(usize, usize, Option<f64>)>,
    /// The mean of r_s over the groups that have one, each with the weight of its number of points.
    pub mean: f64,
}

/// Spearman's r_s of two measures within each group of points. It does not see what differs only between groups.
///
/// # Errors
/// Different lengths, a value that is not finite, no group in which r_s is defined.
pub fn spearman_within(x: &[f64], y: &[f64], groups: &[usize]) -> Result<WithinGroups, ConfidenceError> {
    check(x, y)?;
    same_length("labels of the groups", x.len(), groups.len())?;
    let mut members: BTreeMap<usize, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
    for (place, &group) in groups.iter().enumerate() {
        let (first, second) = members.entry(group).or_default();
        first.push(x[place]);
        second.push(y[place]);
    }
    let of = |(&group, (x, y)): (&usize, &(Vec<f64>, Vec<f64>))| (group, x.len(), spearman(x, y).ok());
    let groups: Vec<_> = members.iter().map(of).collect();
    let defined = groups.iter().filter_map(|&(_, points, rho)| Some((points as f64, rho?)));
    let (points, sum) = defined.fold((0.0, 0.0), |(points, sum), (n, rho)| (points + n, sum + n * rho));
    if points == 0.0 {
        return Err(ConfidenceError::TooFew { what: "the largest group of distinct values", found: 2, needed: 3 });
    }
    Ok(WithinGroups { groups, mean: sum / points })
}

/// Partial rank correlation of two measures given covariates (n × m): the correlation of what is left of the ranks of
/// both after least squares on the ranks of the covariates.
///
/// # Errors
/// Different lengths, fewer than m + 3 points, a value that is not finite, a measure that is constant or that the
/// covariates explain altogether, a covariate that is constant or follows from those before it.
pub fn spearman_given(x: &[f64], y: &[f64], covariates: ArrayView2<'_, f64>) -> Result<f64, ConfidenceError> {
    check(x, y)?;
    same_length("the covariates", x.len(), covariates.nrows())?;
    at_least("a partial rank correlation", covariates.ncols() + 3, x.len())?;
    let basis = basis(covariates)?;
    let left = |what, values: &[f64]| {
        let ranks = centred_ranks(what, values)?;
        without(&ranks, &basis).ok_or(ConfidenceError::Explained { what })
    };
    Ok(correlation(&left(FIRST, x)?, &left(SECOND, y)?).clamp(-1.0, 1.0))
}

/// Orthonormal vectors that span the centred ranks of the covariates.
fn basis(covariates: ArrayView2<'_, f64>) -> Result<Vec<Array1<f64>>, ConfidenceError> {
    let mut basis: Vec<Array1<f64>> = Vec::new();
    for (covariate, column) in covariates.columns().into_iter().enumerate() {
        let values = column.to_vec();
        all_finite("a covariate", &values)?;
        let collinear = ConfidenceError::Collinear { covariate };
        let ranks = centred_ranks("a covariate", &values).map_err(|_| collinear.clone())?;
        let left = without(&ranks, &basis).ok_or(collinear)?;
        basis.push(&left / norm_of(left.view()));
    }
    Ok(basis)
}

/// What is left of a vector orthogonal to the basis; `None` if that is nothing but rounding.
fn without(vector: &Array1<f64>, basis: &[Array1<f64>]) -> Option<Array1<f64>> {
    let mut left = vector.clone();
    // Twice: the first pass leaves rounding of the size of what it removes.
    for unit in basis.iter().chain(basis) {
        let along = inner(left.view(), unit.view());
        left = left - unit * along;
    }
    (norm_of(left.view()) > NOTHING * norm_of(vector.view())).then_some(left)
}
