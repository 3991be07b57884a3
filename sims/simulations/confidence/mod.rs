//! Norms as confidence on handwritten digits (statement S5), with the controls that decide what training has to do with
//! it: the network before training, and the norms of the images themselves.
//!
//! An encoder learns from augmented views, without labels. Then norms are compared with the neighbourhoods of
//! embeddings and, with one digit left out of training, with whether an image shows that digit. On images of a user's own
//! (`--data`) the paper's other figures are drawn too.

mod claims;
mod figures;
mod images;
mod photos;
mod training;
mod unseen;
mod whole;

use clap::{ArgAction, Args};
use embedding_norms::data::digits::{CLASSES, Digits, IMAGES, SIDE};
use embedding_norms_lab::claim::Claim;
use embedding_norms_lab::figure::Figure;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::rates::{self, Averages, OF_MEAN, OfMean};
use crate::cli::values;
use crate::simulations::simulation::{Simulation, Tables};
use crate::simulations::study::Plan;
use photos::Photos;
use training::Training;
use unseen::Unseen;
use whole::Whole;

/// Where norms come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Source {
    Trained,
    Untrained,
    /// The pixels.
    Input,
}

impl Source {
    const ALL: [Self; 3] = [Self::Trained, Self::Untrained, Self::Input];
}

/// Settings.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Confidence {
    /// Digits, or classes of your own images, to be left out of training, one at a time
    #[arg(long, value_name = "DIGIT,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::amount,
          default_value = "0,1,2,3,4,5,6,7,8,9", num_args = 1)]
    left_out: Vec<usize>,

    /// Share of the other digits' images that is held out with it, as a control
    #[arg(long, value_name = "SHARE", value_parser = open_share, default_value_t = 0.2)]
    held_out: f64,

    /// Epochs of training
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 10)]
    epochs: usize,

    /// Images in a batch; a last batch with fewer is left out
    #[arg(long, value_name = "N", value_parser = several, default_value_t = 256)]
    batch: usize,

    /// Take steps on a last batch with fewer images too
    #[arg(long)]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    short_batches: bool,

    /// Learning rate η of plain descent on the mean loss over the views of a batch; γ per view of N images is η/2N
    #[arg(long = "mean-learning-rate", value_name = "η", value_parser = rates::read_of_mean, default_value = "0.5")]
    learning_rate: OfMean,

    /// Temperature τ of NT-Xent
    #[arg(long, value_name = "τ", value_parser = values::positive, default_value_t = 0.5)]
    temperature: f64,

    /// Widths of the hidden layers
    #[arg(long, value_name = "N,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::count,
          default_value = "256,256", default_value_if("encoder", "convolution", "16,32,64"), num_args = 1)]
    hidden: Vec<usize>,

    /// Dimension d of the embeddings
    #[arg(long, value_name = "D", value_parser = values::dimension, default_value_t = 32)]
    dim: usize,

    /// Nearest neighbours of an image
    #[arg(long, value_name = "K", value_parser = values::count, default_value_t = 10)]
    neighbours: usize,

    /// Largest rotation of a view, in radians
    #[arg(long, value_name = "RADIANS", value_parser = nonnegative, default_value_t = 0.26)]
    rotation: f64,

    /// Largest shift of a view, in pixels
    #[arg(long, value_name = "PIXELS", value_parser = nonnegative, default_value_t = 0.5)]
    shift: f64,

    /// Largest change of scale of a view
    #[arg(long, value_name = "SHARE", value_parser = values::share, default_value_t = 0.1)]
    scale: f64,

    /// Standard deviation of the noise on a view's pixels, which are between 0 and 1
    #[arg(long, value_name = "σ", value_parser = nonnegative, default_value_t = 0.1)]
    noise: f64,

    #[command(flatten)]
    #[serde(flatten)]
    photos: Photos,
}

