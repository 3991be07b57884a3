//! The study of one network under one rule: advice from starting rates, a sweep, a range test.

use embedding_norms::encoder::Encoder;
use embedding_norms::random::Generator;
use embedding_norms::training::Views;
use serde::{Deserialize, Serialize};

use super::bench::{Bench, Course, angles, middle};
use super::range_test::{RangeTest, range_test};
use super::setting::{HELD_OUT, Material, Rule};
use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::cut_rate::{Family, Networks};
use crate::simulations::study::{Context, Row, Study, digit};

/// Decades of the sweep on either side of the middle.
const DECADES: i32 = 3;
/// Dimension of the embeddings.
pub const OUTPUTS: usize = 16;
/// The share of the best training's fall of the loss at which steps are counted.
const LEVEL: f64 = 0.75;
/// Rates at which so much of what the best one gains is left are as good as it.
pub const AS_GOOD: f64 = 0.9;

/// Why SimSiam gets no advice.
pub const WITHOUT_NEGATIVES: &str = "without negatives the criterion failed too often where it was tuned";
/// Why networks with biases get none under LARS.
pub const LARS_WITH_BIASES: &str =
    "under LARS the criterion advised networks with biases less than half the best rate where it was tuned";

/// One network under one rule.
#[derive(Clone, Debug, Serialize)]
pub struct Trial {
    pub place: Place,
    pub steps: usize,
    pub width: usize,
    pub per_decade: usize,
    pub range_steps: usize,
}

/// What tells a trial from the others.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Place {
    pub family: Family,
    pub rule: Rule,
    pub material: Material,
    pub temperature: f64,
    pub batch: usize,
    /// By what the initial parameters are divided (S7).
    pub cut: f64,
}

impl Place {
    pub fn networks(&self, inputs: usize, width: usize, generator: &mut Generator) -> Result<Networks, Failure> {
        let mut networks = self.family.draw(inputs, width, OUTPUTS, generator);
        networks.encoder.cut(self.cut)?;
        networks.predictor.as_mut().map_or(Ok(()), |predictor| predictor.cut(self.cut))?;
        Ok(networks)
    }

    /// Why no advice is given here, whatever a step says.
    fn refusal(&self) -> Option<&'static str> {
        match (self.family, self.rule) {
            (Family::SimSiam, _) => Some(WITHOUT_NEGATIVES),
            (Family::Biases, Rule::Lars) => Some(LARS_WITH_BIASES),
            _ => None,
        }
    }

    pub fn label(&self) -> String {
        let Self { temperature, batch, cut, .. } = self;
        format!("{}, τ = {temperature}, batch {batch}, cut {cut}", self.names().join(", "))
    }

    /// Network, optimizer and data as tables name them.
    pub fn names(&self) -> [String; 3] {
        [values::name(self.family), values::name(self.rule), values::name(self.material)]
    }
}

/// What a step at one starting rate advises, beside everything else.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Advice {
    pub network: String,
    pub optimizer: String,
    pub data: String,
    pub temperature: f64,
    pub batch_size: usize,
    pub cut: f64,
    pub starting_rate: f64,
    pub replicate: u64,
    pub positive_angle: f64,
    pub turned: Option<f64>,
    pub target: f64,
    pub advised_rate: Option<f64>,
    pub advised_lower: Option<f64>,
    pub advised_upper: Option<f64>,
    pub refusal: String,
    pub best_rate: Option<f64>,
    #[serde(with = "digit")]
    pub best_at_edge: bool,
    pub good_from: Option<f64>,
    pub good_to: Option<f64>,
    pub best_rate_at_end: Option<f64>,
    pub range_steepest_rate: Option<f64>,
    pub range_tenth_rate: Option<f64>,
    pub untrained_loss: f64,
    pub advised_loss: Option<f64>,
    pub best_loss: Option<f64>,
    pub range_steepest_loss: Option<f64>,
    pub range_tenth_loss: Option<f64>,
    pub unchanged_loss: Option<f64>,
    pub advised_steps: Option<f64>,
    pub best_steps: Option<f64>,
    pub range_steepest_steps: Option<f64>,
    pub range_tenth_steps: Option<f64>,
    pub unchanged_steps: Option<f64>,
}

/// A training of the sweep.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Swept {
    pub network: String,
    pub optimizer: String,
    pub data: String,
    pub temperature: f64,
    pub batch_size: usize,
    pub cut: f64,
    pub replicate: u64,
    pub rate: f64,
    pub mean_loss: Option<f64>,
    pub end_loss: Option<f64>,
}

