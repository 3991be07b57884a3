//! Norms as confidence on images of a user's own, in the paper's figures: accuracy by norm, images that training never saw
//! the like of, wrong labels, rare classes.

mod claims;
mod figures;
mod labels;
mod measures;
mod sample;
mod tail;
mod training;
mod unseen;
mod whole;

use std::path::PathBuf;

use clap::Args;
use embedding_norms::data::images::Half;
use serde::{Deserialize, Serialize};

use super::Confidence;
use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::checkpoints::Checkpoints;
use crate::simulations::photo_data::{Changes, PhotoData};
use crate::simulations::photo_encoder::{ImageEncoder, Precision};
use crate::simulations::study::Plan;
pub use claims::claims;
pub use figures::{figures, is_of_photos};
use sample::Sample;
use tail::Tail;
use training::PhotoTraining;
use unseen::{LeftOut, OnReference, Reference};
use whole::PhotoWhole;

/// Options that only images of one's own have; what is not said has a default that the help names.
#[derive(Args, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[command(next_help_heading = "Images of your own")]
pub struct Photos {
    /// Train on images of your own in the place of the digits: a folder of IDX files (MNIST, Fashion-MNIST, KMNIST, EMNIST,
    /// plain or .gz) or of CIFAR-10 or CIFAR-100, the binary version
    #[arg(long, value_name = "DIR", value_parser = PhotoData::parse)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<PhotoData>,

    /// The other data set, whose images training never sees, and the other way round [default: the digits, enlarged]
    #[arg(long, value_name = "DIR", requires = "data", value_parser = PhotoData::parse)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference_data: Option<PhotoData>,

    /// What encodes images; with convolutions --hidden is the channels after each of them
    #[arg(long, value_name = "KIND", requires = "data", value_enum, default_value = "perceptron")]
    #[serde(default, skip_serializing_if = "ImageEncoder::is_default")]
    encoder: ImageEncoder,

    /// What products of matrices are formed in; all else is in double precision
    #[arg(long, value_name = "PRECISION", requires = "data", value_enum, default_value = "double")]
    #[serde(default, skip_serializing_if = "Precision::is_default")]
    precision: Precision,

    /// Images to train on, drawn at random [default: 10000]
    #[arg(long, value_name = "N", requires = "data", value_parser = values::count)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    images: Option<usize>,

    /// Held-out images, drawn from the test [default: 2000]
    #[arg(long, value_name = "N", requires = "data", value_parser = values::count)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    test_images: Option<usize>,

    /// Least share of the area that a view keeps of an image [default: 0.4]
    #[arg(long, value_name = "SHARE", requires = "data", value_parser = values::frequency)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    crop: Option<f64>,

    /// Largest change of brightness and contrast of a view [default: 0.4]
    #[arg(long, value_name = "SHARE", requires = "data", value_parser = values::share)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    jitter: Option<f64>,

    /// Do not mirror views left to right, as letters and digits may not be
    #[arg(long, requires = "data")]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    no_flip: bool,

    /// Layers with biases in the place of batch normalization
    #[arg(long, requires = "data")]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    no_batch_norm: bool,

    /// Share of the labels that is made wrong, to be found again [default: 0.1]
    #[arg(long, value_name = "SHARE", requires = "data", value_parser = values::share)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label_noise: Option<f64>,

    /// How many times as frequent the commonest class of a long tail is as the rarest [default: 100]
    #[arg(long, value_name = "FACTOR", requires = "data", value_parser = values::positive)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    imbalance: Option<f64>,

    /// Keep the state of each training in this folder, so that one that was killed goes on after its last epoch; delete
    /// the folder when the run is done
    #[arg(long, value_name = "DIR", requires = "data")]
    #[serde(skip)]
    checkpoints: Option<PathBuf>,
}

impl Photos {
    fn sample(&self) -> Sample {
        Sample { images: self.images.unwrap_or(10_000), test: self.test_images.unwrap_or(2000) }
    }

