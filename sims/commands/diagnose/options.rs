//! What is asked, and what is known beside the files.

use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use embedding_norms::data::embeddings::Recording;
use embedding_norms::diagnosis::{DiagnosisError, Names, Network, Options, Parameters, UpdateRule, check_steps};
use embedding_norms::theory::encoders::NETWORKS;
use serde_json::{Value, json};

use crate::cli::arguments::Drawing;
use crate::cli::failure::Failure;
use crate::cli::tables::Tables;
use crate::cli::values;
use crate::commands::optimizers;
use crate::commands::predict;

use super::order::natural_order;

/// The options as answers name them.
const NAMES: Names = Names {
    positives: "--positives FILE",
    steps_between: "--steps-between n",
    learning_rate: "--learning-rate γ",
    rule: "--optimizer NAME",
    free: "--parameters free",
    network: "--network KIND",
    is_under_way: "--under-way",
};

/// What is asked.
#[derive(Args, Debug)]
pub struct Question {
    /// Raw embeddings, before any normalization, one a row: FILE[:KEY][:ROWS] (.npy, .npz, .safetensors, .csv, .tsv).
    /// KEY is an array of several, ROWS are the first and the last one from 0: z.npy:0-511.
    /// Several: checkpoints of one model, row i the same sample in each, ordered by the numbers in their names; or the file
    /// of a recorder (docs/python.md), which has them all
    #[arg(value_name = "FILE", required = true, value_parser = values::file())]
    pub checkpoints: Vec<PathBuf>,

    /// Keep the order in which checkpoints are given
    #[arg(long)]
    keep_order: bool,

    #[command(flatten)]
    pub beside: Beside,

    #[command(flatten)]
    pub tables: Tables,

    #[command(flatten)]
    training: Training,

    /// Rows that are looked at closely, drawn at random: neighbours (within them), positives, turns, effective rank
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 5_000)]
    pub sample: usize,

    /// Root of all random numbers: the same seed gives the same answers
    #[arg(long, value_name = "N", value_parser = values::seed, default_value_t = 1)]
    pub seed: u64,

    /// Folder for the record, tables, figures and diagnose.html [default: nothing is written]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    #[command(flatten)]
    pub drawing: Drawing,

    /// Replace what the folder holds of a diagnosis of other files or settings
    #[arg(long, requires = "out")]
    pub force: bool,

    /// Print everything as one JSON object
    #[arg(long)]
    pub json: bool,

    /// Nothing on the terminal but errors
    #[arg(long)]
    pub quiet: bool,

    /// Every number, with the statement it rests on, its conditions and what it is worth
    #[arg(long, conflicts_with_all = ["quiet", "json"])]
    pub verbose: bool,
}

/// Files beside the embeddings.
#[derive(Args, Debug)]
#[command(next_help_heading = "Files beside the embeddings")]
pub struct Beside {
    /// A class per row, integers or text: FILE[:KEY][:ROWS] (an array, .txt, or a column of .csv)
    #[arg(long, value_name = "FILE", value_parser = values::file())]
    pub labels: Option<PathBuf>,

    /// Positives: row i is the positive of row i of the first checkpoint, such as the other view or caption of the same
    /// sample; or the option once for each checkpoint, in the order in which the checkpoints are given
    #[arg(long, value_name = "FILE", value_parser = values::file())]
    pub positives: Vec<PathBuf>,

    /// Another set that the norm may tell apart from this one, such as embeddings of unseen classes
    #[arg(long, value_name = "FILE", value_parser = values::file())]
    pub reference: Option<PathBuf>,

    /// What else may explain the norm, a number or several per row: text length, frequency (an array of any kind of number,
    /// .txt, or FILE:COLUMN of .csv)
    #[arg(long, value_name = "FILE", value_parser = values::file())]
    pub covariate: Option<PathBuf>,
}

/// What is known of the training.
#[derive(Args, Debug)]
#[command(next_help_heading = "What is known of the training")]
struct Training {
    /// What is trained: `free` for a table with a row of parameters per embedding, `shared` for a network
    #[arg(long, value_name = "KIND")]
    parameters: Option<Trained>,

