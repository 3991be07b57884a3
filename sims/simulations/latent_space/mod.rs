//! What training does to embeddings, seen in three dimensions (statement S5): directions, norms and class means before
//! and after.

mod claims;
mod figures;
mod view;

use clap::Args;
use embedding_norms::confidence::{Neighbours, mean_cosine, spearman_within};
use embedding_norms::lab::claim::Claim;
use embedding_norms::lab::figure::Figure;
use embedding_norms::lab::sweep::{self, Unit, UnitContext};
use embedding_norms::lab::table::{Table, Value};
use embedding_norms::sphere::{angle, normalize};
use ndarray::{Array2, ArrayView1};
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::mixtures::{EncoderOptions, Moment, Points, Training, norms};
use crate::simulations::simulation::{Simulation, Tables};

/// The table of class means.
const MEANS: &str = "means";
/// The table of points of the first replicate.
const POINTS: &str = "points";
/// Points of each class in it.
const SHOWN: usize = 60;
/// Neighbours that classify a point.
const NEIGHBOURS: usize = 10;
/// Dimensions that can be looked at.
const DIMENSIONS: usize = 3;

/// Settings; the defaults are the paper's.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LatentSpace {
    /// Classes
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 8)]
    classes: usize,

    /// Points of each class
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 500)]
    per_class: usize,

    /// Class noise σ: a point is the direction of centre + σ N(0, I)
    #[arg(long, value_name = "σ", value_parser = values::positive, default_value_t = 0.1)]
    noise: f64,

    /// Dimension of the points before they are observed
    #[arg(long, value_name = "D", value_parser = values::dimension, default_value_t = 3)]
    latent_dim: usize,

    #[command(flatten)]
    #[serde(flatten)]
    encoder: EncoderOptions,
}

/// A piece of work.
#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    training: Training,
}

/// What is measured at one moment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measured {
    state: String,
    loss: Option<f64>,
    mean_norm: f64,
    mean_angle: f64,
    within: f64,
    accuracy: f64,
    cosine_of_means: f64,
    /// The mean of the embeddings of each class.
    means: Vec<[f64; DIMENSIONS]>,
    /// Class and embedding of some points.
    points: Vec<(usize, [f64; DIMENSIONS])>,
}

impl sweep::Cell for Cell {
    fn label(&self) -> String {
        "three dimensions".to_owned()
    }

    fn cost(&self) -> f64 {
        self.training.cost()
    }
}

