//! Learning rate against weight decay: (γ, λ) → (kγ, λ/k) with norms × k^(1/h) is the same training, and where it is not
//! (statement L6).
//!
//! Every rule of the catalogue descends a contrastive loss twice, once with all norms multiplied. Where decay has to
//! scale as the norm to the −h, λ/k is right and directions are the same; where not (Adam with decay added to the
//! gradient) they diverge, unless λ scales as L6 says.

mod claims;
mod figures;

use clap::{ArgAction, Args};
use embedding_norms::loss::Clip;
use embedding_norms::normalization::GradScale;
use embedding_norms::optimizer::{Entry, Parameters, catalogue, entry};
use embedding_norms::rules;
use embedding_norms::simulation::{Cadence, Descent, Record, Start, StopRules};
use embedding_norms::sphere::{Cosine, cosines, normalize, uniform};
use embedding_norms::theory::scaling::{decay_exponent, exact_in_binary};
use embedding_norms_lab::claim::Claim;
use embedding_norms_lab::figure::Figure;
use ndarray::Array2;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::decay::Decay;
use crate::simulations::simulation::{Simulation, Tables};
use crate::simulations::study::{Context, Plan, Row, Study, digit};

/// Steps between two comparisons.
const EVERY: u64 = 10;
/// Temperature of the loss, a CLIP.
const TEMPERATURE: f64 = 0.5;

/// Settings.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RateDecayEquivalence {
    /// Factors k on the learning rate
    #[arg(long, value_name = "k,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::positive,
          default_value = "3,4,16", num_args = 1)]
    factors: Vec<f64>,

    /// Powers p of GradScale, which comes before decay
    #[arg(long, value_name = "p,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::number,
          default_value = "0,1", num_args = 1)]
    grad_scales: Vec<f64>,

    /// Pairs of embeddings
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 8)]
    pairs: usize,

    /// Dimension d of the embeddings
    #[arg(long, value_name = "D", value_parser = values::dimension, default_value_t = 8)]
    dim: usize,

    /// Steps of each run
    #[arg(long, value_name = "T", value_parser = values::count, default_value_t = 200)]
    steps: usize,
}

/// One rule with one kind of decay, under all factors.
#[derive(Clone, Debug, Serialize)]
struct Method {
    optimizer: &'static str,
    kind: Decay,
    grad_scale: f64,
    factors: Vec<f64>,
    pairs: usize,
    dimension: usize,
    steps: usize,
}

/// How λ scales where γ scales as k: as 1/k, or otherwise as L6 says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum DecayRule {
    Inverse,
    Law,
}

/// Two runs beside each other.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Comparison {
    optimizer: String,
    decay: Decay,
    grad_scale: f64,
    factor: f64,
    decay_rule: DecayRule,
    replicate: u64,
    degree: f64,
    norm_factor: f64,
    decay_factor: f64,
    /// Whether L6 says that the runs follow each other.
    #[serde(with = "digit")]
    follows: bool,
    /// Whether all factors are exact in binary besides.
    #[serde(with = "digit")]
    exact: bool,
    /// Missing where a run left the finite numbers.
    largest_angle: Option<f64>,
    #[serde(with = "digit")]
    identical: bool,
    learning_rate: f64,
    weight_decay: f64,
    steps: usize,
}

impl Row for Comparison {
    const TABLE: &'static str = "";
}

impl Comparison {
    fn is_inverse(&self) -> bool {
        self.decay_rule == DecayRule::Inverse
    }

    fn is_coupled(&self) -> bool {
        self.decay == Decay::Coupled
    }

    /// Not a number where a run left the finite numbers.
    fn angle(&self) -> f64 {
        self.largest_angle.unwrap_or(f64::NAN)
    }
}

impl Study for Method {
    type Rows = Vec<Comparison>;

    fn label(&self) -> String {
        format!("{}, {} decay, p = {}", self.optimizer, self.kind.name(), self.grad_scale)
    }

    fn cost(&self) -> f64 {
        let runs = 1.0 + 1.5 * self.factors.len() as f64;
        runs * (self.steps * self.pairs) as f64 * (800.0 + 20.0 * (self.dimension * self.pairs) as f64)
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<Comparison>, Failure> {
        let replicate = unit.unit.replicate;
        let mut points = || -> Result<Array2<f64>, Failure> {
            let mut points = uniform(self.pairs, self.dimension, &mut unit.generator)?;
            for mut row in points.rows_mut() {
                row *= unit.generator.random_range(0.5..2.0);
            }
            Ok(points)
        };
        self.compare(&[points()?, points()?], replicate)
    }
}

impl Simulation for RateDecayEquivalence {
    const NAME: &'static str = "rate-decay-equivalence";
    const ABOUT: &'static str = "Learning rate against weight decay: which joint changes leave training unchanged";
    const EXAMPLES: &'static str = "\
Examples:
  embedding-norms rate-decay-equivalence
  embedding-norms rate-decay-equivalence --factors 10,100 --grad-scales 0,0.5,1,1.5";
    const STATEMENTS: &'static [&'static str] = &["L6"];
    const REPLICATES: u64 = 5;
    const QUICK: &'static [&'static str] = &["--steps=60", "--replicates=2"];
    const FULL: &'static [&'static str] =
        &["--replicates=50", "--steps=500", "--factors=3,4,10,16,256", "--grad-scales=0,0.5,1,1.5"];

    fn plan(&self) -> Result<Plan, Failure> {
        let mut methods = Vec::new();
        for &grad_scale in &self.grad_scales {
            GradScale::new(grad_scale)?;
            for entry in catalogue().iter().filter(|entry| degree(entry.name, grad_scale) != 0.0) {
                methods.push(self.method(entry, Decay::Decoupled, grad_scale));
                // AdamW has its decay inside; with decay added to the gradient it would be Adam.
                if entry.name != "adamw" {
                    methods.push(self.method(entry, Decay::Coupled, grad_scale));
                }
            }
        }
        Plan::default().cells(methods)
    }

    fn claims(&self, tables: &Tables, _replicates: u64) -> Result<Vec<Claim>, Failure> {
        Ok(claims::claims(&tables.rows()?))
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        Ok(vec![("", figures::figure(&tables.rows()?))])
    }
}

