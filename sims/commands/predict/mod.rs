//! `embedding-norms predict`: what the closed forms say of one pair and of an optimizer, one line each.

mod chosen;
mod pair;
mod prediction;

use std::collections::BTreeMap;
use std::f64::consts::FRAC_PI_2;
use std::process::ExitCode;

use clap::{ArgMatches, Args, Command, FromArgMatches};
use embedding_norms::normalization::GradScale;
use embedding_norms::optimizer::Parameter;
use embedding_norms::theory::scaling::Decay;
use embedding_norms_lab::claim::brief;

use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::envelope;
use crate::cli::failure::Failure;
use crate::cli::known;
use crate::cli::rates::{self, PerEmbedding};
use crate::cli::values;
use crate::cli::wrapping::{width, wrapped};
use crate::commands::cutting;
use chosen::Chosen;
use pair::pair;
use prediction::{Prediction, legend};

/// The pair that is asked about.
#[derive(Args, Debug, Serialize)]
struct Question {
    /// Norm of the first embedding, and of the second unless --second-norm is given
    #[arg(long, value_name = "ρ", value_parser = values::positive, required = false, required_unless_present = "cut",
          default_value_if("cut", clap::builder::ArgPredicate::IsPresent, "1"))]
    norm: f64,

    /// Norm of the second embedding
    #[arg(long, value_name = "ρ", value_parser = values::positive)]
    second_norm: Option<f64>,

    /// Learning rate γ per embedding; a framework's rate η on the mean over n embeddings is γ = η/n
    #[arg(long, value_name = "γ", value_parser = rates::read_per_embedding, default_value = "0.02")]
    learning_rate: PerEmbedding,

    /// Initial angle of the pair in radians
    #[arg(long, value_name = "φ", value_parser = values::angle, default_value_t = FRAC_PI_2)]
    angle: f64,

    /// The pair counts as aligned at 1 − cos φ ≤ ε
    #[arg(long, value_name = "ε", value_parser = values::tolerance, default_value_t = 1e-3)]
    tolerance: f64,

    /// Hold the second embedding still, as SimSiam and BYOL do
    #[arg(long)]
    stop_gradient: bool,

    /// Optimizer [default: gradient-descent]; `embedding-norms optimizers` lists them
    #[arg(long, value_name = "NAME")]
    #[serde(skip)]
    optimizer: Option<String>,

    /// A setting of the optimizer, such as momentum=0.99
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = assignment)]
    #[serde(skip)]
    set: Vec<(String, f64)>,

    /// Temperature τ of a contrastive loss: adds the length of its gradient (G4), and changes no other number
    #[arg(long, value_name = "τ", value_parser = values::positive)]
    temperature: Option<f64>,

    /// Power p of GradScale, which multiplies gradients by ‖z‖^p
    #[arg(long, value_name = "p", value_parser = values::number, default_value_t = 0.0)]
    grad_scale: f64,

    /// Weight decay λ on the embeddings: where norms settle under fresh random targets
    #[arg(long, value_name = "λ", value_parser = values::positive)]
    weight_decay: Option<f64>,

    /// Decay is added to the gradient (L2 regularization) instead of z ← (1 − γλ) z
    #[arg(long, requires = "weight_decay")]
    coupled: bool,

    /// Dimension of the embeddings, for the norm at which they settle
    #[arg(long, value_name = "D", value_parser = values::dimension, default_value_t = 128)]
    dim: usize,

    /// Fraction f of the steps at which an embedding has a gradient, for the norm at which it settles
    #[arg(long, value_name = "f", value_parser = values::frequency, default_value_t = 1.0)]
    frequency: f64,

    /// Factor c that all parameters of a network are divided by: says whether that is a learning rate (S7)
    #[arg(long, value_name = "c", value_parser = values::positive)]
    #[serde(skip)]
    cut: Option<f64>,

    /// Kind of network that is cut: no-biases, biases, batch-norm, layer-norm, simsiam and others, with three layers
    #[arg(long, value_name = "KIND", requires = "cut")]
    #[serde(skip)]
    network: Option<String>,

    /// Print everything as one JSON object
    #[arg(long)]
    #[serde(skip)]
    json: bool,
}

