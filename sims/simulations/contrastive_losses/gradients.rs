//! The gradients of one loss with respect to its raw embeddings: orthogonal to each (statement G3), and inversely
//! proportional to the norm of each.

use embedding_norms::check::loss::{Slope, tangent, through_pullback};
use embedding_norms::random::Generator;
use embedding_norms::simulation::Start;
use embedding_norms::sphere::norm_of;
use embedding_norms::statistics::mean;
use serde::{Deserialize, Serialize};

use super::Trial;
use super::bodies::with_random_norms;
use crate::cli::failure::Failure;
use crate::simulations::study::Row;

/// What the gradients at one start show.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Gradients {
    pub loss: String,
    replicate: u64,
    pub rows: usize,
    mean_length_at_norm_1: f64,
    pub law_deviation: f64,
    pub radial_share: f64,
}

impl Row for Gradients {
    const TABLE: &'static str = "gradients";
}

impl Trial {
    /// Gradients at norms between 1/10 and 10 beside those at norm 1, in the same directions.
    pub fn gradients(&self, start: &Start, replicate: u64, generator: &mut Generator) -> Result<Gradients, Failure> {
        let loss = self.bodies.loss()?;
        let start_at_norms = with_random_norms(start, generator);
        let slope = through_pullback(&*loss, &start_at_norms)?;
        let at_one = lengths(&through_pullback(&*loss, start)?, start);
        let found = lengths(&slope, &start_at_norms);
        let mean_length = mean(&at_one);
        let differences = at_one.iter().zip(&found).map(|(at_one, found)| (found - at_one).abs() / mean_length);
        Ok(Gradients {
            loss: self.bodies.loss.clone(),
            replicate,
            rows: found.len(),
            mean_length_at_norm_1: mean_length,
            law_deviation: differences.fold(0.0, f64::max),
            radial_share: tangent(&slope, &start_at_norms)?,
        })
    }
}

/// ‖z‖·‖∇_z L‖ of every embedding of both views.
fn lengths(slope: &Slope, start: &Start) -> Vec<f64> {
    let gradients = std::iter::once(&slope.first).chain(&slope.second);
    let points = std::iter::once(&start.first).chain(&start.second);
    let rows = gradients.zip(points).flat_map(|(gradients, points)| gradients.rows().into_iter().zip(points.rows()));
    rows.map(|(gradient, point)| norm_of(gradient) * norm_of(point)).collect()
}
