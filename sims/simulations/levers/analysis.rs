//! What the runs say of the levers: epochs to an accuracy, and how many fewer a lever takes than plain training.

use std::collections::BTreeMap;

use embedding_norms::lab::table::{Table, Value};
use embedding_norms::statistics::mean_with_interval;

use super::lever::Lever;
use super::task::Task;
use super::training::{Run, Setting, Training};

/// A run with its place in the comparison.
pub struct Entry<'a> {
    pub cell: &'a Training,
    pub setting: Setting,
    pub replicate: u64,
    pub run: Run,
    /// The accuracy to reach.
    target: Option<f64>,
}

/// All runs.
pub struct Runs<'a> {
    entries: Vec<Entry<'a>>,
    /// Replicates below this tune learning rates.
    tuning: u64,
    /// The learning rate of the untuned comparison for each task.
    untuned: BTreeMap<Task, f64>,
}

/// The logarithm of the epochs of plain training over those of a lever.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speed {
    pub log: f64,
    /// Whether one of the two did not arrive: then the true ratio lies further from 1.
    pub is_bound: bool,
}

impl Entry<'_> {
    /// Epochs until the target is reached by the smoothed accuracy, between two measurements in proportion to the
    /// logarithm of the step.
    pub fn epochs(&self) -> Option<f64> {
        let target = self.target?;
        let curve = self.smoothed();
        let at = curve.iter().position(|&(_, accuracy)| accuracy >= target)?;
        let (step, accuracy) = curve[at];
        let step = match at.checked_sub(1).map(|before| curve[before]) {
            None => step,
            Some((earlier, below)) => {
                let (low, high) = (libm::log(earlier), libm::log(step));
                libm::exp(low + (target - below) / (accuracy - below) * (high - low))
            }
        };
        Some(step / self.run.steps_per_epoch as f64)
    }

    /// The accuracy after each number of steps above 0, as the mean with its neighbours: single measurements waver by the
    /// size of the test.
    fn smoothed(&self) -> Vec<(f64, f64)> {
        let records = &self.run.records[1..];
        let around = |at: usize| {
            let near = &records[at.saturating_sub(1)..(at + 2).min(records.len())];
            near.iter().fold(0.0, |sum, record| sum + record.accuracy) / near.len() as f64
        };
        records.iter().enumerate().map(|(at, record)| (record.step as f64, around(at))).collect()
    }

    /// The mean accuracy over the logarithm of the step: what learning rates are tuned for.
    fn mean_accuracy(&self) -> f64 {
        // A run that diverges has no neighbours from there on.
        let records = &self.run.records[1..];
        let sum = records.iter().fold(0.0, |sum, record| sum + record.accuracy);
        if self.run.diverged || records.is_empty() { 0.0 } else { sum / records.len() as f64 }
    }

    /// The best smoothed accuracy.
    fn best(&self) -> f64 {
        self.smoothed().iter().fold(0.0, |best, (_, accuracy)| best.max(*accuracy))
    }

    /// The best angle of a first step, φ0/2 for each member of a pair (L8).
    pub fn best_angle(&self) -> f64 {
        0.5 * self.run.angle
    }

    /// ln of the angle that the first step turned over the best one.
    pub fn excess(&self) -> Option<f64> {
        self.run.turned.filter(|&turned| turned > 0.0).map(|turned| libm::log(turned / self.best_angle()))
    }

    /// γρ^(p−2) with γ = η/n: what L8 speaks of where every embedding has its own parameters.
    pub fn step_size(&self) -> f64 {
        let gamma = self.setting.rate / self.cell.size.batch as f64;
        gamma * libm::pow(self.run.norm, self.setting.lever.power() - 2.0)
    }

    fn stop(&self) -> &'static str {
        match self.epochs() {
            Some(_) => "reached",
            None if self.run.diverged => "diverged",
            None => "budget",
        }
    }
}