/// Reads NAME=VALUE.
pub fn assignment(text: &str) -> Result<(String, f64), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("'{text}' is not NAME=VALUE"))?;
    let value = value.trim().parse().map_err(|_| format!("'{value}' is not a number"))?;
    Ok((name.trim().to_owned(), value))
}

/// The command's name.
const NAME: &str = "predict";

/// The command.
pub fn command() -> Command {
    Question::augment_args(Command::new(NAME))
        .about("Predict how a pair converges, from the closed forms alone")
        .long_about(None)
        .after_help(
            "Examples:
  embedding-norms predict --norm 8 --learning-rate 0.02 --angle 1.57
  embedding-norms predict --norm 8 --temperature 0.1
  embedding-norms predict --norm 8 --optimizer adam --grad-scale 1
  embedding-norms predict --norm 8 --optimizer heavy-ball --set momentum=0.99 --weight-decay 1e-4 --coupled
  embedding-norms predict --network batch-norm --optimizer adamw --cut 3
  embedding-norms predict --norm 8 --json",
        )
}

/// Everything that is said.
#[derive(Serialize)]
struct Answer<'a> {
    settings: Settings<'a>,
    /// What matters, in a sentence or two.
    verdict: String,
    predictions: Vec<Prediction>,
    notes: Vec<String>,
}

/// What was asked, with the optimizer that was taken.
#[derive(Serialize)]
struct Settings<'a> {
    #[serde(flatten)]
    question: &'a Question,
    optimizer: &'static str,
    /// Every setting of the optimizer, defaults among them.
    optimizer_settings: BTreeMap<&'static str, f64>,
}

impl Answer<'_> {
    fn text(&self, width: usize) -> String {
        let mut text = wrapped(&self.verdict, "", "", width) + "\n";
        text.extend(self.predictions.iter().map(|prediction| prediction.line(width)));
        text.push('\n');
        text.extend(legend(&self.predictions).into_iter().map(|line| wrapped(line, "", "  ", width)));
        text.extend(self.notes.iter().map(|note| wrapped(note, "", "  ", width)));
        text
    }
}

/// Everything that is said, as a record and as a page.
pub struct Said {
    /// The record.
    pub record: Value,
    /// The page.
    pub text: String,
    /// What was taken for the optimizer's name, where that may mean more.
    pub note: Option<String>,
    /// Whether the record is to be printed.
    json: bool,
}

/// What the closed forms say of what is asked.
pub fn said(matches: &ArgMatches, width: usize) -> Result<Said, Failure> {
    let question = Question::from_arg_matches(matches).map_err(Failure::Usage)?;
    GradScale::new(question.grad_scale)?;
    let optimizer = Chosen::of(&question)?;
    if let Some(cut) = question.cut {
        return of_cut(&question, &optimizer, cut, width);
    }
    let answer = answer(&question, &optimizer)?;
    let (record, text) = (envelope::object(NAME, &answer)?, answer.text(width));
    Ok(Said { record, text, note: optimizer.note, json: question.json })
}

/// Prints the predictions.
pub fn run(matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let Said { record, text, note, json } = said(matches, width())?;
    if json {
        say!("{}", serde_json::to_string_pretty(&record)?);
    } else {
        say!("{}", text.trim_end());
    }
    known::tell([&note], false);
    Ok(ExitCode::SUCCESS)
}

