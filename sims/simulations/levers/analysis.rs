//! What the runs say of the levers: epochs to an accuracy, and how many fewer a lever takes than plain training.

use embedding_norms::statistics::{mean, mean_with_interval};
use serde::{Deserialize, Serialize};

use super::Levers;
use super::curve::{Record, arrival};
use super::lever::{Kind, Lever};
use super::runs::{Role, Run, Stop};
use super::task::Task;
use crate::simulations::grouping::distinct;
use crate::simulations::study::{Row, yes_no};

/// Mean accuracy and norm after some epochs over the replicates that are compared.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Accuracy {
    pub task: Task,
    lever: Kind,
    strength: Option<f64>,
    rate: f64,
    /// Whether this is the learning rate of the untuned comparison.
    #[serde(with = "yes_no")]
    pub untuned: bool,
    pub epoch: f64,
    pub accuracy: f64,
    pub lower: Option<f64>,
    pub upper: Option<f64>,
    norm: f64,
}

/// A lever against plain training at the same learning rate, over the replicates that are compared.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Speed {
    pub task: Task,
    lever: Kind,
    strength: Option<f64>,
    rate: f64,
    /// Whether this is the learning rate of the untuned comparison.
    #[serde(with = "yes_no")]
    pub untuned: bool,
    turned_over_best: Option<f64>,
    /// What L8 says of ln(speed-up).
    pub predicted: Option<f64>,
    log_speed: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    replicates: usize,
    bounds: usize,
}

/// A lever against plain training, both at the learning rates that were best for them in the tuning.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tuned {
    pub task: Task,
    lever: Kind,
    strength: Option<f64>,
    rate: f64,
    plain_rate: f64,
    log_speed: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    replicates: usize,
    bounds: usize,
}

impl Row for Accuracy {
    const TABLE: &'static str = "accuracy";
}

impl Row for Speed {
    const TABLE: &'static str = "speed";
}

impl Row for Tuned {
    const TABLE: &'static str = "tuned";
}

impl Accuracy {
    pub fn lever(&self) -> Lever {
        Lever::of(self.lever, self.strength)
    }
}

/// How many times as fast as plain training a lever is, in the mean over replicates.
#[derive(Clone, Copy, Debug)]
pub struct SpeedUp {
    pub task: Task,
    pub lever: Lever,
    pub log: Option<f64>,
    /// Its 95 % interval.
    pub interval: Option<(f64, f64)>,
    /// Replicates in which one of the two did not arrive: then the true ratio lies further from 1.
    pub bounds: usize,
}

impl Speed {
    pub fn speed_up(&self) -> SpeedUp {
        let (lever, interval) = (Lever::of(self.lever, self.strength), self.lower.zip(self.upper));
        SpeedUp { task: self.task, lever, log: self.log_speed, interval, bounds: self.bounds }
    }
}

impl Tuned {
    pub fn speed_up(&self) -> SpeedUp {
        let (lever, interval) = (Lever::of(self.lever, self.strength), self.lower.zip(self.upper));
        SpeedUp { task: self.task, lever, log: self.log_speed, interval, bounds: self.bounds }
    }
}

/// Gives every run its role, its target, and the epochs until it was reached.
///
/// The target of each task and replicate goes a share of the way from the accuracy of the untrained network to the best
/// that plain training has at any time and learning rate.
pub fn place(runs: &mut [Run], curves: &[&[Record]], options: &Levers) {
    let plain: Vec<Run> = runs.iter().filter(|run| run.lever() == Lever::None).cloned().collect();
    for (run, curve) in runs.iter_mut().zip(curves) {
        let same = |plain: &&Run| (plain.task, plain.replicate) == (run.task, run.replicate);
        run.target = plain.iter().find(same).map(|plain| plain.untrained).and_then(|start| {
            let best = plain.iter().filter(same).fold(start, |best, plain| best.max(plain.best));
            (best > start).then_some(start + options.share * (best - start))
        });
        let steps = run.target.and_then(|target| arrival(curve, target));
        run.epochs = steps.map(|steps| steps / options.steps_per_epoch());
        run.stop = if run.epochs.is_some() { Stop::Reached } else { run.stop };
        run.role = if run.replicate < options.tuning as u64 { Role::Tuning } else { Role::Comparison };
    }
}

