//! Populations of pairs between a common direction and its opposite: the published sweep.

use embedding_norms::lab::sweep::UnitContext;
use embedding_norms::lab::table::{Table, Value};
use embedding_norms::sphere::{Cosine, cosines, normalize, uniform, uniform_half_tangents};
use embedding_norms::theory::one_step::one_minus_cosine;
use ndarray::Array2;
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::{Cell, PUBLISHED_INTERPOLATIONS};
use crate::cli::failure::Failure;
use crate::simulations::pairs::{Counts, FirstGradient, PREDICTION_COLUMNS, Pairs, prediction, published_counts};

/// The columns of the main table.
pub const COLUMNS: [&str; 14] = [
    "interpolation",
    "replicate",
    "first_step",
    "angle",
    "steps",
    "pair_steps",
    "flow_steps",
    "stop",
    "pair_crossing",
    "norm",
    "pairs",
    "dimension",
    "learning_rate",
    "tolerance",
];

/// What one population finds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Descent {
    /// The arccos of the mean initial cosine.
    angle: f64,
    /// For each first step.
    counts: Vec<(FirstGradient, Counts)>,
}

impl Descent {
    /// Its rows of the main table.
    pub fn rows<'a>(
        &'a self,
        interpolation: f64,
        replicate: u64,
        settings: &'a Pairs,
    ) -> impl Iterator<Item = [Value; 14]> + 'a {
        self.counts.iter().map(move |(first_step, counts)| {
            [
                interpolation.into(),
                replicate.into(),
                first_step.name().into(),
                self.angle.into(),
                counts.steps.into(),
                counts.pair_steps.into(),
                counts.flow_steps.into(),
                counts.stop.as_str().into(),
                counts.pair_crossing.into(),
                settings.norm.into(),
                settings.pairs.into(),
                settings.dimension.into(),
                settings.learning_rate.into(),
                settings.tolerance.into(),
            ]
        })
    }
}

/// One population, counted by the engines for each first step.
pub fn descend(
    interpolation: f64,
    settings: &Pairs,
    first_steps: &[FirstGradient],
    unit: &mut UnitContext<'_, Cell>,
) -> Result<Descent, Failure> {
    let (n, d) = (settings.pairs, settings.dimension);
    let x = uniform(n, d, &mut unit.generator)?;
    let y = positives(interpolation, &x, &uniform(n, d, &mut unit.generator)?)?;
    let angle = mean_angle(cosines(x.view(), y.view()).into_iter().map(Cosine::half_tangent));
    let count = |&first_step: &FirstGradient| {
        let pairs = Pairs { first_step, ..settings.clone() };
        Ok((first_step, pairs.count(&x, &y, &|| unit.is_cancelled())?))
    };
    Ok(Descent { angle, counts: first_steps.iter().map(count).collect::<Result<_, Failure>>()? })
}

/// normalize((1 − |t|)·random − t·embedding), for each row.
fn positives(t: f64, embeddings: &Array2<f64>, random: &Array2<f64>) -> Result<Array2<f64>, Failure> {
    Ok(normalize((random * (1.0 - t.abs()) - embeddings * t).view())?.into_units())
}

/// The arccos of the mean cosine of pairs with these tan(φ/2), by half angles: 1 − c = 2 sin²(φ/2).
fn mean_angle(half_tangents: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = half_tangents.len() as f64;
    let mean = half_tangents.fold(0.0, |sum, k| sum + one_minus_cosine(k)) / n;
    2.0 * libm::asin((0.5 * mean).sqrt())
}

/// Runs of the pair engine at one published interpolation.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Published {
    /// The arccos of the mean initial cosine of each run.
    angles: Vec<f64>,
    /// The crossing time of each run.
    crossings: Vec<f64>,
}

impl Published {
    /// Adds further runs.
    pub fn extend(&mut self, more: Self) {
        self.angles.extend(more.angles);
        self.crossings.extend(more.crossings);
    }

    /// The crossing times that the runs would have had at this angle: each carried along the line of least squares of
    /// crossing time on angle.
    fn at(&self, angle: f64) -> Vec<f64> {
        let n = self.angles.len() as f64;
        let mean = self.angles.iter().sum::<f64>() / n;
        let variance = self.angles.iter().fold(0.0, |sum, angle| sum + (angle - mean) * (angle - mean));
        let runs = || self.angles.iter().zip(&self.crossings);
        let covariance = runs().fold(0.0, |sum, (angle, crossing)| sum + (angle - mean) * crossing);
        let slope = if variance > 0.0 { covariance / variance } else { 0.0 };
        runs().map(|(own, crossing)| crossing + slope * (angle - own)).collect()
    }
}

/// So many runs at every published interpolation, on common directions.
pub fn published_runs(
    settings: &Pairs,
    runs: usize,
    unit: &mut UnitContext<'_, Cell>,
) -> Result<Vec<Published>, Failure> {
    let mut found = vec![Published::default(); PUBLISHED_INTERPOLATIONS.count()];
    for _ in 0..runs {
        let random = random_half_tangents(settings, &mut unit.generator)?;
        for (part, found) in PUBLISHED_INTERPOLATIONS.zip(&mut found) {
            if unit.is_cancelled() {
                break;
            }
            let interpolation = f64::from(part) / 25.0;
            let half_tangents: Vec<f64> = random.iter().map(|&k| interpolated(interpolation, k)).collect();
            let count = settings.count_without_vectors(&half_tangents)?;
            found.angles.push(mean_angle(half_tangents.into_iter()));
            found.crossings.extend(count.crossing());
        }
    }
    Ok(found)
}

fn random_half_tangents(settings: &Pairs, generator: &mut impl Rng) -> Result<Vec<f64>, Failure> {
    Ok(uniform_half_tangents(settings.pairs, settings.dimension, generator)?)
}

/// tan(φ/2) of an embedding and its positive, from tan(θ/2) of the embedding and the random direction.
fn interpolated(t: f64, half_tangent: f64) -> f64 {
    let cosine = 1.0 - one_minus_cosine(half_tangent);
    let sine = 2.0 / (half_tangent + 1.0 / half_tangent);
    let (along, across) = ((1.0 - t.abs()) * cosine - t, (1.0 - t.abs()) * sine);
    let length = (along * along + across * across).sqrt();
    // The form without cancellation: the numerator or the denominator is a sum of two positive numbers.
    if along >= 0.0 { across / (length + along) } else { (length - along) / across }
}

/// The published counts with what our runs predict for them, at t and at the angle of the published run itself.
pub fn published_table(found: &[Published]) -> Table {
    let columns = ["interpolation", "angle"].into_iter().chain(PREDICTION_COLUMNS);
    let mut table = Table::new(&columns.chain(["lower_at_any_angle", "upper_at_any_angle"]).collect::<Vec<_>>());
    for ((count, part), found) in published_counts("angle").iter().zip(PUBLISHED_INTERPOLATIONS).zip(found) {
        let here: [Value; 2] = [(f64::from(part) / 25.0).into(), count.x.into()];
        let [.., lower, upper] = prediction(count.steps, &found.crossings);
        let at_angle = prediction(count.steps, &found.at(count.x));
        table.push(here.into_iter().chain(at_angle).chain([lower, upper]));
    }
    table
}
