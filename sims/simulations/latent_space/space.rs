//! Embeddings in three dimensions, before and after a training.

use embedding_norms::confidence::{Neighbours, mean_cosine, spearman_within};
use embedding_norms::sphere::{angle, normalize};
use embedding_norms::statistics::mean;
use ndarray::{Array1, Array2, ArrayView1, array};
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::simulations::mixtures::{Moment, Training, norms};
use crate::simulations::study::{Context, Row, Study};

/// Points of each class that are shown.
const SHOWN: usize = 60;
/// Neighbours that classify a point.
pub const NEIGHBOURS: usize = 10;
/// Dimensions that can be drawn.
pub const DIMENSIONS: usize = 3;

/// A training into three dimensions.
#[derive(Clone, Debug, Serialize)]
pub struct Space {
    pub training: Training,
}

/// When embeddings are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Before training.
    Before,
    /// After training.
    After,
}

/// What is measured at one moment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measured {
    pub state: State,
    replicate: u64,
    loss: Option<f64>,
    mean_norm: f64,
    mean_angle: f64,
    pub within: f64,
    accuracy: f64,
    pub cosine_of_means: f64,
}

/// An embedding, or the mean of those of a class.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Place {
    pub state: State,
    pub replicate: u64,
    pub class: usize,
    x: f64,
    y: f64,
    z: f64,
}

/// The mean of a class.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mean(pub Place);

/// An embedding of the first replicate.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Point(pub Place);

impl Row for Measured {
    const TABLE: &'static str = "";
}

impl Row for Mean {
    const TABLE: &'static str = "means";
}

impl Row for Point {
    const TABLE: &'static str = "points";
}

impl Place {
    pub fn vector(&self) -> Array1<f64> {
        array![self.x, self.y, self.z]
    }
}

impl Study for Space {
    type Rows = (Vec<Measured>, (Vec<Mean>, Vec<Point>));

    fn label(&self) -> String {
        "three dimensions".to_owned()
    }

    fn cost(&self) -> f64 {
        self.training.cost()
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Self::Rows, Failure> {
        let replicate = self.training.replicate(unit.unit.replicate);
        let (mut measured, mut means, mut points) = (Vec::new(), Vec::new(), Vec::new());
        self.training.run(unit, usize::MAX, |moment| {
            let centres = self.means(&moment);
            let measure = measure(&moment, &centres, replicate)?;
            let (state, labels) = (measure.state, &moment.drawn.labels);
            let place = |class: usize, at: ArrayView1<'_, f64>| {
                let [x, y, z] = [at[0], at[1], at[2]];
                Place { state, replicate, class: class + 1, x, y, z }
            };
            means.extend(centres.rows().into_iter().enumerate().map(|(class, mean)| Mean(place(class, mean))));
            if unit.unit.replicate == 0 {
                let every = labels.len().div_ceil(SHOWN * centres.nrows()).max(1);
                let shown = (0..labels.len()).step_by(every);
                points.extend(shown.map(|point| Point(place(labels[point], moment.embeddings.row(point)))));
            }
            measured.push(measure);
            Ok(())
        })?;
        Ok((measured, (means, points)))
    }
}

impl Space {
    /// The mean of the embeddings of each class.
    fn means(&self, moment: &Moment<'_>) -> Array2<f64> {
        let mut means = Array2::zeros((self.training.weights().len(), DIMENSIONS));
        for (embedding, &label) in moment.embeddings.rows().into_iter().zip(&moment.drawn.labels) {
            let mut mean = means.row_mut(label);
            mean += &embedding;
        }
        for (mut mean, &count) in means.rows_mut().into_iter().zip(&moment.drawn.counts()) {
            mean /= count as f64;
        }
        means
    }
}

fn measure(moment: &Moment<'_>, means: &Array2<f64>, replicate: u64) -> Result<Measured, Failure> {
    let (embeddings, labels) = (moment.embeddings, &moment.drawn.labels);
    let (units, middle) = (normalize(embeddings)?, normalize(means.view())?);
    let to_mean = |(point, &label): (usize, &usize)| angle(units.units().row(point), middle.units().row(label));
    let angles: Vec<f64> = labels.iter().enumerate().map(to_mean).collect();
    let norms = norms(embeddings);
    Ok(Measured {
        state: if moment.epoch == 0 { State::Before } else { State::After },
        replicate,
        loss: moment.loss,
        mean_norm: mean(&norms),
        mean_angle: mean(&angles),
        within: spearman_within(&norms, &angles, labels)?.mean,
        accuracy: Neighbours::among(embeddings, NEIGHBOURS)?.accuracy(labels, labels)?,
        cosine_of_means: mean_cosine(means.view())?,
    })
}