impl Simulation for Confidence {
    const NAME: &'static str = "confidence";
    const ABOUT: &'static str =
        "What norms know of handwritten digits: sparse regions, mixed neighbours, unseen digits";
    const EXAMPLES: &'static str = "\
Examples:
  embedding-norms confidence
  embedding-norms confidence --left-out 1,8 --epochs 60 --replicates 8
  embedding-norms confidence --full --replicates 6 --epochs 60   (about twenty minutes on two cores)
  embedding-norms confidence --data /usr/share/datasets/fashion-mnist --images 4000

The digits are from E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
Repository, doi.org/10.24432/C50P49, CC BY 4.0.";
    const STATEMENTS: &'static [&'static str] = &["S5"];
    const REPLICATES: u64 = 4;
    const QUICK: &'static [&'static str] = &["--left-out=0,1", "--epochs=2", "--replicates=2"];
    const FULL: &'static [&'static str] = &["--epochs=100", "--replicates=20"];

    fn plan(&self) -> Result<Plan, Failure> {
        if let Some(plan) = self.photos.plan(self)? {
            return Ok(plan);
        }
        self.check()?;
        let training = self.training();
        training.augmentation()?;
        let mut digits = self.left_out.clone();
        digits.sort_unstable();
        digits.dedup();
        let unseen = |digit| Unseen { training: training.clone(), digit, held_out: self.held_out };
        Plan::default()
            .kind("whole", [Whole { training: training.clone(), neighbours: self.neighbours }])?
            .kind("unseen", digits.into_iter().map(unseen))
    }

    fn derive(&self, tables: &mut Tables) -> Result<(), Failure> {
        if photos::is_of_photos(tables) {
            return Ok(());
        }
        let strips = images::strips(&tables.take()?)?;
        Ok(tables.push_rows(&strips)?)
    }

    fn claims(&self, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
        match photos::is_of_photos(tables) {
            true => photos::claims(tables, replicates, self.epochs),
            false => claims::claims(tables, replicates, self.epochs),
        }
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        if photos::is_of_photos(tables) { photos::figures(tables) } else { figures::figures(tables) }
    }

    fn averages(&self) -> Averages {
        vec![(OF_MEAN, 2 * self.batch)]
    }
}

impl Confidence {
    fn training(&self) -> Training {
        let widths = std::iter::once(SIDE * SIDE).chain(self.hidden.iter().copied()).chain([self.dim]).collect();
        Training {
            widths,
            epochs: self.epochs,
            batch: self.batch,
            short_batches: self.short_batches,
            learning_rate: self.learning_rate,
            temperature: self.temperature,
            rotation: self.rotation,
            shift: self.shift,
            scale: self.scale,
            noise: self.noise,
        }
    }

    /// Checks that the settings together fit the data.
    fn check(&self) -> Result<(), Failure> {
        let digits = Digits::load()?;
        if self.neighbours >= IMAGES {
            let neighbours = self.neighbours;
            return Err(Failure::Refused(format!("--neighbours {neighbours}: there are {IMAGES} images; take fewer")));
        }
        for &digit in &self.left_out {
            if digit >= CLASSES {
                return Err(Failure::Refused(format!(
                    "--left-out {digit}: the digits are 0 to 9; leave out one of them"
                )));
            }
            let images = Unseen::trained_on(digits.without(digit).labels().len(), self.held_out);
            if images < self.batch {
                return Err(Failure::Refused(format!(
                    "--batch {}: without the digit {digit} and with a share of {} held out there are {images} images to \
                     train on; take a smaller batch or hold out less",
                    self.batch, self.held_out
                )));
            }
        }
        Ok(())
    }
}

/// At least two images, as a single one has no negatives.
fn several(text: &str) -> Result<usize, String> {
    let count = values::count(text)?;
    if count < 2 { Err("contrasts need at least 2 images in a batch".to_owned()) } else { Ok(count) }
}

/// A share above 0 and below 1.
fn open_share(text: &str) -> Result<f64, String> {
    let value = values::share(text)?;
    if value > 0.0 { Ok(value) } else { Err("the control needs images: above 0".to_owned()) }
}

/// A finite number of at least 0.
fn nonnegative(text: &str) -> Result<f64, String> {
    let value: f64 = text.trim().parse().map_err(|_| format!("'{text}' is not a number"))?;
    if value.is_finite() && value >= 0.0 { Ok(value) } else { Err("it must be finite and not negative".to_owned()) }
}
