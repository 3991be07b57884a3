//! Power laws from measurements: a fit with an interval, local slopes, and a refusal where there is no power law.
//!
//! This module never sees the exponent that is expected.

use std::collections::BTreeMap;

use embedding_norms::statistics::{Estimate, mean_and_deviation, mean_with_interval};

/// One measurement: y at x, in one replicate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    /// The abscissa, above 0.
    pub x: f64,
    /// The ordinate, above 0.
    pub y: f64,
    /// The replicate it belongs to.
    pub replicate: u64,
}

/// A fitted law y = A x^k.
#[derive(Clone, Debug, PartialEq)]
pub struct PowerLaw {
    /// The exponent k: the mean of the slopes that the replicates show in log-log coordinates, with its interval.
    pub exponent: Estimate,
    /// The prefactor A, the geometric mean over the replicates.
    pub prefactor: f64,
    /// The local exponents between neighbouring abscissae of the mean logarithms: (geometric mean of the two x, slope).
    pub local_exponents: Vec<(f64, f64)>,
    /// By how much the local exponent changes from one end to the other, after a parabola in log-log coordinates.
    pub drift: f64,
}

/// Why measurements are not a power law, or cannot be shown to be one.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// A logarithm needs positive numbers.
    #[error("x = {x} with y = {y} has no logarithm; a power law needs positive numbers")]
    NotPositive {
        /// The abscissa.
        x: f64,
        /// The ordinate.
        y: f64,
    },
    /// Curvature needs at least three abscissae in every replicate.
    #[error(
        "replicate {replicate} has {found} different x; a power law needs at least 3 to be distinguished from a curve"
    )]
    TooFewAbscissae {
        /// The replicate.
        replicate: u64,
        /// How many different x it has.
        found: usize,
    },
    /// One replicate has no spread.
    #[error("{found} replicates; an interval needs at least 2")]
    TooFewReplicates {
        /// How many there are.
        found: usize,
    },
    /// A prefactor that f64 cannot hold.
    #[error("the prefactor e^{log:.1} is beyond f64; count x in larger units")]
    Prefactor {
        /// Its logarithm.
        log: f64,
    },
    /// The local exponent changes by more than noise explains.
    #[error("not a power law: over the range of x its exponent changes by {drift:.3}, more than {allowed:.3}")]
    NotAPowerLaw {
        /// The change of the local exponent over the range.
        drift: f64,
        /// The largest change that would have passed.
        allowed: f64,
    },
}

/// The drift of the exponent over the range that a power law may show however small the noise is.
const ALLOWED_DRIFT: f64 = 0.05;

/// Fits y = A x^k to replicates, each by least squares in log-log coordinates; the spread of their slopes gives the
/// interval of k.
///
/// Each replicate also gets a parabola. If the exponent drifts over the range of x by more than 0.05, and by more than
/// three standard errors of that drift, the measurements are not a power law and the fit refuses.
///
/// # Errors
/// A [`Refusal`] that says why there is no fit.
///
/// ```
/// use embedding_norms_lab::law::{Observation, fit_power_law};
/// let noisy = |x: f64, replicate: u64| 3.0 * x.powi(2) * (1.0 + 0.01 * ((7.0 * x + replicate as f64).sin()));
/// let measured: Vec<_> = (0..8)
///     .flat_map(|replicate| [1.0, 2.0, 4.0, 8.0].map(|x| Observation { x, y: noisy(x, replicate), replicate }))
///     .collect();
/// let law = fit_power_law(&measured, 0.95)?;
/// assert!(law.exponent.lower < 2.0 && 2.0 < law.exponent.upper);
/// # Ok::<(), embedding_norms_lab::law::Refusal>(())
/// ```
pub fn fit_power_law(observations: &[Observation], confidence: f64) -> Result<PowerLaw, Refusal> {
    let mut replicates: BTreeMap<u64, Vec<(f64, f64)>> = BTreeMap::new();
    for &Observation { x, y, replicate } in observations {
        if !(x > 0.0 && y > 0.0 && x.is_finite() && y.is_finite()) {
            return Err(Refusal::NotPositive { x, y });
        }
        replicates.entry(replicate).or_default().push((libm::log(x), libm::log(y)));
    }
    let mut fits = Vec::new();
    for (&replicate, points) in &replicates {
        fits.push(fit_replicate(points).map_err(|found| Refusal::TooFewAbscissae { replicate, found })?);
    }
    let slopes: Vec<f64> = fits.iter().map(|fit| fit.slope).collect();
    let drifts: Vec<f64> = fits.iter().map(|fit| fit.drift).collect();
    let exponent = mean_with_interval(&slopes, confidence).ok_or(Refusal::TooFewReplicates { found: slopes.len() })?;
    let (drift, deviation) = mean_and_deviation(&drifts);
    let allowed = ALLOWED_DRIFT.max(3.0 * deviation / (drifts.len() as f64).sqrt());
    if drift.abs() > allowed {
        return Err(Refusal::NotAPowerLaw { drift, allowed });
    }
    let intercepts: Vec<f64> = fits.iter().map(|fit| fit.intercept).collect();
    let log = intercepts.iter().sum::<f64>() / intercepts.len() as f64;
    let prefactor = libm::exp(log);
    if !prefactor.is_normal() {
        return Err(Refusal::Prefactor { log });
    }
    Ok(PowerLaw { exponent, prefactor, local_exponents: local_exponents(observations), drift })
}

