//! Random pairs in three dimensions, followed step by step.

use embedding_norms::loss::NegativeCosine;
use embedding_norms::simulation::{Cadence, Outcome, PairDescent, Start, StopRules};
use embedding_norms::sphere::{Cosine, angle, inner, norm_of, normalize, uniform};
use embedding_norms::theory::duality::best_norm;
use ndarray::{Array1, Array2};
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::view::cross;
use crate::cli::failure::Failure;
use crate::simulations::study::{Context, Row, Study};

/// Steps after which a pair is given up.
const BUDGET: u64 = 300;
/// Norms and distances that rounding may change, relatively, in these runs.
pub const ROUNDING: f64 = 1e-13;

/// Random pairs.
#[derive(Debug, Serialize)]
pub struct Trials {
    pub trials: usize,
}

/// What random pairs show.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct TrialsRow {
    replicate: u64,
    pub pairs: u64,
    pub row_steps: u64,
    pub off_plane: u64,
    pub shortened: u64,
    pub not_aligned: u64,
}

impl Row for TrialsRow {
    const TABLE: &'static str = "trials";
}

/// A random pair of directions with what it starts from.
struct Trial {
    first: Array2<f64>,
    second: Array2<f64>,
    cosine: Cosine,
    best: f64,
    learning_rate: f64,
}

impl Study for Trials {
    type Rows = Vec<TrialsRow>;

    fn label(&self) -> String {
        format!("{} random pairs", self.trials)
    }

    fn cost(&self) -> f64 {
        1e6 * self.trials as f64
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<TrialsRow>, Failure> {
        let mut found = TrialsRow { replicate: unit.unit.replicate, ..TrialsRow::default() };
        for _ in 0..self.trials {
            if unit.is_cancelled() {
                break;
            }
            let trial = Trial::draw(unit)?;
            // Norms from a tenth of the best to ten times it.
            let mut factor = || libm::pow(10.0, unit.generator.random_range(-1.0..1.0));
            found.follow(&trial, &trial.descend((factor(), factor()), BUDGET)?);
            found.land(&trial)?;
        }
        Ok(vec![found])
    }
}

impl TrialsRow {
    /// Whether every position stays in the plane of the pair and no norm falls.
    fn follow(&mut self, trial: &Trial, outcome: &Outcome) {
        self.pairs += 1;
        let normal = trial.normal();
        let positions: Vec<_> = outcome.records.iter().filter_map(|record| record.positions.as_ref()).collect();
        for (index, (first, second)) in positions.iter().enumerate() {
            let before = index.checked_sub(1).map(|before| positions[before]);
            let rows = [
                (Some(first), before.map(|(first, _)| first)),
                (second.as_ref(), before.and_then(|(_, second)| second.as_ref())),
            ];
            for (row, before) in rows {
                let Some(row) = row.map(|row| row.row(0)) else { continue };
                self.row_steps += 1;
                // A small angle leaves the plane uncertain by its inverse.
                let distance = inner(normal.view(), row).abs() / norm_of(row) * trial.cosine.sine();
                self.off_plane += u64::from(distance > ROUNDING);
                let fell = before.is_some_and(|before| norm_of(row) < norm_of(before.row(0)) * (1.0 - ROUNDING));
                self.shortened += u64::from(fell);
            }
        }
    }

    /// Whether one step from the best norm aligns the pair, to rounding.
    fn land(&mut self, trial: &Trial) -> Result<(), Failure> {
        let outcome = trial.descend((1.0, 1.0), 1)?;
        let first = normalize(outcome.first.view())?;
        let left = match &outcome.second {
            Some(second) => angle(first.units().row(0), normalize(second.view())?.units().row(0)),
            None => f64::NAN,
        };
        self.not_aligned += u64::from(left.is_nan() || left * trial.cosine.sine() > ROUNDING);
        Ok(())
    }
}

impl Trial {
    fn draw(unit: &mut Context<'_>) -> Result<Self, Failure> {
        let first = uniform(1, 3, &mut unit.generator)?;
        let second = uniform(1, 3, &mut unit.generator)?;
        let cosine = Cosine::between(first.row(0), second.row(0));
        let learning_rate = libm::pow(10.0, unit.generator.random_range(-3.0..1.0));
        let best = best_norm(learning_rate, cosine.angle())?;
        Ok(Self { first, second, cosine, best, learning_rate })
    }

    fn descend(&self, factors: (f64, f64), budget: u64) -> Result<Outcome, Failure> {
        let start = Start::pairs(&self.first * (self.best * factors.0), &self.second * (self.best * factors.1));
        let descent = PairDescent::new(NegativeCosine::symmetric(), self.learning_rate)?;
        Ok(descent.records(Cadence::every(1)?).record_positions().run(start, &StopRules::budget(budget))?)
    }

    /// The unit normal of the plane of the pair.
    fn normal(&self) -> Array1<f64> {
        let normal = cross(self.first.row(0), self.second.row(0));
        let length = norm_of(normal.view());
        normal / length
    }
}