impl<'a> Runs<'a> {
    /// The target of each task and replicate goes `share` of the way from the accuracy of the untrained network to the
    /// best that plain training has at any time and learning rate.
    pub fn new(found: Vec<(&'a Training, u64, Vec<Run>)>, share: f64, tuning: u64, rate: impl Fn(Task) -> f64) -> Self {
        let entries = found.into_iter().flat_map(|(cell, replicate, runs)| {
            let runs = cell.settings.iter().zip(runs);
            runs.map(move |(&setting, run)| Entry { cell, setting, replicate, run, target: None })
        });
        let mut entries: Vec<Entry<'a>> = entries.collect();
        let mut targets: BTreeMap<(Task, u64), (f64, f64)> = BTreeMap::new();
        for entry in entries.iter().filter(|entry| entry.setting.lever == Lever::None) {
            let start = entry.run.records[0].accuracy;
            let ends = targets.entry((entry.cell.task, entry.replicate)).or_insert((start, start));
            ends.1 = ends.1.max(entry.best());
        }
        for entry in &mut entries {
            let ends = targets.get(&(entry.cell.task, entry.replicate));
            entry.target =
                ends.filter(|(start, best)| best > start).map(|(start, best)| start + share * (best - start));
        }
        let untuned = entries.iter().map(|entry| (entry.cell.task, rate(entry.cell.task))).collect();
        Self { entries, tuning, untuned }
    }

    /// The tasks, in their order.
    pub fn tasks(&self) -> Vec<Task> {
        self.untuned.keys().copied().collect()
    }

    /// The replicates that are compared, in their order.
    pub fn compared(&self) -> Vec<u64> {
        let mut replicates: Vec<u64> = self.entries.iter().map(|entry| entry.replicate).collect();
        replicates.sort_unstable();
        replicates.dedup();
        replicates.retain(|&replicate| replicate >= self.tuning);
        replicates
    }

    fn levers(&self, task: Task) -> Vec<Lever> {
        let mut levers: Vec<Lever> = Vec::new();
        for entry in self.entries.iter().filter(|entry| entry.cell.task == task) {
            if !levers.contains(&entry.setting.lever) {
                levers.push(entry.setting.lever);
            }
        }
        levers
    }

    fn rates(&self, task: Task) -> Vec<f64> {
        let mut rates: Vec<f64> =
            self.entries.iter().filter(|entry| entry.cell.task == task).map(|entry| entry.setting.rate).collect();
        rates.sort_by(f64::total_cmp);
        rates.dedup();
        rates
    }

    fn find(&self, task: Task, lever: Lever, rate: f64, replicate: u64) -> Option<&Entry<'a>> {
        self.entries.iter().find(|entry| {
            (entry.cell.task, entry.setting.lever, entry.setting.rate, entry.replicate)
                == (task, lever, rate, replicate)
        })
    }

