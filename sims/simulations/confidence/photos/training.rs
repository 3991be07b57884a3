//! How an encoder learns from photographs: a perceptron or a convolutional network, with batch normalization or with biases,
//! by NT-Xent on views.

use embedding_norms::data::images::ImageSize;
use embedding_norms::encoder::{Encoder, Input, Network, Perceptron};
use embedding_norms::loss::NtXent;
use embedding_norms::optimizer::HeavyBall;
use embedding_norms::random::Generator;
use embedding_norms::sphere::{inner, normalize};
use embedding_norms::training::{Method, Schedule, Source, Trainer, batches};
use ndarray::{ArrayView2, Axis, concatenate};
use serde::Serialize;

use crate::cli::failure::Failure;
use crate::cli::rates::OfMean;
use crate::simulations::checkpoints::{Checkpoints, Saved};
use crate::simulations::confidence::training::Encoders;
use crate::simulations::photo_data::Changes;
use crate::simulations::photo_encoder::{ImageEncoder, Precision, convolutional};

/// Momentum of heavy ball.
const MOMENTUM: f64 = 0.9;
/// The share of the steps over which the learning rate rises, before it falls as a half cosine.
const WARM_UP: f64 = 0.1;
/// Batches whose statistics the untrained network takes in: with the usual momentum, 0.1, hardly anything of the first
/// ones is left.
const CALIBRATION: usize = 50;
/// Views of each image that its loss is taken from, two at a time.
const LOSS_PASSES: usize = 4;

/// The settings of a training.
#[derive(Clone, Debug, Serialize)]
pub struct PhotoTraining {
    #[serde(skip_serializing_if = "ImageEncoder::is_default")]
    pub encoder: ImageEncoder,
    #[serde(skip_serializing_if = "Precision::is_default")]
    pub precision: Precision,
    /// Hidden layers or channels of convolutions, and the dimension of the embeddings.
    pub widths: Vec<usize>,
    pub epochs: usize,
    pub batch: usize,
    pub learning_rate: OfMean,
    pub temperature: f64,
    pub changes: Changes,
    pub batch_norm: bool,
    #[serde(skip)]
    pub checkpoints: Checkpoints,
}

