//! Whether `diagnose` predicts what levers do: two checkpoints of a training without a lever are saved and diagnosed, and
//! the speed-up that the answer predicts for a cut or for GradScale is held against the one that trainings show.
//!
//! `UPDATE_DIAGNOSING=1 cargo test --release --test diagnosis_predicts` writes the tables and the
//! figure of docs/diagnosing.md, at a larger setting (minutes), and says what the page has to say.
#![cfg(feature = "command")]

#[path = "../files_support/mod.rs"]
mod files_support;
mod report;
mod task;
mod trial;

use embedding_norms::confidence::{Strata, bootstrap, spearman};
use embedding_norms::diagnosis::{Side, Standing};
use embedding_norms::random::generator;
use embedding_norms::statistics::Estimate;
use files_support::{json, save};
use rand::seq::SliceRandom;
use statrs::distribution::{Binomial, DiscreteCDF};
use task::{Kind, Task};
use trial::{Length, Lever, Run, train};

/// One lever at one learning rate: predicted and measured logarithms of its speed-up.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub task: &'static str,
    pub seed: u64,
    pub rate: f64,
    pub lever: String,
    /// ln x of the training without a lever.
    pub excess: f64,
    pub predicted: f64,
    /// Whether the command gives this prediction.
    pub is_advised: bool,
    pub measured: f64,
    /// Whether one of the two did not arrive, so that the measured value is a bound.
    pub is_bound: bool,
}

/// What a task is tried with.
struct Plan {
    kind: Kind,
    rates: Vec<f64>,
    levers: Vec<Lever>,
    length: Length,
    samples: (usize, usize),
}

/// What the command says of two checkpoints a step apart.
fn diagnose(run: &Run) -> (Standing, f64) {
    let folder = tempfile::tempdir().unwrap();
    for (name, rows) in ["step0.npy", "step1.npy", "views0.npy"].into_iter().zip(&run.checkpoints) {
        save(folder.path(), name, rows);
    }
    let line = "diagnose step0.npy step1.npy --positives views0.npy --steps-between 1 --parameters shared \
                --optimizer gradient-descent --json";
    let record = json(folder.path(), line);
    let pair = |name: &str| {
        let bounds = &record["standing"][name];
        (bounds[0].as_f64().unwrap(), bounds[1].as_f64().unwrap())
    };
    let standing = Standing::of_leg(record["standing"]["angle"].as_f64().unwrap(), pair("leg"));
    let told = pair("excess");
    assert!((standing.excess.0 - told.0).abs() < 1e-12, "the record says what the library says");
    (standing, record["course"][0]["norms"]["quantiles"][3].as_f64().unwrap())
}

fn try_out(plan: &Plan, seed: u64) -> Vec<Outcome> {
    let task = Task::draw(plan.kind, plan.samples.0, plan.samples.1, seed);
    let plain: Vec<Run> = plan.rates.iter().map(|&rate| train(&task, Lever::None, rate, plan.length, seed)).collect();
    let best = plain.iter().fold(0.0_f64, |best, run| best.max(run.best()));
    let target = plain[0].untrained() + 0.5 * (best - plain[0].untrained());
    let mut outcomes = Vec::new();
    for (run, &rate) in plain.iter().zip(&plan.rates) {
        let (standing, norm) = diagnose(run);
        for &lever in &plan.levers {
            // Where steps overshoot the command gives no advice on GradScale.
            let is_advised = !matches!(lever, Lever::GradScale(_)) || standing.side() != Side::Long;
            let shift = match lever {
                Lever::None => 0.0,
                Lever::Cut(c) => 2.0 * c.ln(),
                Lever::GradScale(power) => power * norm.ln(),
            };
            let changed = train(&task, lever, rate, plan.length, seed);
            let (before, after) = (run.steps_to(target), changed.steps_to(target));
            if before.is_none() && after.is_none() {
                continue;
            }
            let budget = plan.length.steps as f64;
            let (low, high) = standing.speed_up(shift);
            outcomes.push(Outcome {
                task: plan.kind.name(),
                seed,
                rate,
                lever: lever.name(),
                excess: standing.middle(),
                predicted: 0.5 * (low + high),
                is_advised,
                measured: (before.unwrap_or(budget) / after.unwrap_or(budget)).ln(),
                is_bound: before.is_none() || after.is_none(),
            });
        }
    }
    outcomes
}

