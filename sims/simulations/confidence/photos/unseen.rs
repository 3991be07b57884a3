//! Images that training never saw the like of: a class that was left out, and another data set, both ways.

use embedding_norms::data::images::{Half, ImageSize, Images};
use embedding_norms::random::Generator;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::measures::{Known, Measure, Scores, told};
use super::sample::Sample;
use super::training::PhotoTraining;
use crate::cli::failure::Failure;
use crate::simulations::photo_data::{PhotoData, enlarged_digits};
use crate::simulations::study::{Context, Row, Study};

/// What training never saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unseen {
    /// A class of the data.
    Class,
    /// The other data set.
    Reference,
    /// The data, by a network that was trained on the other data set.
    Data,
}

/// How well a measure tells unseen images from held-out ones of what was trained on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Novelty {
    pub unseen: Unseen,
    /// The class that was left out.
    pub class: Option<usize>,
    pub measure: Measure,
    pub replicate: u64,
    pub auroc: f64,
}

impl Row for Novelty {
    const TABLE: &'static str = "unseen";
}

/// The rows of one kind of unseen images.
pub fn rows(
    (unseen, class): (Unseen, Option<usize>),
    replicate: u64,
    (new, known): (&Scores, &Scores),
) -> Result<Vec<Novelty>, Failure> {
    let row = |(measure, auroc)| Novelty { unseen, class, measure, replicate, auroc };
    Ok(told(new, known)?.into_iter().map(row).collect())
}

/// The other data set: a folder, or the digits that come with this crate.
#[derive(Clone, Debug, Serialize)]
pub struct Reference {
    pub folder: Option<PhotoData>,
    pub size: ImageSize,
}

impl Reference {
    /// Images to train on and held-out ones, at most so many of each.
    pub fn draw(&self, sample: Sample, generator: &mut Generator) -> Result<(Images, Images), Failure> {
        if let Some(folder) = &self.folder {
            let mut draw = |half, count| folder.draw(half, count, |_| true, generator);
            return Ok((draw(Half::Training, sample.images)?, draw(Half::Test, sample.test)?));
        }
        let digits = enlarged_digits(self.size)?;
        let mut order: Vec<usize> = (0..digits.labels.len()).collect();
        order.shuffle(generator);
        // A fifth is held out.
        let held_out = order.split_off(order.len() - order.len() / 5);
        order.truncate(sample.images);
        Ok((digits.select(&order), digits.select(&held_out)))
    }
}

/// A training without one class.
#[derive(Clone, Debug, Serialize)]
pub struct LeftOut {
    pub data: PhotoData,
    pub sample: Sample,
    pub training: PhotoTraining,
    pub class: usize,
    pub neighbours: usize,
}

impl Study for LeftOut {
    type Rows = Vec<Novelty>;

    fn label(&self) -> String {
        format!("without {}", self.class)
    }

    fn cost(&self) -> f64 {
        self.training.cost(self.data.size(), self.sample.images)
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<Novelty>, Failure> {
        let mut generator = unit.generator.clone();
        let is_other = |class| class != self.class;
        let trained_on = self.data.draw(Half::Training, self.sample.images, is_other, &mut generator)?;
        let known = self.data.draw(Half::Test, self.sample.test, is_other, &mut generator)?;
        let new = self.data.draw(Half::Test, self.sample.test, |class| !is_other(class), &mut generator)?;
        let cancelled = || unit.is_cancelled();
        let encoders = self.training.run(self.data.size(), trained_on.pixels.view(), &mut generator, &cancelled)?;
        if cancelled() {
            return Ok(Vec::new());
        }
        let network = Known::new(&encoders, &trained_on, self.neighbours);
        let [new, known] = [new, known].map(|images| network.scores(images.pixels.view()));
        rows((Unseen::Class, Some(self.class)), unit.unit.replicate, (&new?, &known?))
    }
}

/// A training on the other data set.
#[derive(Clone, Debug, Serialize)]
pub struct OnReference {
    pub data: PhotoData,
    pub reference: Reference,
    pub sample: Sample,
    pub training: PhotoTraining,
    pub neighbours: usize,
}

impl Study for OnReference {
    type Rows = Vec<Novelty>;

    fn label(&self) -> String {
        "the other data set".to_owned()
    }

    fn cost(&self) -> f64 {
        self.training.cost(self.data.size(), self.sample.images)
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<Novelty>, Failure> {
        let mut generator = unit.generator.clone();
        let (trained_on, known) = self.reference.draw(self.sample, &mut generator)?;
        let new = self.data.draw(Half::Test, self.sample.test, |_| true, &mut generator)?;
        let cancelled = || unit.is_cancelled();
        let encoders = self.training.run(self.data.size(), trained_on.pixels.view(), &mut generator, &cancelled)?;
        if cancelled() {
            return Ok(Vec::new());
        }
        let network = Known::new(&encoders, &trained_on, self.neighbours);
        let [new, known] = [new, known].map(|images| network.scores(images.pixels.view()));
        rows((Unseen::Data, None), unit.unit.replicate, (&new?, &known?))
    }
}
