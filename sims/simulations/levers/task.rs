//! What is learned: the data in views, the loss, and the networks.

use clap::{Args, ValueEnum};
use embedding_norms::data::images::{Half, ImageSize};
use embedding_norms::data::mixture::Mixture;
use embedding_norms::encoder::{Network, Perceptron};
use embedding_norms::loss::{Loss, NegativeCosine, NtXent, SupervisedInfoNce};
use embedding_norms::random::Generator;
use embedding_norms::training::{Labelled, Source, Views, draw_positives};
use embedding_norms_lab::sweep::UnitContext;
use ndarray::{Array2, ArrayView2, Axis, s};
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::digit_views;
use crate::simulations::photo_data::{Changes, PhotoData};
use crate::simulations::photo_encoder::convolutional;

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
    /// SimCLR on digits, batch normalization throughout
    DigitsSimclr,
    /// SimSiam on digits, batch normalization throughout
    DigitsSimsiam,
    /// BYOL on digits, batch normalization throughout
    DigitsByol,
    /// SimCLR on the mixture in pairs of a class, batch normalization throughout
    MixtureSimclr,
    /// SimSiam on the mixture in pairs of a class, batch normalization throughout
    MixtureSimsiam,
    /// BYOL on the mixture in pairs of a class, batch normalization throughout
    MixtureByol,
    /// Images of your own (--data) in two views, NT-Xent, no biases
    ImagesContrastive,
    /// Images of your own in two views, a predictor and a stop-gradient, no biases
    ImagesNonContrastive,
    /// SimCLR on images of your own, batch normalization throughout
    ImagesSimclr,
    /// SimSiam on images of your own, batch normalization throughout
    ImagesSimsiam,
    /// BYOL on images of your own, batch normalization throughout
    ImagesByol,
}

/// What a task learns from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data {
    Digits,
    Mixture,
    /// Images of a user's own.
    Images,
}

/// A kind of network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// Rectifiers without biases.
    NoBiases,
    /// Biases as PyTorch draws them.
    Biases,
    /// The paper's kind: batch normalization after every linear layer, with a residual block.
    BatchNorm,
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

impl Size {
    /// The channels after each convolution.
    pub fn channels(self) -> [usize; 3] {
        [4, 2, 1].map(|part| self.hidden.div_ceil(part))
    }
}

/// What networks take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inputs {
    /// So many features, of a perceptron.
    Features(usize),
    /// Images, of a convolutional network.
    Convolved(ImageSize),
}

/// Temperature of NT-Xent.
const TEMPERATURE: f64 = 0.5;
/// Temperature of the supervised InfoNCE on the mixture, the paper's.
const MIXTURE_TEMPERATURE: f64 = 1.0;
/// Pairs whose angle and turn are measured.
const PROBES: usize = 200;
/// Relative frequencies of the classes of the mixture, the paper's.
const WEIGHTS: [f64; 4] = [1.0, 2.0, 4.0, 8.0];
/// How views of images of a user's own differ from them.
const VIEWS: Changes = Changes { crop: 0.4, flip: true, jitter: 0.4, noise: 0.1 };
/// Dimension of the latent points of the mixture.
const LATENT: usize = 10;
/// Dimension in which they are observed, and the factor of the matrix.
const OBSERVED: (usize, f64) = (64, 10.0);

impl Task {
    /// What it learns from.
    pub fn data(self) -> Data {
        use Task::{ImagesByol, ImagesContrastive, ImagesNonContrastive, ImagesSimclr, ImagesSimsiam};
        use Task::{MixtureByol, MixtureContrastive, MixtureNonContrastive, MixtureSimclr, MixtureSimsiam};
        match self {
            MixtureContrastive | MixtureNonContrastive | MixtureSimclr | MixtureSimsiam | MixtureByol => Data::Mixture,
            ImagesContrastive | ImagesNonContrastive | ImagesSimclr | ImagesSimsiam | ImagesByol => Data::Images,
            _ => Data::Digits,
        }
    }

