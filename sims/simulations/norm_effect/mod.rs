//! How the norm of an embedding governs the steps that gradient descent needs (statements G2, D1, L1, L2, L4).
//!
//! n pairs of random directions in R^d start at one common norm and descend the negative cosine until the mean cosine
//! is 1 − ε. Three engines count the steps: *full* moves the vectors, *pair* iterates the exact recursion of D1, *flow*
//! evaluates the closed form of L4. The published counts are compared with them.

mod claims;
mod figures;

use clap::{ArgAction, Args};
use embedding_norms::loss::{Batch, Loss, NegativeCosine};
use embedding_norms::normalization::pullback;
use embedding_norms::sphere::{self, cosines, normalize, uniform, uniform_half_tangents};
use embedding_norms::theory::convergence::{half_tangent_at, second_order_steps};
use embedding_norms::theory::one_step::Pair;
use embedding_norms::theory::pair::steps_of_pair;
use embedding_norms_lab::claim::Claim;
use embedding_norms_lab::figure::Figure;
use embedding_norms_lab::reference::PublishedCount;
use ndarray::Array2;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::pairs::{FirstGradient, PAIR_STEP, PairOptions, Pairs, prediction, published_counts};
use crate::simulations::simulation::{Simulation, Tables};
use crate::simulations::study::{Context, Plan, Row, Study};

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

/// The engines on the same pairs.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Descent(Pairs);

/// What one descent finds.
#[derive(Debug, Serialize, Deserialize)]
struct DescentRow {
    norm: f64,
    replicate: u64,
    first_step: FirstGradient,
    steps: Option<u64>,
    pair_steps: Option<u64>,
    flow_steps: Option<f64>,
    stop: String,
    pair_crossing: Option<f64>,
    /// The mean length of the gradient of the first members, and the largest relative deviation from sin φ/ρ (G2).
    gradient_length: f64,
    gradient_deviation: f64,
    pairs: usize,
    dimension: usize,
    learning_rate: f64,
    tolerance: f64,
}

impl Row for DescentRow {
    const TABLE: &'static str = "";
}

impl DescentRow {
    /// The steps that were counted: those of the vectors, where there are some.
    fn counted(&self) -> Option<f64> {
        self.steps.or(self.pair_steps).map(|steps| steps as f64)
    }
}

/// The pair engine at all published norms, so many runs per replicate, as published.
#[derive(Debug, Serialize)]
struct Published {
    settings: Pairs,
    runs: usize,
}

/// The crossing time of one run at one published norm.
#[derive(Debug, Serialize, Deserialize)]
struct CrossingRow {
    norm: f64,
    crossing: f64,
}

impl Row for CrossingRow {
    const TABLE: &'static str = "crossings";
}

/// A published count with what our runs predict for it.
#[derive(Debug, Serialize, Deserialize)]
struct PublishedRow {
    norm: f64,
    published_steps: f64,
    runs: usize,
    mean_crossing: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
}

impl Row for PublishedRow {
    const TABLE: &'static str = "published";
}

/// Single pairs with small steps, against L1 and its higher orders.
#[derive(Debug, Serialize)]
struct SinglePairs {
    trials: usize,
}

/// How often L1, rounded up, decides a count, and how often it is not the count.
#[derive(Debug, Serialize, Deserialize)]
struct SinglePairsRow {
    replicate: u64,
    decided: u64,
    mismatches: u64,
}

impl Row for SinglePairsRow {
    const TABLE: &'static str = "single-pairs";
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

    fn plan(&self) -> Result<Plan, Failure> {
        let descent = |&norm: &f64| Descent(self.options.at(norm, self.first_step));
        let published = self.options.predicts_published().then(|| Published {
            settings: self.options.at(1.0, FirstGradient::DotProduct),
            runs: self.options.published_runs.div_ceil(Self::REPLICATES as usize),
        });
        Plan::default()
            .kind("descent", self.norms.iter().map(descent))?
            .kind("published", published)?
            .kind("single-pairs", [SinglePairs { trials: 500 }])
    }

    fn derive(&self, tables: &mut Tables) -> Result<(), Failure> {
        let crossings: Vec<CrossingRow> = tables.take()?;
        if !crossings.is_empty() {
            tables.push_rows(&published(&crossings))?;
        }
        Ok(())
    }

    fn claims(&self, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
        claims::claims(self, tables, replicates)
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        figures::figures(tables)
    }
}

impl Study for Descent {
    type Rows = Vec<DescentRow>;

