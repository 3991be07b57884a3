//! Norms against the distance to the k-th neighbour, before and after a training.

use embedding_norms::confidence::{Neighbours, Strata, shuffle_control, spearman, spearman_within};
use embedding_norms::random::Generator;
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::simulations::mixtures::{Moment, Training, norms};
use crate::simulations::study::{Context, Row, Study};

/// How many points of the first replicate are shown, for each encoder.
const SHOWN: usize = 400;
/// Shuffles behind the control of a correlation.
const SHUFFLES: usize = 20;

/// A training, and the neighbour to which distances are measured.
#[derive(Clone, Debug, Serialize)]
pub struct Density {
    pub training: Training,
    pub neighbours: usize,
}

/// Which norms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NormOf {
    /// Of what goes into the encoder.
    Input,
    /// Of the embeddings before training.
    Untrained,
    /// Of the embeddings after training.
    Trained,
}

/// Where neighbours are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Among {
    /// Among the vectors whose norm it is.
    Same,
    /// Among the points before they were observed.
    Latent,
}

/// Rank correlations of norms and distances.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Correlation {
    norm_of: NormOf,
    neighbours_among: Among,
    replicate: u64,
    pub overall: f64,
    pub within: f64,
    pub shuffled: f64,
}

/// The same within one class.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClassRow {
    norm_of: NormOf,
    neighbours_among: Among,
    replicate: u64,
    class: usize,
    points: usize,
    correlation: Option<f64>,
}

/// A point of the first replicate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Point {
    pub norm_of: NormOf,
    replicate: u64,
    pub class: usize,
    pub norm: f64,
    pub distance: f64,
}

impl Row for Correlation {
    const TABLE: &'static str = "";
}

impl Row for ClassRow {
    const TABLE: &'static str = "classes";
}

impl Row for Point {
    const TABLE: &'static str = "points";
}

/// A quantity of these correlations, by replicate.
pub fn of(rows: &[Correlation], norms: NormOf, among: Among, quantity: impl Fn(&Correlation) -> f64) -> Vec<f64> {
    rows.iter().filter(|row| (row.norm_of, row.neighbours_among) == (norms, among)).map(quantity).collect()
}

impl Study for Density {
    type Rows = (Vec<Correlation>, (Vec<ClassRow>, Vec<Point>));

    fn label(&self) -> String {
        format!("neighbour {}", self.neighbours)
    }

    fn cost(&self) -> f64 {
        self.training.cost()
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Self::Rows, Failure> {
        let replicate = self.training.replicate(unit.unit.replicate);
        // Shuffles have random numbers of their own, so that the training is that of the replicate.
        let shuffles = unit.generator_of(u64::MAX - replicate);
        let points_shown = if unit.unit.replicate == 0 { SHOWN } else { 0 };
        let mut found = Found { replicate, points_shown, latent: Vec::new(), shuffles, rows: Self::Rows::default() };
        self.training.run(unit, usize::MAX, |moment| {
            if moment.epoch == 0 {
                found.latent = Neighbours::among(moment.drawn.latent.view(), self.neighbours)?.farthest();
                self.look(NormOf::Input, moment.drawn.features.view(), &moment, &mut found)?;
            }
            let encoder = if moment.epoch == 0 { NormOf::Untrained } else { NormOf::Trained };
            self.look(encoder, moment.embeddings, &moment, &mut found)
        })?;
        Ok(found.rows)
    }
}

/// What a replicate has found so far.
struct Found {
    replicate: u64,
    points_shown: usize,
    /// Distances among the points before they were observed.
    latent: Vec<f64>,
    shuffles: Generator,
    rows: <Density as Study>::Rows,
}

impl Density {
    /// Adds the correlations of the norms of `vectors` with both distances, and the points to be shown.
    fn look(
        &self,
        norm_of: NormOf,
        vectors: ArrayView2<'_, f64>,
        moment: &Moment<'_>,
        found: &mut Found,
    ) -> Result<(), Failure> {
        let (norms, labels, replicate) = (norms(vectors), &moment.drawn.labels, found.replicate);
        let (correlations, (classes, points)) = &mut found.rows;
        let own = Neighbours::among(vectors, self.neighbours)?.farthest();
        for (neighbours_among, distances) in [(Among::Same, &own), (Among::Latent, &found.latent)] {
            let within = spearman_within(&norms, distances, labels)?;
            let statistic = |places: &[usize]| {
                let shuffled: Vec<f64> = places.iter().map(|&place| norms[place]).collect();
                Ok(spearman_within(&shuffled, distances, labels)?.mean)
            };
            let shuffled = shuffle_control(&Strata::groups(labels), SHUFFLES, &mut found.shuffles, statistic)?.mean;
            let overall = spearman(&norms, distances)?;
            let row = Correlation { norm_of, neighbours_among, replicate, overall, within: within.mean, shuffled };
            correlations.push(row);
            let of_class = |(class, points, correlation)| ClassRow {
                norm_of,
                neighbours_among,
                replicate,
                class: class + 1,
                points,
                correlation,
            };
            classes.extend(within.groups.into_iter().map(of_class));
        }
        let shown = norms.into_iter().zip(own).zip(labels).take(found.points_shown);
        let point = |((norm, distance), class)| Point { norm_of, replicate, class: class + 1, norm, distance };
        points.extend(shown.map(point));
        Ok(())
    }
}