    /// Whether it learns from random views, two of each sample.
    pub fn has_views(self) -> bool {
        self.data() != Data::Mixture
    }

    /// Whether negatives repel.
    pub fn is_contrastive(self) -> bool {
        use Task::{DigitsContrastive, DigitsContrastiveBiases, DigitsSimclr, MixtureContrastive, MixtureSimclr};
        use Task::{ImagesContrastive, ImagesSimclr};
        let digits = matches!(self, DigitsContrastive | DigitsContrastiveBiases | DigitsSimclr);
        digits || matches!(self, MixtureContrastive | MixtureSimclr | ImagesContrastive | ImagesSimclr)
    }

    /// Whether a moving average of the encoder says what to predict.
    pub fn has_target(self) -> bool {
        matches!(self, Self::DigitsByol | Self::MixtureByol | Self::ImagesByol)
    }

    /// The kind of its networks.
    pub fn architecture(self) -> Architecture {
        match self {
            Self::DigitsContrastive
            | Self::DigitsNonContrastive
            | Self::MixtureContrastive
            | Self::MixtureNonContrastive
            | Self::ImagesContrastive
            | Self::ImagesNonContrastive => Architecture::NoBiases,
            Self::DigitsContrastiveBiases | Self::DigitsNonContrastiveBiases => Architecture::Biases,
            _ => Architecture::BatchNorm,
        }
    }

    /// Whether its networks have batch normalization throughout, and are trained as the paper's.
    pub fn is_normalized(self) -> bool {
        self.architecture() == Architecture::BatchNorm
    }

    /// Dimension of the embeddings.
    pub fn dimension(self) -> usize {
        if self.has_views() { 16 } else { 10 }
    }

    /// Linear layers between the features and what is normalized, where there is no normalization before.
    pub fn layers(self) -> i32 {
        if self.is_contrastive() { 2 } else { 4 }
    }

    /// The loss.
    pub fn loss(self) -> Result<Box<dyn Loss>, Failure> {
        Ok(match self {
            Self::MixtureContrastive => Box::new(SupervisedInfoNce::one_positive(MIXTURE_TEMPERATURE)?),
            _ if self.is_contrastive() => Box::new(NtXent::new(TEMPERATURE)?),
            _ => Box::new(NegativeCosine::with_stop_gradient()),
        })
    }

    /// The initial networks for such inputs: the encoder, and the predictor if there is one.
    pub fn networks(self, inputs: Inputs, size: Size, generator: &mut Generator) -> (Network, Option<Network>) {
        let (hidden, dimension) = (size.hidden, self.dimension());
        let inner = [dimension, hidden, dimension];
        let plan = |widths: &[usize]| match self.architecture() {
            Architecture::NoBiases => Perceptron::new(widths).without_biases(),
            Architecture::Biases => Perceptron::new(widths),
            Architecture::BatchNorm => Perceptron::new(widths).without_biases().batch_norm(),
        };
        let is_normalized = self.is_normalized();
        let encoder = match inputs {
            Inputs::Features(features) => {
                let plan = plan(&[features, hidden, dimension]);
                let plan = if is_normalized { plan.residual_blocks(1).normalized_outputs() } else { plan };
                plan.draw(generator)
            }
            Inputs::Convolved(images) => {
                let plan = convolutional(images, &size.channels(), dimension).without_biases();
                let plan = if is_normalized { plan.batch_norm().normalized_outputs() } else { plan };
                plan.draw(generator)
            }
        };
        // As published, predictors end in a linear layer with a bias.
        let predictor = match self.architecture() {
            Architecture::BatchNorm => plan(&inner).last_bias(true),
            _ => plan(&inner),
        };
        let predictor = (!self.is_contrastive()).then(|| predictor.draw(generator));
        (encoder, predictor)
    }

