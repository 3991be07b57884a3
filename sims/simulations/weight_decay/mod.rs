//! Weight decay and gradients that never end: where norms settle, how fast, and how far a step rotates embeddings there
//! (statement S3); and what momentum adds to the norms with and without projection (statement S1).
//!
//! Every embedding sees a fresh random target, at a fraction f of the steps. Decay takes from its norm what the steps
//! add, and the rotation per step does not depend on the size of the gradient.

mod approach;
mod claims;
mod figures;
mod method;
mod projection;
mod settling;

use clap::{ArgAction, Args};
use embedding_norms_lab::claim::Claim;
use embedding_norms_lab::figure::Figure;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::rates::{self, PerEmbedding};
use crate::cli::values;
use crate::simulations::simulation::{Simulation, Tables};
use crate::simulations::study::Plan;
use approach::Approach;
use method::{Method, Setting};
use projection::Projection;
use settling::Settling;

/// By how much stronger decay is for sign descent: its norms fluctuate, and S3's norm is exact for any γλ.
const SIGN: f64 = 40.0;
/// By how much longer its averages are, in relaxations, and over how many more embeddings.
const WANDERING: usize = 10;
/// By how much weaker decay is on the way to the equilibrium, where steps at small norms are large.
const SLOW: f64 = 0.2;
/// Adam's memory on the way to the equilibrium, which has to be short.
const SHORT_MEMORY: f64 = 0.95;
/// How many times as often updates come where every rule is run once more.
const RARELY: f64 = 0.5;

/// Settings.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WeightDecay {
    /// Learning rate γ per embedding
    #[arg(long, value_name = "γ", value_parser = rates::read_per_embedding, default_value = "0.1")]
    learning_rate: PerEmbedding,

    /// Weight decay λ of the comparison of rules; sign descent has forty times as much, coupled heavy ball 1 − β times
    #[arg(long, value_name = "λ", value_parser = values::positive, default_value_t = 0.01)]
    weight_decay: f64,

    /// Weight decay λ of the sweep over frequencies
    #[arg(long, value_name = "λ", value_parser = values::positive, default_value_t = 2e-4)]
    sweep_decay: f64,

    /// Frequencies f of updates in the sweep, by gradient descent
    #[arg(long, value_name = "f,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::frequency,
          default_value = "0.01,0.03,0.1,0.3,1", num_args = 1)]
    frequencies: Vec<f64>,

    /// Dimension d of the embeddings; the sweep over frequencies has a quarter of it
    #[arg(long, value_name = "D", value_parser = values::dimension, default_value_t = 32)]
    dim: usize,

    /// Embeddings of each run
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 16)]
    embeddings: usize,

    /// Relaxations that averages cover, after three of them
    #[arg(long, value_name = "N", value_parser = values::positive, default_value_t = 8.0)]
    relaxations: f64,

    /// Momentum β of heavy ball, and β1 of AdamW
    #[arg(long, value_name = "β", value_parser = values::share, default_value_t = 0.9)]
    momentum: f64,

    /// Decay rate β2 of AdamW's average of squares
    #[arg(long, value_name = "β2", value_parser = values::share, default_value_t = 0.999)]
    beta2: f64,

    /// Momenta μ of the comparison of heavy ball with projected steps
    #[arg(long, value_name = "μ,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::share,
          default_value = "0.9,0.99", num_args = 1)]
    momenta: Vec<f64>,

    /// Step size γ/(ρ²(1 − μ)²) of that comparison
    #[arg(long, value_name = "u", value_parser = values::positive, default_value_t = 0.03)]
    momentum_step: f64,
}

