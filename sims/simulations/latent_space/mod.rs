//! What training does to embeddings, seen in three dimensions (statement S5): directions, norms and class means before
//! and after.

mod claims;
mod figures;
mod space;
mod view;

use clap::Args;
use embedding_norms_lab::claim::Claim;
use embedding_norms_lab::figure::Figure;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::rates::Averages;
use crate::cli::values;
use crate::simulations::mixtures::{EncoderOptions, Points, Scope};
use crate::simulations::simulation::{Simulation, Tables};
use crate::simulations::study::Plan;
use space::{DIMENSIONS, NEIGHBOURS, Space};

/// Settings; the defaults are the paper's.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LatentSpace {
    /// Classes
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 8)]
    classes: usize,

    /// Points of each class
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 500)]
    per_class: usize,

    /// Class noise σ: a point is the direction of centre + σ N(0, I)
    #[arg(long, value_name = "σ", value_parser = values::positive, default_value_t = 0.1)]
    noise: f64,

    /// Dimension of the points before they are observed
    #[arg(long, value_name = "D", value_parser = values::dimension, default_value_t = 3)]
    latent_dim: usize,

    #[command(flatten)]
    #[serde(flatten)]
    encoder: EncoderOptions,
}

impl Simulation for LatentSpace {
    const NAME: &'static str = "latent-space";
    const ABOUT: &'static str = "Directions and norms of embeddings in three dimensions, before and after training";
    const EXAMPLES: &'static str = "\
Examples:
  embedding-norms latent-space
  embedding-norms latent-space --classes 5 --noise 0.3
  embedding-norms latent-space --first-replicate 3 --replicates 1";
    const STATEMENTS: &'static [&'static str] = &["S5"];
    const REPLICATES: u64 = 5;
    const QUICK: &'static [&'static str] = &["--per-class=60", "--epochs=20", "--replicates=2"];
    const FULL: &'static [&'static str] = &["--replicates=100"];

    fn plan(&self) -> Result<Plan, Failure> {
        let samples = self.classes * self.per_class;
        if self.classes < 2 {
            return Err(Failure::Refused(
                "--classes must be at least 2, so that there is something to tell apart".to_owned(),
            ));
        }
        if samples <= NEIGHBOURS || self.per_class < 3 {
            return Err(Failure::Refused(format!(
                "--per-class {} is too few: classes need 3 points, and all together more than {NEIGHBOURS}",
                self.per_class
            )));
        }
        let (weights, noise, latent) = (vec![1.0; self.classes], self.noise, self.latent_dim);
        let training = self.encoder.on(Points { weights, noise, samples, even: true, latent }, DIMENSIONS);
        Plan::default().cells([Space { training }])
    }

    fn claims(&self, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
        let scope = Scope { published: self.is_published(), seeds: replicates, enough: claims::ENOUGH };
        Ok(claims::claims(&tables.rows()?, scope))
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        Ok(vec![("", figures::figure(&tables.rows()?, &tables.rows()?))])
    }

    fn averages(&self) -> Averages {
        self.encoder.averages()
    }
}

impl LatentSpace {
    /// Whether points and training are the paper's.
    fn is_published(&self) -> bool {
        let counts = (self.classes, self.per_class, self.latent_dim) == (8, 500, 3);
        counts && self.noise == 0.1 && self.encoder.is_published()
    }
}
