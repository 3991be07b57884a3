//! How the norm of an embedding governs the steps that gradient descent needs (statements G2, D1, L1, L2, L4).
//!
//! n pairs of random directions in R^d start at one common norm and descend the negative cosine until the mean cosine
//! is 1 − ε. Three engines count the steps: *full* moves the vectors, *pair* iterates the exact recursion of D1, *flow*
//! evaluates the closed form of L4. The published counts are laid beside them.

mod claims;
mod figures;

use clap::{ArgAction, Args};
use embedding_norms::lab::claim::Claim;
use embedding_norms::lab::figure::Figure;
use embedding_norms::lab::sweep::{self, Unit, UnitContext};
use embedding_norms::lab::table::{Table, Value};
use embedding_norms::loss::{Batch, Loss, NegativeCosine};
use embedding_norms::normalization::pullback;
use embedding_norms::random::Generator;
use embedding_norms::sphere::{self, cosines, normalize, uniform, uniform_half_tangents};
use embedding_norms::theory::convergence::{half_tangent_at, second_order_steps};
use embedding_norms::theory::one_step::Pair;
use embedding_norms::theory::pair::steps_of_pair;
use ndarray::Array2;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::pairs::{
    Counts, FirstGradient, PAIR_STEP, PREDICTION_COLUMNS, PairOptions, Pairs, prediction, published_counts,
};
use crate::simulations::simulation::{Simulation, Tables};

/// The table of published counts and our prediction intervals.
const PUBLISHED: &str = "published";
/// The table of single pairs against L1.
const SINGLE_PAIRS: &str = "single-pairs";

/// Settings; the defaults are the paper's.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NormEffect {
    /// Initial norms of both members of every pair
    #[arg(long, value_name = "ρ,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::positive,
          default_value = "0.25,0.5,0.75,1,2,3,4,5,6,7,8,9,10,12,16", num_args = 1)]
    norms: Vec<f64>,

    #[command(flatten)]
    #[serde(flatten)]
    options: PairOptions,

    /// What the very first step follows: the cosine, or the inner product as in the published notebook
    #[arg(long, value_name = "GRADIENT", default_value = "cosine")]
    first_step: FirstGradient,
}

/// A piece of work.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cell {
    /// The engines on the same pairs.
    Descent(Pairs),
    /// The pair engine at all published norms, so many runs per replicate, as published.
    Published { settings: Pairs, runs: usize },
    /// Single pairs with small steps, against L1 and its higher orders.
    SinglePairs { trials: usize },
}

/// What a piece of work finds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// Of one descent.
    Descent(Descent),
    /// Crossing times, for each published norm one per run.
    Published(Vec<Vec<f64>>),
    /// Of single pairs.
    SinglePairs { decided: u64, mismatches: u64 },
}

/// What one descent finds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Descent {
    counts: Counts,
    gradient_length: f64,
    gradient_deviation: f64,
}

impl sweep::Cell for Cell {
    fn label(&self) -> String {
        match self {
            Self::Descent(pairs) => format!("norm {}", pairs.norm),
            Self::Published { runs, .. } => format!("published counts, {runs} runs"),
            Self::SinglePairs { trials } => format!("{trials} single pairs"),
        }
    }

    fn cost(&self) -> f64 {
        match self {
            // Steps that L1 predicts from a right angle.
            Self::Descent(pairs) => {
                pairs.cost(-libm::log(half_tangent_at(pairs.tolerance)) / (2.0 * pairs.step_size()))
            }
            Self::Published { settings, runs } => 37_200.0 * (runs * settings.pairs) as f64 * PAIR_STEP,
            Self::SinglePairs { trials } => 40_000.0 * *trials as f64,
        }
    }
}

