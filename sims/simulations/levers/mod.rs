//! When the three levers help (statement S6): cut-initialization, GradScale and weight decay, on digits and on the
//! spherical mixture, by contrastive and by non-contrastive training.
//!
//! L8 knows a best angle per step, φ0/2 for each member of a positive pair. Parameters are shared, so the angle that a
//! first step turns embeddings by is *measured*, and laid beside the epochs that training takes.

mod analysis;
mod claims;
mod courses;
mod criterion;
mod curve;
mod figures;
mod lever;
mod recipe;
mod runs;
mod seed;
mod shrinking;
mod symmetry;
mod task;
mod training;

use std::path::PathBuf;

use clap::builder::ArgPredicate;
use clap::{ArgAction, Args};
use embedding_norms_lab::claim::Claim;
use embedding_norms_lab::figure::Figure;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::rates::{self, Averages, OfMean};
use crate::cli::values;
use crate::simulations::checkpoints::Checkpoints;
use crate::simulations::photo_data::PhotoData;
use crate::simulations::photo_encoder::{ImageEncoder, Precision};
use crate::simulations::simulation::{Simulation, Tables};
use crate::simulations::study::Plan;
use analysis::Comparisons;
use curve::Record;
use lever::Lever;
use runs::{Run, Setting};
use seed::Seed;
use shrinking::Shrinking;
use symmetry::Symmetry;
use task::{Architecture, Data, Size, Task};
use training::{Save, Training};

/// Layers of the networks whose outputs are looked at.
const LAYERS: [usize; 3] = [1, 2, 3];

/// The tasks where images of a user's own are given and none is named.
const IMAGE_TASKS: &str = "images-contrastive,images-non-contrastive,images-simclr,images-simsiam,images-byol";

/// Settings.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Levers {
    /// What is learned; without biases unless it says otherwise
    #[arg(long, value_name = "TASK,…", value_delimiter = ',', action = ArgAction::Set, num_args = 1,
          default_value = "digits-contrastive,digits-non-contrastive,mixture-contrastive,mixture-non-contrastive,\
                           digits-contrastive-biases,digits-simclr,digits-simsiam,digits-byol,mixture-simclr,\
                           mixture-simsiam,mixture-byol",
          default_value_if("data", ArgPredicate::IsPresent, IMAGE_TASKS))]
    tasks: Vec<Task>,

    /// Images of your own to learn from, in tasks that begin with `images`: a folder of IDX files (MNIST and its kin) or of
    /// CIFAR-10 or CIFAR-100, the binary version; their rates are those of digits
    #[arg(long, value_name = "DIR", value_parser = PhotoData::parse)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<PhotoData>,

    /// What encodes images of your own; the channels after three convolutions are a quarter, a half and all of --hidden
    #[arg(long, value_name = "KIND", requires = "data", value_enum, default_value = "perceptron")]
    #[serde(default, skip_serializing_if = "ImageEncoder::is_default")]
    encoder: ImageEncoder,

    /// What products of matrices are formed in on images of your own; all else is in double precision
    #[arg(long, value_name = "PRECISION", requires = "data", value_enum, default_value = "double")]
    #[serde(default, skip_serializing_if = "Precision::is_default")]
    precision: Precision,

    /// Factors c by which initial parameters are divided; networks with batch normalization take the paper's, 3 and 9
    #[arg(long, value_name = "c,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::positive,
          default_value = "0.25,3,9,16", num_args = 1)]
    cuts: Vec<f64>,

    /// Powers p of GradScale
    #[arg(long, value_name = "p,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::positive,
          default_value = "1,2", num_args = 1)]
    powers: Vec<f64>,

    /// Strengths λ of weight decay
    #[arg(long, value_name = "λ,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::positive,
          default_value = "0.01", num_args = 1)]
    decays: Vec<f64>,

    /// Learning rate η of the untuned comparison on digits, on the mean over a batch
    #[arg(long = "digits-mean-learning-rate", value_name = "η", value_parser = rates::read_of_mean, default_value = "0.5")]
    digits_rate: OfMean,

    /// Learning rate η of the untuned comparison on the mixture, on the mean over a batch; the paper's
    #[arg(long = "mixture-mean-learning-rate", value_name = "η", value_parser = rates::read_of_mean, default_value = "0.01")]
    mixture_rate: OfMean,

    /// Learning rates of the tuned comparison on digits, as multiples of that of the untuned one
    #[arg(long, value_name = "FACTOR,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::positive,
          default_value = "0.05,0.2,1", num_args = 1)]
    digits_factors: Vec<f64>,

    /// The same on the mixture
    #[arg(long, value_name = "FACTOR,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::positive,
          default_value = "1,8,64", num_args = 1)]
    mixture_factors: Vec<f64>,

    /// Learning rate η of the untuned comparison of networks with batch normalization, on the mean over a batch: the
    /// largest one of the schedule
    #[arg(long = "batch-norm-mean-learning-rate", value_name = "η", value_parser = rates::read_of_mean, default_value = "0.05")]
    batch_norm_rate: OfMean,

    /// Learning rates of their tuned comparison, as multiples of that of the untuned one
    #[arg(long, value_name = "FACTOR,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::positive,
          default_value = "0.1111111111111111,1,9,81", num_args = 1)]
    batch_norm_factors: Vec<f64>,

    /// Replicates that learning rates are tuned on, and nothing else: the first ones
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 2)]
    tuning: usize,

    /// Which share of the way from the untrained network's accuracy to the best one of plain training has to be gone
    #[arg(long, value_name = "SHARE", value_parser = values::share, default_value_t = 0.5)]
    share: f64,

    /// Epochs
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 8)]
    epochs: usize,

    #[command(flatten)]
    #[serde(flatten)]
    size: Size,

    /// Save the embeddings of probes before training and after some steps: DIR/<setting>/<view>.step-<n>.npy
    #[arg(long, value_name = "DIR")]
    #[serde(skip)]
    save_embeddings: Option<PathBuf>,

    /// Keep the state of each training in this folder, so that one that was killed goes on after its last epoch; delete the
    /// folder when the run is done
    #[arg(long, value_name = "DIR")]
    #[serde(skip)]
    checkpoints: Option<PathBuf>,

    /// After how many steps they are saved
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 1)]
    #[serde(skip)]
    save_steps: usize,
}

