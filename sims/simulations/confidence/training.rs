//! How an encoder of digits is trained: NT-Xent on two augmented views, plain descent of the mean over a batch.

use embedding_norms::data::augmentation::Augmentation;
use embedding_norms::data::digits::SIDE;
use embedding_norms::encoder::Network;
use embedding_norms::loss::NtXent;
use embedding_norms::optimizer::GradientDescent;
use embedding_norms::random::Generator;
use embedding_norms::setting::SettingError;
use embedding_norms::sphere::normalize;
use embedding_norms::training::{Method, Trainer, TwoViews};
use ndarray::{ArrayView1, ArrayView2, ArrayViewMut1};
use serde::Serialize;

use crate::cli::failure::Failure;
use crate::cli::rates::OfMean;

/// The settings of a training.
#[derive(Clone, Debug, Serialize)]
pub struct Training {
    pub widths: Vec<usize>,
    pub epochs: usize,
    pub batch: usize,
    /// Whether a last batch with fewer images gets a step too. Trainings without one keep the names of their random
    /// numbers.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub short_batches: bool,
    pub learning_rate: OfMean,
    pub temperature: f64,
    pub rotation: f64,
    pub shift: f64,
    pub scale: f64,
    pub noise: f64,
}

/// An encoder before and after its training.
pub struct Encoders {
    pub untrained: Network,
    pub trained: Network,
}

impl Training {
    /// The random change that makes a view.
    pub fn augmentation(&self) -> Result<Augmentation, SettingError> {
        Augmentation::none(SIDE)?.rotation(self.rotation)?.shift(self.shift)?.scale(self.scale)?.noise(self.noise)
    }

    /// Trains a new encoder on images, as far as it gets before it is cancelled.
    pub fn run(
        &self,
        images: ArrayView2<'_, f64>,
        generator: &mut Generator,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Encoders, Failure> {
        let augmentation = self.augmentation()?;
        let view = |image: ArrayView1<'_, f64>, view: ArrayViewMut1<'_, f64>, generator: &mut Generator| {
            augmentation.view(image, view, generator);
        };
        let source = TwoViews::new(images, view);
        let loss = NtXent::new(self.temperature)?;
        let every = Method::new(&loss, &GradientDescent, self.learning_rate.get())?;
        let method = if self.short_batches { every } else { every.only_whole_batches() };
        let untrained = Network::draw(&self.widths, true, generator);
        let mut trainer = Trainer::new(untrained.clone(), method)?;
        for _ in 0..self.epochs {
            if cancelled() {
                break;
            }
            trainer.epoch(&source, self.batch, generator)?;
        }
        Ok(Encoders { untrained, trained: trainer.encoder().clone() })
    }

    /// Nanoseconds that a training on so many images takes, roughly.
    pub fn cost(&self, images: usize) -> f64 {
        let weights: usize = self.widths.windows(2).map(|pair| pair[0] * pair[1]).sum();
        let views = 2.0 * self.batch as f64;
        let step = 0.4 * views * weights as f64 + 40.0 * views * views;
        (self.epochs * (images / self.batch)) as f64 * step
    }
}

/// The norms of rows.
pub fn norms(points: ArrayView2<'_, f64>) -> Result<Vec<f64>, Failure> {
    Ok(normalize(points)?.norms().to_vec())
}