impl Simulation for NormEffect {
    const NAME: &'static str = "norm-effect";
    const ABOUT: &'static str = "Steps to convergence against the norm of the embeddings: the norm effect";
    const EXAMPLES: &'static str = "\
Examples:
  embedding-norms norm-effect
  embedding-norms norm-effect --norms 0.25,0.5,1,2 --pairs 500 --dim 20 --learning-rate 0.02 --tolerance 1e-3
  embedding-norms norm-effect --first-step dot-product --norms 1,10   (the published notebook's first step)
  embedding-norms norm-effect --engine pair --published-runs 0        (no vectors: a fraction of a second)";
    const STATEMENTS: &'static [&'static str] = &["G1", "G2", "D1", "L1", "L2", "L4"];
    const REPLICATES: u64 = 20;
    const QUICK: &'static [&'static str] =
        &["--norms=0.5,1,2,4", "--pairs=100", "--replicates=3", "--published-runs=0"];
    const FULL: &'static [&'static str] = &["--replicates=200", "--published-runs=10000"];

    type Cell = Cell;
    type Finding = Finding;

    fn cells(&self) -> Result<Vec<Cell>, Failure> {
        let mut cells: Vec<Cell> =
            self.norms.iter().map(|&norm| Cell::Descent(self.options.at(norm, self.first_step))).collect();
        if self.options.predicts_published() {
            let settings = self.options.at(1.0, FirstGradient::DotProduct);
            let runs = self.options.published_runs.div_ceil(Self::REPLICATES as usize);
            cells.push(Cell::Published { settings, runs });
        }
        cells.push(Cell::SinglePairs { trials: 500 });
        Ok(cells)
    }

    fn simulate(unit: &mut UnitContext<'_, Cell>) -> Result<Finding, Failure> {
        match unit.cell {
            Cell::Descent(pairs) => Ok(Finding::Descent(descend(pairs, unit)?)),
            Cell::Published { settings, runs } => published_crossings(settings, *runs, unit),
            Cell::SinglePairs { trials } => single_pairs(*trials, &mut unit.generator),
        }
    }

    fn tables(&self, cells: &[Cell], found: Vec<(Unit, Finding)>) -> Result<Tables, Failure> {
        let mut main = Table::new(&[
            "norm",
            "replicate",
            "first_step",
            "steps",
            "pair_steps",
            "flow_steps",
            "stop",
            "pair_crossing",
            "gradient_length",
            "gradient_deviation",
            "pairs",
            "dimension",
            "learning_rate",
            "tolerance",
        ]);
        let mut single = Table::new(&["replicate", "decided", "mismatches"]);
        let mut crossings: Vec<Vec<f64>> = Vec::new();
        for (unit, finding) in found {
            match (&cells[unit.cell], finding) {
                (Cell::Descent(pairs), Finding::Descent(descent)) => main.push(row(pairs, unit, descent)),
                (_, Finding::SinglePairs { decided, mismatches }) => {
                    single.push([unit.replicate.into(), decided.into(), mismatches.into()]);
                }
                (_, Finding::Published(more)) => {
                    crossings.resize(more.len(), Vec::new());
                    crossings.iter_mut().zip(more).for_each(|(all, more)| all.extend(more));
                }
                _ => {}
            }
        }
        let mut tables = Tables::new([("", main), (SINGLE_PAIRS, single)]);
        if !crossings.is_empty() {
            tables.push(PUBLISHED, published_table(&crossings));
        }
        Ok(tables)
    }

    fn claims(&self, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
        claims::claims(self, tables, replicates)
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        figures::figures(tables)
    }
}

/// One descent, counted by the engines.
fn descend(pairs: &Pairs, unit: &mut UnitContext<'_, Cell>) -> Result<Descent, Failure> {
    let x = uniform(pairs.pairs, pairs.dimension, &mut unit.generator)?;
    let y = uniform(pairs.pairs, pairs.dimension, &mut unit.generator)?;
    let (gradient_length, gradient_deviation) = gradient_law(&x, &y, pairs.norm)?;
    Ok(Descent { counts: pairs.count(&x, &y, &|| unit.is_cancelled())?, gradient_length, gradient_deviation })
}