impl Simulation for LatentSpace {
    const NAME: &'static str = "latent-space";
    const ABOUT: &'static str = "Directions and norms of embeddings in three dimensions, before and after training";
    const EXAMPLES: &'static str = "\
Examples:
  embedding-norms latent-space
  embedding-norms latent-space --classes 5 --noise 0.3
  embedding-norms latent-space --first-replicate 3 --replicates 1";
    const STATEMENTS: &'static [&'static str] = &["S5"];
    const REPLICATES: u64 = 5;
    const QUICK: &'static [&'static str] = &["--per-class=60", "--epochs=20", "--replicates=2"];
    const FULL: &'static [&'static str] = &["--replicates=100"];

    type Cell = Cell;
    type Finding = Vec<Measured>;

    fn cells(&self) -> Result<Vec<Cell>, Failure> {
        let samples = self.classes * self.per_class;
        if self.classes < 2 {
            return Err(Failure::Refused(
                "--classes must be at least 2, so that there is something to tell apart".to_owned(),
            ));
        }
        if samples <= NEIGHBOURS || self.per_class < 3 {
            return Err(Failure::Refused(format!(
                "--per-class {} is too few: classes need 3 points, and all together more than {NEIGHBOURS}",
                self.per_class
            )));
        }
        let training = self.encoder.on(Points {
            weights: vec![1.0; self.classes],
            noise: self.noise,
            samples,
            even: true,
            latent: self.latent_dim,
            embedding: DIMENSIONS,
        });
        Ok(vec![Cell { training }])
    }

    fn simulate(unit: &mut UnitContext<'_, Cell>) -> Result<Vec<Measured>, Failure> {
        let mut found = Vec::new();
        let classes = unit.cell.training.weights().len();
        unit.cell.training.run(unit, usize::MAX, |moment| {
            found.push(measure(&moment, classes)?);
            Ok(())
        })?;
        if unit.unit.replicate > 0 {
            found.iter_mut().for_each(|measured| measured.points.clear());
        }
        Ok(found)
    }

    fn tables(&self, cells: &[Cell], found: Vec<(Unit, Vec<Measured>)>) -> Result<Tables, Failure> {
        let mut main = Table::new(&[
            "state",
            "replicate",
            "loss",
            "mean_norm",
            "mean_angle",
            "within",
            "accuracy",
            "cosine_of_means",
        ]);
        let mut means = Table::new(&["state", "replicate", "class", "x", "y", "z"]);
        let mut points = means.clone();
        for (unit, measured) in found {
            let replicate = cells[unit.cell].training.replicate(unit.replicate);
            for measured in measured {
                let names = || [Value::from(measured.state.as_str()), replicate.into()];
                let numbers = [
                    measured.mean_norm,
                    measured.mean_angle,
                    measured.within,
                    measured.accuracy,
                    measured.cosine_of_means,
                ];
                main.push(names().into_iter().chain([measured.loss.into()]).chain(numbers.map(Value::from)));
                for (class, mean) in measured.means.iter().enumerate() {
                    means.push(names().into_iter().chain([(class + 1).into()]).chain(mean.map(Value::from)));
                }
                for (class, point) in &measured.points {
                    points.push(names().into_iter().chain([(class + 1).into()]).chain(point.map(Value::from)));
                }
            }
        }
        Ok(Tables::new([("", main), (MEANS, means), (POINTS, points)]))
    }

    fn claims(&self, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
        claims::claims(tables.get("")?, self.is_published(), replicates)
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        Ok(vec![("", figures::figure(tables)?)])
    }
}

impl LatentSpace {
    /// Whether points and training are the paper's.
    fn is_published(&self) -> bool {
        let counts = (self.classes, self.per_class, self.latent_dim) == (8, 500, 3);
        counts && self.noise == 0.1 && self.encoder.is_published()
    }
}

/// Before training.
const BEFORE: &str = "before";
/// After training.
const AFTER: &str = "after";

fn measure(moment: &Moment<'_>, classes: usize) -> Result<Measured, Failure> {
    let (embeddings, labels) = (moment.embeddings, &moment.drawn.labels);
    let mut means = Array2::zeros((classes, DIMENSIONS));
    for (embedding, &label) in embeddings.rows().into_iter().zip(labels) {
        let mut mean = means.row_mut(label);
        mean += &embedding;
    }
    for (mut mean, &count) in means.rows_mut().into_iter().zip(&moment.drawn.counts()) {
        mean /= count as f64;
    }
    let (units, middle) = (normalize(embeddings)?, normalize(means.view())?);
    let to_mean = |(point, &label): (usize, &usize)| angle(units.units().row(point), middle.units().row(label));
    let angles: Vec<f64> = labels.iter().enumerate().map(to_mean).collect();
    let norms = norms(embeddings);
    let mean = |values: &[f64]| values.iter().fold(0.0, |sum, value| sum + value) / values.len() as f64;
    let coordinates = |row: ArrayView1<'_, f64>| [row[0], row[1], row[2]];
    let every = labels.len().div_ceil(SHOWN * classes).max(1);
    Ok(Measured {
        state: (if moment.epoch == 0 { BEFORE } else { AFTER }).to_owned(),
        loss: moment.loss,
        mean_norm: mean(&norms),
        mean_angle: mean(&angles),
        within: spearman_within(&norms, &angles, labels)?.mean,
        accuracy: Neighbours::among(embeddings, NEIGHBOURS)?.accuracy(labels, labels)?,
        cosine_of_means: mean_cosine(means.view())?,
        means: means.rows().into_iter().map(coordinates).collect(),
        points: (0..labels.len()).step_by(every).map(|p| (labels[p], coordinates(embeddings.row(p)))).collect(),
    })
}
