//! Momentum with and without the part of its steps along the embedding: heavy ball against SGDP.

use embedding_norms::loss::NegativeCosine;
use embedding_norms::optimizer::{HeavyBall, Optimizer, Sgdp};
use embedding_norms::simulation::{Cadence, Descent, Start, StopRules};
use embedding_norms::sphere::{Cosine, cosines, uniform};
use embedding_norms::theory::growth::{heavy_ball_factor, projected_factor};
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::simulations::study::{Context, Row, Study};

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

/// Whether steps keep their part along the embedding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    HeavyBall,
    Sgdp,
}

/// The growth by one step, over γ and per pair.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProjectionRow {
    pub rule: Rule,
    pub momentum: f64,
    replicate: u64,
    step: u64,
    pub flow_time: f64,
    loss_lost: f64,
    pub growth: f64,
    pub law: f64,
    factor: f64,
    /// The factor that was measured over that of the law, at the end of a run.
    pub relative: Option<f64>,
    learning_rate: f64,
    pairs: usize,
    dimension: usize,
}

impl Row for ProjectionRow {
    const TABLE: &'static str = "projection";
}

impl Projection {
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

    /// The loss that the flow of L1 has lost by a step, all pairs together: momentum makes it 1/(1 − μ) times as fast.
    fn flow(&self, start: &[Cosine], step: u64) -> f64 {
        let decay = libm::exp(-2.0 * self.flow_step() * step as f64);
        let lost = |start: &Cosine| {
            let square = start.half_tangent() * decay;
            (1.0 - square * square) / (1.0 + square * square) - start.value()
        };
        start.iter().map(lost).sum()
    }
}

impl Study for Projection {
    type Rows = Vec<ProjectionRow>;

    fn label(&self) -> String {
        format!("{}, momentum {}", if self.projected { "sgdp" } else { "heavy-ball" }, self.momentum)
    }

    /// L1's steps to the tolerance from nearly opposite.
    fn cost(&self) -> f64 {
        6.0 / self.flow_step() * self.pairs as f64 * (400.0 + 40.0 * self.dimension as f64)
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<ProjectionRow>, Failure> {
        let x = uniform(self.pairs, self.dimension, &mut unit.generator)?;
        let y = uniform(self.pairs, self.dimension, &mut unit.generator)?;
        let start: Vec<Cosine> = cosines(x.view(), y.view());
        let (rule, optimizer): (Rule, Box<dyn Optimizer>) = match self.projected {
            true => (Rule::Sgdp, Box::new(Sgdp::new(self.momentum, THRESHOLD)?)),
            false => (Rule::HeavyBall, Box::new(HeavyBall::new(self.momentum)?)),
        };
        let cancelled = || unit.is_cancelled();
        let stops = StopRules::budget(BUDGET).every_pair(TOLERANCE)?.cancelled_by(&cancelled);
        let outcome = Descent::new(&NegativeCosine::symmetric(), &*optimizer, self.learning_rate())?
            .records(Cadence::per_decade(PER_DECADE)?)
            .run(Start::pairs(x, y), &stops)?;
        let (factor, pairs) = (self.factor()?, self.pairs as f64);
        let rows = outcome.records.iter().map(|record| {
            let squares = record.first_norms.iter().chain(&record.second_norms).map(|norm| norm * norm - 1.0);
            let growth = squares.sum::<f64>() / (self.learning_rate() * pairs);
            let cosines = start.iter().zip(&record.angles);
            let lost = cosines.map(|(start, &angle)| libm::cos(angle) - start.value()).sum::<f64>() / pairs;
            let relative = growth / (factor * lost);
            ProjectionRow {
                rule,
                momentum: self.momentum,
                replicate: unit.unit.replicate,
                step: record.step,
                flow_time: self.flow_step() * record.step as f64,
                loss_lost: lost,
                growth,
                law: factor * self.flow(&start, record.step) / pairs,
                factor,
                relative: (record.step == outcome.steps && relative.is_finite()).then_some(relative),
                learning_rate: self.learning_rate(),
                pairs: self.pairs,
                dimension: self.dimension,
            }
        });
        Ok(rows.collect())
    }
}
