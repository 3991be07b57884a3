//! What cutting does to the outputs of a network before training: their norms, and their directions.

use embedding_norms::confidence::mean_cosine;
use embedding_norms::encoder::{Encoder, Network};
use embedding_norms::sphere::normalize;
use serde::{Deserialize, Serialize};

use super::task::{Size, Task};
use super::training::median;
use crate::cli::failure::Failure;
use crate::simulations::study::{Context, Row, Study};

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
    pub data: Data,
    pub layers: usize,
    pub biases: Biases,
    pub cut: f64,
    replicate: u64,
    /// Norm before over norm after, the median over the samples of the test.
    pub shrunk: f64,
    smallest: f64,
    largest: f64,
    /// c to the power of the number of layers.
    pub power: f64,
    pub mean_cosine: f64,
}

/// Whose data go in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Data {
    Digits,
    Mixture,
}

/// Whether linear layers have biases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Biases {
    None,
    Biases,
}

impl Row for Shrunk {
    const TABLE: &'static str = "shrinking";
}

impl Study for Shrinking {
    type Rows = Vec<Shrunk>;

    fn label(&self) -> String {
        let biases = if self.biases { "with" } else { "without" };
        format!("outputs of {} layers, {biases} biases, {:?}", self.layers, self.data())
    }

    fn cost(&self) -> f64 {
        (CUTS.len() * self.size.test) as f64 * (self.layers * self.size.hidden * 64) as f64
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<Shrunk>, Failure> {
        let samples = self.task.draw(self.size, None, unit)?;
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
                data: self.data(),
                layers: self.layers,
                biases: if self.biases { Biases::Biases } else { Biases::None },
                cut,
                replicate: unit.unit.replicate,
                shrunk: median(ratios.iter().copied()),
                smallest: ratios.iter().copied().fold(f64::INFINITY, f64::min),
                largest: ratios.iter().copied().fold(0.0, f64::max),
                power: libm::pow(cut, self.layers as f64),
                mean_cosine: mean_cosine(embeddings.view())?,
            })
        };
        CUTS.iter().map(cut).collect()
    }
}

impl Shrinking {
    fn data(&self) -> Data {
        if self.task.has_views() { Data::Digits } else { Data::Mixture }
    }
}