impl Swept {
    /// Whether it is of the cell of a row, in whatever replicate.
    pub fn is_of(&self, row: &Advice) -> bool {
        let key = (self.temperature, self.batch_size, self.cut);
        (&self.network, &self.optimizer, &self.data) == (&row.network, &row.optimizer, &row.data)
            && key == (row.temperature, row.batch_size, row.cut)
    }
}

impl Row for Advice {
    const TABLE: &'static str = "";
}

impl Row for Swept {
    const TABLE: &'static str = "sweep";
}

/// A rate as one would type it, with two digits.
pub fn typed(rate: f64) -> f64 {
    format!("{rate:.1e}").parse().expect("a number that was just written")
}

/// A course with its rate.
struct At {
    rate: f64,
    course: Course,
}

impl Study for Trial {
    type Rows = (Vec<Advice>, Vec<Swept>);

    fn label(&self) -> String {
        self.place.label()
    }

    fn cost(&self) -> f64 {
        let trainings = 2 * DECADES as usize * self.per_decade + 6;
        let steps = (trainings * self.steps + self.range_steps) as f64;
        let weights = (self.width * (64 + self.width + OUTPUTS)) as f64;
        steps * (self.place.batch + HELD_OUT) as f64 * (weights * 3.0 + 4000.0)
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Self::Rows, Failure> {
        let Place { family, rule, material, temperature, batch, .. } = self.place;
        let needed = self.steps.max(self.range_steps);
        let mut numbers = unit.shared_generator(b"one-step-rate/trial/samples");
        let samples = material.draw(needed, batch, HELD_OUT, &mut numbers)?;
        let inputs = samples.probe[0].ncols();
        let mut numbers = unit.shared_generator(b"one-step-rate/trial/networks");
        let networks = self.place.networks(inputs, self.width, &mut numbers)?;
        let bench = Bench { family, rule, temperature, samples: &samples, networks: &networks };
        let Some(untrained) = bench.held_out(&networks.encoder)? else {
            return Err(Failure::Refused(format!("{}: an embedding has no direction before training", self.label())));
        };
        let run = Run { trial: self, bench, batches: &samples.training[..self.steps], untrained };
        run.all(unit)
    }
}

/// A replicate under way.
struct Run<'a> {
    trial: &'a Trial,
    bench: Bench<'a>,
    batches: &'a [Views],
    untrained: f64,
}