    /// The data of a replicate: the same for every cell. `images` are what tasks on images learn from.
    pub fn draw<C>(
        self,
        size: Size,
        images: Option<&PhotoData>,
        unit: &UnitContext<'_, C>,
    ) -> Result<Samples, Failure> {
        let Size { samples, test, .. } = size;
        if self.data() == Data::Images {
            return self.draw_images(size, images, &mut unit.shared_generator(b"levers/images"));
        }
        if self.data() == Data::Digits {
            let wanted = samples + test;
            let (features, labels) = digit_views::draw(samples, wanted, &mut unit.shared_generator(b"levers/digits"))?;
            if labels.len() < wanted {
                let all = labels.len();
                let why = format!("there are {all} digits: take fewer than {samples} samples with {test} for the test");
                return Err(Failure::Refused(why));
            }
            return Ok(Samples { task: self, features, labels, samples, size: None });
        }
        let mixture = Mixture::new(&WEIGHTS, size.noise, LATENT)?.observed(OBSERVED.0, OBSERVED.1)?;
        let drawn = mixture.draw(samples + test, &mut unit.shared_generator(b"levers/mixture"))?;
        Ok(Samples { task: self, features: drawn.features, labels: drawn.labels, samples, size: None })
    }

    fn draw_images(
        self,
        size: Size,
        images: Option<&PhotoData>,
        generator: &mut Generator,
    ) -> Result<Samples, Failure> {
        let missing = || Failure::Refused(format!("--tasks {}: give the images with --data", values::name(self)));
        let data = images.ok_or_else(missing)?;
        let wanted = size.samples + size.test;
        let drawn = data.draw(Half::Training, wanted, |_| true, generator)?;
        if drawn.labels.len() < wanted {
            return Err(Failure::Refused(format!(
                "there are {} images: take fewer than {} samples with {} for the test",
                drawn.labels.len(),
                size.samples,
                size.test
            )));
        }
        let (features, labels) = (drawn.pixels, drawn.labels);
        Ok(Samples { task: self, features, labels, samples: size.samples, size: Some(data.size()) })
    }
}

/// The data of one replicate: samples to train on, and behind them those of the test.
pub struct Samples {
    task: Task,
    features: Array2<f64>,
    labels: Vec<usize>,
    samples: usize,
    /// How large images of a user's own are.
    size: Option<ImageSize>,
}

impl Samples {
    /// The number of features.
    pub fn features(&self) -> usize {
        self.features.ncols()
    }

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
        match self.task {
            Task::MixtureContrastive => Ok(Box::new(Labelled::new(self.training(), self.training_labels()))),
            _ => self.pairs(self.training(), self.training_labels()),
        }
    }

    fn pairs<'a>(&self, features: ArrayView2<'a, f64>, labels: &'a [usize]) -> Result<Box<dyn Source + 'a>, Failure> {
        Ok(match (self.task.data(), self.size) {
            (Data::Images, Some(size)) => VIEWS.two_views(size, features)?,
            (Data::Mixture, _) => Box::new(ClassPairs { features, labels }),
            _ => digit_views::two_views(features)?,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_what_their_names_say() {
        for &task in Task::value_variants() {
            let name = values::name(task);
            let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
            let data = [("digits", Data::Digits), ("mixture", Data::Mixture), ("images", Data::Images)];
            assert!(data.iter().all(|(word, data)| says(&[word]) == (task.data() == *data)), "{name}");
            assert_eq!(task.is_contrastive(), !says(&["non-contrastive", "simsiam", "byol"]), "{name}");
            assert_eq!(task.has_target(), says(&["byol"]), "{name}");
            let architecture = match says(&["biases"]) {
                true => Architecture::Biases,
                false if says(&["contrastive"]) => Architecture::NoBiases,
                false => Architecture::BatchNorm,
            };
            assert_eq!(task.architecture(), architecture, "{name}");
        }
    }
}