/// The runs as they are compared.
pub struct Comparisons<'a> {
    /// Those that were trained.
    pub runs: &'a [Run],
    /// The settings.
    pub options: &'a Levers,
}

impl<'a> Comparisons<'a> {
    fn compared(&self) -> impl Iterator<Item = &'a Run> {
        self.runs.iter().filter(|run| run.role == Role::Comparison)
    }

    /// The runs of one setting that are compared, each beside plain training at a learning rate.
    fn beside(&self, task: Task, lever: Lever, rate: f64, plain_rate: f64) -> Vec<(&'a Run, &'a Run)> {
        let runs = self.compared().filter(|run| (run.task, run.lever(), run.rate) == (task, lever, rate));
        runs.filter_map(|run| Some((self.plain(run, plain_rate)?, run))).collect()
    }

    /// Plain training in the same replicate.
    fn plain(&self, run: &Run, rate: f64) -> Option<&'a Run> {
        let wanted = (run.task, Lever::None, rate, run.replicate);
        self.runs.iter().find(|plain| (plain.task, plain.lever(), plain.rate, plain.replicate) == wanted)
    }

    /// Every setting of a replicate with a lever, beside plain training at the same learning rate.
    pub fn pairs(&self, task: Task, replicate: u64) -> Vec<(&'a Run, &'a Run)> {
        let levers = self.runs.iter().filter(|run| (run.task, run.replicate) == (task, replicate));
        let levers = levers.filter(|run| run.lever() != Lever::None);
        levers.filter_map(|run| Some((self.plain(run, run.rate)?, run))).collect()
    }

    /// The measured ln(speed-up), and whether it is a bound; none if neither reached the target.
    pub fn speed(&self, plain: &Run, run: &Run) -> Option<(f64, bool)> {
        let budget = self.options.epochs as f64;
        plain.epochs.or(run.epochs)?;
        let log = libm::log(plain.epochs.unwrap_or(budget) / run.epochs.unwrap_or(budget));
        Some((log, plain.epochs.is_none() || run.epochs.is_none()))
    }

    /// The learning rate with the best mean accuracy on the replicates of tuning.
    fn tune(&self, task: Task, lever: Lever) -> Option<f64> {
        let score = |rate: f64| {
            let tuning = self.runs.iter().filter(|run| run.role == Role::Tuning);
            let tuning = tuning.filter(|run| (run.task, run.lever(), run.rate) == (task, lever, rate));
            tuning.fold(0.0, |sum, run| sum + run.mean_accuracy)
        };
        self.options.rates(task).into_iter().max_by(|&a, &b| score(a).total_cmp(&score(b)))
    }

    /// The means of each setting after every recorded step; settings in which a run diverged have none.
    pub fn accuracy(&self, curves: &[&[Record]]) -> Vec<Accuracy> {
        let compared = self.runs.iter().zip(curves).filter(|(run, _)| run.role == Role::Comparison);
        let mut rows = Vec::new();
        for setting in distinct(compared.clone().map(|(run, _)| (run.task, run.lever(), run.rate))) {
            let of = compared.clone().filter(|(run, _)| (run.task, run.lever(), run.rate) == setting);
            let (runs, curves): (Vec<&Run>, Vec<&&[Record]>) = of.unzip();
            if runs.iter().any(|run| run.diverged()) {
                continue;
            }
            for place in 0..curves[0].len() {
                let records: Vec<&Record> = curves.iter().filter_map(|curve| curve.get(place)).collect();
                rows.push(self.mean(&records));
            }
        }
        rows
    }

    fn mean(&self, records: &[&Record]) -> Accuracy {
        let accuracies: Vec<f64> = records.iter().map(|record| record.accuracy).collect();
        let norms: Vec<f64> = records.iter().map(|record| record.norm).collect();
        let estimate = mean_with_interval(&accuracies, 0.95);
        let &Record { task, lever, strength, rate, step, .. } = records[0];
        Accuracy {
            task,
            lever,
            strength,
            rate,
            untuned: self.options.rate(task) == rate,
            epoch: step as f64 / self.options.steps_per_epoch(),
            accuracy: mean(&accuracies),
            lower: estimate.map(|estimate| estimate.lower),
            upper: estimate.map(|estimate| estimate.upper),
            norm: mean(&norms),
        }
    }

    pub fn speeds(&self) -> Vec<Speed> {
        let settings = distinct(self.runs.iter().map(|run| (run.task, run.lever(), run.rate)));
        let row = |(task, kind, rate)| {
            let pairs = self.beside(task, kind, rate, rate);
            let excess: Vec<f64> = pairs.iter().filter_map(|(_, run)| run.excess()).collect();
            let predicted: Vec<f64> = pairs.iter().filter_map(|(plain, run)| predicted(plain, run)).collect();
            let (logs, bounds) = self.logs(&pairs);
            let estimate = mean_with_interval(&logs, 0.95);
            let (lever, strength) = kind.columns();
            Speed {
                task,
                lever,
                strength,
                rate,
                untuned: self.options.rate(task) == rate,
                turned_over_best: known_mean(&excess).map(libm::exp),
                predicted: known_mean(&predicted),
                log_speed: known_mean(&logs),
                lower: estimate.map(|estimate| estimate.lower),
                upper: estimate.map(|estimate| estimate.upper),
                replicates: logs.len(),
                bounds,
            }
        };
        settings.into_iter().filter(|(_, lever, _)| *lever != Lever::None).map(row).collect()
    }

    pub fn tuned(&self) -> Vec<Tuned> {
        let levers = distinct(self.runs.iter().map(|run| (run.task, run.lever())));
        let row = |(task, kind)| {
            let (rate, plain_rate) = (self.tune(task, kind)?, self.tune(task, Lever::None)?);
            let (logs, bounds) = self.logs(&self.beside(task, kind, rate, plain_rate));
            let estimate = mean_with_interval(&logs, 0.95);
            let (lever, strength) = kind.columns();
            Some(Tuned {
                task,
                lever,
                strength,
                rate,
                plain_rate,
                log_speed: known_mean(&logs),
                lower: estimate.map(|estimate| estimate.lower),
                upper: estimate.map(|estimate| estimate.upper),
                replicates: logs.len(),
                bounds,
            })
        };
        levers.into_iter().filter(|(_, lever)| *lever != Lever::None).filter_map(row).collect()
    }

    /// The logarithms of the speed-ups, and how many of them are bounds.
    fn logs(&self, pairs: &[(&Run, &Run)]) -> (Vec<f64>, usize) {
        let speeds: Vec<(f64, bool)> = pairs.iter().filter_map(|(plain, run)| self.speed(plain, run)).collect();
        let bounds = speeds.iter().filter(|(_, is_bound)| *is_bound).count();
        (speeds.into_iter().map(|(log, _)| log).collect(), bounds)
    }
}

/// What L8 says of a lever: ln(speed-up) = |ln(turned/best) without it| − |ln(turned/best) with it|.
///
/// Below the best angle epochs fall with the angle (L1), above it they grow as in the mirror image (L7).
pub fn predicted(plain: &Run, run: &Run) -> Option<f64> {
    Some(plain.excess()?.abs() - run.excess()?.abs())
}

/// The mean of at least one value.
pub fn known_mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| mean(values))
}
