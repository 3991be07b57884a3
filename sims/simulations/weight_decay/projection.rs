//! Momentum with and without the part of its steps along the embedding: heavy ball against SGDP.

use embedding_norms::lab::sweep::UnitContext;
use embedding_norms::lab::table::{Table, Value};
use embedding_norms::loss::NegativeCosine;
use embedding_norms::optimizer::{HeavyBall, Optimizer, Sgdp};
use embedding_norms::simulation::{Cadence, Descent, Start, StopRules};
use embedding_norms::sphere::{Cosine, cosines, uniform};
use embedding_norms::theory::growth::{heavy_ball_factor, projected_factor};
use serde::{Deserialize, Serialize};

use super::Cell;
use crate::cli::failure::Failure;

/// Records for each factor of ten in steps.
const PER_DECADE: f64 = 8.0;
/// The threshold δ of the publication.
const THRESHOLD: f64 = 0.1;
/// 1 − cos φ of every pair at the end.
const TOLERANCE: f64 = 1e-3;
/// Steps after which a run is given up.
const BUDGET: u64 = 10_000_000;

/// Pairs of norm 1 that converge under momentum.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Projection {
    pub projected: bool,
    pub momentum: f64,
    /// γ/(ρ²(1 − μ)²) at the start: the part of the flow's time that the memory reaches back.
    pub step: f64,
    pub pairs: usize,
    pub dimension: usize,
}

/// The growth by one step, over γ and per pair.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProjectionRecord {
    step: u64,
    lost: f64,
    growth: f64,
    law: f64,
    factor: f64,
    last: bool,
}

impl Projection {
    pub fn label(&self) -> String {
        format!("{}, momentum {}", self.name(), self.momentum)
    }

    fn name(&self) -> &'static str {
        if self.projected { "sgdp" } else { "heavy-ball" }
    }

    /// What a step adds to the time of the flow: γ/(ρ²(1 − μ)).
    fn flow_step(&self) -> f64 {
        self.step * (1.0 - self.momentum)
    }

    fn learning_rate(&self) -> f64 {
        self.flow_step() * (1.0 - self.momentum)
    }

    fn factor(&self) -> Result<f64, Failure> {
        Ok(if self.projected { projected_factor(self.momentum)? } else { heavy_ball_factor(self.momentum)? })
    }

    /// Nanoseconds, roughly: L1's steps to the tolerance from nearly opposite.
    pub fn cost(&self) -> f64 {
        6.0 / self.flow_step() * self.pairs as f64 * (400.0 + 40.0 * self.dimension as f64)
    }

    pub fn run(&self, unit: &mut UnitContext<'_, Cell>) -> Result<Vec<ProjectionRecord>, Failure> {
        let x = uniform(self.pairs, self.dimension, &mut unit.generator)?;
        let y = uniform(self.pairs, self.dimension, &mut unit.generator)?;
        let start: Vec<Cosine> = cosines(x.view(), y.view());
        let optimizer: Box<dyn Optimizer> = match self.projected {
            true => Box::new(Sgdp::new(self.momentum, THRESHOLD)?),
            false => Box::new(HeavyBall::new(self.momentum)?),
        };
        let cancelled = || unit.is_cancelled();
        let stops = StopRules::budget(BUDGET).every_pair(TOLERANCE)?.cancelled_by(&cancelled);
        let outcome = Descent::new(&NegativeCosine::symmetric(), &*optimizer, self.learning_rate())?
            .records(Cadence::per_decade(PER_DECADE)?)
            .run(Start::pairs(x, y), &stops)?;
        let factor = self.factor()?;
        let pairs = self.pairs as f64;
        let records = outcome.records.iter().map(|record| {
            let squares = record.first_norms.iter().chain(&record.second_norms).map(|norm| norm * norm - 1.0);
            ProjectionRecord {
                step: record.step,
                lost: start
                    .iter()
                    .zip(&record.angles)
                    .map(|(start, &angle)| libm::cos(angle) - start.value())
                    .sum::<f64>()
                    / pairs,
                growth: squares.sum::<f64>() / (self.learning_rate() * pairs),
                law: factor * self.flow(&start, record.step) / pairs,
                factor,
                last: record.step == outcome.steps,
            }
        });
        Ok(records.collect())
    }

    /// The loss that the flow of L1 has lost by a step, all pairs together: momentum makes it 1/(1 − μ) times as fast.
    fn flow(&self, start: &[Cosine], step: u64) -> f64 {
        let decay = libm::exp(-2.0 * self.flow_step() * step as f64);
        let lost = |start: &Cosine| {
            let square = start.half_tangent() * decay;
            (1.0 - square * square) / (1.0 + square * square) - start.value()
        };
        start.iter().map(lost).sum()
    }

    pub fn table() -> Table {
        Table::new(&[
            "rule",
            "momentum",
            "replicate",
            "step",
            "flow_time",
            "loss_lost",
            "growth",
            "law",
            "factor",
            "relative",
            "learning_rate",
            "pairs",
            "dimension",
        ])
    }

    pub fn row(&self, record: &ProjectionRecord, replicate: u64) -> [Value; 13] {
        // The factor speaks of a whole run.
        let relative = record.last.then_some(record.growth / (record.factor * record.lost));
        [
            self.name().into(),
            self.momentum.into(),
            replicate.into(),
            record.step.into(),
            (self.flow_step() * record.step as f64).into(),
            record.lost.into(),
            record.growth.into(),
            record.law.into(),
            record.factor.into(),
            relative.into(),
            self.learning_rate().into(),
            self.pairs.into(),
            self.dimension.into(),
        ]
    }
}
