//! How norms are distributed, and what that does to gradients (statements G1, G2, L6).

use std::collections::BTreeMap;

use serde::Serialize;
use statrs::statistics::{Data, OrderStatistics};

use super::answer::{Answer, Quantity, Topic, Worth, told};
use super::needs::Need;
use super::options::{Options, Parameters};
use super::snapshot::{Fault, Snapshot};
use super::subject::Classes;
use crate::numerics::scaled;
use crate::statistics::mean_with_interval;
use crate::words::brief;

/// The shares of rows below which quantiles are reported.
pub const SHARES: [f64; 7] = [0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0];

/// A coefficient of variation below which norms carry nothing: bf16 rounds coordinates to 0.4 %, and norms to less.
const CONSTANT: f64 = 2e-3;

/// What the norms of a set look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// Norms differ between rows.
    Varied,
    /// All norms are 1.
    Normalized,
    /// All norms are the same number.
    Constant,
}

/// The distribution of norms.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Distribution {
    /// Rows with a direction.
    pub count: usize,
    /// The mean.
    pub mean: f64,
    /// The 95 % interval of the mean; `None` for a single row, and where it reaches beyond f64.
    pub interval: Option<(f64, f64)>,
    /// The standard deviation over the mean.
    pub variation: f64,
    /// The quantiles at [`SHARES`].
    pub quantiles: [f64; 7],
    /// What they look like.
    pub shape: Shape,
}

impl Distribution {
    /// Of norms, of which there is at least one.
    pub fn of(norms: &[f64]) -> Self {
        // Sums over the longest norm stay in range.
        let longest = norms.iter().fold(0.0_f64, |longest, &norm| longest.max(norm));
        let shares: Vec<f64> = norms.iter().map(|norm| norm / longest).collect();
        let n = shares.len() as f64;
        let mean = shares.iter().sum::<f64>() / n;
        let square = shares.iter().fold(0.0, |sum, share| sum + (share - mean) * (share - mean));
        let variation = if shares.len() > 1 { (square / (n - 1.0)).sqrt() / mean } else { 0.0 };
        let interval = mean_with_interval(&shares, 0.95).map(|it| (it.lower * longest, it.upper * longest));
        let interval = interval.filter(|(_, upper)| upper.is_finite());
        let mut data = Data::new(norms.to_vec());
        let quantiles = SHARES.map(|share| data.quantile(share));
        let mean = mean * longest;
        let shape = match (variation < CONSTANT && norms.len() > 1, (mean - 1.0).abs() < 0.01) {
            (true, true) => Shape::Normalized,
            (true, false) => Shape::Constant,
            _ => Shape::Varied,
        };
        Self { count: norms.len(), mean, interval, variation, quantiles, shape }
    }

    /// The median.
    pub fn median(&self) -> f64 {
        self.quantiles[3]
    }
}

/// The norms of a class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassNorms {
    /// The name of the class.
    pub class: String,
    /// Its rows with a direction.
    pub count: usize,
    /// Their mean norm.
    pub mean: f64,
    /// The 95 % interval of the mean; `None` for a single row.
    pub interval: Option<(f64, f64)>,
    /// Their median norm.
    pub median: f64,
}

/// The norms of each class, in the order of the names of the classes.
pub fn of_classes(snapshot: &Snapshot, classes: &Classes) -> Vec<ClassNorms> {
    let mut members: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for (norm, &class) in snapshot.norms().iter().zip(&classes.of_rows) {
        if norm.is_finite() {
            members.entry(class).or_default().push(*norm);
        }
    }
    let class = |(class, norms): (usize, Vec<f64>)| {
        let distribution = Distribution::of(&norms);
        ClassNorms {
            class: classes.names.get(class).cloned().unwrap_or_else(|| class.to_string()),
            count: norms.len(),
            mean: distribution.mean,
            interval: distribution.interval,
            median: distribution.median(),
        }
    };
    members.into_iter().map(class).collect()
}

