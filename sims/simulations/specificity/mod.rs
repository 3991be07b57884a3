//! What norms encode where embeddings are free, and where encoders turn the sign (statement S8): frequency lengthens, and
//! agreement of positives shortens. Then one condition after another is relaxed, up to contrastive training of a network.

mod claims;
mod figures;
mod free;
mod ladder;
mod negatives;

use clap::{ArgAction, Args};
use embedding_norms_lab::claim::Claim;
use embedding_norms_lab::figure::Figure;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::simulation::{Simulation, Tables};
use crate::simulations::study::Plan;
use free::{Free, Rule};
use ladder::{Ladder, Rung};
use negatives::Negatives;

/// By how much larger γ and λ are under InfoNCE: gradients there are larger, and relaxations shorter.
const NEGATIVES: f64 = 1.5;
/// The learning rate of AdamW without decay, over that of plain descent.
const ADAM: f64 = 0.2;

/// Settings.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Specificity {
    /// Concentrations κ of the positives around their mean direction
    #[arg(long, value_name = "κ,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::positive,
          default_value = "1,5,20,100", num_args = 1)]
    concentrations: Vec<f64>,

    /// Frequencies f of visits
    #[arg(long, value_name = "f,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::frequency,
          default_value = "0.2,1", num_args = 1)]
    frequencies: Vec<f64>,

    /// Learning rate γ per embedding, with weight decay; heavy ball has 1 − β times as much
    #[arg(long, value_name = "γ", value_parser = values::positive, default_value_t = 0.01)]
    learning_rate: f64,

    /// Weight decay λ; heavy ball has λ/(1 − β)
    #[arg(long, value_name = "λ", value_parser = values::positive, default_value_t = 0.01)]
    weight_decay: f64,

    /// Learning rate γ per embedding where nothing decays, from norm 1
    #[arg(long, value_name = "γ", value_parser = values::positive, default_value_t = 0.05)]
    growth_rate: f64,

    /// Steps where nothing decays
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 4000)]
    growth_steps: usize,

    /// Dimension d of the embeddings
    #[arg(long, value_name = "D", value_parser = values::dimension, default_value_t = 20)]
    dim: usize,

    /// Free embeddings of each agreement and frequency
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 4)]
    embeddings: usize,

    /// Relaxations that averages cover, after two of them
    #[arg(long, value_name = "N", value_parser = values::positive, default_value_t = 5.0)]
    relaxations: f64,

    /// Temperature τ of InfoNCE
    #[arg(long, value_name = "τ", value_parser = values::positive, default_value_t = 0.5)]
    temperature: f64,

    /// Classes of the ladder of encoders
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 48)]
    classes: usize,

    /// Width of inputs and hidden layers there
    #[arg(long, value_name = "WIDTH", value_parser = values::count, default_value_t = 32)]
    width: usize,

    /// Inputs of a batch there
    #[arg(long, value_name = "N", value_parser = values::dimension, default_value_t = 64)]
    batch: usize,

    /// Steps of a training there
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 600)]
    steps: usize,

    /// Learning rate γ per embedding of those trainings; η on the mean over a batch is γ times its inputs
    #[arg(long, value_name = "γ", value_parser = values::positive, default_value_t = 0.015625)]
    encoder_learning_rate: f64,
}

impl Simulation for Specificity {
    const NAME: &'static str = "specificity";
    const ABOUT: &'static str =
        "What norms say of frequency and agreement: the law of free embeddings, and where encoders turn its sign";
    const EXAMPLES: &'static str = "\
Examples:
  embedding-norms specificity
  embedding-norms specificity --concentrations 1,30,1000 --frequencies 0.05,0.5 --learning-rate 0.003
  embedding-norms specificity --steps 5000 --classes 96 --replicates 20";
    const STATEMENTS: &'static [&'static str] = &["S8", "S5"];
    const REPLICATES: u64 = 10;
    const QUICK: &'static [&'static str] = &[
        "--concentrations=10,100",
        "--relaxations=1",
        "--learning-rate=0.03",
        "--weight-decay=0.03",
        "--growth-steps=200",
        "--embeddings=2",
        "--steps=40",
        "--batch=16",
        "--classes=12",
        "--replicates=3",
    ];
    const FULL: &'static [&'static str] = &[
        "--concentrations=0.1,1,3,10,30,100,1000",
        "--frequencies=0.05,0.2,1",
        "--learning-rate=0.003",
        "--relaxations=20",
        "--growth-steps=40000",
        "--classes=96",
        "--steps=6000",
        "--replicates=30",
    ];

    fn plan(&self) -> Result<Plan, Failure> {
        let kinds = || self.concentrations.iter().flat_map(|&c| self.frequencies.iter().map(move |&f| (c, f)));
        let free = [true, false].into_iter().flat_map(|decays| {
            Rule::ALL.into_iter().flat_map(move |rule| kinds().map(move |(c, f)| self.free(rule, c, f, decays)))
        });
        Plan::default()
            .kind("free", free)?
            .kind("negatives", [self.negatives()])?
            .kind("ladder", Rung::ALL.map(|rung| self.ladder(rung)))
    }

    fn claims(&self, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
        claims::claims(tables, replicates)
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        Ok(vec![("", figures::free(tables)?), ("ladder", figures::ladder(tables)?)])
    }
}

impl Specificity {
    fn free(&self, rule: Rule, concentration: f64, frequency: f64, decays: bool) -> Free {
        let (learning_rate, weight_decay) = match (decays, rule) {
            (true, _) => (self.learning_rate, self.weight_decay),
            (false, Rule::AdamW) => (ADAM * self.growth_rate, 0.0),
            (false, _) => (self.growth_rate, 0.0),
        };
        Free {
            rule,
            concentration,
            frequency,
            learning_rate: learning_rate * rule.slower(),
            weight_decay: weight_decay / rule.slower(),
            dimension: self.dim,
            embeddings: if decays { self.embeddings } else { 2 * self.embeddings },
            span: if decays { self.relaxations } else { self.growth_steps as f64 },
        }
    }

    fn negatives(&self) -> Negatives {
        Negatives {
            concentrations: self.concentrations.clone(),
            frequencies: self.frequencies.clone(),
            each: self.embeddings,
            temperature: self.temperature,
            learning_rate: NEGATIVES * self.learning_rate,
            weight_decay: NEGATIVES * self.weight_decay,
            dimension: self.dim,
            span: self.relaxations,
        }
    }

    fn ladder(&self, rung: Rung) -> Ladder {
        Ladder {
            rung,
            classes: self.classes,
            dimension: LADDER_DIMENSION,
            width: self.width,
            batch: self.batch,
            steps: self.steps,
            mean_learning_rate: self.encoder_learning_rate
                * self.batch as f64
                * if rung == Rung::Row { ROW } else { 1.0 },
            temperature: self.temperature,
            least_concentration: LEAST,
            most_concentration: MOST,
            frequencies: FREQUENCIES,
        }
    }
}

/// The dimension of the embeddings of the ladder.
const LADDER_DIMENSION: usize = 16;
/// Between which the concentrations of its classes lie.
const LEAST: f64 = 3.0;
const MOST: f64 = 200.0;
/// How many times as often the most frequent of them is seen as the rarest.
const FREQUENCIES: f64 = 16.0;
/// By how much larger the learning rate of a row per class is: its gradient is not shared.
const ROW: f64 = 2.5;
