//! How norms grow (statements D2, G3, S1 and S2).
//!
//! Pairs that converge gain what their loss has to spend, shared by the inverse squares of their norms, and momentum
//! multiplies it. Under targets that are drawn anew at every update, norms grow as the fourth root of time. Every
//! single step lengthens every embedding, by exactly the square of the step.

mod budget;
mod claims;
mod figures;
mod lengthening;
mod persistent;

use clap::{ArgAction, Args};
use embedding_norms_lab::claim::Claim;
use embedding_norms_lab::figure::Figure;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::simulation::{Simulation, Tables};
use crate::simulations::study::Plan;
use budget::{Budget, Momentum, Rule};
use lengthening::Lengthening;
use persistent::Persistent;

/// Dimension and step size γ/ρ² at the start of the long run.
const LONG: (usize, f64) = (8, 0.5);

/// Settings.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NormGrowth {
    /// Initial norms of the first members of pairs
    #[arg(long, value_name = "ρ,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::positive,
          default_value = "0.5,4", num_args = 1)]
    norms: Vec<f64>,

    /// Ratios of the second members' norms to the first members'
    #[arg(long, value_name = "RATIO,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::positive,
          default_value = "1,1.5,2,3,5", num_args = 1)]
    ratios: Vec<f64>,

    /// Step sizes γ/ρ² of the first members
    #[arg(long, value_name = "u,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::positive,
          default_value = "0.001,0.002,0.005,0.01,0.02,0.05,0.1", num_args = 1)]
    step_sizes: Vec<f64>,

    /// Pairs of each run
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 100)]
    pairs: usize,

    /// Dimension d of pairs; in three dimensions all cosines are equally likely
    #[arg(long, value_name = "D", value_parser = values::dimension, default_value_t = 3)]
    dim: usize,

    /// Stop when every cosine is at least 1 − ε
    #[arg(long, value_name = "ε", value_parser = values::tolerance, default_value_t = 1e-3)]
    tolerance: f64,

    /// Momenta μ of heavy-ball and Nesterov descent
    #[arg(long, value_name = "μ,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::share,
          default_value = "0,0.3,0.5,0.7,0.8,0.9,0.95", num_args = 1)]
    momenta: Vec<f64>,

    /// Step size γ/(ρ²(1 − μ)) of descent with momentum
    #[arg(long, value_name = "u", value_parser = values::positive, default_value_t = 1e-3)]
    momentum_step: f64,

    /// Dimensions in which targets are drawn anew at every update
    #[arg(long, value_name = "D,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::dimension,
          default_value = "2,8,32", num_args = 1)]
    fresh_dims: Vec<usize>,

    /// Step size γ/ρ² of these at the start
    #[arg(long, value_name = "u", value_parser = values::positive, default_value_t = 0.1)]
    fresh_step: f64,

    /// Updates of these
    #[arg(long, value_name = "K", value_parser = values::count, default_value_t = 2000)]
    updates: usize,

    /// Updates of the long run in 8 dimensions, at γ/ρ² = 0.5 at the start, that shows the fourth root of time
    #[arg(long, value_name = "K", value_parser = values::count, default_value_t = 20_000)]
    long_updates: usize,
}

impl Simulation for NormGrowth {
    const NAME: &'static str = "norm-growth";
    const ABOUT: &'static str = "How norms grow: the budget of a loss, momentum, and gradients that persist";
    const EXAMPLES: &'static str = "\
Examples:
  embedding-norms norm-growth
  embedding-norms norm-growth --momenta 0,0.9,0.99 --momentum-step 1e-4
  embedding-norms norm-growth --fresh-dims 2,512 --updates 5000";
    const STATEMENTS: &'static [&'static str] = &["G3", "D2", "S1", "S2"];
    const REPLICATES: u64 = 20;
    const QUICK: &'static [&'static str] = &[
        "--step-sizes=0.01,0.02,0.05",
        "--pairs=20",
        "--momenta=0,0.9",
        "--momentum-step=0.01",
        "--fresh-dims=8",
        "--updates=500",
        "--long-updates=2000",
        "--replicates=3",
    ];
    const FULL: &'static [&'static str] = &["--replicates=200", "--momentum-step=2e-4", "--long-updates=100000"];

    fn plan(&self) -> Result<Plan, Failure> {
        let budget = |&norm: &f64| self.ratios.iter().map(move |&ratio| self.budget(norm, ratio));
        let momentum = |rule| self.momenta.iter().map(move |&momentum| self.momentum(rule, momentum));
        let fresh = |&dimension: &usize| {
            // The more dimensions, the less the length of a gradient varies.
            let embeddings = self.pairs.div_ceil(dimension);
            Persistent::new(dimension, self.fresh_step, self.updates, embeddings)
        };
        let long = Persistent::new(LONG.0, LONG.1, self.long_updates, self.pairs.div_ceil(10));
        Plan::default()
            .kind("budget", self.norms.iter().flat_map(budget))?
            .kind("momentum", [Rule::HeavyBall, Rule::Nesterov].into_iter().flat_map(momentum))?
            .kind("persistent", self.fresh_dims.iter().map(fresh).chain([long]))?
            .kind("lengthening", [false, true].map(Lengthening::new))
    }

    fn claims(&self, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
        claims::claims(tables, replicates)
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        Ok(vec![("", figures::figure(tables)?)])
    }
}

impl NormGrowth {
    fn budget(&self, norm: f64, ratio: f64) -> Budget {
        let (pairs, dimension, tolerance) = (self.pairs, self.dim, self.tolerance);
        Budget { norm, ratio, step_sizes: self.step_sizes.clone(), pairs, dimension, tolerance }
    }

    fn momentum(&self, rule: Rule, momentum: f64) -> Momentum {
        Momentum { rule, momentum, step: self.momentum_step, pairs: self.pairs.div_ceil(10), dimension: self.dim }
    }
}