impl Simulation for Levers {
    const NAME: &'static str = "levers";
    const ABOUT: &'static str = "When cutting an initialization, GradScale and weight decay speed up training";
    const EXAMPLES: &'static str = "\
Examples:
  embedding-norms levers
  embedding-norms levers --tasks digits-contrastive --cuts 0.5,2,3 --digits-mean-learning-rate 0.1 --epochs 20
  embedding-norms levers --full --replicates 8 --epochs 20
  embedding-norms levers --save-embeddings probes --save-steps 5
  embedding-norms levers --data /usr/share/datasets/fashion-mnist --samples 4000 --test 1000";
    const STATEMENTS: &'static [&'static str] = &["S6", "L8", "L6", "S3", "S7"];
    const REPLICATES: u64 = 6;
    const QUICK: &'static [&'static str] = &[
        "--tasks=digits-contrastive,mixture-contrastive,digits-simclr",
        "--cuts=0.25,3",
        "--powers=1",
        "--epochs=2",
        "--samples=192",
        "--test=64",
        "--hidden=16",
        "--tuning=1",
        "--replicates=3",
    ];
    const FULL: &'static [&'static str] = &[
        "--tasks=digits-contrastive,digits-non-contrastive,mixture-contrastive,mixture-non-contrastive,\
         digits-contrastive-biases,digits-non-contrastive-biases,digits-simclr,digits-simsiam,digits-byol,\
         mixture-simclr,mixture-simsiam,mixture-byol",
        "--cuts=0.25,0.5,2,3,4,9,16",
        "--decays=0.001,0.01",
        "--digits-factors=0.0125,0.05,0.2,1,4",
        "--mixture-factors=0.125,1,8,64,512",
        "--batch-norm-factors=0.012345679012345678,0.1111111111111111,1,9,81",
        "--tuning=8",
        "--epochs=40",
        "--samples=1400",
        "--test=397",
        "--replicates=28",
    ];

    fn plan(&self) -> Result<Plan, Failure> {
        self.check_images()?;
        let size = self.size;
        let of_crate = self.tasks.iter().filter(|task| task.data() != Data::Images);
        let homogeneous = of_crate.filter(|task| task.architecture() == Architecture::NoBiases);
        // A user's own images may be more than there are digits: their size is that of their tasks alone.
        let own = [Task::DigitsContrastive, Task::MixtureContrastive].into_iter().filter(|_| self.data.is_none());
        let outputs = own.flat_map(|task| {
            let both = LAYERS.into_iter().flat_map(|layers| [(layers, false), (layers, true)]);
            both.map(move |(layers, biases)| Shrinking { task, layers, biases, size })
        });
        Plan::default()
            .kind("training", self.tasks.iter().map(|&task| self.training(task)))?
            .kind("symmetry", homogeneous.flat_map(|&task| Symmetry::all(task, size)))?
            .kind("shrinking", outputs)
    }

    fn derive(&self, tables: &mut Tables) -> Result<(), Failure> {
        let (mut runs, records) = (tables.take::<Run>()?, tables.take::<Record>()?);
        let seeds: Vec<Seed> = tables.take()?;
        let curves: Vec<&[Record]> = records.chunk_by(Record::is_beside).collect();
        analysis::place(&mut runs, &curves, self);
        let comparisons = Comparisons { runs: &runs, options: self };
        tables.push_rows(&runs)?;
        tables.push_rows(&comparisons.accuracy(&curves))?;
        tables.push_rows(&comparisons.speeds())?;
        tables.push_rows(&comparisons.tuned())?;
        // Tuning replicates are compared in nothing.
        let compared = seeds.iter().filter(|seed| seed.replicate >= self.tuning as u64);
        Ok(tables.push_rows(&criterion::rows(&comparisons, compared))?)
    }

    fn claims(&self, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
        claims::claims(tables, replicates.saturating_sub(self.tuning as u64))
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        figures::figures(tables)
    }

    /// The mean is over both views of digits, as NT-Xent has it, and over the anchors of the mixture.
    fn averages(&self) -> Averages {
        vec![
            ("digits-mean-learning-rate", 2 * self.size.batch),
            ("mixture-mean-learning-rate", self.size.batch),
            ("batch-norm-mean-learning-rate", 2 * self.size.batch),
        ]
    }
}

