//! What a lever does to a training, beside what was seen in the first step and what is said of it.

use embedding_norms::diagnosis::{
    Network, Options, Parameters, Sample, Side, Snapshot, Standing, Subject, UpdateRule, aims, diagnose,
};
use embedding_norms::optimizer::{Parameters as Settings, entry};
use embedding_norms::theory::encoders::lasting_steps;
use ndarray::Array2;

use super::cell::Cell;
use super::task::Task;
use super::trial::{Lever, Record, Run, train};

/// Steps of a training.
pub const STEPS: usize = 64;

/// A predicted factor from which a prediction is clear.
const CLEAR: f64 = 1.5;

/// One lever at one learning rate and seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub cell: Cell,
    pub seed: u64,
    pub rate: f64,
    pub lever: String,
    /// The median angle of positives before training.
    pub angle: f64,
    /// The median leg of the first step of the training without a lever.
    pub leg: f64,
    /// ln of the factor by which the lever lengthens steps, as theory has it; none where it has none.
    pub shift: Option<f64>,
    /// ln(speed-up) by the held-out loss; none where neither training gained a tenth of what the best one did.
    pub measured: Option<f64>,
    /// Whether one of the two did not arrive, so that the measured value is a bound.
    pub is_bound: bool,
    /// The same by 10-NN accuracy, where it rises.
    pub by_accuracy: Option<f64>,
}

/// What is advised, or would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// A larger learning rate, where steps are too short.
    Larger,
    /// A smaller one, where they are too long.
    Smaller,
    /// A cut of the initialization, or none: plain where it is a learning rate, else by layer.
    Cut,
    /// GradScale, or none, where steps are too short.
    GradScale,
}

impl Advice {
    pub const ALL: [Self; 4] = [Self::Larger, Self::Smaller, Self::Cut, Self::GradScale];

    pub fn name(self) -> &'static str {
        match self {
            Self::Larger => "larger rate",
            Self::Smaller => "smaller rate",
            Self::Cut => "cut",
            Self::GradScale => "GradScale",
        }
    }
}

impl Outcome {
    /// Where the step stands, by these margins of "near" below and above the best one.
    fn standing(&self) -> Standing {
        let growth = 1.0 / lasting_steps(1, rule(&self.cell).momentum);
        let aim = aims(Some(&rule(&self.cell)), Network::named(self.cell.network).as_ref());
        Standing::of_leg(self.angle, (self.leg, self.leg)).lasting((growth, growth)).aiming_at(aim)
    }

    /// The side of the best step, by the library's margins or by others.
    fn side(&self, margins: Option<(f64, f64)>) -> Side {
        let standing = self.standing();
        match margins {
            None => standing.side(),
            Some((below, _)) if standing.excess.1 < -below.ln() => Side::Short,
            Some((_, above)) if standing.excess.0 > above.ln() => Side::Long,
            Some(_) => Side::Near,
        }
    }

    /// To which advice this belongs; `None` where there is none.
    pub fn advice(&self, margins: Option<(f64, f64)>) -> Option<Advice> {
        let side = self.side(margins);
        match (self.lever.split(' ').next(), side) {
            (Some("rate"), Side::Short) => Some(Advice::Larger),
            (Some("rate"), Side::Long) => Some(Advice::Smaller),
            (Some("cut"), Side::Short | Side::Long) => self.shift.map(|_| Advice::Cut),
            (Some("GradScale"), Side::Short) => Some(Advice::GradScale),
            _ => None,
        }
    }

    /// The predicted ln(speed-up).
    pub fn predicted(&self) -> Option<f64> {
        let (low, high) = self.standing().speed_up(self.shift?);
        Some(0.5 * (low + high))
    }

    /// Whether the sign was right by a measure, where something changed and a factor of 1.5 or more was predicted.
    pub fn is_right(&self, measured: Option<f64>) -> Option<bool> {
        let (predicted, measured) = (self.predicted()?, measured?);
        (predicted.abs() > CLEAR.ln() && measured != 0.0).then_some((predicted > 0.0) == (measured > 0.0))
    }
}

/// Shares of the best gain, the most ambitious first: a comparison takes the first at which one of the two arrives.
const SHARES: [f64; 4] = [0.8, 0.4, 0.2, 0.1];

/// A rise of the accuracy from which it is a measure.
const RISE: f64 = 0.05;

/// How a value is to fall: from where it is before training to the best of all learning rates.
struct Goal {
    value: fn(&Record) -> f64,
    start: f64,
    best: f64,
}

