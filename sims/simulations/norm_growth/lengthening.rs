//! Every row in every step: the gradient is orthogonal to it (G3), and its square grows by the step's (D2).

use embedding_norms::loss::{Batch, Loss, NegativeCosine};
use embedding_norms::normalization::pullback;
use embedding_norms::simulation::{Cadence, PairDescent, Record, Start, StopRules};
use embedding_norms::sphere::{inner, normalize, uniform};
use ndarray::{Array2, ArrayView1};
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::simulations::study::{Context, Row, Study, digit};

/// Steps of rounding by which an identity may be off, for these dimensions.
pub const ROUNDING: f64 = 16.0;
/// The learning rate; norms from 0.1 to 10 make step sizes from 2e-4 to 2.
const LEARNING_RATE: f64 = 0.02;

/// Random pairs with norms of their own, looked at before and after every step.
#[derive(Clone, Debug, Serialize)]
pub struct Lengthening {
    pub stop_gradient: bool,
    pairs: usize,
    dimension: usize,
    steps: u64,
}

/// What all rows and steps show.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct LengtheningRow {
    #[serde(with = "digit")]
    stop_gradient: bool,
    replicate: u64,
    pub row_steps: u64,
    /// The largest |ρ'² − ρ² − γ²‖∇‖²|, in units of rounding.
    pub largest_error: f64,
    /// The largest |z·∇|, in units of rounding.
    pub largest_radial: f64,
    /// Steps that are longer than rounding, and those of them that did not lengthen their row.
    pub moved: u64,
    pub not_lengthened: u64,
}

impl Row for LengtheningRow {
    const TABLE: &'static str = "lengthening";
}

impl Lengthening {
    pub fn new(stop_gradient: bool) -> Self {
        Self { stop_gradient, pairs: 40, dimension: 20, steps: 200 }
    }
}

impl Study for Lengthening {
    type Rows = Vec<LengtheningRow>;

    fn label(&self) -> String {
        format!("every step, stop-gradient {}", self.stop_gradient)
    }

    fn cost(&self) -> f64 {
        self.pairs as f64 * self.steps as f64 * 1000.0
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<LengtheningRow>, Failure> {
        let first = self.embeddings(unit)?;
        let second = self.embeddings(unit)?;
        let loss = self.loss();
        let outcome = PairDescent::new(loss, LEARNING_RATE)?
            .records(Cadence::every(1)?)
            .record_positions()
            .run(Start::pairs(first, second), &StopRules::budget(self.steps).never_stationary())?;
        let (stop_gradient, replicate) = (self.stop_gradient, unit.unit.replicate);
        let mut row = LengtheningRow { stop_gradient, replicate, ..LengtheningRow::default() };
        for records in outcome.records.windows(2) {
            self.compare(&records[0], &records[1], &mut row)?;
        }
        Ok(vec![row])
    }
}

impl Lengthening {
    /// Random directions with norms between 0.1 and 10.
    fn embeddings(&self, unit: &mut Context<'_>) -> Result<Array2<f64>, Failure> {
        let mut points = uniform(self.pairs, self.dimension, &mut unit.generator)?;
        for mut row in points.rows_mut() {
            row *= libm::pow(10.0, unit.generator.random_range(-1.0..1.0));
        }
        Ok(points)
    }

    fn loss(&self) -> NegativeCosine {
        if self.stop_gradient { NegativeCosine::with_stop_gradient() } else { NegativeCosine::symmetric() }
    }

    fn compare(&self, before: &Record, after: &Record, run: &mut LengtheningRow) -> Result<(), Failure> {
        let (Some((first, Some(second))), Some((next_first, Some(next_second)))) =
            (&before.positions, &after.positions)
        else {
            return Ok(());
        };
        let (x, y) = (normalize(first.view())?, normalize(second.view())?);
        let evaluation = self.loss().evaluate(&Batch::two_views(&x, &y)?)?;
        run.count(first, &pullback(&x, evaluation.first.view()), next_first);
        if let Some(euclidean) = &evaluation.second {
            run.count(second, &pullback(&y, euclidean.view()), next_second);
        }
        Ok(())
    }
}

impl LengtheningRow {
    fn count(&mut self, points: &Array2<f64>, gradient: &Array2<f64>, next: &Array2<f64>) {
        for ((point, slope), next) in points.rows().into_iter().zip(gradient.rows()).zip(next.rows()) {
            self.count_row(point, slope, next);
        }
    }

    fn count_row(&mut self, point: ArrayView1<'_, f64>, slope: ArrayView1<'_, f64>, next: ArrayView1<'_, f64>) {
        let (before, after) = (inner(point, point), inner(next, next));
        let step = LEARNING_RATE * LEARNING_RATE * inner(slope, slope);
        // Rounding of both squares, and of the gradient's radial part, which is the learning rate times rounding.
        let rounding = f64::EPSILON * (after + LEARNING_RATE);
        self.row_steps += 1;
        self.largest_error = self.largest_error.max((after - before - step).abs() / rounding);
        self.largest_radial = self.largest_radial.max(inner(point, slope).abs() / f64::EPSILON);
        let moved = step > ROUNDING * rounding;
        self.moved += u64::from(moved);
        self.not_lengthened += u64::from(moved && after <= before);
    }
}
