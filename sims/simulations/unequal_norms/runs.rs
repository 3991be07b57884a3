//! The runs: one pair of directions at given norms, by vectors, by D1 and by the closed form.

use embedding_norms::loss::NegativeCosine;
use embedding_norms::simulation::{PairDescent, Start, StopRules};
use embedding_norms::sphere::{Cosine, angle, normalize, uniform};
use embedding_norms::theory::convergence::{flow_steps, second_order_steps, turned_ratio};
use embedding_norms::theory::one_step::{Pair, sine};
use embedding_norms::theory::pair::steps_of_pair;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::simulations::study::{Context, Row, Study, digit};

/// What all runs of a study have in common.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Shared {
    pub dimension: usize,
    pub tolerance: f64,
    pub budget: usize,
}

/// One random pair of directions at every combination of two norms.
#[derive(Debug, Serialize)]
pub struct Norms {
    pub norms: Vec<f64>,
    pub stop_gradient: bool,
    pub learning_rate: f64,
    pub shared: Shared,
}

/// What one run of it finds.
#[derive(Debug, Serialize, Deserialize)]
pub struct NormsRow {
    pub first_norm: f64,
    pub second_norm: f64,
    #[serde(with = "digit")]
    pub stop_gradient: bool,
    pub replicate: u64,
    angle: f64,
    pub steps: Option<u64>,
    pub pair_steps: Option<u64>,
    pub pair_crossing: Option<f64>,
    pub closed_form: f64,
    pub flow_steps: f64,
    stop: String,
    turned_first: f64,
    turned_second: f64,
    turned_ratio: Option<f64>,
    turned_law: Option<f64>,
    /// By how much the vectors' own angles differ from those sums of D1.
    pub turned_deviation: f64,
    learning_rate: f64,
}

impl Row for NormsRow {
    const TABLE: &'static str = "";
}

impl NormsRow {
    /// α + β.
    pub fn rate(&self) -> f64 {
        let rate = |norm: f64| self.learning_rate / (norm * norm);
        rate(self.first_norm) + if self.stop_gradient { 0.0 } else { rate(self.second_norm) }
    }

    /// 1/ρ_i² + 1/ρ_j², without the second where it is held still.
    pub fn inverse_squares(&self) -> f64 {
        let square = |norm: f64| 1.0 / (norm * norm);
        square(self.first_norm) + if self.stop_gradient { 0.0 } else { square(self.second_norm) }
    }

    /// The steps that were counted.
    pub fn counted(&self) -> Option<f64> {
        self.steps.map(|steps| steps as f64)
    }
}

/// One random pair of directions at one ratio of norms and many step sizes.
#[derive(Debug, Serialize)]
pub struct StepSizes {
    pub ratio: f64,
    pub step_sizes: Vec<f64>,
    pub shared: Shared,
}

/// What one run of it finds.
#[derive(Debug, Serialize, Deserialize)]
pub struct TurnedRow {
    pub norm_ratio: f64,
    pub step_size: f64,
    pub replicate: u64,
    angle: f64,
    steps: Option<u64>,
    stop: String,
    turned_first: f64,
    turned_second: f64,
    /// The ratio of the total rotations over ρ_j²/ρ_i², measured and by L5 with its first correction.
    pub turned_relative: Option<f64>,
    pub turned_law: Option<f64>,
}

impl Row for TurnedRow {
    const TABLE: &'static str = "turned";
}

impl Study for Norms {
    type Rows = Vec<NormsRow>;

    fn label(&self) -> String {
        if self.stop_gradient { "stop-gradient" } else { "both members move" }.to_owned()
    }

    fn cost(&self) -> f64 {
        self.settings().iter().map(|setting| cost(setting.rates().0 + setting.rates().1)).sum()
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<NormsRow>, Failure> {
        self.shared.runs(&self.settings(), unit)
    }
}

impl Norms {
    fn settings(&self) -> Vec<Setting> {
        let (stop_gradient, learning_rate) = (self.stop_gradient, self.learning_rate);
        let at = |first_norm, second_norm| Setting { first_norm, second_norm, learning_rate, stop_gradient };
        self.norms.iter().flat_map(|&first| self.norms.iter().map(move |&second| at(first, second))).collect()
    }
}

impl Study for StepSizes {
    type Rows = Vec<TurnedRow>;

    fn label(&self) -> String {
        format!("norms 1:{}", self.ratio)
    }

