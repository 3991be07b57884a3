//! Rare classes have short embeddings (statement S5): norms of an encoder that is trained on classes of different size.
//!
//! The paper's setting: a spherical mixture of four classes with frequencies 1 : 2 : 4 : 8, a small network, a supervised
//! InfoNCE, plain descent. The untrained network, the norms of the inputs, and a training on permuted labels are
//! the controls.

mod claims;
mod figures;
mod runs;

use clap::{ArgAction, Args};
use embedding_norms::confidence::group_means;
use embedding_norms::lab::claim::Claim;
use embedding_norms::lab::figure::Figure;
use embedding_norms::lab::sweep::{self, Unit, UnitContext};
use embedding_norms::lab::table::{Table, Value};
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::mixtures::{EncoderOptions, Points, Training, norms};
use crate::simulations::simulation::{Simulation, Tables};

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

/// A piece of work.
#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    training: Training,
    every: usize,
    /// Replicates from this one on are left out.
    until: Option<u64>,
}

/// Norms at one moment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    epoch: usize,
    loss: Option<f64>,
    norms: Vec<Option<f64>>,
}

/// What one training finds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Finding {
    points: Vec<usize>,
    inputs: Vec<Option<f64>>,
    records: Vec<Record>,
}

impl sweep::Cell for Cell {
    fn label(&self) -> String {
        (if self.training.is_permuted() { "permuted labels" } else { "labels as they are" }).to_owned()
    }

    fn cost(&self) -> f64 {
        self.training.cost()
    }
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

    type Cell = Cell;
    type Finding = Finding;

    fn cells(&self) -> Result<Vec<Cell>, Failure> {
        if self.weights.len() < 2 {
            return Err(Failure::Refused("--weights needs at least two classes to compare".to_owned()));
        }
        let training = self.encoder.on(Points {
            weights: self.weights.clone(),
            noise: self.noise,
            samples: self.samples,
            even: false,
            latent: self.latent_dim,
            embedding: self.dim,
        });
        let own = Cell { training: training.clone(), every: self.every, until: None };
        let control = Cell { training: training.with_permuted_labels(), every: self.every, until: Some(self.controls) };
        Ok(if self.controls > 0 { vec![own, control] } else { vec![own] })
    }

    fn simulate(unit: &mut UnitContext<'_, Cell>) -> Result<Finding, Failure> {
        let Cell { training, every, until } = unit.cell;
        let replicate = training.replicate(unit.unit.replicate);
        let mut finding = Finding::default();
        if until.is_some_and(|until| replicate >= until) {
            return Ok(finding);
        }
        let classes = training.weights().len();
        training.run(unit, *every, |moment| {
            let labels = &moment.drawn.labels;
            if moment.epoch == 0 {
                finding.points = moment.drawn.counts();
                finding.inputs = group_means(labels, classes, &norms(moment.drawn.features.view()))?;
            }
            let norms = group_means(labels, classes, &norms(moment.embeddings))?;
            finding.records.push(Record { epoch: moment.epoch, loss: moment.loss, norms });
            Ok(())
        })?;
        Ok(finding)
    }

    fn tables(&self, cells: &[Cell], found: Vec<(Unit, Finding)>) -> Result<Tables, Failure> {
        let mut table = Table::new(&[
            "labels",
            "class",
            "weight",
            "replicate",
            "epoch",
            "points",
            "mean_norm",
            "mean_input_norm",
            "loss",
        ]);
        for (unit, finding) in found {
            let training = &cells[unit.cell].training;
            let labels = if training.is_permuted() { PERMUTED } else { OWN };
            for record in &finding.records {
                for (class, &weight) in training.weights().iter().enumerate() {
                    table.push([
                        Value::from(labels),
                        (class + 1).into(),
                        weight.into(),
                        training.replicate(unit.replicate).into(),
                        record.epoch.into(),
                        finding.points[class].into(),
                        record.norms[class].into(),
                        finding.inputs[class].into(),
                        record.loss.into(),
                    ]);
                }
            }
        }
        Ok(Tables::new([("", table)]))
    }

    fn claims(&self, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
        claims::claims(tables.get("")?, self.is_published(), replicates)
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        Ok(vec![("", figures::figure(tables.get("")?)?)])
    }
}

impl ClassImbalance {
    /// Whether points and training are the paper's.
    fn is_published(&self) -> bool {
        let dimensions = (self.samples, self.latent_dim, self.dim) == (2000, 10, 10);
        dimensions && self.noise == 1.0 && self.weights == [1.0, 2.0, 4.0, 8.0] && self.encoder.is_published()
    }
}

/// Labels as they were drawn.
const OWN: &str = "own";
/// Labels that were permuted.
const PERMUTED: &str = "permuted";