impl Goal {
    fn of(plain: &[Run], value: fn(&Record) -> f64) -> Self {
        let best = plain.iter().fold(f64::INFINITY, |best, run| best.min(run.lowest(value)));
        Self { value, start: value(&plain[0].records[0]), best }
    }

    fn gain(&self) -> f64 {
        self.start - self.best
    }

    /// ln(speed-up), and whether it is a bound.
    fn speed_up(&self, before: &Run, after: &Run) -> Option<(f64, bool)> {
        SHARES.into_iter().find_map(|share| {
            let target = self.start - share * self.gain();
            let steps = [before, after].map(|run| run.steps_to(target, self.value));
            let [slow, fast] = steps.map(|steps| steps.unwrap_or(STEPS as f64));
            let is_bound = steps.contains(&None);
            (steps != [None, None]).then(|| ((slow / fast).ln(), is_bound))
        })
    }
}

/// The optimizer of a cell as a diagnosis knows it.
pub fn rule(cell: &Cell) -> UpdateRule {
    UpdateRule::named(cell.rule, &Settings::defaults(), false).unwrap()
}

/// What the library says of two checkpoints a step apart: where the step stands, and the median norm before it.
pub fn seen(cell: &Cell, run: &Run) -> (Standing, f64) {
    let [before, after, partners] = &run.checkpoints;
    let sample = Sample::draw(before.nrows(), before.nrows(), 1);
    let shot = |name: &str, rows: &Array2<f64>| Snapshot::of(name, rows.view(), &sample).unwrap();
    let mut subject = Subject::new(sample.clone(), vec![shot("step0", before), shot("step1", after)]);
    subject.positives = vec![shot("views0", partners)];
    let options = Options {
        steps_between: Some(1),
        parameters: Parameters::Shared,
        rule: Some(rule(cell)),
        network: Network::named(cell.network),
        resamples: 19,
        ..Options::default()
    };
    let found = diagnose(&subject, &options, &mut |_, _| ()).unwrap();
    (found.standing.unwrap(), found.course[0].norms.median())
}

/// Tries every lever at every rate of a cell.
pub fn try_out(task: &Task, cell: &Cell, seed: u64) -> Vec<Outcome> {
    let rates = cell.rates();
    let plain: Vec<Run> = rates.iter().map(|&rate| train(task, cell, Lever::None, rate, seed)).collect();
    let loss = Goal::of(&plain, |record| record.loss);
    let accuracy = Goal::of(&plain, |record| -record.accuracy);
    let scaling = embedding_norms::rules::scaling(entry(cell.rule).unwrap());
    let h = scaling.degree(0.0);
    let mut outcomes = Vec::new();
    for (place, &rate) in rates.iter().enumerate() {
        let (standing, norm) = seen(cell, &plain[place]);
        let mut note = |lever: &str, shift: Option<f64>, run: &Run| {
            let found = loss.speed_up(&plain[place], run);
            let rises = accuracy.gain() >= RISE;
            outcomes.push(Outcome {
                cell: *cell,
                seed,
                rate,
                lever: lever.to_owned(),
                angle: standing.angle,
                leg: standing.leg.0,
                shift,
                measured: found.map(|(measured, _)| measured),
                is_bound: found.is_some_and(|(_, is_bound)| is_bound),
                by_accuracy: rises.then(|| accuracy.speed_up(&plain[place], run)).flatten().map(|(ln, _)| ln),
            });
        };
        let decade = 10.0_f64.ln();
        if let Some(larger) = plain.get(place + 1) {
            note("rate times 10", Some(decade), larger);
        }
        if place > 0 {
            note("rate by 10", Some(-decade), &plain[place - 1]);
        }
        if let Some(advised) = standing.advised() {
            let run = train(task, cell, Lever::Rate(advised.exp()), rate, seed);
            note("rate as advised", Some(advised), &run);
        }
        let of_cut = h * 3.0_f64.ln();
        let is_scale_free = Network::named(cell.network).unwrap().is_scale_free();
        note("cut 3", is_scale_free.then_some(of_cut), &train(task, cell, Lever::Cut(3.0), rate, seed));
        if !is_scale_free {
            note("cut 3 by layer", Some(of_cut), &train(task, cell, Lever::CutByLayer(3.0), rate, seed));
        }
        let scaled = scaling.q * norm.ln();
        note("GradScale 1", Some(scaled), &train(task, cell, Lever::GradScale(1.0), rate, seed));
    }
    outcomes
}