    fn cost(&self) -> f64 {
        self.step_sizes.iter().copied().map(cost).sum()
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<TurnedRow>, Failure> {
        let square = self.ratio * self.ratio;
        let row = |run: NormsRow| TurnedRow {
            norm_ratio: self.ratio,
            step_size: run.learning_rate,
            replicate: run.replicate,
            angle: run.angle,
            steps: run.steps,
            stop: run.stop,
            turned_first: run.turned_first,
            turned_second: run.turned_second,
            turned_relative: run.turned_ratio.map(|ratio| ratio / square),
            turned_law: run.turned_law.map(|law| law / square),
        };
        let (first_norm, second_norm, stop_gradient) = (1.0, self.ratio, false);
        let at = |&learning_rate: &f64| Setting { first_norm, second_norm, learning_rate, stop_gradient };
        let settings: Vec<Setting> = self.step_sizes.iter().map(at).collect();
        Ok(self.shared.runs(&settings, unit)?.into_iter().map(row).collect())
    }
}

/// Nanoseconds of a run, roughly: 100 for each step that L1 predicts from a right angle.
fn cost(rate: f64) -> f64 {
    400.0 / rate
}

/// One pair of directions, both (1 × d).
struct Directions {
    first: Array2<f64>,
    second: Array2<f64>,
}

/// Where a run starts.
struct Setting {
    first_norm: f64,
    second_norm: f64,
    learning_rate: f64,
    stop_gradient: bool,
}

impl Setting {
    /// α and β.
    fn rates(&self) -> (f64, f64) {
        let rate = |norm: f64| self.learning_rate / (norm * norm);
        (rate(self.first_norm), if self.stop_gradient { 0.0 } else { rate(self.second_norm) })
    }
}

impl Shared {
    /// All runs of one replicate, on one random pair of directions.
    fn runs(&self, settings: &[Setting], unit: &mut Context<'_>) -> Result<Vec<NormsRow>, Failure> {
        let first = uniform(1, self.dimension, &mut unit.generator)?;
        let second = uniform(1, self.dimension, &mut unit.generator)?;
        let (pair, replicate) = (Directions { first, second }, unit.unit.replicate);
        let cancelled = || unit.is_cancelled();
        let stops = StopRules::budget(self.budget as u64).mean_cosine(self.tolerance)?.cancelled_by(&cancelled);
        settings.iter().map(|setting| self.run(&pair, setting, replicate, &stops)).collect()
    }

    fn run(
        &self,
        start: &Directions,
        setting: &Setting,
        replicate: u64,
        stops: &StopRules<'_>,
    ) -> Result<NormsRow, Failure> {
        let &Setting { first_norm, second_norm, learning_rate, stop_gradient } = setting;
        let loss = if stop_gradient { NegativeCosine::with_stop_gradient() } else { NegativeCosine::symmetric() };
        let points = Start::pairs(&start.first * first_norm, &start.second * second_norm);
        let outcome = PairDescent::new(loss, learning_rate)?.run(points, stops)?;
        let cosine = Cosine::between(start.first.row(0), start.second.row(0));
        let (half_tangent, (first, second)) = (cosine.half_tangent(), setting.rates());
        let pair = Pair { half_tangent, first, second };
        let count = steps_of_pair(pair, self.tolerance, self.budget as u64)?;
        let (turned, stopped) = turned_angles(pair, outcome.steps);
        // The law of L5 takes the angle at which the run stops, and speaks of two members that move.
        let law = turned_ratio(first, second, cosine.angle(), stopped.one_minus_cosine()).ok();
        Ok(NormsRow {
            first_norm,
            second_norm,
            stop_gradient,
            replicate,
            angle: cosine.angle(),
            steps: outcome.stop.is_goal().then_some(outcome.steps),
            pair_steps: count.steps(),
            pair_crossing: count.crossing(),
            closed_form: second_order_steps(half_tangent, first, second, self.tolerance)?,
            flow_steps: flow_steps(half_tangent, first, second, self.tolerance)?,
            stop: outcome.stop.name().to_owned(),
            turned_first: turned.0,
            turned_second: turned.1,
            // None of a pair that took no step, or of a member that is held still.
            turned_ratio: Some(turned.0 / turned.1).filter(|ratio| ratio.is_finite()),
            turned_law: law,
            turned_deviation: deviation(start, turned, &outcome.first, outcome.second.as_ref())?,
            learning_rate,
        })
    }
}

/// The angles by which the members rotate in so many steps, by D1, and the pair after them.
fn turned_angles(mut pair: Pair, steps: u64) -> ((f64, f64), Pair) {
    let mut turned = (0.0, 0.0);
    for _ in 0..steps {
        let sine = sine(pair.half_tangent);
        turned.0 += libm::atan(pair.first * sine);
        turned.1 += libm::atan(pair.second * sine);
        pair = pair.step();
    }
    (turned, pair)
}

/// The larger difference between D1's sums and the angles between the vectors' first and last directions.
fn deviation(
    start: &Directions,
    turned: (f64, f64),
    first: &Array2<f64>,
    second: Option<&Array2<f64>>,
) -> Result<f64, Failure> {
    let first = angle(start.first.row(0), normalize(first.view())?.units().row(0));
    let Some(second) = second else { return Ok((first - turned.0).abs()) };
    let second = angle(start.second.row(0), normalize(second.view())?.units().row(0));
    Ok((first - turned.0).abs().max((second - turned.1).abs()))
}