/// What S7 says of a cut.
fn of_cut(question: &Question, optimizer: &Chosen, cut: f64, width: usize) -> Result<Said, Failure> {
    let decay = optimizer.decay.map(|_| if question.coupled { Decay::Coupled } else { Decay::Decoupled });
    let (network, grad_scale) = (question.network.as_deref(), question.grad_scale);
    let optimizer = optimizer.entry;
    let lines = cutting::answer(&cutting::Question { network, optimizer, cut, grad_scale, decay })?;
    let settings = json!({ "cut": cut, "network": network, "optimizer": optimizer.name, "grad_scale": grad_scale });
    let record = envelope::object(NAME, &json!({ "settings": settings, "predictions": lines }))?;
    let text = lines.iter().map(|line| line.text(width)).collect();
    Ok(Said { record, text, note: None, json: question.json })
}

fn answer<'a>(question: &'a Question, optimizer: &Chosen) -> Result<Answer<'a>, Failure> {
    let mut page = Page::default();
    if optimizer.is_plain(question) {
        pair(question, &mut page)?;
    } else {
        let length = libm::pow(question.norm, question.grad_scale - 1.0) * libm::sin(question.angle);
        page.add(Prediction::exact("gradient_length", "G2", "gradient length, ρ^(p − 1) sin φ", length)?);
    }
    if let Some(temperature) = question.temperature {
        contrast(question, optimizer, temperature, &mut page)?;
    }
    if question.optimizer.is_some() || question.grad_scale != 0.0 {
        optimizer.scaling(question, &mut page)?;
    }
    if let Some(weight_decay) = optimizer.decay {
        optimizer.equilibrium(question, weight_decay, &mut page)?;
    }
    let setting = |known: &Parameter| {
        (known.name, optimizer.entry.value(known.name, &optimizer.parameters).unwrap_or(known.default))
    };
    let optimizer_settings = optimizer.entry.parameters.iter().map(setting).collect();
    let settings = Settings { question, optimizer: optimizer.entry.name, optimizer_settings };
    Ok(Answer { settings, verdict: page.verdict.join(" "), predictions: page.predictions, notes: page.notes })
}

/// What is said, as it is gathered.
#[derive(Default)]
struct Page {
    verdict: Vec<String>,
    predictions: Vec<Prediction>,
    notes: Vec<String>,
}

impl Page {
    fn add(&mut self, prediction: Prediction) {
        self.predictions.push(prediction);
    }
}

/// What G4 says of an anchor's gradient under InfoNCE: (1/τρ) P_z Σ_{k≠j} p_k (ẑ_j − ẑ_k), times ρ^p under GradScale.
///
/// Where the negatives' mean pull vanishes, as in many directions, that is (1 − p_j) sin φ/(τρ); as ‖ẑ_j − ẑ_k‖ ≤ 2, it
/// is never longer than 2(1 − p_j)/(τρ).
fn contrast(question: &Question, optimizer: &Chosen, temperature: f64, page: &mut Page) -> Result<(), Failure> {
    let scale = libm::pow(question.norm, question.grad_scale - 1.0) / temperature;
    let spread = scale * libm::sin(question.angle);
    let what = "InfoNCE gradient over 1 − p_j, spread negatives";
    page.add(Prediction::exact("contrastive_gradient_length", "G4", what, spread)?);
    let what = "the same at most, whatever the negatives";
    page.add(Prediction::exact("contrastive_gradient_bound", "G4", what, 2.0 * scale)?);
    let effect = if optimizer.gradients == 0.0 {
        format!("A factor 1/τ changes no step of {} (q = 0, L6).", optimizer.entry.name)
    } else {
        format!(
            "With spread negatives InfoNCE pulls (1 − p_j)/τ times as strongly as −cos φ, at most {} times, and 1 − p_j changes \
             as it trains; for a pull that stays, --learning-rate γ(1 − p_j)/τ gives its counts.",
            brief(1.0 / temperature)
        )
    };
    page.notes.push(format!(
        "note: --temperature gives the two numbers of G4 and changes no other: all others are of the loss −cos φ, which has no \
         temperature. {effect}"
    ));
    Ok(())
}
