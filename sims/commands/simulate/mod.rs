//! `embedding-norms simulate`: descent of a loss from the embeddings of a file.

mod record;

use std::cell::Cell;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::Ordering;

use clap::{ArgMatches, Args, Command, FromArgMatches};
use embedding_norms::normalization::GradScale;
use embedding_norms::optimizer::{Optimizer, WeightDecay};
use embedding_norms::simulation::{Cadence, Descent, Outcome, Start, Stop, StopRules};
use embedding_norms::sphere::normalize;
use serde_json::{Map, Value, json};

use crate::cli::earlier;
use crate::cli::failure::Failure;
use crate::cli::interrupt;
use crate::cli::known;
use crate::cli::output;
use crate::cli::output::Folder;
use crate::cli::progress::Bar;
use crate::cli::rates::{self, PerEmbedding};
use crate::cli::values;
use crate::cli::wrapping::{labelled, width};
use crate::commands::embeddings::{Chosen, Input, LossChoice};
use crate::commands::optimizers;
use crate::commands::predict;

/// The command's name, and that of its files.
const NAME: &str = "simulate";

/// The most numbers that a run may record: 4 GB of them.
const MOST_RECORDED: f64 = 5e8;

/// What is asked for.
#[derive(Args, Debug)]
struct Settings {
    #[command(flatten)]
    input: Input,

    #[command(flatten)]
    loss: LossChoice,

    #[command(flatten)]
    method: Method,

    #[command(flatten)]
    ending: Ending,

    /// Write a record every N steps [default: only at the start and the end]
    #[arg(long, value_name = "N", value_parser = values::count)]
    record_every: Option<usize>,

    /// Write records evenly in the logarithm of the step, so many per factor of ten
    #[arg(long, value_name = "N", value_parser = values::positive, conflicts_with = "record_every")]
    records_per_decade: Option<f64>,

    /// Folder for tables and final positions
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,

    /// Replace what the folder holds of a run of other settings
    #[arg(long)]
    force: bool,

    /// Nothing on the terminal but errors
    #[arg(long)]
    quiet: bool,

    /// Print the record of the run as one JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// How embeddings move.
#[derive(Args, Debug)]
#[command(next_help_heading = "How embeddings move")]
struct Method {
    /// Optimizer; `embedding-norms optimizers` lists them with their settings
    #[arg(long, value_name = "NAME", default_value = "gradient-descent")]
    optimizer: String,

    /// A setting of the optimizer, such as momentum=0.99
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = predict::assignment)]
    set: Vec<(String, f64)>,

    /// Learning rate γ per embedding; a framework's rate η on the mean over n embeddings is γ = η/n
    #[arg(long, value_name = "γ", value_parser = rates::read_per_embedding, default_value = "0.02")]
    learning_rate: PerEmbedding,

    /// Power p of GradScale, which multiplies gradients by ‖z‖^p
    #[arg(long, value_name = "p", value_parser = values::number)]
    grad_scale: Option<f64>,

    /// Weight decay λ on the embeddings, z ← (1 − γλ) z beside each step; for adamw, lars and lamb that of the rule itself
    #[arg(long, value_name = "λ", value_parser = values::number)]
    weight_decay: Option<f64>,

    /// Decay is added to the gradient (L2 regularization) instead
    #[arg(long, requires = "weight_decay")]
    coupled: bool,
}

/// When a run ends.
#[derive(Args, Debug)]
#[command(next_help_heading = "When it ends (the first rule that holds)")]
struct Ending {
    /// After this many steps
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 10_000)]
    max_steps: usize,

    /// When the mean of 1 − cos φ over the pairs is at most ε
    #[arg(long, value_name = "ε", value_parser = values::tolerance, requires = "second")]
    mean_cosine: Option<f64>,

    /// When 1 − cos φ of every pair is at most ε
    #[arg(long, value_name = "ε", value_parser = values::tolerance, requires = "second")]
    every_pair: Option<f64>,

    /// When the mean loss is at most this level
    #[arg(long, value_name = "L", value_parser = values::number)]
    loss_level: Option<f64>,

    /// When the largest ‖z‖·‖∇‖ over all rows is at most this [default: 1e-14]
    #[arg(long, value_name = "S", value_parser = values::positive)]
    stationary: Option<f64>,

    /// Continue even if nothing moves
    #[arg(long, conflicts_with = "stationary")]
    never_stationary: bool,
}

