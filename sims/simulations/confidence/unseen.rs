//! A digit that is left out of training: is it recognized by its small norm?

use embedding_norms::confidence::{auroc, mean_cosine};
use embedding_norms::data::digits::{Digits, IMAGES};
use ndarray::{ArrayView2, Axis};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::Source;
use super::training::{Training, norms};
use crate::cli::failure::Failure;
use crate::simulations::study::{Context, Row, Study};

/// A training without one digit, and without some images of the others.
#[derive(Clone, Debug, Serialize)]
pub struct Unseen {
    pub training: Training,
    pub digit: usize,
    /// The share of the other digits' images that is held out.
    pub held_out: f64,
}

/// How well small norms separate two sets of images, in one space.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Told {
    pub digit: usize,
    pub source: Source,
    pub replicate: u64,
    /// The unseen digit from held-out images of the others.
    pub auroc: f64,
    /// The unseen digit from the images trained on.
    auroc_trained_on: f64,
    /// The control: held-out images from those trained on.
    pub held_out_auroc: f64,
    mean_cosine: f64,
    held_out: f64,
    epochs: usize,
}

impl Row for Told {
    const TABLE: &'static str = "unseen";
}

/// The rows of the data set by their part in a training.
struct Parts {
    trained_on: Vec<usize>,
    held_out: Vec<usize>,
    unseen: Vec<usize>,
}

impl Unseen {
    /// How many of so many images are trained on.
    pub fn trained_on(images: usize, held_out: f64) -> usize {
        images - Self::held(images, held_out)
    }

    /// At least one image is held out.
    fn held(images: usize, share: f64) -> usize {
        ((images as f64 * share).round() as usize).max(1)
    }

    fn told(
        &self,
        source: Source,
        points: ArrayView2<'_, f64>,
        parts: &Parts,
        replicate: u64,
    ) -> Result<Told, Failure> {
        let lengths = norms(points)?;
        // A small norm indicates an unseen digit, so norms are negated.
        let signs = |rows: &[usize]| rows.iter().map(|&row| -lengths[row]).collect::<Vec<_>>();
        let (trained_on, held_out, unseen) = (signs(&parts.trained_on), signs(&parts.held_out), signs(&parts.unseen));
        Ok(Told {
            digit: self.digit,
            source,
            replicate,
            auroc: auroc(&unseen, &held_out)?,
            auroc_trained_on: auroc(&unseen, &trained_on)?,
            held_out_auroc: auroc(&held_out, &trained_on)?,
            mean_cosine: mean_cosine(points.select(Axis(0), &parts.trained_on).view())?,
            held_out: self.held_out,
            epochs: self.training.epochs,
        })
    }
}

impl Study for Unseen {
    type Rows = Vec<Told>;

    fn label(&self) -> String {
        format!("without {}", self.digit)
    }

    fn cost(&self) -> f64 {
        self.training.cost(Self::trained_on(IMAGES, self.held_out))
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<Told>, Failure> {
        let digits = Digits::load()?;
        let mut generator = unit.generator.clone();
        let unseen = |&row: &usize| digits.labels()[row] == self.digit;
        let (unseen, mut others): (Vec<usize>, Vec<usize>) = (0..digits.labels().len()).partition(unseen);
        others.shuffle(&mut generator);
        let trained_on = others.split_off(Self::held(others.len(), self.held_out));
        let parts = Parts { trained_on, held_out: others, unseen };
        let images = digits.images().select(Axis(0), &parts.trained_on);
        let encoders = self.training.run(images.view(), &mut generator, &|| unit.is_cancelled())?;
        let [trained, untrained] =
            [&encoders.trained, &encoders.untrained].map(|network| network.embed_features(digits.images()));
        let told = |source, points| self.told(source, points, &parts, unit.unit.replicate);
        Ok(vec![
            told(Source::Trained, trained.view())?,
            told(Source::Untrained, untrained.view())?,
            told(Source::Input, digits.images())?,
        ])
    }
}