/// What one replicate shows in log-log coordinates.
struct ReplicateFit {
    slope: f64,
    intercept: f64,
    /// The change of the slope of the parabola from the first to the last x.
    drift: f64,
}

/// Least squares by a line and by a parabola; the number of different x if there are fewer than three.
fn fit_replicate(points: &[(f64, f64)]) -> Result<ReplicateFit, usize> {
    let mut different: Vec<f64> = points.iter().map(|point| point.0).collect();
    different.sort_by(f64::total_cmp);
    different.dedup();
    if different.len() < 3 {
        return Err(different.len());
    }
    let n = points.len() as f64;
    let mean = |value: &dyn Fn(&(f64, f64)) -> f64| points.iter().fold(0.0, |sum, point| sum + value(point)) / n;
    // y counts from the first one, so that equal y have the slope 0 exactly.
    let base = points[0].1;
    let (mean_x, mean_y) = (mean(&|point| point.0), mean(&|point| point.1 - base));
    let variance = mean(&|point| (point.0 - mean_x) * (point.0 - mean_x));
    let slope = mean(&|point| (point.0 - mean_x) * (point.1 - base - mean_y)) / variance;
    let cube = |x: f64| x * x * x;
    // The parabola's second coefficient, on the part of (x − mean)² that is orthogonal to the line.
    let skew = mean(&|point| cube(point.0 - mean_x)) / variance;
    let bend = |x: f64| (x - mean_x) * (x - mean_x) - variance - skew * (x - mean_x);
    let curvature = mean(&|point| bend(point.0) * (point.1 - base)) / mean(&|point| bend(point.0) * bend(point.0));
    let range = different[different.len() - 1] - different[0];
    Ok(ReplicateFit { slope, intercept: base + mean_y - slope * mean_x, drift: 2.0 * curvature * range })
}

/// Slopes between neighbouring x of the mean logarithm of y.
fn local_exponents(observations: &[Observation]) -> Vec<(f64, f64)> {
    let mut at: BTreeMap<u64, (f64, f64, f64)> = BTreeMap::new();
    for observation in observations {
        // Positive numbers are ordered as their bits are.
        let entry = at.entry(observation.x.to_bits()).or_insert((libm::log(observation.x), 0.0, 0.0));
        entry.1 += libm::log(observation.y);
        entry.2 += 1.0;
    }
    let means: Vec<(f64, f64)> = at.values().map(|&(x, sum, count)| (x, sum / count)).collect();
    let slope = |pair: &[(f64, f64)]| {
        let middle = libm::exp(0.5 * (pair[0].0 + pair[1].0));
        (middle, (pair[1].1 - pair[0].1) / (pair[1].0 - pair[0].0))
    };
    means.windows(2).map(slope).collect()
}
