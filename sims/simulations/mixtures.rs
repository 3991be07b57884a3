//! Encoders trained on spherical mixtures: what the simulations of norms as confidence share (statement S5).

use clap::Args;
use embedding_norms::data::mixture::{Drawn, Mixture};
use embedding_norms::encoder::Network;
use embedding_norms::loss::SupervisedInfoNce;
use embedding_norms::optimizer::GradientDescent;
use embedding_norms::random::Generator;
use embedding_norms::sphere::norm_of;
use embedding_norms::statistics::{Estimate, mean_with_interval};
use embedding_norms::training::{Labelled, Method, Trainer};
use embedding_norms_lab::claim::{Claim, Stating, Verdict, claim, claim_of_paper};
use embedding_norms_lab::sweep::UnitContext;
use ndarray::ArrayView2;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::rates::{self, Averages, OF_MEAN, OfMean};
use crate::cli::values;

/// How points are observed, and how an encoder is trained on them; the defaults are the paper's.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EncoderOptions {
    /// Dimension in which points are observed, through a random matrix with standard normal entries
    #[arg(long, value_name = "P", value_parser = values::count, default_value_t = 64)]
    observed_dim: usize,

    /// Factor of that matrix
    #[arg(long, value_name = "FACTOR", value_parser = values::positive, default_value_t = 10.0)]
    gain: f64,

    /// Width of the hidden layer of the encoder
    #[arg(long, value_name = "WIDTH", value_parser = values::count, default_value_t = 64)]
    hidden: usize,

    /// Temperature τ of the supervised InfoNCE, with one random positive for each anchor
    #[arg(long, value_name = "τ", value_parser = values::positive, default_value_t = 1.0)]
    temperature: f64,

    /// Learning rate η on the mean of the loss over a batch, as a framework has it; γ per embedding is η/batch
    #[arg(long = "mean-learning-rate", value_name = "η", value_parser = rates::read_of_mean, default_value = "0.01")]
    learning_rate: OfMean,

    /// Rows of a batch
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 128)]
    batch: usize,

    /// Epochs
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 100)]
    epochs: usize,

    /// Number of the first replicate: `--first-replicate 17 --replicates 1` does replicate 17 again by itself
    #[arg(long, value_name = "N", value_parser = values::seed, default_value_t = 0)]
    first_replicate: u64,
}

/// A mixture of unit vectors, before it is observed.
#[derive(Clone, Debug, Serialize)]
pub struct Points {
    /// Relative frequencies of the classes.
    pub weights: Vec<f64>,
    /// Class noise σ.
    pub noise: f64,
    /// Number of points.
    pub samples: usize,
    /// Whether every class has equally many, rather than a random number by its weight.
    pub even: bool,
    /// Dimension of the unit vectors.
    pub latent: usize,
}

impl EncoderOptions {
    /// The training on these points of an encoder into so many dimensions.
    pub fn on(&self, points: Points, dimension: usize) -> Training {
        Training {
            points,
            observed: self.observed_dim,
            gain: self.gain,
            widths: vec![self.observed_dim, self.hidden, dimension],
            temperature: self.temperature,
            learning_rate: self.learning_rate,
            batch: self.batch,
            epochs: self.epochs,
            permuted: false,
            first_replicate: self.first_replicate,
        }
    }

    /// The option of the learning rate on a mean, with the number of rows of that mean.
    pub fn averages(&self) -> Averages {
        vec![(OF_MEAN, self.batch)]
    }

    /// Whether these are the paper's.
    pub fn is_published(&self) -> bool {
        let widths = (self.observed_dim, self.hidden, self.batch, self.epochs);
        widths == (64, 64, 128, 100) && (self.gain, self.temperature, self.learning_rate.get()) == (10.0, 1.0, 0.01)
    }
}

/// An encoder, the points on which it is trained, and how.
#[derive(Clone, Debug, Serialize)]
pub struct Training {
    #[serde(flatten)]
    points: Points,
    observed: usize,
    gain: f64,
    widths: Vec<usize>,
    temperature: f64,
    learning_rate: OfMean,
    batch: usize,
    epochs: usize,
    permuted: bool,
    /// Part of no identity: a replicate is the same among others and by itself.
    #[serde(skip)]
    first_replicate: u64,
}

/// An encoder at a moment of its training.
pub struct Moment<'a> {
    /// Epochs done.
    pub epoch: usize,
    /// The mean loss of the last epoch, each batch before its step; `None` before the first.
    pub loss: Option<f64>,
    /// The embeddings of all points (n × d).
    pub embeddings: ArrayView2<'a, f64>,
    /// The points; their labels are those that the encoder is trained on.
    pub drawn: &'a Drawn,
}

impl Training {
    /// The same with the labels permuted before training: as many of each, but independent of the points.
    pub fn with_permuted_labels(self) -> Self {
        Self { permuted: true, ..self }
    }

    /// Whether labels are permuted.
    pub fn is_permuted(&self) -> bool {
        self.permuted
    }

    /// The relative frequencies of the classes.
    pub fn weights(&self) -> &[f64] {
        &self.points.weights
    }

    /// The number of a replicate, counted from the first one of all.
    pub fn replicate(&self, in_this_run: u64) -> u64 {
        self.first_replicate + in_this_run
    }

    /// Nanoseconds of a run, roughly: products of a step, and the comparisons of a batch.
    pub fn cost(&self) -> f64 {
        let products: f64 = self.widths.windows(2).map(|pair| 3.0 * (pair[0] * pair[1]) as f64).sum();
        (self.points.samples * self.epochs) as f64 * (0.15 * products + 8.0 * self.batch as f64)
    }