/// What is wrong with the files, and which rows are left out.
pub fn input(snapshot: &Snapshot, distribution: &Distribution) -> Vec<Answer> {
    let mut answers = Vec::new();
    let left_out = snapshot.left_out();
    if !left_out.is_empty() {
        let count = |kind: Fault| left_out.iter().filter(|(_, fault)| *fault == kind).count();
        let (zero, long) = (count(Fault::Zero), count(Fault::TooLong));
        let long = if long == 0 { String::new() } else { format!(", {long} {}", Fault::TooLong.name()) };
        let first: Vec<String> =
            left_out.iter().take(8).map(|(row, fault)| format!("{row} {}", fault.name())).collect();
        let more = if left_out.len() > first.len() { ", …" } else { "" };
        let finding = format!(
            "{}: {} of {} rows have no direction and are left out ({zero} zero, {} non-finite{long}): {}{more}, counted from 0.",
            snapshot.name(),
            left_out.len(),
            snapshot.norms().len(),
            count(Fault::NotFinite),
            first.join(", ")
        );
        let count = Quantity::new("rows left out", left_out.len() as f64);
        answers.push(Answer::measured("rows-left-out", Topic::Input, finding).with([count]));
    }
    if distribution.shape != Shape::Varied {
        answers.push(constant(snapshot.name(), distribution));
    }
    answers
}

/// Norms that carry nothing, and what to save in their place.
fn constant(name: &str, distribution: &Distribution) -> Answer {
    let finding = match distribution.shape {
        Shape::Normalized => format!(
            "{name}: all norms are 1: these embeddings are normalized already, and what the norms said is lost. Save what \
             goes *into* the normalization: in PyTorch z in F.normalize(z, dim=-1), with sentence-transformers \
             encode(..., normalize_embeddings=False) of a model without a Normalize layer."
        ),
        _ => format!(
            "{name}: all norms are {}: a layer before fixes them, such as LayerNorm or BatchNorm with one scale. Save what goes \
             *into* that layer.",
            brief(distribution.mean)
        ),
    };
    Answer::measured("normalized", Topic::Input, finding)
        .with([Quantity::new("coefficient of variation", distribution.variation)])
}

/// The distribution as an answer.
pub fn distribution(distribution: &Distribution) -> Answer {
    let [_, low, _, median, _, high, _] = distribution.quantiles;
    let finding = format!(
        "The typical norm is {}; nine of ten embeddings lie between {} and {}, a factor of {}.",
        brief(median),
        brief(low),
        brief(high),
        told(high / low)
    );
    let names = ["smallest", "5 %", "25 %", "median", "75 %", "95 %", "largest"];
    let mut mean = Quantity::new("mean", distribution.mean);
    mean.interval = distribution.interval;
    Answer::measured("norms", Topic::Norms, finding)
        .with([mean, Quantity::new("coefficient of variation", distribution.variation)])
        .with(names.into_iter().zip(distribution.quantiles).map(|(name, value)| Quantity::new(name, value)))
}

/// The norms of classes as an answer; `share` is the share of the variance of norms that lies between classes.
pub fn classes(classes: &[ClassNorms], share: f64, chance: f64) -> Answer {
    let mut order: Vec<&ClassNorms> = classes.iter().collect();
    order.sort_by(|a, b| a.mean.total_cmp(&b.mean));
    let (Some(first), Some(last)) = (order.first(), order.last()) else {
        return Answer::none("class-norms", Topic::Norms, "No class has a row with a direction.");
    };
    let beyond = if share > 3.0 * chance { "more than" } else { "not clearly more than" };
    let finding = format!(
        "Mean norms of {} classes run from {} ({}) to {} ({}). Classes explain {:.1} % of the variance of norms, {beyond} \
         labels at random do ({:.1} %).",
        classes.len(),
        brief(first.mean),
        first.class,
        brief(last.mean),
        last.class,
        100.0 * share,
        100.0 * chance
    );
    let mean = |class: &&ClassNorms| {
        let quantity = Quantity::new(format!("mean of class {}", class.class), class.mean);
        Quantity { interval: class.interval, ..quantity }
    };
    let shown = if order.len() <= 20 { order } else { [&order[..5], &order[order.len() - 5..]].concat() };
    Answer::measured("class-norms", Topic::Norms, finding).with(shown.iter().map(mean))
}

