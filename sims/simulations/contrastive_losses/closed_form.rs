//! Statement G4 evaluated directly, to compare with what the losses compute. No code is shared with them: plain inner
//! products, one softmax per anchor, one sum over anchors and keys.

use embedding_norms::check::loss::through_pullback;
use embedding_norms::sphere::{inner, norm_of};
use ndarray::{Array2, Axis, concatenate};
use serde::{Deserialize, Serialize};

use super::bodies::{Bodies, with_random_norms};
use super::similarities;
use crate::cli::failure::Failure;
use crate::simulations::study::{Context, Row, Study};

/// The losses that G4 speaks of.
pub const LOSSES: [&str; 3] = ["info-nce", "nt-xent", "dcl"];

/// The temperatures at which they are compared.
const TEMPERATURES: [f64; 3] = [0.05, 0.2, 1.0];

/// The gradients of one loss, each embedding having a norm of its own.
#[derive(Clone, Debug, Serialize)]
pub struct ClosedForm(pub Bodies);

/// What one comparison finds: the largest ‖ΔG‖ρτ of a row of each view, G the gradient of the total.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Comparison {
    pub loss: String,
    pub temperature: f64,
    replicate: u64,
    pub first_view: f64,
    pub second_view: f64,
    pub largest_length: f64,
}

impl Row for Comparison {
    const TABLE: &'static str = "closed-form";
}

impl Study for ClosedForm {
    type Rows = Vec<Comparison>;

    fn label(&self) -> String {
        format!("closed form of {}", self.0.loss)
    }

    fn cost(&self) -> f64 {
        similarities(&self.0) * 3000.0
    }

    /// Compares at all temperatures.
    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<Comparison>, Failure> {
        let Self(bodies) = self;
        let start = with_random_norms(&bodies.start(&mut unit.generator)?, &mut unit.generator);
        let at = |temperature: f64| -> Result<Comparison, Failure> {
            let loss = Bodies { temperature, ..bodies.clone() }.loss()?;
            let slope = through_pullback(&*loss, &start)?;
            let points = stacked(&start.first, start.second.as_ref())?;
            let found = stacked(&slope.first, slope.second.as_ref())?;
            let expected = gradients(&points, &Roles::of(&bodies.loss, points.nrows() / 2), temperature);
            let scaled =
                |row: usize, vector: &Array2<f64>| norm_of(vector.row(row)) * norm_of(points.row(row)) * temperature;
            let difference = &found - &expected;
            let half = points.nrows() / 2;
            let largest =
                |rows: std::ops::Range<usize>, vector| rows.map(|row| scaled(row, vector)).fold(0.0, f64::max);
            Ok(Comparison {
                loss: bodies.loss.clone(),
                temperature,
                replicate: unit.unit.replicate,
                first_view: largest(0..half, &difference),
                second_view: largest(half..2 * half, &difference),
                largest_length: largest(0..2 * half, &expected),
            })
        };
        TEMPERATURES.into_iter().map(at).collect()
    }
}

fn stacked(first: &Array2<f64>, second: Option<&Array2<f64>>) -> Result<Array2<f64>, Failure> {
    let views: Vec<_> = std::iter::once(first).chain(second).map(|view| view.view()).collect();
    Ok(concatenate(Axis(0), &views)?)
}

/// Which rows are compared among the 2n stacked rows of two views.
struct Roles {
    rows: usize,
    /// Only rows of the first view are anchors, and only rows of the second keys.
    one_way: bool,
    /// The positive is left out of the denominator.
    decoupled: bool,
}

impl Roles {
    fn of(loss: &str, rows: usize) -> Self {
        Self { rows, one_way: loss == "info-nce", decoupled: loss == "dcl" }
    }

    fn anchors(&self) -> std::ops::Range<usize> {
        0..if self.one_way { self.rows } else { 2 * self.rows }
    }

    fn positive(&self, anchor: usize) -> usize {
        (anchor + self.rows) % (2 * self.rows)
    }

    /// The keys whose similarity stands in the denominator.
    fn denominator(&self, anchor: usize) -> Vec<usize> {
        let first = if self.one_way { self.rows } else { 0 };
        let stays = |key: &usize| *key != anchor && !(self.decoupled && *key == self.positive(anchor));
        (first..2 * self.rows).filter(stays).collect()
    }
}

/// −(1/(τρ_i)) P(ẑ_j − Σ_k p_ik ẑ_k) for every anchor and ((p_ik − [k = j])/(τρ_k)) P ẑ_i for every key, summed.
fn gradients(points: &Array2<f64>, roles: &Roles, temperature: f64) -> Array2<f64> {
    let norms: Vec<f64> = points.rows().into_iter().map(norm_of).collect();
    let units = Array2::from_shape_fn(points.dim(), |(row, column)| points[(row, column)] / norms[row]);
    let mut gradients = Array2::zeros(points.dim());
    for anchor in roles.anchors() {
        let (positive, keys) = (roles.positive(anchor), roles.denominator(anchor));
        let cosines: Vec<f64> = keys.iter().map(|&key| inner(units.row(anchor), units.row(key))).collect();
        let top = cosines.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let terms: Vec<f64> = cosines.iter().map(|cosine| libm::exp((cosine - top) / temperature)).collect();
        let sum: f64 = terms.iter().sum();
        let pulls = keys.iter().zip(&terms).map(|(&key, term)| (key, term / sum)).chain([(positive, -1.0)]);
        for (key, pull) in pulls {
            let cosine = inner(units.row(anchor), units.row(key));
            for (row, other) in [(anchor, key), (key, anchor)] {
                let tangent = &units.row(other) - &(&units.row(row) * cosine);
                gradients.row_mut(row).scaled_add(pull / (temperature * norms[row]), &tangent);
            }
        }
    }
    gradients
}
