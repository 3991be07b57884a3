//! Rare classes have short embeddings (statement S5): norms of an encoder that is trained on classes of different size.
//!
//! The paper's setting: a spherical mixture of four classes with frequencies 1 : 2 : 4 : 8, a small network, a supervised
//! InfoNCE, plain descent. The untrained network, the norms of the inputs, and a training on permuted labels are
//! the controls.

mod claims;
mod figures;
mod runs;

use clap::{ArgAction, Args};
use embedding_norms_lab::claim::Claim;
use embedding_norms_lab::figure::Figure;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::rates::Averages;
use crate::cli::values;
use crate::simulations::mixtures::{EncoderOptions, Points, Scope};
use crate::simulations::simulation::{Simulation, Tables};
use crate::simulations::study::Plan;
use runs::Imbalance;

/// Settings; the defaults are the paper's.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassImbalance {
    /// Relative frequencies of the classes; the first and the last are compared
    #[arg(long, value_name = "WEIGHT,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::positive,
          default_value = "1,2,4,8", num_args = 1)]
    weights: Vec<f64>,

    /// Points
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 2000)]
    samples: usize,

    /// Class noise σ: a point is the direction of centre + σ N(0, I)
    #[arg(long, value_name = "σ", value_parser = values::positive, default_value_t = 1.0)]
    noise: f64,

    /// Dimension of the points before they are observed
    #[arg(long, value_name = "D", value_parser = values::dimension, default_value_t = 10)]
    latent_dim: usize,

    /// Dimension of the embeddings
    #[arg(long, value_name = "D", value_parser = values::dimension, default_value_t = 10)]
    dim: usize,

    #[command(flatten)]
    #[serde(flatten)]
    encoder: EncoderOptions,

    /// Norms are written down before training, after every so many epochs, and at the end
    #[arg(long, value_name = "EPOCHS", value_parser = values::count, default_value_t = 5)]
    every: usize,

    /// Replicates that are also trained on permuted labels, as a control
    #[arg(long, value_name = "N", value_parser = values::seed, default_value_t = 10)]
    controls: u64,
}

impl Simulation for ClassImbalance {
    const NAME: &'static str = "class-imbalance";
    const ABOUT: &'static str = "Whether rare classes get short embeddings, with an untrained network as control";
    const EXAMPLES: &'static str = "\
Examples:
  embedding-norms class-imbalance
  embedding-norms class-imbalance --weights 1,1,1,30 --epochs 200 --replicates 20
  embedding-norms class-imbalance --first-replicate 17 --replicates 1";
    const STATEMENTS: &'static [&'static str] = &["S5"];
    const REPLICATES: u64 = 40;
    const QUICK: &'static [&'static str] = &["--samples=400", "--epochs=20", "--replicates=4", "--controls=2"];
    const FULL: &'static [&'static str] = &["--replicates=200", "--controls=200", "--every=1"];

    fn plan(&self) -> Result<Plan, Failure> {
        if self.weights.len() < 2 {
            return Err(Failure::Refused("--weights needs at least two classes to compare".to_owned()));
        }
        let (weights, noise, samples, latent) = (self.weights.clone(), self.noise, self.samples, self.latent_dim);
        let training = self.encoder.on(Points { weights, noise, samples, even: false, latent }, self.dim);
        let own = Imbalance { training: training.clone(), every: self.every, until: None };
        let permuted = training.with_permuted_labels();
        let control = Imbalance { training: permuted, every: self.every, until: Some(self.controls) };
        Plan::default().cells([own])?.cells((self.controls > 0).then_some(control))
    }

    fn claims(&self, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
        let scope = Scope { published: self.is_published(), seeds: replicates, enough: claims::ENOUGH };
        Ok(claims::claims(&tables.rows()?, scope))
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        Ok(vec![("", figures::figure(&tables.rows()?))])
    }

    fn averages(&self) -> Averages {
        self.encoder.averages()
    }
}

impl ClassImbalance {
    /// Whether points and training are the paper's.
    fn is_published(&self) -> bool {
        let dimensions = (self.samples, self.latent_dim, self.dim) == (2000, 10, 10);
        dimensions && self.noise == 1.0 && self.weights == [1.0, 2.0, 4.0, 8.0] && self.encoder.is_published()
    }
}
