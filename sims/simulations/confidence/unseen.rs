//! A digit that is left out of training: is it told apart by its small norm?

use embedding_norms::confidence::{auroc, mean_cosine};
use embedding_norms::data::digits::Digits;
use embedding_norms::lab::sweep::UnitContext;
use embedding_norms::lab::table::Table;
use ndarray::{ArrayView2, Axis};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::training::{Training, norms};
use super::{Cell, SOURCES};
use crate::cli::failure::Failure;

/// A training without one digit, and without some images of the others.
#[derive(Clone, Debug, Serialize)]
pub struct Unseen {
    pub training: Training,
    pub digit: usize,
    /// The share of the other digits' images that is held out.
    pub held_out: f64,
}

/// How well small norms tell, in one space.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Told {
    /// The unseen digit from held-out images of the others.
    auroc: f64,
    /// The unseen digit from the images trained on.
    auroc_trained_on: f64,
    /// The control: held-out images from those trained on.
    held_out: f64,
    mean_cosine: f64,
}

/// What one training finds, in the order of [`SOURCES`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Found(Vec<Told>);

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

    pub fn run(&self, unit: &mut UnitContext<'_, Cell>) -> Result<Found, Failure> {
        let digits = Digits::load()?;
        let mut generator = unit.generator.clone();
        let unseen = |&row: &usize| digits.labels()[row] == self.digit;
        let (unseen, mut others): (Vec<usize>, Vec<usize>) = (0..digits.labels().len()).partition(unseen);
        others.shuffle(&mut generator);
        let trained_on = others.split_off(Self::held(others.len(), self.held_out));
        let parts = Parts { trained_on, held_out: others, unseen };
        let images = digits.images().select(Axis(0), &parts.trained_on);
        let encoders = self.training.run(images.view(), &mut generator, &|| unit.is_cancelled())?;
        let embeddings =
            [&encoders.trained, &encoders.untrained].map(|network| network.embed_features(digits.images()));
        let spaces = [embeddings[0].view(), embeddings[1].view(), digits.images()];
        Ok(Found(spaces.into_iter().map(|points| told(points, &parts)).collect::<Result<_, _>>()?))
    }

    pub fn table() -> Table {
        Table::new(&[
            "digit",
            "source",
            "replicate",
            "auroc",
            "auroc_trained_on",
            "held_out_auroc",
            "mean_cosine",
            "held_out",
            "epochs",
        ])
    }

    pub fn push(&self, found: &Found, replicate: u64, table: &mut Table) {
        for (source, told) in SOURCES.into_iter().zip(&found.0) {
            table.push([
                self.digit.into(),
                source.into(),
                replicate.into(),
                told.auroc.into(),
                told.auroc_trained_on.into(),
                told.held_out.into(),
                told.mean_cosine.into(),
                self.held_out.into(),
                self.training.epochs.into(),
            ]);
        }
    }
}

fn told(points: ArrayView2<'_, f64>, parts: &Parts) -> Result<Told, Failure> {
    let lengths = norms(points)?;
    // A small norm is the sign of an unseen digit, so the largest negative one is.
    let signs = |rows: &[usize]| rows.iter().map(|&row| -lengths[row]).collect::<Vec<_>>();
    let (trained_on, held_out, unseen) = (signs(&parts.trained_on), signs(&parts.held_out), signs(&parts.unseen));
    Ok(Told {
        auroc: auroc(&unseen, &held_out)?,
        auroc_trained_on: auroc(&unseen, &trained_on)?,
        held_out: auroc(&held_out, &trained_on)?,
        mean_cosine: mean_cosine(points.select(Axis(0), &parts.trained_on).view())?,
    })
}
