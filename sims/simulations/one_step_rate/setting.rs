//! What is trained: the rule, the data, and the samples that are trained on and looked at.

use clap::ValueEnum;
use embedding_norms::data::augmentation::Augmentation;
use embedding_norms::data::digits::{Digits, SIDE};
use embedding_norms::data::mixture::Mixture;
use embedding_norms::diagnosis::best_step;
use embedding_norms::optimizer::{AdamW, GradientDescent, HeavyBall, Lars, Optimizer};
use embedding_norms::random::{Generator, StandardNormal};
use embedding_norms::training::{Source, TwoViews, Views, batches};
use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut1, Axis, s};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::cut_rate::Family;

/// An update rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Plain descent
    GradientDescent,
    /// Heavy ball at 0.9
    HeavyBall,
    /// AdamW with decay 0.01
    Adamw,
    /// LARS at 0.9 with trust coefficient 0.001, without decay
    Lars,
}

/// The rules by name, in the order of tables.
pub const RULES: [&str; 4] = ["gradient-descent", "heavy-ball", "adamw", "lars"];

/// β of heavy ball and LARS.
const MOMENTUM: f64 = 0.9;

impl Rule {
    /// The share of a step that the next one keeps, where nothing corrects for the first ones.
    pub fn memory(self) -> f64 {
        match self {
            Self::GradientDescent | Self::Adamw => 0.0,
            Self::HeavyBall | Self::Lars => MOMENTUM,
        }
    }

    /// x* for a family, in the rule's lasting steps.
    pub fn target(self, family: Family) -> f64 {
        best_step(&values::name(self), family.has_batch_norm()).expect("every rule of the simulation has one")
    }

    /// The middle of the rates that are swept, as a power of ten.
    pub fn middle(self) -> i32 {
        match self {
            Self::GradientDescent => -1,
            Self::HeavyBall | Self::Adamw => -2,
            Self::Lars => 1,
        }
    }

    pub fn build(self) -> Result<Box<dyn Optimizer>, Failure> {
        Ok(match self {
            Self::GradientDescent => Box::new(GradientDescent),
            Self::HeavyBall => Box::new(HeavyBall::new(MOMENTUM)?),
            Self::Adamw => Box::new(AdamW::new(0.9, 0.999, 1e-8, 0.01)?),
            Self::Lars => Box::new(Lars::new(MOMENTUM, 0.001, 0.0)?),
        })
    }
}

/// What is learned from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Material {
    /// Handwritten digits in two distorted views
    Digits,
    /// The spherical mixture, seen twice with noise
    Mixture,
}

/// Pairs that are held out, for losses.
pub const HELD_OUT: usize = 64;

/// Batches to train on, and held-out pairs.
pub struct Samples {
    pub training: Vec<Views>,
    pub probe: [Array2<f64>; 2],
}

impl Material {
    /// So many batches from twelve batches of samples, and a probe of other samples.
    pub fn draw(self, steps: usize, batch: usize, probe: usize, generator: &mut Generator) -> Result<Samples, Failure> {
        let count = 12 * batch + probe;
        let wanted = Wanted { steps, batch, probe };
        match self {
            Self::Digits => {
                let digits = Digits::load()?;
                let mut order: Vec<usize> = (0..digits.labels().len()).collect();
                order.shuffle(generator);
                order.truncate(count);
                let mut images = digits.images().select(Axis(0), &order);
                let mean = images.mean_axis(Axis(0)).unwrap_or_default();
                images -= &mean;
                let change = Augmentation::none(SIDE)?.rotation(0.2)?.shift(0.5)?.scale(0.1)?.noise(0.1)?;
                let view = |image: ArrayView1<'_, f64>, view: ArrayViewMut1<'_, f64>, numbers: &mut Generator| {
                    change.view(image, view, numbers);
                };
                wanted.split(images.view(), view, generator)
            }
            Self::Mixture => {
                let drawn = Mixture::new(&[1.0; 8], 0.4, 10)?.observed(64, 1.0)?.draw(count, generator)?;
                wanted.split(drawn.features.view(), noisy, generator)
            }
        }
    }
}

fn noisy(point: ArrayView1<'_, f64>, mut view: ArrayViewMut1<'_, f64>, numbers: &mut Generator) {
    let mut noise = vec![0.0; point.len()];
    StandardNormal::fill(&mut noise, numbers);
    view.iter_mut().zip(point).zip(noise).for_each(|((view, point), noise)| *view = point + 0.3 * noise);
}

/// How many batches of which size, and held-out pairs.
struct Wanted {
    steps: usize,
    batch: usize,
    probe: usize,
}

impl Wanted {
    /// Batches to train on, and the last rows for the probe.
    fn split<F>(&self, features: ArrayView2<'_, f64>, view: F, generator: &mut Generator) -> Result<Samples, Failure>
    where
        F: Fn(ArrayView1<'_, f64>, ArrayViewMut1<'_, f64>, &mut Generator) + Sync + Copy,
    {
        let training = features.nrows().saturating_sub(self.probe);
        if training < self.batch {
            let why = format!("there are {} samples, too few for batches of {}", features.nrows(), self.batch);
            return Err(Failure::Refused(why));
        }
        let source = TwoViews::new(features.slice(s![..training, ..]), view);
        let mut views = Vec::new();
        while views.len() < self.steps {
            let whole = batches(training, self.batch, generator).into_iter().filter(|rows| rows.len() == self.batch);
            for rows in whole.take(self.steps - views.len()) {
                views.extend(source.views(&rows, generator));
            }
        }
        let held = TwoViews::new(features.slice(s![training.., ..]), view);
        let rows: Vec<usize> = (0..held.samples()).collect();
        let probe = held.views(&rows, generator).expect("a probe of two rows or more");
        Ok(Samples { training: views, probe: [first_of(&probe), probe.second.unwrap_or_default()] })
    }
}

fn first_of(views: &Views) -> Array2<f64> {
    views.first.clone()
}