/// The share of the variance of norms that lies between classes, and what labels at random would explain.
pub fn between_classes(snapshot: &Snapshot, classes: &Classes, of_classes: &[ClassNorms]) -> (f64, f64) {
    let norms = snapshot.finite_norms();
    // A share does not depend on the unit, and squares of ordinary numbers stay in range.
    let exponent = scaled::exponent(norms.iter().copied()).unwrap_or(0);
    let norms: Vec<f64> = norms.into_iter().map(|norm| scaled::shifted(norm, -exponent)).collect();
    let mean = norms.iter().sum::<f64>() / norms.len() as f64;
    let total = norms.iter().fold(0.0, |sum, norm| sum + (norm - mean) * (norm - mean));
    let between = of_classes.iter().fold(0.0, |sum, class| {
        let from_mean = scaled::shifted(class.mean, -exponent) - mean;
        sum + class.count as f64 * from_mean * from_mean
    });
    let chance = (classes.names.len() as f64 - 1.0) / (norms.len() as f64 - 1.0).max(1.0);
    (if total > 0.0 { between / total } else { 0.0 }, chance)
}

/// What the norms do to gradients, and to speed.
pub fn gradient(distribution: &Distribution, options: &Options) -> Vec<Answer> {
    let quantiles = &distribution.quantiles[1..6];
    let names = ["5 %", "25 %", "median", "75 %", "95 %"];
    let scale = names
        .into_iter()
        .zip(quantiles)
        .map(|(name, norm)| Quantity::new(format!("1/‖z‖ at the {name} norm"), 1.0 / norm));
    let finding = format!(
        "The same pull gives an embedding at the 5 % norm {} times the gradient of one at the 95 % norm.",
        told(quantiles[4] / quantiles[0])
    );
    let gradient = Answer::measured("gradient-scale", Topic::Gradient, finding)
        .with(scale)
        .rests_on("G1", "∇_z L = P_z g / ‖z‖")
        .on("Any loss of cosine similarities, any network, before the optimizer.")
        .worth(
            Worth::Proved,
            "The factor 1/‖z‖ is exact; how strongly each embedding is pulled is not in these files.",
        );
    vec![gradient, slow_down(distribution, options)]
}

/// How many times the steps of a median embedding others take, k from the optimizer.
fn slow_down(distribution: &Distribution, options: &Options) -> Answer {
    let exponent = options.rule.map_or(2.0, |rule| rule.scaling.norm_exponent(0.0));
    let median = distribution.median();
    let factor = |norm: f64| libm::pow(norm / median, exponent);
    let names = ["5 %", "25 %", "75 %", "95 %"];
    let quantiles = [1, 2, 4, 5].map(|place| distribution.quantiles[place]);
    let finding = if exponent == 0.0 {
        "Steps do not depend on the norm under this optimizer.".to_owned()
    } else {
        format!(
            "An embedding at the 95 % norm takes {} times the steps of a median one, at the 5 % norm {} times.",
            told(factor(quantiles[3])),
            told(factor(quantiles[0]))
        )
    };
    let rule = match options.rule {
        Some(rule) => format!("{} with k = {exponent}", rule.name),
        None => format!("plain gradient descent, k = 2 ({} for another: k = 1 under Adam)", options.names.rule),
    };
    let (worth, why) = match (options.parameters, options.rule) {
        (Parameters::Free, Some(_)) => (Worth::Proved, "Exact for equal pulls and equal initial angles."),
        (Parameters::Free, None) => (Worth::Conditional, "The optimizer is not known."),
        (Parameters::Shared, _) => (
            Worth::Conditional,
            "Embeddings share parameters: a step for one moves the others too (S4), so this is the speed that their own \
             gradients ask for and no more.",
        ),
        (Parameters::Unknown, _) => (Worth::Conditional, "It is not known whether embeddings share parameters."),
    };
    Answer::measured("slow-down", Topic::Gradient, finding)
        .needs(options.rule.is_none().then_some(Need::Rule))
        .with(
            names
                .into_iter()
                .zip(quantiles)
                .map(|(name, norm)| Quantity::new(format!("steps against the median, {name} norm"), factor(norm))),
        )
        .rests_on("L6", "steps ∝ ρ^k at a fixed learning rate, above the best norm")
        .on(format!("{rule}; every embedding a parameter of its own; steps below the best one."))
        .worth(worth, why)
}
