//! Local exponents with intervals, from steps at several norms.

use std::collections::BTreeMap;

use embedding_norms::statistics::{Estimate, mean_with_interval};
use embedding_norms_lab::law::Observation;
use serde::{Deserialize, Serialize};

/// Whether a norm lies in the asymptotic window of a rule or on the approach to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Window {
    Inside,
    Approach,
}

impl Window {
    /// Inside, if so.
    pub fn of(inside: bool) -> Self {
        if inside { Self::Inside } else { Self::Approach }
    }
}

/// The steps of one replicate from one norm, if the run arrived.
pub fn observation(norm: f64, steps: Option<u64>, replicate: u64) -> Option<Observation> {
    Some(Observation { x: norm, y: steps? as f64, replicate })
}

/// An estimate from the fields of a row, where they have one.
pub fn estimate([value, lower, upper]: [Option<f64>; 3], replicates: Option<usize>) -> Option<Estimate> {
    Some(Estimate { value: value?, lower: lower?, upper: upper?, replicates: replicates.unwrap_or(0) })
}

/// The slope of the logarithm of steps between neighbouring norms of each replicate, with the 95 % interval of its mean:
/// (geometric mean of the two norms, slope). Norms that fewer than two replicates share are left out.
pub fn local_exponents(observations: &[Observation]) -> Vec<(f64, Estimate)> {
    let mut replicates: BTreeMap<u64, Vec<(f64, f64)>> = BTreeMap::new();
    for observation in observations {
        replicates.entry(observation.replicate).or_default().push((observation.x, observation.y));
    }
    // Positive numbers are ordered as their bits are.
    let mut slopes: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for counts in replicates.values_mut() {
        counts.sort_by(|a, b| a.0.total_cmp(&b.0));
        for pair in counts.windows(2) {
            let slope = libm::log(pair[1].1 / pair[0].1) / libm::log(pair[1].0 / pair[0].0);
            slopes.entry((pair[0].0 * pair[1].0).sqrt().to_bits()).or_default().push(slope);
        }
    }
    slopes
        .into_iter()
        .filter_map(|(middle, slopes)| Some((f64::from_bits(middle), mean_with_interval(&slopes, 0.95)?)))
        .collect()
}

/// The geometric mean of the steps at each norm, in the order of the norms.
pub fn typical_steps(observations: &[Observation]) -> Vec<(f64, f64)> {
    let mut at: BTreeMap<u64, (f64, f64)> = BTreeMap::new();
    for observation in observations {
        let (sum, count) = at.entry(observation.x.to_bits()).or_insert((0.0, 0.0));
        *sum += libm::log(observation.y);
        *count += 1.0;
    }
    at.into_iter().map(|(norm, (sum, count))| (f64::from_bits(norm), libm::exp(sum / count))).collect()
}