    /// Every setting of a replicate with a lever, beside plain training at the same learning rate.
    pub fn pairs(&self, task: Task, replicate: u64) -> Vec<(&Entry<'a>, &Entry<'a>)> {
        let with_lever = |entry: &&Entry<'a>| {
            (entry.cell.task, entry.replicate) == (task, replicate) && entry.setting.lever != Lever::None
        };
        let plain = |entry: &Entry<'a>| self.find(task, Lever::None, entry.setting.rate, replicate);
        self.entries.iter().filter(with_lever).filter_map(|entry| Some((plain(entry)?, entry))).collect()
    }

    /// The learning rate with the best mean accuracy on the replicates of tuning.
    fn tune(&self, task: Task, lever: Lever) -> Option<f64> {
        let score = |rate: f64| {
            let tuned = (0..self.tuning).filter_map(|replicate| self.find(task, lever, rate, replicate));
            tuned.fold(0.0, |sum, entry| sum + entry.mean_accuracy())
        };
        let scores: Vec<(f64, f64)> = self.rates(task).into_iter().map(|rate| (rate, score(rate))).collect();
        scores.into_iter().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(rate, _)| rate)
    }

    /// One row for each run.
    pub fn table(&self) -> Table {
        let mut table = Table::new(&[
            "task",
            "lever",
            "strength",
            "rate",
            "replicate",
            "role",
            "norm",
            "final_norm",
            "angle",
            "turned",
            "best_angle",
            "step_size",
            "effective_rank",
            "final_rank",
            "mean_cosine",
            "chance",
            "untrained",
            "best",
            "mean_accuracy",
            "target",
            "epochs",
            "stop",
        ]);
        for entry in &self.entries {
            let run = &entry.run;
            let role = if entry.replicate < self.tuning { "tuning" } else { "comparison" };
            let [task, lever, strength, rate] = setting(entry.cell.task, entry.setting.lever, entry.setting.rate);
            table.push([
                task,
                lever,
                strength,
                rate,
                entry.replicate.into(),
                role.into(),
                run.norm.into(),
                run.final_norm.into(),
                run.angle.into(),
                run.turned.into(),
                entry.best_angle().into(),
                entry.step_size().into(),
                run.effective_rank.into(),
                run.final_rank.into(),
                run.mean_cosine.into(),
                run.chance.into(),
                run.records[0].accuracy.into(),
                entry.best().into(),
                entry.mean_accuracy().into(),
                entry.target.into(),
                entry.epochs().into(),
                entry.stop().into(),
            ]);
        }
        table
    }

    /// Mean accuracy and norm by epochs over the replicates that are compared.
    pub fn accuracy(&self) -> Table {
        let columns = ["task", "lever", "strength", "rate", "untuned", "epoch", "accuracy", "lower", "upper", "norm"];
        let mut table = Table::new(&columns);
        for (task, lever, rate) in self.settings() {
            let runs = self.of(task, lever, rate);
            let whole = runs.iter().filter(|entry| !entry.run.diverged).count();
            let Some(steps) = runs.iter().find(|entry| !entry.run.diverged).filter(|_| whole == runs.len()) else {
                continue;
            };
            for (place, record) in steps.run.records.iter().enumerate() {
                let records: Vec<_> = runs.iter().filter_map(|entry| entry.run.records.get(place)).collect();
                let accuracies: Vec<f64> = records.iter().map(|record| record.accuracy).collect();
                let norm = records.iter().fold(0.0, |sum, record| sum + record.norm) / records.len() as f64;
                let estimate = mean_with_interval(&accuracies, 0.95);
                let [name, kind, strength, at] = setting(task, lever, rate);
                let untuned = if self.untuned.get(&task) == Some(&rate) { "yes" } else { "no" };
                table.push([
                    name,
                    kind,
                    strength,
                    at,
                    untuned.into(),
                    (record.step as f64 / steps.run.steps_per_epoch as f64).into(),
                    mean(&accuracies).into(),
                    estimate.map(|estimate| estimate.lower).into(),
                    estimate.map(|estimate| estimate.upper).into(),
                    norm.into(),
                ]);
            }
        }
        table
    }

    fn settings(&self) -> Vec<(Task, Lever, f64)> {
        let mut settings = Vec::new();
        for task in self.tasks() {
            for lever in self.levers(task) {
                settings.extend(self.rates(task).into_iter().map(|rate| (task, lever, rate)));
            }
        }
        settings
    }

    /// The runs of one setting that are compared.
    fn of(&self, task: Task, lever: Lever, rate: f64) -> Vec<&Entry<'a>> {
        self.compared().into_iter().filter_map(|replicate| self.find(task, lever, rate, replicate)).collect()
    }

    /// Each lever against plain training at the same learning rate: the measured logarithm of the speed-up and the
    /// predicted one, means over the replicates that are compared.
    pub fn speed(&self) -> Table {
        let mut table = Table::new(&[
            "task",
            "lever",
            "strength",
            "rate",
            "untuned",
            "turned_over_best",
            "predicted",
            "log_speed",
            "lower",
            "upper",
            "replicates",
            "bounds",
        ]);
        for (task, lever, rate) in self.settings() {
            if lever == Lever::None {
                continue;
            }
            let pairs: Vec<_> = self
                .of(task, lever, rate)
                .into_iter()
                .filter_map(|entry| Some((self.find(task, Lever::None, rate, entry.replicate)?, entry)))
                .collect();
            let excess: Vec<f64> = pairs.iter().filter_map(|(_, entry)| entry.excess()).collect();
            let predicted: Vec<f64> = pairs.iter().filter_map(|(plain, entry)| predicted(plain, entry)).collect();
            let speeds: Vec<Speed> = pairs.iter().filter_map(|(plain, entry)| speed(plain, entry)).collect();
            let untuned = if self.untuned.get(&task) == Some(&rate) { "yes" } else { "no" };
            let head = setting(task, lever, rate).into_iter().chain([untuned.into()]);
            let means = [mean(&excess).map(libm::exp), mean(&predicted)].map(Value::from);
            table.push(head.chain(means).chain(measured(&speeds)));
        }
        table
    }

    /// Each lever against plain training, both at the learning rates that were best for them in the tuning.
    pub fn tuned(&self) -> Table {
        let mut table = Table::new(&[
            "task",
            "lever",
            "strength",
            "rate",
            "plain_rate",
            "log_speed",
            "lower",
            "upper",
            "replicates",
            "bounds",
        ]);
        for task in self.tasks() {
            let Some(plain_rate) = self.tune(task, Lever::None) else { continue };
            for lever in self.levers(task).into_iter().filter(|&lever| lever != Lever::None) {
                let Some(rate) = self.tune(task, lever) else { continue };
                let runs = self.of(task, lever, rate);
                let plain = |entry: &&Entry<'_>| self.find(task, Lever::None, plain_rate, entry.replicate);
                let speeds: Vec<Speed> = runs.iter().filter_map(|entry| speed(plain(entry)?, entry)).collect();
                let head = setting(task, lever, rate).into_iter().chain([plain_rate.into()]);
                table.push(head.chain(measured(&speeds)));
            }
        }
        table
    }
}