    /// Draws points and an encoder, trains it, and calls `seen` before training, after every `every` epochs and at the
    /// end.
    pub fn run<C>(
        &self,
        unit: &UnitContext<'_, C>,
        every: usize,
        mut seen: impl FnMut(Moment<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut generator = unit.generator_of(self.replicate(unit.unit.replicate));
        let drawn = self.draw(&mut generator)?;
        let loss = SupervisedInfoNce::one_positive(self.temperature)?;
        let method = Method::new(&loss, &GradientDescent, self.learning_rate.get())?;
        let mut trainer = Trainer::new(Network::draw(&self.widths, true, &mut generator), method)?;
        let source = Labelled::new(drawn.features.view(), &drawn.labels);
        let mut last = None;
        for epoch in 0..=self.epochs {
            if epoch > 0 {
                last = trainer.epoch(&source, self.batch, &mut generator)?;
            }
            if epoch % every == 0 || epoch == self.epochs {
                let embeddings = trainer.encoder().embed_features(drawn.features.view());
                seen(Moment { epoch, loss: last, embeddings: embeddings.view(), drawn: &drawn })?;
            }
            if unit.is_cancelled() {
                break;
            }
        }
        Ok(())
    }

    fn draw(&self, generator: &mut Generator) -> Result<Drawn, Failure> {
        let Points { weights, noise, samples, even, latent } = &self.points;
        let mixture = Mixture::new(weights, *noise, *latent)?.observed(self.observed, self.gain)?;
        let mut drawn =
            if *even { mixture.draw_evenly(*samples, generator)? } else { mixture.draw(*samples, generator)? };
        if self.permuted {
            drawn.labels.shuffle(generator);
        }
        Ok(drawn)
    }
}

/// The norms of the rows.
pub fn norms(matrix: ArrayView2<'_, f64>) -> Vec<f64> {
    matrix.rows().into_iter().map(norm_of).collect()
}

/// The share of seeds that must show what is stated of every training.
pub const NEARLY_ALL: f64 = 0.95;

/// What a run has for claims on S5: seeds, and whether its settings are the paper's.
#[derive(Clone, Copy)]
pub struct Scope {
    pub published: bool,
    pub seeds: u64,
    /// Seeds below which no interval is tested.
    pub enough: u64,
}

impl Scope {
    /// A claim of ours: it speaks of the paper's settings.
    pub fn ours(&self, says: &str) -> Stating {
        self.with_seeds(claim("S5", says)).needs(self.published, "these are other settings than the paper's")
    }

    /// A claim of the paper's.
    pub fn papers(&self, says: &str) -> Stating {
        self.with_seeds(claim_of_paper("S5", says))
    }

    fn with_seeds(&self, stating: Stating) -> Stating {
        let why = format!("{} seeds; the intervals need {}", self.seeds, self.enough);
        stating.needs(self.seeds >= self.enough, &why)
    }

    /// A direction that the paper states of a trained encoder, from its size in every seed (above 0: as stated).
    /// Supported if its mean over seeds is above 0 with 95 % confidence, nearly every seed shows it, and the controls
    /// fail to show it or show clearly less of it (`beyond`); conditional if the first holds but not the others.
    pub fn direction(&self, says: &str, sizes: &[f64], beyond: bool, note: &str) -> Claim {
        let mean = over_seeds(sizes);
        let stating = self.papers(says).needs(mean.is_some(), TWO).note(note);
        let stating = mean.into_iter().fold(stating, Stating::estimated);
        let showing = sizes.iter().filter(|&&size| size > 0.0).count();
        let nearly_all = showing as f64 >= NEARLY_ALL * sizes.len() as f64;
        let verdict = match is_positive(mean) {
            true if nearly_all && beyond => Verdict::Supported,
            true => Verdict::Conditional,
            false => Verdict::NotSupported,
        };
        let measured = format!("{}; in {showing} of {} seeds", shown(mean), sizes.len());
        stating.verdict("above 0", measured, verdict)
    }

    /// A claim of ours that the mean over seeds is above 0 with 95 % confidence.
    pub fn above_zero(&self, says: &str, sizes: &[f64], note: &str) -> Claim {
        let mean = over_seeds(sizes);
        self.ours(says).needs(mean.is_some(), TWO).note(note).above(0.0, mean, |mean| shown(Some(mean)))
    }
}

/// Why a mean over one seed decides nothing.
const TWO: &str = "an interval needs at least 2 seeds";

/// The mean over seeds, with its interval.
pub fn over_seeds(values: &[f64]) -> Option<Estimate> {
    mean_with_interval(values, 0.95)
}

/// Whether a mean is above 0 with its whole interval.
pub fn is_positive(mean: Option<Estimate>) -> bool {
    mean.is_some_and(|mean| mean.lower > 0.0)
}

/// A mean with its interval in words; empty without one.
pub fn shown(mean: Option<Estimate>) -> String {
    let shown = |mean: Estimate| format!("{:+.3} [{:+.3}, {:+.3}]", mean.value, mean.lower, mean.upper);
    mean.map_or_else(String::new, shown)
}

/// Seed by seed, how much larger the first values are.
pub fn differences(larger: &[f64], smaller: &[f64]) -> Vec<f64> {
    larger.iter().zip(smaller).map(|(larger, smaller)| larger - smaller).collect()
}
