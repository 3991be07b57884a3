//! The cells of the trial: which optimizer trains which kind of network on what.

use embedding_norms::encoder::{Network, Perceptron};
use embedding_norms::random::generator;

use super::task::Kind;

/// Optimizers with their default settings.
pub const RULES: [&str; 4] = ["gradient-descent", "heavy-ball", "adamw", "lars"];

/// Kinds of networks, by the names of `theory::encoders::network`.
pub const NETWORKS: [&str; 3] = ["no-biases", "batch-norm", "biases"];

/// A cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    pub task: Kind,
    pub network: &'static str,
    pub rule: &'static str,
}

/// Every cell.
pub fn all() -> Vec<Cell> {
    let of = |task| {
        let networks = NETWORKS.into_iter();
        networks.flat_map(move |network| RULES.into_iter().map(move |rule| Cell { task, network, rule }))
    };
    Kind::ALL.into_iter().flat_map(of).collect()
}

impl Cell {
    /// Learning rates over four decades, from far too small to far too large.
    pub fn rates(&self) -> Vec<f64> {
        let lowest = match self.rule {
            "gradient-descent" => 1e-2,
            "heavy-ball" => 1e-3,
            "adamw" => 1e-4,
            _ => 1e-1,
        };
        (0..5).map(|decade| lowest * 10.0_f64.powi(decade)).collect()
    }

    /// The network of a seed, before it is trained.
    pub fn draw(&self, seed: u64) -> Network {
        let plan = Perceptron::new(match self.task {
            Kind::Mixture => &[64, 32, 32, 10],
            Kind::Digits => &[64, 48, 48, 16],
        });
        let plan = match self.network {
            "no-biases" => plan.without_biases(),
            "batch-norm" => plan.without_biases().batch_norm().normalized_outputs(),
            _ => plan,
        };
        plan.draw(&mut generator(seed, b"diagnosing/network", 0))
    }
}
