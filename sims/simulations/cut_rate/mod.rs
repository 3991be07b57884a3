//! A cut is equivalent to a change of the learning rate: exactly for which networks, and what it is elsewhere (statement S7). Every network is trained
//! cut by c, and whole at c^h times the learning rate, on the same batches.

mod claims;
mod family;
mod figures;
mod path;

use clap::{ArgAction, Args};
use embedding_norms_lab::claim::Claim;
use embedding_norms_lab::figure::Figure;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::simulation::{Simulation, Tables};
use crate::simulations::study::Plan;
pub use family::{Family, Networks};
use path::{Rule, Trainings};

/// Settings.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CutRate {
    /// Kinds of networks
    #[arg(long, value_name = "NETWORK,…", value_delimiter = ',', action = ArgAction::Set, num_args = 1,
          default_value = "no-biases,batch-norm,batch-norm-biases,residual-batch-norm,layer-norm,simsiam-no-last-bias,\
                           biases-by-layer,batch-norm-last-linear,layer-norm-biases,biases,simsiam")]
    networks: Vec<Family>,

    /// Update rules
    #[arg(long, value_name = "RULE,…", value_delimiter = ',', action = ArgAction::Set, num_args = 1,
          default_value = "gradient-descent,heavy-ball,adam,adamw,lars")]
    rules: Vec<Rule>,

    /// Factors c by which parameters are divided
    #[arg(long, value_name = "c,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::positive,
          default_value = "2,3,4,9", num_args = 1)]
    cuts: Vec<f64>,

    /// Steps of a training
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 30)]
    steps: usize,

    /// Images of a batch, in two views
    #[arg(long, value_name = "N", value_parser = values::dimension, default_value_t = 48)]
    batch: usize,

    /// Width of the hidden layers
    #[arg(long, value_name = "WIDTH", value_parser = values::count, default_value_t = 32)]
    width: usize,
}

impl Simulation for CutRate {
    const NAME: &'static str = "cut-rate";
    const ABOUT: &'static str =
        "Cutting an initialization is a learning rate, for networks without biases or with batch normalization";
    const EXAMPLES: &'static str = "\
Examples:
  embedding-norms cut-rate
  embedding-norms cut-rate --networks batch-norm,biases --rules adamw --cuts 3 --steps 100
  embedding-norms predict --network batch-norm --optimizer adamw --cut 3";
    const STATEMENTS: &'static [&'static str] = &["S7", "L6"];
    const REPLICATES: u64 = 2;
    const QUICK: &'static [&'static str] = &["--cuts=2,3", "--steps=4", "--batch=24", "--width=16"];
    const FULL: &'static [&'static str] = &["--steps=60", "--batch=128", "--width=64", "--replicates=5"];

    fn plan(&self) -> Result<Plan, Failure> {
        let trainings = |(family, rule): (Family, Rule)| Trainings {
            family,
            rule,
            cuts: self.cuts.clone(),
            steps: self.steps,
            batch: self.batch,
            width: self.width,
        };
        // Decay goes with the rate of its tensor, so that under the cut by layer each bias would need one of its own.
        let wanted =
            |&(family, rule): &(Family, Rule)| !(family.is_by_layer() && matches!(rule, Rule::HeavyBall | Rule::Adamw));
        let all = self.networks.iter().flat_map(|&family| self.rules.iter().map(move |&rule| (family, rule)));
        Plan::default().cells(all.filter(wanted).map(trainings))
    }

    fn claims(&self, tables: &Tables, _replicates: u64) -> Result<Vec<Claim>, Failure> {
        Ok(claims::claims(&tables.rows()?))
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        Ok(vec![("", figures::figure(&tables.rows()?))])
    }
}
