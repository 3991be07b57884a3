//! What is learned: the data in views, the loss, and the networks.

use clap::{Args, ValueEnum};
use embedding_norms::data::digits::SIDE;
use embedding_norms::data::mixture::Mixture;
use embedding_norms::encoder::Network;
use embedding_norms::lab::sweep::UnitContext;
use embedding_norms::loss::{Loss, NegativeCosine, NtXent, SupervisedInfoNce};
use embedding_norms::random::Generator;
use embedding_norms::training::{Labelled, Source, Views, draw_positives};
use ndarray::{Array2, ArrayView2, Axis, s};
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::digit_views;

/// Data, method and whether the networks have biases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// Digits in two views, NT-Xent, no biases
    DigitsContrastive,
    /// Digits in two views, a predictor and a stop-gradient, no biases
    DigitsNonContrastive,
    /// Spherical mixture, supervised InfoNCE with one positive, no biases
    MixtureContrastive,
    /// Spherical mixture in pairs of a class, a predictor and a stop-gradient, no biases
    MixtureNonContrastive,
    /// Digits in two views, NT-Xent, biases as PyTorch draws them
    DigitsContrastiveBiases,
    /// Digits in two views, a predictor and a stop-gradient, biases as PyTorch draws them
    DigitsNonContrastiveBiases,
}

/// How much of the data there is, and how large the networks are.
#[derive(Args, Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Size {
    /// Samples to train on
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 512)]
    pub samples: usize,

    /// Samples of the test, whose labels are asked for
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 300)]
    pub test: usize,

    /// Rows of a batch
    #[arg(long, value_name = "N", value_parser = values::dimension, default_value_t = 64)]
    pub batch: usize,

    /// Width of the hidden layer
    #[arg(long, value_name = "WIDTH", value_parser = values::count, default_value_t = 64)]
    pub hidden: usize,

    /// Class noise of the mixture (the paper's: 1)
    #[arg(long, value_name = "σ", value_parser = values::positive, default_value_t = 0.4)]
    pub noise: f64,
}

/// Temperature of NT-Xent on digits.
const DIGITS_TEMPERATURE: f64 = 0.5;
/// Temperature of the supervised InfoNCE on the mixture, the paper's.
const MIXTURE_TEMPERATURE: f64 = 1.0;
/// Pairs whose angle and turn are measured.
const PROBES: usize = 200;
/// Relative frequencies of the classes of the mixture, the paper's.
const WEIGHTS: [f64; 4] = [1.0, 2.0, 4.0, 8.0];
/// Dimension of the latent points of the mixture.
const LATENT: usize = 10;
/// Dimension in which they are observed, and the factor of the matrix.
const OBSERVED: (usize, f64) = (64, 10.0);

impl Task {
    /// Whether it learns from digits.
    pub fn is_digits(self) -> bool {
        !matches!(self, Self::MixtureContrastive | Self::MixtureNonContrastive)
    }

    /// Whether negatives repel.
    pub fn is_contrastive(self) -> bool {
        matches!(self, Self::DigitsContrastive | Self::MixtureContrastive | Self::DigitsContrastiveBiases)
    }

    /// Whether layers have biases.
    pub fn has_biases(self) -> bool {
        matches!(self, Self::DigitsContrastiveBiases | Self::DigitsNonContrastiveBiases)
    }

    /// Dimension of the embeddings.
    pub fn dimension(self) -> usize {
        if self.is_digits() { 16 } else { 10 }
    }

    /// Linear layers between the features and what is normalized.
    pub fn layers(self) -> i32 {
        if self.is_contrastive() { 2 } else { 4 }
    }

    /// The loss.
    pub fn loss(self) -> Result<Box<dyn Loss>, Failure> {
        Ok(match (self.is_contrastive(), self.is_digits()) {
            (true, true) => Box::new(NtXent::new(DIGITS_TEMPERATURE)?),
            (true, false) => Box::new(SupervisedInfoNce::one_positive(MIXTURE_TEMPERATURE)?),
            (false, _) => Box::new(NegativeCosine::with_stop_gradient()),
        })
    }

