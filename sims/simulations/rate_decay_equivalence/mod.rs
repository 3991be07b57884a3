//! Learning rate against weight decay: (γ, λ) → (kγ, λ/k) with norms × k^(1/h) is the same training, and where it is not
//! (statement L6).
//!
//! Every rule of the catalogue descends a contrastive loss twice, once with all norms multiplied. Where decay has to
//! scale as the norm to the −h, λ/k is right and directions are the same; where not (Adam with decay added to the
//! gradient) they part, unless λ scales as L6 says.

mod claims;
mod figures;

use clap::{ArgAction, Args};
use embedding_norms::lab::claim::Claim;
use embedding_norms::lab::figure::Figure;
use embedding_norms::lab::sweep::{self, Unit, UnitContext};
use embedding_norms::lab::table::{Table, Value};
use embedding_norms::loss::Clip;
use embedding_norms::normalization::GradScale;
use embedding_norms::optimizer::{Entry, Parameters, WeightDecay, catalogue, entry};
use embedding_norms::simulation::{Cadence, Descent, Record, Start, StopRules};
use embedding_norms::sphere::{Cosine, cosines, normalize, uniform};
use embedding_norms::theory::scaling::{Decay, decay_exponent, exact_in_binary};
use ndarray::Array2;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::simulation::{Simulation, Tables};

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
pub struct Cell {
    optimizer: &'static str,
    kind: Kind,
    grad_scale: f64,
    factors: Vec<f64>,
    pairs: usize,
    dimension: usize,
    steps: usize,
}

/// Where decay acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Decoupled,
    Coupled,
}

/// Two runs beside each other.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Comparison {
    factor: f64,
    norm_factor: f64,
    decay_factor: f64,
    /// Whether λ went as 1/k; otherwise as L6 says.
    inverse: bool,
    follows: bool,
    exact: bool,
    /// Missing where a run left the finite numbers.
    largest_angle: Option<f64>,
    identical: bool,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Decoupled => "decoupled",
            Self::Coupled => "coupled",
        }
    }

    const fn decay(self) -> Decay {
        match self {
            Self::Decoupled => Decay::Decoupled,
            Self::Coupled => Decay::Coupled,
        }
    }
}

impl sweep::Cell for Cell {
    fn label(&self) -> String {
        format!("{}, {} decay, p = {}", self.optimizer, self.kind.name(), self.grad_scale)
    }

    /// Nanoseconds, roughly.
    fn cost(&self) -> f64 {
        let runs = 1.0 + 1.5 * self.factors.len() as f64;
        runs * (self.steps * self.pairs) as f64 * (800.0 + 20.0 * (self.dimension * self.pairs) as f64)
    }
}

impl Simulation for RateDecayEquivalence {
    const NAME: &'static str = "rate-decay-equivalence";
    const ABOUT: &'static str = "Learning rate against weight decay: which changes of both change nothing";
    const EXAMPLES: &'static str = "\
Examples:
  embedding-norms rate-decay-equivalence
  embedding-norms rate-decay-equivalence --factors 10,100 --grad-scales 0,0.5,1,1.5";
    const STATEMENTS: &'static [&'static str] = &["L6"];
    const REPLICATES: u64 = 5;
    const QUICK: &'static [&'static str] = &["--steps=60", "--replicates=2"];
    const FULL: &'static [&'static str] =
        &["--replicates=50", "--steps=500", "--factors=3,4,10,16,256", "--grad-scales=0,0.5,1,1.5"];

    type Cell = Cell;
    type Finding = Vec<Comparison>;

    fn cells(&self) -> Result<Vec<Cell>, Failure> {
        let mut cells = Vec::new();
        for &grad_scale in &self.grad_scales {
            GradScale::new(grad_scale)?;
            for entry in catalogue().iter().filter(|entry| degree(entry.name, grad_scale) != 0.0) {
                cells.push(self.cell(entry, Kind::Decoupled, grad_scale));
                // AdamW has its decay inside; with decay added to the gradient it would be Adam.
                if entry.name != "adamw" {
                    cells.push(self.cell(entry, Kind::Coupled, grad_scale));
                }
            }
        }
        Ok(cells)
    }

    fn simulate(unit: &mut UnitContext<'_, Cell>) -> Result<Vec<Comparison>, Failure> {
        let cell = unit.cell;
        let mut points = || -> Result<Array2<f64>, Failure> {
            let mut points = uniform(cell.pairs, cell.dimension, &mut unit.generator)?;
            for mut row in points.rows_mut() {
                row *= unit.generator.random_range(0.5..2.0);
            }
            Ok(points)
        };
        cell.compare(&[points()?, points()?])
    }

    fn tables(&self, cells: &[Cell], found: Vec<(Unit, Vec<Comparison>)>) -> Result<Tables, Failure> {
        let mut table = Table::new(&[
            "optimizer",
            "decay",
            "grad_scale",
            "factor",
            "decay_rule",
            "replicate",
            "degree",
            "norm_factor",
            "decay_factor",
            "follows",
            "exact",
            "largest_angle",
            "identical",
            "learning_rate",
            "weight_decay",
            "steps",
        ]);
        for (unit, comparisons) in found {
            comparisons.iter().for_each(|found| table.push(cells[unit.cell].row(found, unit.replicate)));
        }
        Ok(Tables::new([("", table)]))
    }

    fn claims(&self, tables: &Tables, _replicates: u64) -> Result<Vec<Claim>, Failure> {
        Ok(claims::claims(tables.get("")?)?)
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        Ok(vec![("", figures::figure(tables.get("")?)?)])
    }
}

