//! The exact statement behind the power law (L6): embeddings c·z under c²γ follow the directions of z under γ, bit for
//! bit for c = 2^m; under any other power of c they do not.

use embedding_norms::loss::Loss;
use embedding_norms::optimizer::GradientDescent;
use embedding_norms::simulation::{Cadence, Descent, Start, StopRules};
use embedding_norms::sphere::norm_of;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::Trial;
use super::bodies::scaled;
use crate::cli::failure::Failure;
use crate::simulations::study::Row;

/// Steps over which directions are compared.
const STEPS: u64 = 20;
/// The powers m of two by which embeddings are scaled.
const POWERS: [i32; 3] = [-5, 3, 12];
/// How much too small or too large the wrong degrees are, and the scale at which they are tried.
const WRONG: [f64; 2] = [-0.5, 0.5];
const WRONG_SCALE: f64 = 8.0;

/// What the descents of one loss show.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Symmetry {
    pub loss: String,
    pub replicate: u64,
    /// Rows times steps that were compared.
    pub compared: u64,
    /// Those in which a bit differed.
    pub exceptions: u64,
    /// The largest distance of a direction from where it should be, under the wrong degree that shows least.
    pub wrong_distance: f64,
}

impl Row for Symmetry {
    const TABLE: &'static str = "symmetry";
}

/// The embeddings of all views before every step.
type Path = Vec<Vec<Array2<f64>>>;

impl Trial {
    /// Twenty steps from every scale, against those from scale 1.
    pub fn symmetry(&self, start: &Start, replicate: u64) -> Result<Symmetry, Failure> {
        let loss = self.bodies.loss()?;
        let path = |scale: f64, wrong: f64| self.path(&*loss, start, scale, wrong);
        let plain = path(1.0, 0.0)?;
        let (mut compared, mut exceptions) = (0, 0);
        for power in POWERS {
            let scale = libm::scalbn(1.0, power);
            for (row, other) in rows(&plain, &path(scale, 0.0)?) {
                compared += 1;
                let same = row.iter().zip(&other).all(|(x, y)| (x * scale).to_bits() == y.to_bits());
                exceptions += u64::from(!same);
            }
        }
        let distance = |wrong: f64| -> Result<f64, Failure> {
            let there = path(WRONG_SCALE, wrong)?;
            let distances = rows(&plain, &there).map(|(x, y)| {
                let (x, y) = (&x / norm_of(x.view()), &y / norm_of(y.view()));
                norm_of((&x - &y).view())
            });
            Ok(distances.fold(0.0, f64::max))
        };
        let wrong_distance = distance(WRONG[0])?.min(distance(WRONG[1])?);
        Ok(Symmetry { loss: self.bodies.loss.clone(), replicate, compared, exceptions, wrong_distance })
    }

    /// The path from embeddings times `scale` under the learning rate times its square, or another power of it.
    fn path(&self, loss: &dyn Loss, start: &Start, scale: f64, wrong: f64) -> Result<Path, Failure> {
        // A square by multiplication is exact; a general power is not.
        let rate = self.learning_rate() * (scale * scale) * libm::pow(scale, wrong);
        let descent = Descent::new(loss, &GradientDescent, rate)?.records(Cadence::every(1)?).record_positions();
        let outcome = descent.run(scaled(start, scale), &StopRules::budget(STEPS).never_stationary())?;
        let views = outcome.records.into_iter().filter_map(|record| record.positions);
        Ok(views.map(|(first, second)| std::iter::once(first).chain(second).collect()).collect())
    }
}

/// The rows of two paths side by side.
fn rows<'a>(
    path: &'a Path,
    other: &'a Path,
) -> impl Iterator<Item = (ndarray::Array1<f64>, ndarray::Array1<f64>)> + 'a {
    let views = path.iter().flatten().zip(other.iter().flatten());
    views.flat_map(|(x, y)| x.rows().into_iter().zip(y.rows()).map(|(x, y)| (x.to_owned(), y.to_owned())))
}