/// The command.
pub fn command() -> Command {
    Settings::augment_args(Command::new(NAME))
        .about("Simulate descent from the embeddings of a file")
        .long_about(None)
        .after_help(
            "Every embedding is a parameter of its own; the loss's total over the rows is descended.

It writes
  simulate.csv              a row per record: step, mean loss, mean angle, mean norms
  simulate.embeddings.csv   a row per record and embedding: angle of its pair in radians, norms
  simulate.json             settings, and how the run ended
  simulate.first.npy        final positions, which can be read here again; simulate.second.npy for W

Examples:
  embedding-norms simulate --loss cosine z.npy w.npy --mean-cosine 1e-3 --records-per-decade 10
  embedding-norms simulate --loss nt-xent --optimizer adam --set beta2=0.99 views.npz:z views.npz:w
  embedding-norms simulate --loss sup-con z.npy --labels labels.npy --weight-decay 1e-4 --out run1

How to save embeddings from PyTorch and read results back: docs/your-own-embeddings.md",
        )
}

/// A run that is asked for, checked as far as no embeddings are needed.
pub struct Asked {
    settings: Settings,
    /// The loss.
    pub chosen: Chosen,
    method: optimizers::Method,
    optimizer: Box<dyn Optimizer>,
    cadence: Cadence,
}

impl Asked {
    /// What the arguments ask for.
    pub fn of(matches: &ArgMatches) -> Result<Self, Failure> {
        let settings = Settings::from_arg_matches(matches).map_err(Failure::Usage)?;
        let chosen = settings.loss.build()?;
        settings.input.check_lists(&chosen)?;
        let method = settings.method.chosen()?;
        let optimizer = method.entry.build(&method.parameters)?;
        let cadence = settings.cadence()?;
        Ok(Self { settings, chosen, method, optimizer, cadence })
    }

    /// The run from a start, if it fits into memory.
    pub fn descent(&self, start: &Start) -> Result<Descent<'_>, Failure> {
        self.chosen.check_memory(&start.views())?;
        self.settings.check_records(start)?;
        Ok(self.settings.descent(&self.chosen, &*self.optimizer)?.records(self.cadence))
    }

    /// What ends it.
    pub fn rules(&self) -> Result<StopRules<'static>, Failure> {
        self.settings.ending.rules()
    }

    /// What was taken for the names of the loss and the optimizer, where they may mean more.
    pub fn notes(&self) -> [&Option<String>; 2] {
        [&self.chosen.note, &self.method.note]
    }
}

/// Reads, descends, writes.
pub fn run(matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let asked = Asked::of(matches)?;
    let settings = &asked.settings;
    let read = settings.input.read(settings.quiet)?;
    let descent = asked.descent(&read.start)?;
    // Zero steps: checks that the loss can be evaluated on these files before anything is written.
    descent.run(read.start.clone(), &StopRules::budget(0)).map_err(|error| read.explain(&error))?;
    let described = settings.record(&asked.chosen, &read.start)?;
    let replaces = earlier::replaces(&settings.out, NAME, &earlier::question(&described), settings.force)?;
    let folder = Folder::prepare(&settings.out)?;
    known::tell(asked.notes(), settings.quiet);

    let bar = Bar::new(NAME, settings.quiet);
    let looks = Cell::new(0);
    let is_cancelled = || {
        looks.set(looks.get() + 1);
        bar.show_share(looks.get(), settings.ending.max_steps as u64, "steps");
        interrupt::flag().load(Ordering::Relaxed)
    };
    let rules = asked.rules()?.cancelled_by(&is_cancelled);
    let outcome = descent.run(read.start.clone(), &rules).map_err(|error| read.explain(&error))?;
    bar.finish();

    let mut record = record::write(&folder, &described, &outcome)?;
    if replaces {
        folder.remove_others(NAME)?;
    }
    if outcome.stop == Stop::NotFinite {
        return Err(settings.left_numbers(&outcome, &folder));
    }
    if outcome.stop == Stop::Cancelled {
        let (steps, folder) = (outcome.steps, folder.path().display());
        return Err(Failure::Interrupted(format!("interrupted after {steps} steps; what was recorded is in {folder}")));
    }
    if settings.json {
        record["files"] = json!(output::listed(&folder.written()));
        say!("{}", serde_json::to_string_pretty(&record)?);
    } else if !settings.quiet {
        tell(&outcome, &folder);
    }
    Ok(ExitCode::SUCCESS)
}

/// How the run ended, in a few lines.
fn tell(outcome: &Outcome, folder: &Folder) {
    let (first, last) = (&outcome.records[0], &outcome.records[outcome.records.len() - 1]);
    let width = width();
    let mut text = labelled("stop", 13, &format!("{} after {} steps", outcome.stop.name(), outcome.steps), width);
    text += &labelled("mean loss", 13, &format!("{} → {}", json!(first.loss), json!(last.loss)), width);
    say!("{}", text.trim_end());
    output::tell_of(&folder.written());
}

impl Method {
    /// The optimizer with the one place in which weights decay.
    fn chosen(&self) -> Result<optimizers::Method, Failure> {
        optimizers::method(&self.optimizer, &self.set, self.weight_decay, self.coupled)
    }