/// The degree h of a rule of the catalogue.
fn degree(optimizer: &str, grad_scale: f64) -> f64 {
    entry(optimizer).map_or(0.0, |entry| entry.scaling.degree(grad_scale))
}

impl RateDecayEquivalence {
    fn cell(&self, entry: &Entry, kind: Kind, grad_scale: f64) -> Cell {
        let (pairs, dimension, steps) = (self.pairs, self.dim, self.steps);
        Cell { optimizer: entry.name, kind, grad_scale, factors: self.factors.clone(), pairs, dimension, steps }
    }
}

impl Cell {
    /// (γ, λ) at which a run of some hundred steps turns embeddings by a good part of a radian and feels its decay.
    fn rates(&self) -> (f64, f64) {
        if entry(self.optimizer).is_ok_and(|entry| entry.scaling.q == 1.0) { (0.005, 0.2) } else { (0.001, 1.0) }
    }

    fn compare(&self, points: &[Array2<f64>; 2]) -> Result<Vec<Comparison>, Failure> {
        let h = degree(self.optimizer, self.grad_scale);
        let exponent = decay_exponent(self.kind.decay(), h, self.grad_scale);
        let base = self.descend(points, [1.0; 3])?;
        let mut comparisons = Vec::new();
        for &factor in &self.factors {
            // Norms go by c = k^(1/h) = 2^m, and a whole m gives exact powers.
            let m = libm::log2(factor) / h;
            let exponents = if exponent == -h { vec![-h] } else { vec![-h, exponent] };
            for decay in exponents {
                let (norm_factor, decay_factor) = (libm::exp2(m), libm::exp2(m * decay));
                let other = self.descend(points, [norm_factor, factor, decay_factor])?;
                let (largest_angle, identical) = difference(&base, &other);
                comparisons.push(Comparison {
                    factor,
                    norm_factor,
                    decay_factor,
                    inverse: decay == -h,
                    follows: decay == exponent,
                    exact: decay == exponent && exact_in_binary(m, h, self.grad_scale),
                    largest_angle,
                    identical,
                });
            }
        }
        Ok(comparisons)
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
        let decay = match self.kind {
            Kind::Decoupled => WeightDecay::decoupled(beside)?,
            Kind::Coupled => WeightDecay::coupled(beside)?,
        };
        let loss = Clip::new(TEMPERATURE)?;
        let start = Start::pairs(&points[0] * norm, &points[1] * norm);
        let outcome = Descent::new(&loss, &*optimizer, learning_rate * rate)?
            .grad_scale(GradScale::new(self.grad_scale)?)
            .decay(decay)
            .records(Cadence::every(EVERY)?)
            .record_positions()
            .run(start, &StopRules::budget(self.steps as u64).never_stationary())?;
        Ok(outcome.records)
    }

    fn row(&self, found: &Comparison, replicate: u64) -> [Value; 16] {
        let (learning_rate, weight_decay) = self.rates();
        [
            self.optimizer.into(),
            self.kind.name().into(),
            self.grad_scale.into(),
            found.factor.into(),
            (if found.inverse { "inverse" } else { "law" }).into(),
            replicate.into(),
            degree(self.optimizer, self.grad_scale).into(),
            found.norm_factor.into(),
            found.decay_factor.into(),
            usize::from(found.follows).into(),
            usize::from(found.exact).into(),
            found.largest_angle.into(),
            usize::from(found.identical).into(),
            learning_rate.into(),
            weight_decay.into(),
            self.steps.into(),
        ]
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
