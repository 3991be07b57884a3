//! What cutting does to the outputs of a network before training: their norms, and their directions.

use embedding_norms::confidence::mean_cosine;
use embedding_norms::encoder::{Encoder, Network};
use embedding_norms::lab::sweep::UnitContext;
use embedding_norms::lab::table::{Table, Value};
use embedding_norms::sphere::normalize;
use serde::{Deserialize, Serialize};

use super::Cell;
use super::task::{Size, Task};
use super::training::median;
use crate::cli::failure::Failure;

/// Factors by which parameters are divided.
const CUTS: [f64; 9] = [0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 9.0, 16.0];
/// Outputs of the network.
const OUTPUTS: usize = 16;

/// Networks with this many layers, with or without biases.
#[derive(Clone, Debug, Serialize)]
pub struct Shrinking {
    /// Whose data go in.
    pub task: Task,
    pub layers: usize,
    pub biases: bool,
    pub size: Size,
}

/// What one cut does to one network.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Shrunk {
    cut: f64,
    /// Norm before over norm after, over the samples of the test.
    median: f64,
    smallest: f64,
    largest: f64,
    mean_cosine: f64,
}

impl Shrinking {
    pub fn label(&self) -> String {
        format!("outputs of {} layers, {}, {}", self.layers, biases(self.biases), self.task.name())
    }

    /// Nanoseconds, roughly.
    pub fn cost(&self) -> f64 {
        (CUTS.len() * self.size.test) as f64 * (self.layers * self.size.hidden * 64) as f64
    }

    pub fn run(&self, unit: &mut UnitContext<'_, Cell>) -> Result<Vec<Shrunk>, Failure> {
        let samples = self.task.draw(self.size, unit)?;
        let mut widths = vec![samples.test().ncols()];
        widths.extend(std::iter::repeat_n(self.size.hidden, self.layers - 1));
        widths.push(OUTPUTS);
        let whole = Network::draw(&widths, self.biases, &mut unit.generator);
        let before = normalize(whole.embed_features(samples.test()).view())?;
        let cut = |&cut: &f64| {
            let mut network = whole.clone();
            network.cut(cut)?;
            let embeddings = network.embed_features(samples.test());
            let after = normalize(embeddings.view())?;
            let ratios: Vec<f64> = before.norms().iter().zip(after.norms()).map(|(x, y)| x / y).collect();
            Ok(Shrunk {
                cut,
                median: median(ratios.iter().copied()),
                smallest: ratios.iter().copied().fold(f64::INFINITY, f64::min),
                largest: ratios.iter().copied().fold(0.0, f64::max),
                mean_cosine: mean_cosine(embeddings.view())?,
            })
        };
        CUTS.iter().map(cut).collect()
    }

    pub fn table() -> Table {
        Table::new(&[
            "data",
            "layers",
            "biases",
            "cut",
            "replicate",
            "shrunk",
            "smallest",
            "largest",
            "power",
            "mean_cosine",
        ])
    }

    pub fn row(&self, found: &Shrunk, replicate: u64) -> [Value; 10] {
        [
            if self.task.is_digits() { "digits" } else { "mixture" }.into(),
            self.layers.into(),
            biases(self.biases).into(),
            found.cut.into(),
            replicate.into(),
            found.median.into(),
            found.smallest.into(),
            found.largest.into(),
            libm::pow(found.cut, self.layers as f64).into(),
            found.mean_cosine.into(),
        ]
    }
}

/// The name of a kind of network in tables.
fn biases(biases: bool) -> &'static str {
    if biases { "biases" } else { "none" }
}
