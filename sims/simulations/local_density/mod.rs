//! Points of sparse regions have short embeddings (statement S5): norms against the distance to the k-th neighbour.
//!
//! Normalization itself spreads short embeddings, so the two go together without any learning. The untrained network is
//! therefore the control, correlations are taken within classes too, and neighbours are looked up both among the
//! embeddings and among the points before they were observed, where nothing is normalized by the norm in question.

mod claims;
mod density;
mod figures;

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
use density::Density;

/// Settings; the defaults are the paper's.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LocalDensity {
    /// Classes, equally frequent
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 4)]
    classes: usize,

    /// Points
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 2000)]
    samples: usize,

    /// Class noise σ: a point is the direction of centre + σ N(0, I)
    #[arg(long, value_name = "σ", value_parser = values::positive, default_value_t = 0.1)]
    noise: f64,

    /// Dimension of the points before they are observed
    #[arg(long, value_name = "D", value_parser = values::dimension, default_value_t = 10)]
    latent_dim: usize,

    /// Dimension of the embeddings
    #[arg(long, value_name = "D", value_parser = values::dimension, default_value_t = 10)]
    dim: usize,

    /// Which nearest neighbour k the distance is measured to
    #[arg(long, value_name = "K", value_parser = values::count, default_value_t = 10)]
    neighbours: usize,

    #[command(flatten)]
    #[serde(flatten)]
    encoder: EncoderOptions,
}

impl Simulation for LocalDensity {
    const NAME: &'static str = "local-density";
    const ABOUT: &'static str = "Whether sparse regions get short embeddings, and what normalization alone does";
    const EXAMPLES: &'static str = "\
Examples:
  embedding-norms local-density
  embedding-norms local-density --noise 0.3 --neighbours 5 --replicates 40
  embedding-norms local-density --first-replicate 7 --replicates 1";
    const STATEMENTS: &'static [&'static str] = &["S5"];
    const REPLICATES: u64 = 20;
    const QUICK: &'static [&'static str] = &["--samples=400", "--epochs=20", "--replicates=3"];
    const FULL: &'static [&'static str] = &["--replicates=200"];

    fn plan(&self) -> Result<Plan, Failure> {
        if self.samples <= self.neighbours {
            return Err(Failure::Refused(format!(
                "--samples {} are too few for neighbour {}: each point needs that many others",
                self.samples, self.neighbours
            )));
        }
        let (weights, noise, samples, latent) = (vec![1.0; self.classes], self.noise, self.samples, self.latent_dim);
        let training = self.encoder.on(Points { weights, noise, samples, even: false, latent }, self.dim);
        Plan::default().cells([Density { training, neighbours: self.neighbours }])
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

impl LocalDensity {
    /// Whether points and training are the paper's.
    fn is_published(&self) -> bool {
        let counts = (self.classes, self.samples, self.latent_dim, self.dim, self.neighbours) == (4, 2000, 10, 10, 10);
        counts && self.noise == 0.1 && self.encoder.is_published()
    }
}