    /// Kind of network, which says what a cut of its initialization is: `biases` is PyTorch's default perceptron, in
    /// `batch-norm` each linear layer is followed by batch normalization, the last one too
    #[arg(long, value_name = "KIND", value_parser = PossibleValuesParser::new(NETWORKS))]
    network: Option<String>,

    /// Learning rate γ per embedding. A framework's rate η on the mean over a batch of n is γ = η/n; a contrastive loss at
    /// temperature τ pulls up to 1/τ as strongly, so γ = η/(nτ) is then the most
    #[arg(long, value_name = "γ", value_parser = values::positive)]
    learning_rate: Option<f64>,

    /// Optimizer; `embedding-norms optimizers` lists them
    #[arg(long, value_name = "NAME")]
    optimizer: Option<String>,

    /// A setting of the optimizer, such as momentum=0.99
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = predict::assignment, requires = "optimizer")]
    set: Vec<(String, f64)>,

    /// Weight decay λ
    #[arg(long, value_name = "λ", value_parser = values::positive)]
    weight_decay: Option<f64>,

    /// Decay is added to the gradient (L2 regularization) instead of z ← (1 − γλ) z
    #[arg(long, requires = "weight_decay")]
    coupled: bool,

    /// Optimizer steps from the first FILE to the second; 1 is most informative
    #[arg(long, value_name = "N", value_parser = values::count)]
    steps_between: Option<usize>,

    /// Optimizer steps at which the FILEs were saved, one for each, in the order in which they are given: 0,1,10,100
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = values::step, conflicts_with = "steps_between")]
    steps: Vec<u64>,

    /// The first FILE is from the middle of training: momentum has built up before
    #[arg(long)]
    under_way: bool,
}

/// What is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Trained {
    /// Every embedding is a parameter of its own
    Free,
    /// Embeddings come out of a network
    Shared,
}

impl Question {
    /// Puts what a recorder has left in the place of its file: the embeddings of all steps, and where nothing else is said
    /// positives, labels and steps.
    pub fn unfold(&mut self) {
        let [file] = self.checkpoints.as_slice() else { return };
        let Some(Recording { steps, embeddings, positives, labels }) = Recording::of(file) else { return };
        if self.training.steps_between.is_none() && self.training.steps.is_empty() {
            self.training.steps = steps;
        }
        if self.beside.positives.is_empty() {
            self.beside.positives = positives;
        }
        self.beside.labels = self.beside.labels.take().or(labels);
        self.checkpoints = embeddings;
    }

    /// Puts checkpoints in the order of the numbers in their names, each with positives of its own; `steps_between` then
    /// lies between the first two in this order.
    pub fn order(&mut self) {
        if self.keep_order {
            return;
        }
        let names: Vec<String> = self.checkpoints.iter().map(|path| shown(path)).collect();
        let Some(order) = natural_order(&names) else { return };
        let in_order = |paths: &[PathBuf]| order.iter().map(|place| paths[*place].clone()).collect::<Vec<_>>();
        if self.training.steps.len() == self.checkpoints.len() {
            self.training.steps = order.iter().map(|place| self.training.steps[*place]).collect();
        }
        if self.beside.positives.len() == self.checkpoints.len() {
            self.beside.positives = in_order(&self.beside.positives);
        }
        self.checkpoints = in_order(&self.checkpoints);
    }

