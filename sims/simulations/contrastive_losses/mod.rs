//! Every loss of cosines descends as the cosine itself does (statements G1, G3, G4, L6, S1).
//!
//! n embeddings in R^d descend each loss of the catalogue from one set of directions at several norms. The steps to one
//! level of the loss grow as the square of the norm; behind that law stands an exact symmetry, bit for bit. Their
//! gradients are tangent and inversely proportional to norms, those of the softmax losses are the closed form, and what
//! norms gain is what the loss loses, unless it has kinks.

mod bodies;
mod claims;
mod closed_form;
mod descents;
mod figures;
mod gradients;
mod hinge;
mod symmetry;

use clap::{ArgAction, Args};
use embedding_norms_lab::claim::Claim;
use embedding_norms_lab::figure::Figure;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::rates::{self, PerEmbedding};
use crate::cli::values;
use crate::simulations::simulation::{Simulation, Tables};
use crate::simulations::study::{Context, Plan, Study};
use bodies::{Bodies, entry, names, temperature};
use closed_form::ClosedForm;
use descents::{Growth, Steps};
use gradients::Gradients;
use hinge::Hinge;
use symmetry::Symmetry;

/// Settings.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContrastiveLosses {
    /// Losses by name; `embedding-norms losses` lists them
    #[arg(long, value_name = "LOSS,…", value_delimiter = ',', action = ArgAction::Set, value_parser = loss_name,
          default_value = names(), hide_default_value = true, num_args = 1)]
    losses: Vec<String>,

    /// Initial norms of all embeddings
    #[arg(long, value_name = "ρ,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::positive,
          default_value = "1,2,4", num_args = 1)]
    norms: Vec<f64>,

    /// Number of embeddings n: n/2 pairs for losses of two views
    #[arg(long, value_name = "N", value_parser = several, default_value_t = 128)]
    embeddings: usize,

    /// Dimension d of the embeddings
    #[arg(long, value_name = "D", value_parser = values::dimension, default_value_t = 32)]
    dim: usize,

    /// Learning rate γ per embedding for losses without temperature; a loss with temperature τ gets τγ, as its gradients
    /// are 1/τ times as long
    #[arg(long, value_name = "γ", value_parser = rates::read_per_embedding, default_value = "0.02")]
    learning_rate: PerEmbedding,

    /// Temperature τ of all losses that have one [default: that of each loss]
    #[arg(long, value_name = "τ", value_parser = values::positive)]
    temperature: Option<f64>,

    /// Steps of the descent from the smallest norm; the loss that it reaches is the level for all norms
    #[arg(long, value_name = "STEPS", value_parser = values::count, default_value_t = 100)]
    first_steps: usize,

    /// Concentration κ of the second views around the first ones (von Mises-Fisher); 0: they are independent
    #[arg(long, value_name = "κ", value_parser = concentration, default_value_t = 0.0)]
    concentration: f64,

    /// Classes of the supervised losses
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 8)]
    classes: usize,

    /// Steps after which a descent is given up
    #[arg(long, value_name = "STEPS", value_parser = values::count, default_value_t = 10_000_000)]
    budget: usize,

    /// Learning rates of a few triplets whose kinks meet
    #[arg(long, value_name = "γ,…", value_delimiter = ',', action = ArgAction::Set,
          value_parser = rates::read_per_embedding, default_value = "0.02,0.01,0.005", num_args = 1)]
    hinge_rates: Vec<PerEmbedding>,

    /// Draws of these triplets in every replicate
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 4)]
    hinge_draws: usize,
}

/// One loss, descended from several norms.
#[derive(Clone, Debug, Serialize)]
pub struct Trial {
    bodies: Bodies,
    norms: Vec<f64>,
    rate: f64,
    first_steps: usize,
    budget: usize,
}

impl Trial {
    /// γ: the rate times the temperature.
    fn learning_rate(&self) -> f64 {
        self.rate * self.bodies.temperature
    }
}

impl Study for Trial {
    type Rows = ((Vec<Steps>, Vec<Growth>), (Vec<Gradients>, Vec<Symmetry>));

    fn label(&self) -> String {
        self.bodies.loss.clone()
    }