/// The rank correlation of predicted and measured speed-ups over settings, with its bootstrap interval.
pub fn correlation(predicted: &[f64], measured: &[f64]) -> Estimate {
    let at = |values: &[f64], places: &[usize]| places.iter().map(|&place| values[place]).collect::<Vec<_>>();
    let mut random = generator(1, b"diagnosing/bootstrap", 0);
    let whole = Strata::whole(predicted.len());
    bootstrap(&whole, 999, 0.95, &mut random, |places| spearman(&at(predicted, places), &at(measured, places))).unwrap()
}

/// Whether something changed, and a factor of 1.5 or more was predicted.
pub fn is_clear(outcome: &Outcome) -> bool {
    outcome.predicted.abs() > 1.5_f64.ln() && outcome.measured != 0.0
}

/// The number of right signs among clear predictions, and that of clear predictions.
pub fn right_signs(outcomes: &[Outcome]) -> (usize, usize) {
    let clear: Vec<&Outcome> = outcomes.iter().filter(|it| is_clear(it)).collect();
    (clear.iter().filter(|it| (it.predicted > 0.0) == (it.measured > 0.0)).count(), clear.len())
}

fn columns(outcomes: &[Outcome]) -> (Vec<f64>, Vec<f64>) {
    outcomes.iter().map(|outcome| (outcome.predicted, outcome.measured)).unzip()
}

fn levers() -> Vec<Lever> {
    vec![Lever::Cut(3.0), Lever::Cut(9.0), Lever::Cut(1.0 / 3.0), Lever::GradScale(1.0), Lever::GradScale(2.0)]
}

#[test]
fn diagnosis_predicts_what_levers_do_better_than_chance() {
    let plan = Plan {
        kind: Kind::Mixture,
        rates: vec![0.03, 0.1, 0.3, 1.0, 3.0, 30.0, 300.0],
        levers: levers(),
        length: Length { steps: 192, batch: 64 },
        samples: (256, 200),
    };
    let (outcomes, silent): (Vec<Outcome>, Vec<Outcome>) = try_out(&plan, 1).into_iter().partition(|it| it.is_advised);
    // Where no advice is given on GradScale, a prediction would have had the wrong sign more often than not.
    let right = silent.iter().filter(|it| (it.predicted > 0.0) == (it.measured > 0.0)).count();
    assert!(2 * right < silent.len(), "{silent:?}");
    assert!(outcomes.len() >= 20, "{}", outcomes.len());
    let (mut predicted, measured) = columns(&outcomes);
    let found = correlation(&predicted, &measured);
    let (right, clear) = right_signs(&outcomes);
    for outcome in &outcomes {
        println!("{outcome:?}");
    }
    assert!(is_better_than_chance(found, right, clear), "{found:?}, {right} of {clear}");
    report::check_smaller(found, right, clear);
    // Controls: predictions of the other sign, and predictions dealt out to other settings, are not taken for right.
    let control = |predictions: Vec<f64>| {
        let changed = outcomes.iter().zip(&predictions);
        let changed: Vec<Outcome> = changed.map(|(it, &predicted)| Outcome { predicted, ..it.clone() }).collect();
        let (right, clear) = right_signs(&changed);
        is_better_than_chance(correlation(&predictions, &measured), right, clear)
    };
    assert!(!control(predicted.iter().map(|value| -value).collect()));
    predicted.shuffle(&mut generator(1, b"diagnosing/control", 0));
    assert!(!control(predicted));
}

/// Whether the interval of a correlation lies above 0, and coins would show so many right signs in one of 20 trials at most.
fn is_better_than_chance(found: Estimate, right: usize, clear: usize) -> bool {
    let coins = Binomial::new(0.5, clear as u64).unwrap();
    found.lower > 0.0 && right > 0 && coins.sf(right as u64 - 1) <= 0.05
}

#[test]
fn the_docs_have_the_numbers_of_their_table() {
    if std::env::var_os("UPDATE_DIAGNOSING").is_some() {
        let plan = |kind, rates: &[f64], steps, batch, samples| Plan {
            kind,
            rates: rates.to_vec(),
            levers: levers(),
            length: Length { steps, batch },
            samples,
        };
        let plans = [
            (plan(Kind::Mixture, &[0.03, 0.1, 0.3, 1.0, 3.0, 30.0, 300.0], 192, 64, (256, 200)), 3),
            (plan(Kind::Digits, &[0.01, 0.1, 1.0, 10.0], 256, 64, (256, 200)), 2),
            (plan(Kind::DigitsBiases, &[0.01, 0.1, 1.0, 10.0], 256, 64, (256, 200)), 2),
        ];
        let tried = plans.iter().flat_map(|(plan, seeds)| (1..=*seeds).flat_map(|seed| try_out(plan, seed)));
        let outcomes: Vec<Outcome> = tried.collect();
        report::write(&outcomes);
    }
    report::check();
}