/// The degree h of a rule of the catalogue.
fn degree(optimizer: &str, grad_scale: f64) -> f64 {
    entry(optimizer).map_or(0.0, |entry| rules::scaling(entry).degree(grad_scale))
}

impl RateDecayEquivalence {
    fn method(&self, entry: &Entry, kind: Decay, grad_scale: f64) -> Method {
        let (pairs, dimension, steps) = (self.pairs, self.dim, self.steps);
        Method { optimizer: entry.name, kind, grad_scale, factors: self.factors.clone(), pairs, dimension, steps }
    }
}

impl Method {
    /// (γ, λ) at which a run of a few hundred steps rotates embeddings by a good part of a radian and decay matters.
    fn rates(&self) -> (f64, f64) {
        if entry(self.optimizer).is_ok_and(|entry| rules::scaling(entry).q == 1.0) {
            (0.005, 0.2)
        } else {
            (0.001, 1.0)
        }
    }

    fn compare(&self, points: &[Array2<f64>; 2], replicate: u64) -> Result<Vec<Comparison>, Failure> {
        let h = degree(self.optimizer, self.grad_scale);
        let exponent = decay_exponent(self.kind.into(), h, self.grad_scale);
        let (learning_rate, weight_decay) = self.rates();
        let base = self.descend(points, [1.0; 3])?;
        let mut rows = Vec::new();
        for &factor in &self.factors {
            // Norms scale by c = k^(1/h) = 2^m, and a whole m gives exact powers.
            let m = libm::log2(factor) / h;
            let exponents = if exponent == -h { vec![-h] } else { vec![-h, exponent] };
            for decay in exponents {
                let (norm_factor, decay_factor) = (libm::exp2(m), libm::exp2(m * decay));
                let other = self.descend(points, [norm_factor, factor, decay_factor])?;
                let (largest_angle, identical) = difference(&base, &other);
                rows.push(Comparison {
                    optimizer: self.optimizer.to_owned(),
                    decay: self.kind,
                    grad_scale: self.grad_scale,
                    factor,
                    decay_rule: if decay == -h { DecayRule::Inverse } else { DecayRule::Law },
                    replicate,
                    degree: h,
                    norm_factor,
                    decay_factor,
                    follows: decay == exponent,
                    exact: decay == exponent && exact_in_binary(m, h, self.grad_scale),
                    largest_angle,
                    identical,
                    learning_rate,
                    weight_decay,
                    steps: self.steps,
                });
            }
        }
        Ok(rows)
    }

    /// A run with norms, learning rate and decay multiplied.
    fn descend(&self, points: &[Array2<f64>; 2], [norm, rate, decay]: [f64; 3]) -> Result<Vec<Record>, Failure> {
        let entry = entry(self.optimizer)?;
        let (learning_rate, strength) = self.rates();
        let strength = strength * decay;
        // Every ε is 0; decay stands beside the rule, unless the rule has it inside.
        let has = |name: &str| entry.parameters.iter().any(|parameter| parameter.name == name);
        let mut parameters = Parameters::defaults();
        if has("epsilon") {
            parameters = parameters.with("epsilon", 0.0);
        }
        let beside = if has("weight-decay") { 0.0 } else { strength };
        if has("weight-decay") {
            parameters = parameters.with("weight-decay", strength);
        }
        let optimizer = entry.build(&parameters)?;
        let loss = Clip::new(TEMPERATURE)?;
        let start = Start::pairs(&points[0] * norm, &points[1] * norm);
        let outcome = Descent::new(&loss, &*optimizer, learning_rate * rate)?
            .grad_scale(GradScale::new(self.grad_scale)?)
            .decay(self.kind.of(beside)?)
            .records(Cadence::every(EVERY)?)
            .record_positions()
            .run(start, &StopRules::budget(self.steps as u64).never_stationary())?;
        Ok(outcome.records)
    }
}

/// The largest angle between the directions of two runs at any record, and whether all are equal bit for bit. No angle
/// where a run left the finite numbers.
fn difference(one: &[Record], other: &[Record]) -> (Option<f64>, bool) {
    let (mut largest, mut identical) = (0.0_f64, one.len() == other.len());
    for (one, other) in one.iter().zip(other) {
        let views = |record: &Record| {
            let (first, second) = record.positions.clone()?;
            Some([normalize(first.view()).ok()?, normalize(second?.view()).ok()?])
        };
        let (Some(one), Some(other)) = (views(one), views(other)) else { return (None, false) };
        for (one, other) in one.iter().zip(&other) {
            identical &= one.units() == other.units();
            let angles = cosines(one.units(), other.units()).into_iter().map(Cosine::angle);
            largest = angles.fold(largest, f64::max);
        }
    }
    (Some(largest), identical)
}