impl PhotoTraining {
    /// Trains a new encoder on images, as far as it gets before it is cancelled; from the last checkpoint, if there is one.
    ///
    /// The untrained network is the same one before its first step, with batch statistics of these images: of the control
    /// only the weights differ.
    pub fn run(
        &self,
        size: ImageSize,
        images: ArrayView2<'_, f64>,
        generator: &mut Generator,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Encoders, Failure> {
        let file = self.checkpoints.file(generator)?;
        let source = self.changes.two_views(size, images)?;
        let loss = NtXent::new(self.temperature)?;
        let optimizer = HeavyBall::new(MOMENTUM)?;
        let steps = (self.epochs * (images.nrows() / self.batch)) as u64;
        let schedule = Schedule::constant().warm_up((WARM_UP * steps as f64) as u64).cosine(steps, 0.0)?;
        let method = Method::new(&loss, &optimizer, self.learning_rate.get())?.schedule(schedule);
        let mut untrained = self.draw(size, generator);
        let mut trainer = Trainer::new(untrained.clone(), method)?;
        self.calibrate(&mut untrained, &*source, generator);
        let mut done = 0;
        if let Some(saved) = file.as_ref().map(|file| file.read()).transpose()?.flatten() {
            saved.states.iter().try_for_each(|state| trainer.resume(state))?;
            generator.set_position(saved.position);
            done = saved.epochs;
        }
        for epoch in done..self.epochs {
            for rows in
                batches(source.samples(), self.batch, generator).into_iter().filter(|rows| rows.len() == self.batch)
            {
                if cancelled() {
                    return Ok(Encoders { untrained, trained: trainer.encoder().clone() });
                }
                if let Some(views) = source.views(&rows, generator) {
                    trainer.step(&views)?;
                }
            }
            if let Some(file) = &file {
                let (position, states) = (generator.position(), vec![trainer.checkpoint()?]);
                file.write(&Saved { epochs: epoch + 1, position, notes: String::new(), states })?;
            }
        }
        Ok(Encoders { untrained, trained: trainer.encoder().clone() })
    }

    /// A new network for images of this size.
    fn draw(&self, size: ImageSize, generator: &mut Generator) -> Network {
        let network = match self.encoder {
            ImageEncoder::Perceptron => {
                let widths: Vec<usize> = std::iter::once(size.pixels()).chain(self.widths.iter().copied()).collect();
                let plan = Perceptron::new(&widths);
                let plan = if self.batch_norm { plan.without_biases().batch_norm() } else { plan };
                plan.draw(generator)
            }
            ImageEncoder::Convolution => {
                let (dimension, channels) = self.widths.split_last().expect("a dimension");
                let plan = convolutional(size, channels, *dimension);
                let plan = if self.batch_norm { plan.batch_norm() } else { plan };
                plan.draw(generator)
            }
        };
        network.in_precision(self.precision.into())
    }

    fn calibrate(&self, network: &mut Network, source: &dyn Source, generator: &mut Generator) {
        let drawn = std::iter::repeat_with(|| batches(source.samples(), self.batch, generator)).flatten();
        let drawn: Vec<_> = drawn.filter(|rows| rows.len() == self.batch).take(CALIBRATION).collect();
        for rows in drawn {
            if let Some(views) = source.views(&rows, generator) {
                let pass = network.forward(Input { rows: &rows, features: views.first.view() });
                network.remember(&pass);
            }
        }
    }

    /// NT-Xent of each image, as at inference: the mean over its views, each among those of a batch.
    pub fn losses(
        &self,
        size: ImageSize,
        network: &Network,
        images: ArrayView2<'_, f64>,
        generator: &mut Generator,
    ) -> Result<Vec<f64>, Failure> {
        let source = self.changes.two_views(size, images)?;
        let mut losses = vec![0.0; images.nrows()];
        for _ in 0..LOSS_PASSES / 2 {
            for rows in batches(source.samples(), self.batch, generator) {
                // A single image has no negatives and keeps the loss 0.
                let Some(views) = source.views(&rows, generator) else { continue };
                let second = views.second.as_ref().map_or(views.first.view(), |second| second.view());
                let embedded = concatenate(Axis(0), &[views.first.view(), second])?;
                let units = normalize(network.embed_features(embedded.view()).view())?.into_units();
                for (place, loss) in each_nt_xent(units.view(), self.temperature).into_iter().enumerate() {
                    losses[rows[place % rows.len()]] += loss / LOSS_PASSES as f64;
                }
            }
        }
        Ok(losses)
    }

    /// Nanoseconds that a training on so many images takes, roughly.
    pub fn cost(&self, size: ImageSize, images: usize) -> f64 {
        let products = self.encoder.multiplications(size, &self.widths);
        let views = (2 * self.epochs * (images / self.batch) * self.batch) as f64;
        views * (0.25 * products + 40.0 * self.batch as f64 + 15.0 * size.pixels() as f64)
    }
}

/// NT-Xent of each of 2n unit vectors, where row i and row i + n are views of one image:
/// −s_ip/τ + ln Σ_{j≠i} e^{s_ij/τ}.
fn each_nt_xent(units: ArrayView2<'_, f64>, temperature: f64) -> Vec<f64> {
    let count = units.nrows();
    let of = |row: usize| {
        let partner = (row + count / 2) % count;
        let scaled = |other: usize| inner(units.row(row), units.row(other)) / temperature;
        let others = (0..count).filter(|&other| other != row);
        // Cosines are at most 1, so that 1/τ is the largest exponent there can be.
        let sum = others.fold(0.0, |sum, other| sum + libm::exp(scaled(other) - 1.0 / temperature));
        libm::log(sum) + 1.0 / temperature - scaled(partner)
    };
    (0..count).map(of).collect()
}

#[cfg(test)]
mod tests {
    use embedding_norms::loss::{Batch, Loss, NtXent};
    use embedding_norms::random::generator;
    use embedding_norms::sphere::normalize;
    use ndarray::{Array2, s};
    use rand::Rng;

    use super::each_nt_xent;

    #[test]
    fn the_loss_of_each_image_adds_up_to_that_of_the_batch() {
        let mut numbers = generator(1, b"each", 0);
        let points = Array2::from_shape_fn((12, 5), |_| numbers.random_range(-1.0..1.0));
        let [first, second] =
            [s![..6, ..], s![6.., ..]].map(|half| normalize(points.slice(half)).expect("points have directions"));
        let batch = Batch::two_views(&first, &second).unwrap();
        for temperature in [0.05, 0.5] {
            let units = normalize(points.view()).unwrap().into_units();
            let sum: f64 = each_nt_xent(units.view(), temperature).iter().sum();
            let total = NtXent::new(temperature).unwrap().evaluate(&batch).unwrap().total;
            assert!((sum - total).abs() < 1e-12 * total, "{sum} {total}");
        }
    }
}