    /// What the order of the checkpoints follows, where there are several.
    pub fn order_in_words(&self) -> Option<&'static str> {
        let names: Vec<String> = self.checkpoints.iter().map(|path| shown(path)).collect();
        match (self.checkpoints.len(), self.keep_order, natural_order(&names)) {
            (1, ..) => None,
            (_, true, _) => Some("as given, --keep-order"),
            (_, false, Some(_)) => Some("by the numbers in their names; --keep-order keeps the given order"),
            (_, false, None) => Some("as given"),
        }
    }

    /// The steps of the checkpoints, where they are known.
    pub fn steps(&self) -> Option<Vec<u64>> {
        Some(self.training.steps.clone()).filter(|steps| !steps.is_empty())
    }

    /// The options of the library, checked as far as no file is needed, and what was taken for the optimizer's name.
    pub fn options(&self) -> Result<(Options, Option<String>), Failure> {
        let training = &self.training;
        if training.steps_between.is_some() && self.checkpoints.len() < 2 {
            return Err(Failure::Refused(
                "--steps-between needs a second FILE: the embeddings of the same samples that many steps later"
                    .to_owned(),
            ));
        }
        if training.under_way && training.steps_between.is_none() && training.steps.is_empty() {
            return Err(Failure::Refused(
                "--under-way says what was before the first of two FILEs; give --steps-between or --steps too"
                    .to_owned(),
            ));
        }
        if let Some(steps) = self.steps() {
            check_steps(&steps, self.checkpoints.len()).map_err(|error| Failure::from(error).at("--steps"))?;
        }
        let (found, expected) = (self.beside.positives.len(), self.checkpoints.len());
        if found > 1 && found != expected {
            return Err(Failure::from(DiagnosisError::Positives { found, expected }).at("--positives"));
        }
        if training.parameters == Some(Trained::Free) && training.network.is_some() {
            return Err(Failure::Refused(
                "--network is the kind of network that embeddings come out of, and --parameters free says that there is none; \
                 leave one of them out"
                    .to_owned(),
            ));
        }
        let network = training.network.as_deref().and_then(Network::named);
        let Told { rule, weight_decay, note } = training.told()?;
        let options = Options {
            learning_rate: training.learning_rate,
            rule,
            weight_decay,
            parameters: match training.parameters {
                None if network.is_some() => Parameters::Shared,
                None => Parameters::Unknown,
                Some(Trained::Free) => Parameters::Free,
                Some(Trained::Shared) => Parameters::Shared,
            },
            network,
            is_under_way: training.under_way,
            steps_between: training.steps_between.map(|steps| steps as u64),
            seed: self.seed,
            names: NAMES,
            ..Options::default()
        };
        Ok((options, note))
    }

    /// The settings as a record has them.
    pub fn record(&self, options: &Options, order: Option<&str>) -> Value {
        let path = |path: &Option<PathBuf>| path.as_deref().map(shown);
        json!({
            "checkpoints": self.checkpoints.iter().map(|path| shown(path)).collect::<Vec<_>>(),
            "order": order,
            "labels": path(&self.beside.labels),
            "positives": self.beside.positives.iter().map(|path| shown(path)).collect::<Vec<_>>(),
            "reference": path(&self.beside.reference),
            "covariate": path(&self.beside.covariate),
            "parameters": options.parameters.words(),
            "network": options.network.as_ref().map(Network::name),
            "learning_rate": options.learning_rate,
            "optimizer": options.rule.map(|rule| rule.name),
            "degree": options.rule.map(|rule| rule.degree()),
            "weight_decay": options.weight_decay,
            "coupled": self.training.coupled,
            "steps_between": options.steps_between,
            "steps": self.steps(),
            "under_way": options.is_under_way,
            "sample": self.sample,
            "neighbours": options.neighbours,
            "resamples": options.resamples,
            "tolerance": options.tolerance,
            "seed": options.seed,
        })
    }
}

/// What is told of the optimizer.
#[derive(Default)]
struct Told {
    rule: Option<UpdateRule>,
    /// Inside the rule or beside it.
    weight_decay: Option<f64>,
    /// What was taken for its name, where that may mean more.
    note: Option<String>,
}

impl Training {
    fn told(&self) -> Result<Told, Failure> {
        let Some(name) = &self.optimizer else {
            return Ok(Told { weight_decay: self.weight_decay, ..Told::default() });
        };
        let method = optimizers::method(name, &self.set, self.weight_decay, self.coupled)?;
        let rule = UpdateRule::named(method.entry.name, &method.parameters, self.coupled);
        let rule = rule.map_err(|error| Failure::Refused(format!("--set: {error}")))?;
        let weight_decay = method.decay.filter(|strength| *strength > 0.0);
        Ok(Told { rule: Some(rule), weight_decay, note: method.note })
    }
}

/// A path as it was written.
pub fn shown(path: &Path) -> String {
    path.display().to_string()
}