    /// The work to do, if there are images.
    pub fn plan(&self, options: &Confidence) -> Result<Option<Plan>, Failure> {
        let Some(data) = &self.data else { return Ok(None) };
        let (sample, size) = (self.sample(), data.size());
        self.check(data, options)?;
        let training = PhotoTraining {
            encoder: self.encoder,
            precision: self.precision,
            widths: options.hidden.iter().copied().chain([options.dim]).collect(),
            epochs: options.epochs,
            batch: options.batch,
            learning_rate: options.learning_rate,
            temperature: options.temperature,
            changes: Changes {
                crop: self.crop.unwrap_or(0.4),
                flip: !self.no_flip,
                jitter: self.jitter.unwrap_or(0.4),
                noise: options.noise,
            },
            batch_norm: !self.no_batch_norm,
            checkpoints: Checkpoints::new(self.checkpoints.clone()),
        };
        training.changes.of(size)?;
        let reference = Reference { folder: self.reference_data.clone(), size };
        let neighbours = options.neighbours;
        let whole = PhotoWhole {
            data: data.clone(),
            reference: reference.clone(),
            sample,
            training: training.clone(),
            neighbours,
            label_noise: self.label_noise.unwrap_or(0.1),
        };
        let left_out =
            |&class: &usize| LeftOut { data: data.clone(), sample, training: training.clone(), class, neighbours };
        let on_reference =
            OnReference { data: data.clone(), reference, sample, training: training.clone(), neighbours };
        let imbalance = self.imbalance.unwrap_or(100.0);
        let tail = Sample { images: self.images_of_tail(data, imbalance, options)?, ..sample };
        let tail = Tail { data: data.clone(), sample: tail, training: training.clone(), neighbours, imbalance };
        let mut classes = options.left_out.clone();
        classes.sort_unstable();
        classes.dedup();
        let plan = Plan::default()
            .kind("photos", [whole])?
            .kind("photos-left-out", classes.iter().map(left_out))?
            .kind("photos-on-reference", [on_reference])?
            .kind("photos-tail", [tail])?;
        Ok(Some(plan))
    }

    /// How many images a long tail is made of: a quarter of those to train on, as its commonest class has many times its
    /// share, and fewer where a class has not as many.
    fn images_of_tail(&self, data: &PhotoData, imbalance: f64, options: &Confidence) -> Result<usize, Failure> {
        let images = self.sample().images;
        let fits = Tail::images_that_fit(data, images / 4, imbalance)?;
        let needed = options.batch.max(options.neighbours + 1);
        if fits >= needed {
            return Ok(fits);
        }
        let (why, remedy) = if fits < images / 4 {
            ("as the smallest class has too few to be the commonest", "a smaller --imbalance")
        } else {
            ("a quarter of --images", "more --images")
        };
        Err(Failure::Refused(format!(
            "--imbalance {imbalance}: a long tail is made of {fits} images, {why}, and needs {needed} (--batch {}, and more \
             than --neighbours {}); take {remedy} or fewer of these",
            options.batch, options.neighbours
        )))
    }

    /// Checks that the settings fit the data.
    fn check(&self, data: &PhotoData, options: &Confidence) -> Result<(), Failure> {
        let Sample { images, test } = self.sample();
        let refuse = |why: String| Err(Failure::Refused(why));
        let (there, held_out) = (data.images(Half::Training), data.images(Half::Test));
        if images > there {
            return refuse(format!("--images {images}: there are {there} to train on; take fewer"));
        }
        if held_out == 0 {
            return refuse("--data: there are no images for the test, which are held out; add their files".to_owned());
        }
        if test > held_out || test < whole::TENTHS {
            return refuse(format!("--test-images {test}: take {} to {held_out}", whole::TENTHS));
        }
        if let Some(classes) = data.of_each_class(Half::Test)?
            && let Some(class) = options.left_out.iter().find(|class| !classes.contains_key(class))
        {
            return refuse(format!("--left-out {class}: the test has no image of this class; leave out others"));
        }
        if let Some(reference) = &self.reference_data
            && reference.size() != data.size()
        {
            return refuse(format!(
                "--reference-data: images of {} pixels, where those of --data have {}; give data of one size",
                reference.size(),
                data.size()
            ));
        }
        Ok(())
    }
}