impl Levers {
    /// Passes if images are given just where tasks learn from them.
    fn check_images(&self) -> Result<(), Failure> {
        let task = self.tasks.iter().find(|task| task.data() == Data::Images);
        match (task, &self.data) {
            (Some(&task), None) => {
                let task = values::name(task);
                Err(Failure::Refused(format!(
                    "--tasks {task}: it learns from images of your own; give them with --data DIR"
                )))
            }
            (None, Some(_)) => {
                Err(Failure::Refused(format!("--data: no task learns from these images; add --tasks {IMAGE_TASKS}")))
            }
            _ => Ok(()),
        }
    }

    /// Plain training first.
    fn levers(&self, task: Task) -> Vec<Lever> {
        let cuts = self.cuts.iter().map(|&factor| Lever::Cut(factor));
        let powers = self.powers.iter().map(|&power| Lever::GradScale(power));
        let decays = self.decays.iter().map(|&strength| Lever::Decay(strength));
        let all = std::iter::once(Lever::None).chain(cuts).chain(powers).chain(decays);
        let of_the_paper = |lever: &Lever| matches!(lever, Lever::None | Lever::Cut(3.0 | 9.0));
        all.filter(|lever| !task.is_normalized() || of_the_paper(lever)).collect()
    }

    /// The learning rate of the untuned comparison, and the multiples of it in the tuned one.
    fn grid(&self, task: Task) -> (OfMean, &[f64]) {
        match (task.is_normalized(), task.has_views()) {
            (true, _) => (self.batch_norm_rate, &self.batch_norm_factors),
            (_, true) => (self.digits_rate, &self.digits_factors),
            (_, false) => (self.mixture_rate, &self.mixture_factors),
        }
    }

    /// The learning rate of the untuned comparison.
    fn rate(&self, task: Task) -> f64 {
        self.grid(task).0.get()
    }

    /// All learning rates, that of the untuned comparison among them.
    fn rates(&self, task: Task) -> Vec<f64> {
        let (rate, factors) = self.grid(task);
        let mut factors: Vec<f64> = factors.iter().copied().chain([1.0]).collect();
        factors.sort_by(f64::total_cmp);
        factors.dedup();
        factors.into_iter().map(|factor| factor * rate.get()).collect()
    }

    fn steps_per_epoch(&self) -> f64 {
        self.size.samples.div_ceil(self.size.batch) as f64
    }

    fn training(&self, task: Task) -> Training {
        let at_rates = |lever: Lever| self.rates(task).into_iter().map(move |rate| Setting { lever, rate });
        let save = self.save_embeddings.clone().map(|folder| Save { folder, steps: self.save_steps as u64 });
        let settings = self.levers(task).into_iter().flat_map(at_rates).collect();
        let images = self.data.clone().filter(|_| task.data() == Data::Images);
        let (encoder, precision) = if images.is_some() { (self.encoder, self.precision) } else { Default::default() };
        let checkpoints = Checkpoints::new(self.checkpoints.clone());
        Training { task, settings, size: self.size, epochs: self.epochs, images, encoder, precision, save, checkpoints }
    }
}