    fn label(&self) -> String {
        format!("norm {}", self.0.norm)
    }

    fn cost(&self) -> f64 {
        // Steps that L1 predicts from a right angle.
        self.0.cost(-libm::log(half_tangent_at(self.0.tolerance)) / (2.0 * self.0.step_size()))
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<DescentRow>, Failure> {
        let Self(pairs) = self;
        let x = uniform(pairs.pairs, pairs.dimension, &mut unit.generator)?;
        let y = uniform(pairs.pairs, pairs.dimension, &mut unit.generator)?;
        let (gradient_length, gradient_deviation) = gradient_law(&x, &y, pairs.norm)?;
        let counts = pairs.count(&x, &y, &|| unit.is_cancelled())?;
        Ok(vec![DescentRow {
            norm: pairs.norm,
            replicate: unit.unit.replicate,
            first_step: pairs.first_step,
            steps: counts.steps,
            pair_steps: counts.pair_steps,
            flow_steps: counts.flow_steps,
            stop: counts.stop,
            pair_crossing: counts.pair_crossing,
            gradient_length,
            gradient_deviation,
            pairs: pairs.pairs,
            dimension: pairs.dimension,
            learning_rate: pairs.learning_rate,
            tolerance: pairs.tolerance,
        }])
    }
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

impl Study for Published {
    type Rows = Vec<CrossingRow>;

    fn label(&self) -> String {
        format!("published counts, {} runs", self.runs)
    }

    fn cost(&self) -> f64 {
        37_200.0 * (self.runs * self.settings.pairs) as f64 * PAIR_STEP
    }

    /// Crossing times of the pair engine at every published norm, on common directions.
    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<CrossingRow>, Failure> {
        let (settings, counts) = (&self.settings, published_counts("norm"));
        let mut crossings = Vec::with_capacity(self.runs * counts.len());
        for _ in 0..self.runs {
            let half_tangents = uniform_half_tangents(settings.pairs, settings.dimension, &mut unit.generator)?;
            for norm in counts.iter().map(|count| count.x).take_while(|_| !unit.is_cancelled()) {
                let count = Pairs { norm, ..settings.clone() }.count_without_vectors(&half_tangents)?;
                crossings.extend(count.crossing().map(|crossing| CrossingRow { norm, crossing }));
            }
        }
        Ok(crossings)
    }
}

/// The published counts with what our runs predict for them.
fn published(crossings: &[CrossingRow]) -> Vec<PublishedRow> {
    let row = |count: PublishedCount| {
        let at_norm = crossings.iter().filter(|row| row.norm == count.x);
        let crossings: Vec<f64> = at_norm.map(|row| row.crossing).collect();
        let prediction = prediction(&crossings);
        PublishedRow {
            norm: count.x,
            published_steps: count.steps,
            runs: crossings.len(),
            mean_crossing: prediction.map(|found| found.value),
            lower: prediction.map(|found| found.lower),
            upper: prediction.map(|found| found.upper),
        }
    };
    published_counts("norm").into_iter().map(row).collect()
}

impl Study for SinglePairs {
    type Rows = Vec<SinglePairsRow>;

    fn label(&self) -> String {
        format!("{} single pairs", self.trials)
    }

    fn cost(&self) -> f64 {
        40_000.0 * self.trials as f64
    }

    /// How often L1, its higher orders included and rounded up, is not the count.
    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<SinglePairsRow>, Failure> {
        let generator = &mut unit.generator;
        let mut row = SinglePairsRow { replicate: unit.unit.replicate, decided: 0, mismatches: 0 };
        for trial in 0..self.trials {
            let half_tangent = libm::tan(0.5 * generator.random_range(0.1..3.1));
            let first = 0.01 * libm::pow(10.0, generator.random_range(-1.0..0.0));
            // Equal norms, unequal norms, and a second member that is held still.
            let second = [first, first * generator.random_range(0.01..1.0), 0.0][trial % 3];
            let epsilon = libm::pow(10.0, generator.random_range(-6.0..-2.5));
            let predicted = second_order_steps(half_tangent, first, second, epsilon)?;
            // Too close to a whole number: the neglected orders decide on which side of it the count lies.
            if (predicted - predicted.round()).abs() < 0.05 {
                continue;
            }
            row.decided += 1;
            let counted = steps_of_pair(Pair { half_tangent, first, second }, epsilon, 10_000_000)?;
            row.mismatches += u64::from(counted.steps() != Some(predicted.ceil() as u64));
        }
        Ok(vec![row])
    }
}