    /// Similarities are looked at one by one.
    fn cost(&self) -> f64 {
        let shortest = self.norms.iter().copied().fold(f64::INFINITY, f64::min);
        let squares: f64 = self.norms.iter().map(|norm| (norm / shortest) * (norm / shortest)).sum();
        self.first_steps as f64 * (1.0 + squares) * similarities(&self.bodies) * 20.0
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Self::Rows, Failure> {
        let replicate = unit.unit.replicate;
        let start = self.bodies.start(&mut unit.generator)?;
        let gradients = self.gradients(&start, replicate, &mut unit.generator)?;
        let symmetry = self.symmetry(&start, replicate)?;
        let descents = self.descend(&start, replicate, &|| unit.is_cancelled())?;
        Ok((descents.into_iter().unzip(), (vec![gradients], vec![symmetry])))
    }
}

/// How many similarities the loss takes, roughly.
fn similarities(bodies: &Bodies) -> f64 {
    let n = bodies.embeddings as f64;
    match bodies.loss.as_str() {
        "cosine" | "simsiam" => n,
        "nt-xent" | "dcl" => 3.0 * n * n,
        _ => n * n,
    }
}

/// Rows of each loss, which follow each other.
fn by_loss<R>(rows: &[R], loss: impl Fn(&R) -> &str) -> Vec<(&str, &[R])> {
    rows.chunk_by(|a, b| loss(a) == loss(b)).map(|rows| (loss(&rows[0]), rows)).collect()
}

impl Simulation for ContrastiveLosses {
    const NAME: &'static str = "contrastive-losses";
    const ABOUT: &'static str = "The norm effect, its exact symmetry and the growth of norms for every loss of cosines";
    const EXAMPLES: &'static str = "\
Examples:
  embedding-norms contrastive-losses
  embedding-norms contrastive-losses --losses info-nce,clip --norms 1,2,4,8 --temperature 0.05
  embedding-norms contrastive-losses --losses triplet --first-steps 400 --concentration 20";
    const STATEMENTS: &'static [&'static str] = &["G1", "G3", "G4", "L6", "S1"];
    const REPLICATES: u64 = 3;
    const QUICK: &'static [&'static str] = &[
        "--embeddings=32",
        "--dim=16",
        "--first-steps=50",
        "--hinge-rates=0.02,0.01",
        "--hinge-draws=2",
        "--replicates=2",
    ];
    const FULL: &'static [&'static str] =
        &["--replicates=20", "--norms=1,2,4,8", "--first-steps=200", "--hinge-rates=0.02,0.01,0.005,0.0025"];

    fn plan(&self) -> Result<Plan, Failure> {
        let takes = |name: &str| self.losses.iter().any(|loss| loss == name);
        let trials = self.losses.iter().map(|loss| self.trial(loss)).collect::<Result<Vec<_>, _>>()?;
        let closed = closed_form::LOSSES.into_iter().filter(|loss| takes(loss));
        let closed = closed.map(|loss| self.bodies(loss).map(ClosedForm)).collect::<Result<Vec<_>, _>>()?;
        let hinge =
            Hinge { learning_rates: self.hinge_rates.iter().map(|rate| rate.get()).collect(), draws: self.hinge_draws };
        Plan::default()
            .kind("trial", trials)?
            .kind("closed-form", closed)?
            .kind("hinge", takes("triplet").then_some(hinge))
    }

    fn claims(&self, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
        claims::claims(tables, replicates)
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        figures::figures(tables)
    }
}

impl ContrastiveLosses {
    fn bodies(&self, loss: &str) -> Result<Bodies, Failure> {
        Ok(Bodies {
            loss: loss.to_owned(),
            temperature: temperature(entry(loss)?, self.temperature),
            embeddings: self.embeddings,
            dimension: self.dim,
            concentration: self.concentration,
            classes: self.classes,
        })
    }

    fn trial(&self, loss: &str) -> Result<Trial, Failure> {
        Ok(Trial {
            bodies: self.bodies(loss)?,
            norms: self.norms.clone(),
            rate: self.learning_rate.get(),
            first_steps: self.first_steps,
            budget: self.budget,
        })
    }
}

/// The name of a loss of the catalogue.
fn loss_name(text: &str) -> Result<String, String> {
    entry(text.trim()).map(|entry| entry.name.to_owned()).map_err(|failure| failure.to_string())
}

/// At least four embeddings: two pairs.
fn several(text: &str) -> Result<usize, String> {
    let count = values::count(text)?;
    if count < 4 { Err("contrasts need at least 4 embeddings, two pairs".to_owned()) } else { Ok(count) }
}

/// A concentration, 0 or larger.
fn concentration(text: &str) -> Result<f64, String> {
    let value: f64 = text.trim().parse().map_err(|_| format!("'{text}' is not a number"))?;
    if value.is_finite() && value >= 0.0 { Ok(value) } else { Err("it must be finite and not negative".to_owned()) }
}