/// The mean length of the gradient of the first members, and the largest relative deviation from sin φ/ρ (G2).
fn gradient_law(x: &Array2<f64>, y: &Array2<f64>, norm: f64) -> Result<(f64, f64), Failure> {
    let (first, second) = (normalize((x * norm).view())?, normalize((y * norm).view())?);
    let evaluation = NegativeCosine::symmetric().evaluate(&Batch::two_views(&first, &second)?)?;
    let gradient = pullback(&first, evaluation.first.view());
    let lengths: Vec<f64> = gradient.rows().into_iter().map(sphere::norm_of).collect();
    let expected = cosines(x.view(), y.view()).into_iter().map(|cosine| cosine.sine() / norm);
    let deviation =
        lengths.iter().zip(expected).fold(0.0, |largest: f64, (length, law)| largest.max((length / law - 1.0).abs()));
    Ok((lengths.iter().sum::<f64>() / lengths.len() as f64, deviation))
}

/// Crossing times of the pair engine at every published norm, on common directions.
fn published_crossings(settings: &Pairs, runs: usize, unit: &mut UnitContext<'_, Cell>) -> Result<Finding, Failure> {
    let counts = published_counts("norm");
    let mut crossings = vec![Vec::with_capacity(runs); counts.len()];
    for _ in 0..runs {
        let half_tangents = uniform_half_tangents(settings.pairs, settings.dimension, &mut unit.generator)?;
        for (count, crossings) in counts.iter().zip(&mut crossings) {
            if unit.is_cancelled() {
                break;
            }
            let at_norm = Pairs { norm: count.x, ..settings.clone() };
            crossings.extend(at_norm.count_without_vectors(&half_tangents)?.crossing());
        }
    }
    Ok(Finding::Published(crossings))
}

/// Single pairs with small steps: how often L1, its higher orders included and rounded up, is not the count.
fn single_pairs(trials: usize, generator: &mut Generator) -> Result<Finding, Failure> {
    let (mut decided, mut mismatches) = (0, 0);
    for trial in 0..trials {
        let half_tangent = libm::tan(0.5 * generator.random_range(0.1..3.1));
        let first = 0.01 * libm::pow(10.0, generator.random_range(-1.0..0.0));
        // Equal norms, unequal norms, and a second member that is held still.
        let second = [first, first * generator.random_range(0.01..1.0), 0.0][trial % 3];
        let epsilon = libm::pow(10.0, generator.random_range(-6.0..-2.5));
        let predicted = second_order_steps(half_tangent, first, second, epsilon)?;
        // Too close to a whole number to say on which side of it the neglected orders leave it.
        if (predicted - predicted.round()).abs() < 0.05 {
            continue;
        }
        decided += 1;
        let counted = steps_of_pair(Pair { half_tangent, first, second }, epsilon, 10_000_000)?;
        mismatches += u64::from(counted.steps() != Some(predicted.ceil() as u64));
    }
    Ok(Finding::SinglePairs { decided, mismatches })
}

fn row(pairs: &Pairs, unit: Unit, found: Descent) -> [Value; 14] {
    [
        pairs.norm.into(),
        unit.replicate.into(),
        pairs.first_step.name().into(),
        found.counts.steps.into(),
        found.counts.pair_steps.into(),
        found.counts.flow_steps.into(),
        found.counts.stop.into(),
        found.counts.pair_crossing.into(),
        found.gradient_length.into(),
        found.gradient_deviation.into(),
        pairs.pairs.into(),
        pairs.dimension.into(),
        pairs.learning_rate.into(),
        pairs.tolerance.into(),
    ]
}

/// The published counts with what our runs predict for them.
fn published_table(crossings: &[Vec<f64>]) -> Table {
    let mut table = Table::new(&[["norm"].as_slice(), &PREDICTION_COLUMNS].concat());
    for (count, crossings) in published_counts("norm").iter().zip(crossings) {
        table.push([count.x.into()].into_iter().chain(prediction(count.steps, crossings)));
    }
    table
}
