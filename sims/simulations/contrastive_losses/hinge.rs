//! Where the budget of growth (statement S1) does not hold: along kinks. A few triplets that share their embeddings end
//! on the kinks of their hinges and hop from side to side; what that adds to norms does not fall with the step. With
//! the corner of the hinge rounded off, it does.

use embedding_norms::loss::{Batch, Evaluation, Loss, LossError, Needs, Parameters, by_name};
use embedding_norms::optimizer::GradientDescent;
use embedding_norms::simulation::{Descent, Start, StopRules};
use embedding_norms::sphere::{inner, uniform};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::descents::{growth, spent};
use crate::cli::failure::Failure;
use crate::simulations::study::{Context, Row, Study, digit};

/// Anchors, dimension and margin: few triplets in few dimensions, so that their kinks meet.
const ROWS: usize = 8;
const DIMENSION: usize = 3;
const MARGIN: f64 = 0.5;
/// Over how much of a cosine the corner is rounded off.
const WIDTH: f64 = 0.02;
/// γ times the number of steps.
const TIME: f64 = 10.0;

/// Triplets at several learning rates, from norm 1.
#[derive(Clone, Debug, Serialize)]
pub struct Hinge {
    pub learning_rates: Vec<f64>,
    pub draws: usize,
}

/// What one descent finds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct HingeRow {
    pub learning_rate: f64,
    #[serde(with = "digit")]
    pub rounded: bool,
    pub draw: usize,
    pub replicate: u64,
    pub steps: u64,
    pub stop: String,
    pub budget_ratio: f64,
}

impl Row for HingeRow {
    const TABLE: &'static str = "hinge";
}

impl Study for Hinge {
    type Rows = Vec<HingeRow>;

    fn label(&self) -> String {
        "hinges".to_owned()
    }

    fn cost(&self) -> f64 {
        self.draws as f64 * self.learning_rates.iter().map(|rate| 2.0 * TIME / rate * 8000.0).sum::<f64>()
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<HingeRow>, Failure> {
        let sharp = by_name("triplet", &Parameters::default().with("margin", MARGIN))?;
        let mut rows = Vec::new();
        for draw in 0..self.draws {
            let mut view = || uniform(ROWS, DIMENSION, &mut unit.generator);
            let start = Start::pairs(view()?, view()?);
            for &learning_rate in &self.learning_rates {
                for loss in [&*sharp, &RoundedTriplet] {
                    let stops = StopRules::budget((TIME / learning_rate) as u64).loss_level(0.0);
                    let descent = Descent::new(loss, &GradientDescent, learning_rate)?;
                    let outcome = descent.run(start.clone(), &stops)?;
                    let budget = learning_rate * spent(loss, &start, &outcome)?;
                    rows.push(HingeRow {
                        learning_rate,
                        rounded: loss.name() == RoundedTriplet.name(),
                        draw,
                        replicate: unit.unit.replicate,
                        steps: outcome.steps,
                        stop: outcome.stop.name().to_owned(),
                        budget_ratio: growth(&start, &outcome) / budget,
                    });
                }
            }
            if unit.is_cancelled() {
                break;
            }
        }
        Ok(rows)
    }
}

/// The triplet loss with w log(1 + exp(x/w)) in place of max(0, x).
struct RoundedTriplet;

impl Loss for RoundedTriplet {
    fn name(&self) -> &'static str {
        "triplet, rounded off"
    }

    fn needs(&self) -> Needs {
        Needs::TWO_VIEWS
    }

    fn evaluate(&self, batch: &Batch<'_>) -> Result<Evaluation, LossError> {
        let second = batch.second().ok_or(LossError::NeedsTwoViews { loss: self.name() })?;
        // Not the product of ndarray, whose last bits depend on the processor.
        let cosines = Array2::from_shape_fn((batch.rows(), batch.rows()), |(row, column)| {
            inner(batch.first().row(row), second.row(column))
        });
        let mut slopes = Array2::zeros(cosines.dim());
        let (mut total, weight) = (0.0, 1.0 / (batch.rows() - 1) as f64);
        for ((row, column), cosine) in cosines.indexed_iter().filter(|((row, column), _)| row != column) {
            let x = (cosine - cosines[(row, row)] + MARGIN) / WIDTH;
            // Neither exponential can overflow: it is of −|x|.
            let tail = libm::exp(-x.abs());
            total += weight * WIDTH * (x.max(0.0) + libm::log1p(tail));
            let slope = weight * if x > 0.0 { 1.0 } else { tail } / (1.0 + tail);
            slopes[(row, column)] = slope;
            slopes[(row, row)] -= slope;
        }
        let first =
            Array2::from_shape_fn(second.dim(), |(row, coordinate)| inner(slopes.row(row), second.column(coordinate)));
        let second = Array2::from_shape_fn(second.dim(), |(row, coordinate)| {
            inner(slopes.column(row), batch.first().column(coordinate))
        });
        Ok(Evaluation { rows: batch.rows(), total, first, second: Some(second) })
    }
}

#[cfg(test)]
mod tests {
    use embedding_norms::check::loss::check;
    use embedding_norms::random::generator;

    use super::*;

    #[test]
    fn the_rounded_loss_has_the_gradient_of_its_value() {
        let mut generator = generator(1, b"contrastive-losses/hinge", 0);
        let mut view = || uniform(ROWS, DIMENSION, &mut generator).unwrap();
        let start = Start::pairs(view(), view());
        assert!((check(&RoundedTriplet, &start, 1).unwrap().taylor_slope - 2.0).abs() < 0.1);
    }
}
