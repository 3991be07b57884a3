//! Single pairs on their way to the antipode (statement L3).

use embedding_norms::lab::table::Value;
use embedding_norms::loss::NegativeCosine;
use embedding_norms::random::Generator;
use embedding_norms::simulation::{PairDescent, Start, StopRules};
use embedding_norms::sphere::uniform;
use embedding_norms::theory::convergence::{flow_steps, second_order_steps};
use embedding_norms::theory::one_step::Pair;
use embedding_norms::theory::pair::steps_of_pair;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::simulations::pairs::{Pairs, stop_name};

/// The least distance to the antipode, in radians.
const NEAREST: f64 = 1e-8;

/// The columns of the table.
pub const COLUMNS: [&str; 10] = [
    "step_size",
    "replicate",
    "engine",
    "angle_to_antipode",
    "half_tangent",
    "steps",
    "crossing",
    "flow_steps",
    "closed_form",
    "stop",
];

/// What one pair finds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SinglePair {
    step_size: f64,
    engine: String,
    /// tan(φ0/2); none at the antipode.
    half_tangent: Option<f64>,
    steps: Option<u64>,
    crossing: Option<f64>,
    flow_steps: Option<f64>,
    closed_form: Option<f64>,
    stop: String,
}

impl SinglePair {
    /// Its row of the table.
    pub fn row(&self, replicate: u64) -> [Value; 10] {
        [
            self.step_size.into(),
            replicate.into(),
            self.engine.as_str().into(),
            self.half_tangent.map_or(0.0, |k| 2.0 * libm::atan(1.0 / k)).into(),
            self.half_tangent.into(),
            self.steps.into(),
            self.crossing.into(),
            self.flow_steps.into(),
            self.closed_form.into(),
            self.stop.as_str().into(),
        ]
    }
}

/// Pairs from a right angle up to 10⁻⁸ from the antipode: one in each of `strata` equal parts of ln tan(φ0/2), and one
/// at the end.
pub fn toward_the_antipode(
    step_size: f64,
    strata: usize,
    tolerance: f64,
    budget: u64,
    generator: &mut Generator,
) -> Result<Vec<SinglePair>, Failure> {
    let longest = -libm::log(libm::tan(0.5 * NEAREST));
    let mut logarithms: Vec<f64> =
        (0..strata).map(|part| longest * (part as f64 + generator.random::<f64>()) / strata as f64).collect();
    logarithms.push(longest);
    logarithms.into_iter().map(|logarithm| count(libm::exp(logarithm), step_size, tolerance, budget)).collect()
}

fn count(half_tangent: f64, step_size: f64, tolerance: f64, budget: u64) -> Result<SinglePair, Failure> {
    let count = steps_of_pair(Pair { half_tangent, first: step_size, second: step_size }, tolerance, budget)?;
    Ok(SinglePair {
        step_size,
        engine: "pair".to_owned(),
        half_tangent: Some(half_tangent),
        steps: count.steps(),
        crossing: count.crossing(),
        flow_steps: Some(flow_steps(half_tangent, step_size, step_size, tolerance)?),
        closed_form: Some(second_order_steps(half_tangent, step_size, step_size, tolerance)?),
        stop: stop_name(count).to_owned(),
    })
}

/// A direction and its exact opposite, by the engine with vectors and by the one without.
pub fn opposite(settings: &Pairs, generator: &mut Generator) -> Result<Vec<SinglePair>, Failure> {
    let x = uniform(1, settings.dimension, generator)? * settings.norm;
    let stops = StopRules::budget(settings.budget as u64).mean_cosine(settings.tolerance)?;
    let full = PairDescent::new(NegativeCosine::symmetric(), settings.learning_rate)?
        .run(Start::pairs(x.clone(), -x), &stops)?;
    let count = settings.count_without_vectors(&[f64::INFINITY])?;
    let stationary = |engine: &str, stop: &str| SinglePair {
        step_size: settings.step_size(),
        engine: engine.to_owned(),
        half_tangent: None,
        steps: None,
        crossing: None,
        flow_steps: None,
        closed_form: None,
        stop: stop.to_owned(),
    };
    Ok(vec![stationary("full", full.stop.name()), stationary("pair", stop_name(count))])
}
