//! A learning rate from one step (statement S9): the rate at which one step turns embeddings by half the angle of positive
//! pairs, beside the best one of a sweep, those of a range test, and leaving the rate as it is.

mod average;
mod bench;
mod claims;
mod figures;
mod judged;
mod range_test;
mod setting;
mod spread;
mod trial;

use clap::{ArgAction, Args};
use embedding_norms_lab::claim::Claim;
use embedding_norms_lab::figure::Figure;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::cut_rate::Family;
use crate::simulations::simulation::{Simulation, Tables};
use crate::simulations::study::Plan;
use setting::{Material, Rule};
use spread::Spread;
use trial::{Place, Trial};

/// Settings.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OneStepRate {
    /// Kinds of networks
    #[arg(long, value_name = "NETWORK,…", value_delimiter = ',', action = ArgAction::Set, num_args = 1,
          default_value = "no-biases,batch-norm,biases,residual-batch-norm,simsiam")]
    networks: Vec<Family>,

    /// Update rules
    #[arg(long, value_name = "RULE,…", value_delimiter = ',', action = ArgAction::Set, num_args = 1,
          default_value = "gradient-descent,heavy-ball,adamw,lars")]
    rules: Vec<Rule>,

    /// What is learned from
    #[arg(long, value_name = "DATA,…", value_delimiter = ',', action = ArgAction::Set, num_args = 1,
          default_value = "digits,mixture")]
    data: Vec<Material>,

    /// Temperatures τ
    #[arg(long, value_name = "τ,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::positive,
          default_value = "0.5", num_args = 1)]
    temperatures: Vec<f64>,

    /// Samples of a batch, each in two views
    #[arg(long, value_name = "N,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::dimension,
          default_value = "32", num_args = 1)]
    batches: Vec<usize>,

    /// Factors by which initial parameters are divided; small ones make long steps
    #[arg(long, value_name = "c,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::positive,
          default_value = "1,4", num_args = 1)]
    cuts: Vec<f64>,

    /// Steps of a training
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 25)]
    steps: usize,

    /// Width of the hidden layers
    #[arg(long, value_name = "WIDTH", value_parser = values::count, default_value_t = 32)]
    width: usize,

    /// Rates of the sweep per decade
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 3)]
    per_decade: usize,

    /// Steps of the range test
    #[arg(long, value_name = "N", value_parser = values::dimension, default_value_t = 100)]
    range_steps: usize,
}

impl Simulation for OneStepRate {
    const NAME: &'static str = "one-step-rate";
    const ABOUT: &'static str = "The learning rate that one step advises, beside the best of a sweep and a range test";
    const EXAMPLES: &'static str = "\
Examples:
  embedding-norms one-step-rate
  embedding-norms one-step-rate --networks biases --rules adamw --data digits --steps 200 --per-decade 4";
    const STATEMENTS: &'static [&'static str] = &["S9", "L8"];
    const REPLICATES: u64 = 2;
    const QUICK: &'static [&'static str] = &[
        "--networks=batch-norm,biases",
        "--data=digits",
        "--steps=6",
        "--batches=24",
        "--width=16",
        "--range-steps=20",
    ];
    const FULL: &'static [&'static str] = &[
        "--batches=32,128",
        "--temperatures=0.1,0.5,1",
        "--cuts=0.5,1,4",
        "--steps=100",
        "--width=64",
        "--per-decade=4",
        "--replicates=3",
    ];

    fn plan(&self) -> Result<Plan, Failure> {
        let places = self.places();
        let Self { steps, width, per_decade, range_steps, .. } = *self;
        let trials = places.iter().map(|&place| Trial { place, steps, width, per_decade, range_steps });
        let spreads = places.iter().map(|&place| Spread { place, width });
        Plan::default().kind("trial", trials)?.kind("spread", spreads)
    }

    fn claims(&self, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
        claims::claims(tables, replicates)
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        Ok(vec![("", figures::figure(tables)?)])
    }
}

impl OneStepRate {
    fn places(&self) -> Vec<Place> {
        let mut places = Vec::new();
        for (&family, &rule) in pairs(&self.networks, &self.rules) {
            for (&material, &temperature) in pairs(&self.data, &self.temperatures) {
                let rest = pairs(&self.batches, &self.cuts);
                places.extend(rest.map(|(&batch, &cut)| Place { family, rule, material, temperature, batch, cut }));
            }
        }
        places
    }
}

/// Every one with every other.
fn pairs<'a, A, B>(first: &'a [A], second: &'a [B]) -> impl Iterator<Item = (&'a A, &'a B)> {
    first.iter().flat_map(move |a| second.iter().map(move |b| (a, b)))
}