impl Simulation for WeightDecay {
    const NAME: &'static str = "weight-decay";
    const ABOUT: &'static str = "Where norms settle under weight decay, and how far embeddings rotate per step there";
    const EXAMPLES: &'static str = "\
Examples:
  embedding-norms weight-decay
  embedding-norms weight-decay --weight-decay 0.003 --dim 64 --relaxations 5
  embedding-norms weight-decay --frequencies 0.001,0.01,0.1,1 --sweep-decay 1e-5";
    const STATEMENTS: &'static [&'static str] = &["S1", "S3"];
    const REPLICATES: u64 = 10;
    const QUICK: &'static [&'static str] = &[
        "--frequencies=0.1,0.3,1",
        "--sweep-decay=0.001",
        "--relaxations=3",
        "--embeddings=4",
        "--momentum-step=0.3",
        "--replicates=3",
    ];
    const FULL: &'static [&'static str] =
        &["--replicates=40", "--weight-decay=0.001", "--sweep-decay=3e-5", "--relaxations=40", "--momentum-step=0.003"];

    fn plan(&self) -> Result<Plan, Failure> {
        let rule = |method| [1.0, RARELY].map(|frequency| self.rule(method, frequency));
        let rules = Method::all(self.momentum, self.beta2).into_iter().flat_map(rule);
        let swept = self.frequencies.iter().map(|&frequency| self.swept(frequency));
        let below = self.approach(Method::GradientDescent { coupled: false }, 0.5);
        let above = Method::all(self.momentum, self.beta2.min(SHORT_MEMORY)).map(|method| self.approach(method, 2.0));
        let momentum = |&momentum: &f64| [false, true].map(|projected| self.projection(projected, momentum));
        Plan::default()
            .kind("settling", rules.chain(swept))?
            .kind("approach", above.into_iter().chain([below]))?
            .kind("projection", self.momenta.iter().flat_map(momentum))
    }

    fn claims(&self, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
        claims::claims(tables, replicates)
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        Ok(vec![("", figures::figure(tables)?)])
    }
}

impl WeightDecay {
    fn setting(&self, method: Method, weight_decay: f64, frequency: f64) -> Setting {
        Setting { method, learning_rate: self.learning_rate.get(), weight_decay, frequency, dimension: self.dim }
    }

    /// By how much stronger decay is for a rule: under coupled decay momentum makes γ to γ/(1 − β).
    fn strength(method: Method) -> f64 {
        match method {
            Method::SignDescent => SIGN,
            Method::HeavyBall { coupled: true, momentum } => 1.0 - momentum,
            _ => 1.0,
        }
    }

    /// One rule, with γλ in proportion to f, so that an update rotates by the same angle for every f.
    fn rule(&self, method: Method, frequency: f64) -> Settling {
        let more = if method == Method::SignDescent { WANDERING } else { 1 };
        Settling {
            setting: self.setting(method, Self::strength(method) * self.weight_decay * frequency, frequency),
            sweep: false,
            embeddings: self.embeddings * more,
            relaxations: self.relaxations * more as f64,
        }
    }

    /// One frequency, at the decay that all have in common; rare updates make norms fluctuate more. The runs are long,
    /// so they have a quarter of the dimensions.
    fn swept(&self, frequency: f64) -> Settling {
        let setting = self.setting(Method::GradientDescent { coupled: false }, self.sweep_decay, frequency);
        Settling {
            setting: Setting { dimension: self.dim.div_ceil(4).max(2), ..setting },
            sweep: true,
            embeddings: (0.1 * self.embeddings as f64 / frequency.sqrt()).ceil() as usize,
            relaxations: 0.6 * self.relaxations,
        }
    }

    fn approach(&self, method: Method, start: f64) -> Approach {
        let setting = self.setting(method, SLOW * Self::strength(method) * self.weight_decay, 1.0);
        let more = match method {
            Method::SignDescent => 16 * WANDERING,
            Method::AdamW { .. } => 4,
            _ => 1,
        };
        Approach { setting, start, embeddings: self.embeddings.div_ceil(4) * more }
    }

    fn projection(&self, projected: bool, momentum: f64) -> Projection {
        let (pairs, dimension) = (self.embeddings.div_ceil(4), 3);
        Projection { projected, momentum, step: self.momentum_step, pairs, dimension }
    }
}
