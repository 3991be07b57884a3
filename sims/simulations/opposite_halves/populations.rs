//! Populations of pairs between a common direction and its opposite: the published sweep.

use embedding_norms::sphere::{Cosine, cosines, normalize, uniform, uniform_half_tangents};
use embedding_norms::theory::convergence::half_tangent_at;
use embedding_norms::theory::one_step::one_minus_cosine;
use embedding_norms_lab::reference::PublishedCount;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::simulations::pairs::{FirstGradient, PAIR_STEP, Pairs, prediction, published_counts};
use crate::simulations::study::{Context, Row, Study};

/// The engines on the same pairs, for each first step.
#[derive(Debug, Serialize)]
pub struct Descent {
    pub interpolation: f64,
    pub settings: Pairs,
    pub first_steps: Vec<FirstGradient>,
}

/// What one population finds with one first step.
#[derive(Debug, Serialize, Deserialize)]
pub struct DescentRow {
    pub interpolation: f64,
    pub replicate: u64,
    pub first_step: FirstGradient,
    /// The arccos of the mean initial cosine.
    pub angle: f64,
    pub steps: Option<u64>,
    pub pair_steps: Option<u64>,
    pub flow_steps: Option<f64>,
    stop: String,
    pub pair_crossing: Option<f64>,
    pub norm: f64,
    pairs: usize,
    dimension: usize,
    pub learning_rate: f64,
    pub tolerance: f64,
}

impl Row for DescentRow {
    const TABLE: &'static str = "";
}

impl DescentRow {
    /// The steps that were counted: those of the vectors, where there are some.
    pub fn counted(&self) -> Option<f64> {
        self.steps.or(self.pair_steps).map(|steps| steps as f64)
    }
}

impl Study for Descent {
    type Rows = Vec<DescentRow>;

    fn label(&self) -> String {
        format!("interpolation {}", self.interpolation)
    }

    fn cost(&self) -> f64 {
        let right_angle = -libm::log(half_tangent_at(self.settings.tolerance)) / (2.0 * self.settings.step_size());
        self.settings.cost((1.0 + self.interpolation) * right_angle) * self.first_steps.len() as f64
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<DescentRow>, Failure> {
        let (interpolation, settings) = (self.interpolation, &self.settings);
        let x = uniform(settings.pairs, settings.dimension, &mut unit.generator)?;
        let random = uniform(settings.pairs, settings.dimension, &mut unit.generator)?;
        let y = positives(interpolation, &x, &random)?;
        let angle = mean_angle(cosines(x.view(), y.view()).into_iter().map(Cosine::half_tangent));
        let row = |&first_step: &FirstGradient| {
            let pairs = Pairs { first_step, ..settings.clone() };
            let counts = pairs.count(&x, &y, &|| unit.is_cancelled())?;
            Ok(DescentRow {
                interpolation,
                replicate: unit.unit.replicate,
                first_step,
                angle,
                steps: counts.steps,
                pair_steps: counts.pair_steps,
                flow_steps: counts.flow_steps,
                stop: counts.stop,
                pair_crossing: counts.pair_crossing,
                norm: pairs.norm,
                pairs: pairs.pairs,
                dimension: pairs.dimension,
                learning_rate: pairs.learning_rate,
                tolerance: pairs.tolerance,
            })
        };
        self.first_steps.iter().map(row).collect()
    }
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

/// The pair engine at all published interpolations, so many runs per replicate, as published.
#[derive(Debug, Serialize)]
pub struct Published {
    pub settings: Pairs,
    pub runs: usize,
}

/// One run at one published interpolation.
#[derive(Debug, Serialize, Deserialize)]
pub struct RunRow {
    interpolation: f64,
    /// The arccos of the mean initial cosine.
    angle: f64,
    crossing: f64,
}

impl Row for RunRow {
    const TABLE: &'static str = "runs";
}

/// A published count with what our runs predict for it, at the angle of the published run and at any.
#[derive(Debug, Serialize, Deserialize)]
pub struct PublishedRow {
    interpolation: f64,
    pub angle: f64,
    pub published_steps: f64,
    pub runs: usize,
    mean_crossing: Option<f64>,
    pub lower: Option<f64>,
    pub upper: Option<f64>,
    pub lower_at_any_angle: Option<f64>,
    pub upper_at_any_angle: Option<f64>,
}

impl Row for PublishedRow {
    const TABLE: &'static str = "published";
}

/// The published interpolations, −24/25 … 24/25.
fn interpolations() -> impl Iterator<Item = f64> {
    (-24..=24).map(|part| f64::from(part) / 25.0)
}

impl Study for Published {
    type Rows = Vec<RunRow>;

    fn label(&self) -> String {
        format!("published counts, {} runs", self.runs)
    }

    fn cost(&self) -> f64 {
        4_900.0 * (self.runs * self.settings.pairs) as f64 * PAIR_STEP
    }

    /// So many runs at every published interpolation, on common directions.
    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<RunRow>, Failure> {
        let mut rows = Vec::new();
        for _ in 0..self.runs {
            let random = uniform_half_tangents(self.settings.pairs, self.settings.dimension, &mut unit.generator)?;
            for interpolation in interpolations().take_while(|_| !unit.is_cancelled()) {
                let half_tangents: Vec<f64> = random.iter().map(|&k| interpolated(interpolation, k)).collect();
                let count = self.settings.count_without_vectors(&half_tangents)?;
                let angle = mean_angle(half_tangents.into_iter());
                rows.extend(count.crossing().map(|crossing| RunRow { interpolation, angle, crossing }));
            }
        }
        Ok(rows)
    }
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
pub fn published(runs: &[RunRow]) -> Vec<PublishedRow> {
    let row = |(count, interpolation): (PublishedCount, f64)| {
        let here: Vec<&RunRow> = runs.iter().filter(|run| run.interpolation == interpolation).collect();
        let any = prediction(&here.iter().map(|run| run.crossing).collect::<Vec<_>>());
        let at_angle = prediction(&carried(&here, count.x));
        PublishedRow {
            interpolation,
            angle: count.x,
            published_steps: count.steps,
            runs: here.len(),
            mean_crossing: at_angle.map(|found| found.value),
            lower: at_angle.map(|found| found.lower),
            upper: at_angle.map(|found| found.upper),
            lower_at_any_angle: any.map(|found| found.lower),
            upper_at_any_angle: any.map(|found| found.upper),
        }
    };
    published_counts("angle").into_iter().zip(interpolations()).map(row).collect()
}

/// The crossing times that the runs would have had at this angle: each carried along the line of least squares of
/// crossing time on angle.
fn carried(runs: &[&RunRow], angle: f64) -> Vec<f64> {
    let mean = runs.iter().map(|run| run.angle).sum::<f64>() / runs.len() as f64;
    let variance = runs.iter().fold(0.0, |sum, run| sum + (run.angle - mean) * (run.angle - mean));
    let covariance = runs.iter().fold(0.0, |sum, run| sum + (run.angle - mean) * run.crossing);
    let slope = if variance > 0.0 { covariance / variance } else { 0.0 };
    runs.iter().map(|run| run.crossing + slope * (angle - run.angle)).collect()
}