    fn decay(&self) -> Result<Option<WeightDecay>, Failure> {
        let decay = if self.coupled { WeightDecay::coupled } else { WeightDecay::decoupled };
        Ok(self.chosen()?.beside.map(decay).transpose()?)
    }

    /// The settings; the strength of a decay inside the rule is among its parameters, `weight_decay` is one beside it.
    fn record(&self) -> Result<Value, Failure> {
        let optimizers::Method { entry, parameters, beside, .. } = self.chosen()?;
        let value = |name: &str| json!(entry.value(name, &parameters));
        let parameters = entry.parameters.iter().map(|parameter| (parameter.name.to_owned(), value(parameter.name)));
        Ok(json!({
            "name": entry.name,
            "parameters": parameters.collect::<Map<_, _>>(),
            "learning_rate": self.learning_rate,
            "grad_scale": self.grad_scale,
            "weight_decay": beside,
            "coupled": self.coupled,
        }))
    }
}

impl Ending {
    fn rules(&self) -> Result<StopRules<'static>, Failure> {
        let mut rules = StopRules::budget(self.max_steps as u64);
        if let Some(epsilon) = self.mean_cosine {
            rules = rules.mean_cosine(epsilon)?;
        }
        if let Some(epsilon) = self.every_pair {
            rules = rules.every_pair(epsilon)?;
        }
        if let Some(level) = self.loss_level {
            rules = rules.loss_level(level);
        }
        if let Some(threshold) = self.stationary {
            rules = rules.stationary(threshold)?;
        }
        Ok(if self.never_stationary { rules.never_stationary() } else { rules })
    }
}

impl Settings {
    /// The error for a run that left the range of f64.
    fn left_numbers(&self, outcome: &Outcome, folder: &Folder) -> Failure {
        let first = normalize(outcome.first.view()).err().map(|error| ("Z", error));
        let second = outcome.second.as_ref().and_then(|second| normalize(second.view()).err());
        let cause = match first.or(second.map(|error| ("W", error))) {
            Some((view, error)) => format!("{view}, {error}"),
            None => "the loss is not finite".to_owned(),
        };
        let grad_scale = self.method.grad_scale.map_or_else(String::new, |power| format!(" and --grad-scale {power}"));
        Failure::Refused(format!(
            "after {} steps a run at --learning-rate {}{grad_scale} has left the numbers of f64: {cause}. Lower the rate; \
             what was recorded until then is in {}",
            outcome.steps,
            json!(self.method.learning_rate),
            folder.path().display()
        ))
    }

    fn cadence(&self) -> Result<Cadence, Failure> {
        Ok(match (self.record_every, self.records_per_decade) {
            (Some(steps), _) => Cadence::every(steps as u64)?,
            (None, Some(records)) => Cadence::per_decade(records)?,
            (None, None) => Cadence::ends(),
        })
    }

    /// Refuses a cadence that could fill the memory: a run that fails late has lost everything.
    fn check_records(&self, start: &Start) -> Result<(), Failure> {
        let Some(every) = self.record_every else { return Ok(()) };
        let per_record = start.first.nrows() as f64 * if start.second.is_some() { 3.0 } else { 1.0 };
        let numbers = per_record * (self.ending.max_steps / every) as f64;
        if numbers > MOST_RECORDED {
            return Err(Failure::Refused(format!(
                "--record-every {every}: up to {numbers:.0e} numbers over {} steps, where {MOST_RECORDED:.0e} are kept; \
                 record less often, or with --records-per-decade",
                self.ending.max_steps
            )));
        }
        Ok(())
    }

    fn descent<'a>(&self, chosen: &'a Chosen, optimizer: &'a dyn Optimizer) -> Result<Descent<'a>, Failure> {
        let mut descent = Descent::new(&*chosen.loss, optimizer, self.method.learning_rate.get())?;
        if let Some(power) = self.method.grad_scale {
            descent = descent.grad_scale(GradScale::new(power)?);
        }
        if let Some(decay) = self.method.decay()? {
            descent = descent.decay(decay);
        }
        Ok(descent)
    }

    fn record(&self, chosen: &Chosen, start: &Start) -> Result<Value, Failure> {
        let ending = &self.ending;
        Ok(json!({
            "loss": chosen.record(),
            "optimizer": self.method.record()?,
            "stop": {
                "max_steps": ending.max_steps,
                "mean_cosine": ending.mean_cosine,
                "every_pair": ending.every_pair,
                "loss_level": ending.loss_level,
                "stationary": ending.stationary,
                "never_stationary": ending.never_stationary,
            },
            "record_every": self.record_every,
            "records_per_decade": self.records_per_decade,
            "inputs": self.input.files().iter().map(|file| file.display().to_string()).collect::<Vec<_>>(),
            "views": if self.input.has_second() { 2 } else { 1 },
            "rows": start.first.nrows(),
            "dimension": start.first.ncols(),
        }))
    }
}