    /// The initial networks: the encoder, and the predictor if there is one.
    pub fn networks(self, size: Size, generator: &mut Generator) -> (Network, Option<Network>) {
        let (hidden, dimension) = (size.hidden, self.dimension());
        let features = if self.is_digits() { SIDE * SIDE } else { OBSERVED.0 };
        let encoder = Network::draw(&[features, hidden, dimension], self.has_biases(), generator);
        let widths = [dimension, hidden, dimension];
        let predictor = (!self.is_contrastive()).then(|| Network::draw(&widths, self.has_biases(), generator));
        (encoder, predictor)
    }

    /// The data of a replicate: the same for every cell.
    pub fn draw<C>(self, size: Size, unit: &UnitContext<'_, C>) -> Result<Samples, Failure> {
        let Size { samples, test, .. } = size;
        if self.is_digits() {
            let wanted = samples + test;
            let (features, labels) = digit_views::draw(samples, wanted, &mut unit.shared_generator(b"levers/digits"))?;
            if labels.len() < wanted {
                let all = labels.len();
                let why = format!("there are {all} digits: take fewer than {samples} samples with {test} for the test");
                return Err(Failure::Refused(why));
            }
            return Ok(Samples { task: self, features, labels, samples });
        }
        let mixture = Mixture::new(&WEIGHTS, size.noise, LATENT)?.observed(OBSERVED.0, OBSERVED.1)?;
        let drawn = mixture.draw(samples + test, &mut unit.shared_generator(b"levers/mixture"))?;
        Ok(Samples { task: self, features: drawn.features, labels: drawn.labels, samples })
    }
}

/// The data of one replicate: samples to train on, and behind them those of the test.
pub struct Samples {
    task: Task,
    features: Array2<f64>,
    labels: Vec<usize>,
    samples: usize,
}

impl Samples {
    /// The features of the samples to train on.
    pub fn training(&self) -> ArrayView2<'_, f64> {
        self.features.slice(s![..self.samples, ..])
    }

    /// Their labels.
    pub fn training_labels(&self) -> &[usize] {
        &self.labels[..self.samples]
    }

    /// The features of the test.
    pub fn test(&self) -> ArrayView2<'_, f64> {
        self.features.slice(s![self.samples.., ..])
    }

    /// Their labels.
    pub fn test_labels(&self) -> &[usize] {
        &self.labels[self.samples..]
    }

    /// Positive pairs of the test, as a network takes them.
    pub fn probes(&self, generator: &mut Generator) -> Result<[Array2<f64>; 2], Failure> {
        let rows: Vec<usize> = (0..self.test_labels().len().min(PROBES)).collect();
        let views = self.pairs(self.test(), self.test_labels())?.views(&rows, generator);
        views
            .and_then(|views| Some([views.first, views.second?]))
            .ok_or_else(|| Failure::Refused("the test holds no pair of a class: take a larger one".to_owned()))
    }

    /// Where batches come from.
    pub fn source(&self) -> Result<Box<dyn Source + '_>, Failure> {
        match (self.task.is_digits(), self.task.is_contrastive()) {
            (false, true) => Ok(Box::new(Labelled::new(self.training(), self.training_labels()))),
            _ => self.pairs(self.training(), self.training_labels()),
        }
    }

    fn pairs<'a>(&self, features: ArrayView2<'a, f64>, labels: &'a [usize]) -> Result<Box<dyn Source + 'a>, Failure> {
        Ok(match self.task.is_digits() {
            true => Box::new(digit_views::two_views(features)?),
            false => Box::new(ClassPairs { features, labels }),
        })
    }
}

/// Samples with a random other one of their class and batch as the second view.
struct ClassPairs<'a> {
    features: ArrayView2<'a, f64>,
    labels: &'a [usize],
}

impl Source for ClassPairs<'_> {
    fn samples(&self) -> usize {
        self.labels.len()
    }

    fn views(&self, rows: &[usize], generator: &mut Generator) -> Option<Views> {
        let labels: Vec<usize> = rows.iter().map(|&row| self.labels[row]).collect();
        let drawn = draw_positives(&labels, generator);
        let pairs: Vec<(usize, usize)> =
            rows.iter().zip(drawn).filter_map(|(&row, positive)| Some((row, rows[positive?]))).collect();
        let (rows, partners): (Vec<usize>, Vec<usize>) = pairs.into_iter().unzip();
        if rows.len() < 2 {
            return None;
        }
        Some(Views {
            first: self.features.select(Axis(0), &rows),
            second: Some(self.features.select(Axis(0), &partners)),
            labels: None,
            positives: None,
            rows,
        })
    }
}