impl Run<'_> {
    fn rates(&self) -> Vec<f64> {
        let per = self.trial.per_decade as i32;
        let middle = f64::from(self.trial.place.rule.middle());
        let rate = |place: i32| libm::pow(10.0, middle + f64::from(place) / f64::from(per));
        (-DECADES * per..=DECADES * per).map(rate).collect()
    }

    fn course(&self, rate: f64) -> Result<Course, Failure> {
        self.bench.course(rate, self.batches, self.untrained)
    }

    fn all(&self, unit: &Context<'_>) -> Result<(Vec<Advice>, Vec<Swept>), Failure> {
        let mut sweep = Vec::new();
        for rate in self.rates() {
            if unit.is_cancelled() {
                return Ok(Default::default());
            }
            sweep.push(At { rate, course: self.course(rate)? });
        }
        let (least, largest) = (sweep[0].rate, sweep[sweep.len() - 1].rate);
        let range_batches = &self.bench.samples.training[..self.trial.range_steps];
        let range = range_test(&self.bench, range_batches, least, largest)?;
        let replicate = unit.unit.replicate;
        let mut rows = Vec::new();
        let mut others = vec![];
        for start in sweep.iter().step_by(self.trial.per_decade).take(2 * DECADES as usize) {
            rows.push(self.row(start, &sweep, range, replicate, &mut others)?);
        }
        Ok((rows, sweep.iter().map(|at| self.swept(at, replicate)).collect()))
    }

    /// The training of the sweep with the least value, if training at any rate betters the loss at all.
    fn best<'b>(&self, sweep: &'b [At], value: impl Fn(&Course) -> Option<f64>) -> Option<&'b At> {
        let ended = sweep.iter().filter_map(|at| Some((at, value(&at.course)?)));
        let least = ended.min_by(|a, b| a.1.total_cmp(&b.1));
        least.filter(|(_, loss)| *loss < self.untrained).map(|(at, _)| at)
    }

    /// The rates of the sweep that are as good as the best, in order.
    fn as_good(&self, best: Option<&At>, sweep: &[At]) -> Vec<f64> {
        let Some(least) = best.and_then(|at| at.course.mean()) else { return Vec::new() };
        let limit = self.untrained + AS_GOOD * (least - self.untrained);
        let good = sweep.iter().filter(|at| at.course.mean().is_some_and(|loss| loss <= limit));
        good.map(|at| at.rate).collect()
    }

    fn row(
        &self,
        start: &At,
        sweep: &[At],
        range: RangeTest,
        replicate: u64,
        others: &mut Vec<At>,
    ) -> Result<Advice, Failure> {
        let [first, second] = self.bench.directions(&self.bench.networks.encoder)?;
        let positives = angles(&first, &second);
        let turned = self.bench.turned(start.rate, &self.batches[..1], &first)?;
        let factor = match &turned {
            Some(turned) => self.bench.factor(&positives, turned, 1).map_err(|why| why.to_string()),
            None => Err("embeddings have no direction after the step".to_owned()),
        };
        let advised = factor.as_ref().ok().map(|factor| typed(start.rate * factor.value));
        let mut at = |rate: Option<f64>| -> Result<Option<usize>, Failure> {
            let Some(rate) = rate else { return Ok(None) };
            if !others.iter().any(|at| at.rate == rate) {
                others.push(At { rate, course: self.course(rate)? });
            }
            Ok(others.iter().position(|at| at.rate == rate))
        };
        let [advised_at, steepest_at, tenth_at] = [at(advised)?, at(range.steepest)?, at(range.tenth)?];
        let course = |place: Option<usize>| place.map(|place| &others[place].course);
        let mean = |course: Option<&Course>| course.and_then(Course::mean);
        let best = self.best(sweep, Course::mean);
        let level =
            best.and_then(|at| at.course.least()).map(|least| self.untrained + LEVEL * (least - self.untrained));
        let steps = |course: Option<&Course>| course.and_then(|course| course.steps_to(level?));
        let good = self.as_good(best, sweep);
        let edge = |at: &At| at.rate == sweep[0].rate || at.rate == sweep[sweep.len() - 1].rate;
        let [network, optimizer, data] = self.trial.place.names();
        Ok(Advice {
            network,
            optimizer,
            data,
            temperature: self.trial.place.temperature,
            batch_size: self.trial.place.batch,
            cut: self.trial.place.cut,
            starting_rate: start.rate,
            replicate,
            positive_angle: middle(&positives),
            turned: turned.as_deref().map(middle),
            target: self.bench.rule.target(self.bench.family),
            advised_rate: advised,
            advised_lower: factor.as_ref().ok().map(|factor| start.rate * factor.lower),
            advised_upper: factor
                .as_ref()
                .ok()
                .map(|factor| start.rate * factor.upper)
                .filter(|upper| upper.is_finite()),
            refusal: self.trial.place.refusal().map(str::to_owned).or(factor.err()).unwrap_or_default(),
            best_rate: best.map(|at| at.rate),
            best_at_edge: best.is_some_and(edge),
            good_from: good.first().copied(),
            good_to: good.last().copied(),
            best_rate_at_end: self.best(sweep, Course::end).map(|at| at.rate),
            range_steepest_rate: range.steepest,
            range_tenth_rate: range.tenth,
            untrained_loss: self.untrained,
            advised_loss: mean(course(advised_at)),
            best_loss: mean(best.map(|at| &at.course)),
            range_steepest_loss: mean(course(steepest_at)),
            range_tenth_loss: mean(course(tenth_at)),
            unchanged_loss: start.course.mean(),
            advised_steps: steps(course(advised_at)),
            best_steps: steps(best.map(|at| &at.course)),
            range_steepest_steps: steps(course(steepest_at)),
            range_tenth_steps: steps(course(tenth_at)),
            unchanged_steps: steps(Some(&start.course)),
        })
    }

    fn swept(&self, at: &At, replicate: u64) -> Swept {
        let [network, optimizer, data] = self.trial.place.names();
        Swept {
            network,
            optimizer,
            data,
            temperature: self.trial.place.temperature,
            batch_size: self.trial.place.batch,
            cut: self.trial.place.cut,
            replicate,
            rate: at.rate,
            mean_loss: at.course.mean(),
            end_loss: at.course.end(),
        }
    }
}
