//! Single pairs near the antipode (statement L3).

use embedding_norms::loss::NegativeCosine;
use embedding_norms::simulation::{PairDescent, Start, StopRules};
use embedding_norms::sphere::uniform;
use embedding_norms::theory::convergence::{flow_steps, second_order_steps};
use embedding_norms::theory::one_step::Pair;
use embedding_norms::theory::pair::steps_of_pair;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::simulations::pairs::{Engine, Pairs, stop_name};
use crate::simulations::study::{Context, Row, Study};

/// The least distance to the antipode, in radians.
const NEAREST: f64 = 1e-8;

/// Single pairs from a right angle up to 10⁻⁸ from the antipode.
#[derive(Debug, Serialize)]
pub struct Divergence {
    pub step_size: f64,
    pub pairs: usize,
    pub tolerance: f64,
    pub budget: usize,
}

/// A pair of exact opposites.
#[derive(Debug, Serialize)]
pub struct Antipodal {
    pub settings: Pairs,
}

/// What one pair finds, counted by one engine.
#[derive(Debug, Serialize, Deserialize)]
pub struct SinglePair {
    pub step_size: f64,
    pub replicate: u64,
    engine: Engine,
    angle_to_antipode: f64,
    /// tan(φ0/2); none at the antipode.
    pub half_tangent: Option<f64>,
    pub steps: Option<u64>,
    crossing: Option<f64>,
    pub flow_steps: Option<f64>,
    pub closed_form: Option<f64>,
    pub stop: String,
}

impl Row for SinglePair {
    const TABLE: &'static str = "divergence";
}

impl Study for Divergence {
    type Rows = Vec<SinglePair>;

    fn label(&self) -> String {
        format!("single pairs at γ/ρ² = {}", self.step_size)
    }

    fn cost(&self) -> f64 {
        10.0 * self.pairs as f64 * 14.0 / (2.0 * self.step_size)
    }

    /// One pair in each of `pairs` equal parts of ln tan(φ0/2), and one at the end.
    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<SinglePair>, Failure> {
        let longest = -libm::log(libm::tan(0.5 * NEAREST));
        let mut within = |part: usize| longest * (part as f64 + unit.generator.random::<f64>()) / self.pairs as f64;
        let mut logarithms: Vec<f64> = (0..self.pairs).map(&mut within).collect();
        logarithms.push(longest);
        logarithms.into_iter().map(|logarithm| self.count(libm::exp(logarithm), unit.unit.replicate)).collect()
    }
}

impl Divergence {
    fn count(&self, half_tangent: f64, replicate: u64) -> Result<SinglePair, Failure> {
        let (u, tolerance) = (self.step_size, self.tolerance);
        let count = steps_of_pair(Pair { half_tangent, first: u, second: u }, tolerance, self.budget as u64)?;
        Ok(SinglePair {
            step_size: u,
            replicate,
            engine: Engine::Pair,
            angle_to_antipode: 2.0 * libm::atan(1.0 / half_tangent),
            half_tangent: Some(half_tangent),
            steps: count.steps(),
            crossing: count.crossing(),
            flow_steps: Some(flow_steps(half_tangent, u, u, tolerance)?),
            closed_form: Some(second_order_steps(half_tangent, u, u, tolerance)?),
            stop: stop_name(count).to_owned(),
        })
    }
}

impl Study for Antipodal {
    type Rows = Vec<SinglePair>;

    fn label(&self) -> String {
        "opposite pair".to_owned()
    }

    fn cost(&self) -> f64 {
        1e5
    }

    /// A direction and its exact opposite, by the engine with vectors and by the one without.
    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<SinglePair>, Failure> {
        let settings = &self.settings;
        let x = uniform(1, settings.dimension, &mut unit.generator)? * settings.norm;
        let stops = StopRules::budget(settings.budget as u64).mean_cosine(settings.tolerance)?;
        let full = PairDescent::new(NegativeCosine::symmetric(), settings.learning_rate)?
            .run(Start::pairs(x.clone(), -x), &stops)?;
        let count = settings.count_without_vectors(&[f64::INFINITY])?;
        let stationary = |(engine, stop): (Engine, &str)| SinglePair {
            step_size: settings.step_size(),
            replicate: unit.unit.replicate,
            engine,
            angle_to_antipode: 0.0,
            half_tangent: None,
            steps: None,
            crossing: None,
            flow_steps: None,
            closed_form: None,
            stop: stop.to_owned(),
        };
        Ok([(Engine::Full, full.stop.name()), (Engine::Pair, stop_name(count))].map(stationary).into())
    }
}