/// What L8 says of a lever: ln(speed-up) = |ln(turned/best) without it| − |ln(turned/best) with it|.
///
/// Below the best angle epochs fall with the angle (L1), above it they grow as in the mirror image (L7).
pub fn predicted(plain: &Entry<'_>, entry: &Entry<'_>) -> Option<f64> {
    Some(plain.excess()?.abs() - entry.excess()?.abs())
}

/// The measured ln(speed-up) at the same learning rate; none if neither reached the target.
pub fn speed(plain: &Entry<'_>, entry: &Entry<'_>) -> Option<Speed> {
    let budget = entry.cell.epochs as f64;
    let (plain, epochs) = (plain.epochs(), entry.epochs());
    if plain.is_none() && epochs.is_none() {
        return None;
    }
    let log = libm::log(plain.unwrap_or(budget) / epochs.unwrap_or(budget));
    Some(Speed { log, is_bound: plain.is_none() || epochs.is_none() })
}

/// The columns that say what a setting is.
fn setting(task: Task, lever: Lever, rate: f64) -> [Value; 4] {
    [task.name().into(), lever.name().into(), lever.strength().into(), rate.into()]
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().fold(0.0, |sum, value| sum + value) / values.len() as f64)
}

/// Mean and interval of the logarithms, how many there are, and how many of them are bounds.
fn measured(speeds: &[Speed]) -> [Value; 5] {
    let logs: Vec<f64> = speeds.iter().map(|speed| speed.log).collect();
    let estimate = mean_with_interval(&logs, 0.95);
    [
        mean(&logs).into(),
        estimate.map(|estimate| estimate.lower).into(),
        estimate.map(|estimate| estimate.upper).into(),
        logs.len().into(),
        speeds.iter().filter(|speed| speed.is_bound).count().into(),
    ]
}
