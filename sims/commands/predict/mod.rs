//! `embedding-norms predict`: what the closed forms say of one pair and of an optimizer, one line each.

mod prediction;

use std::collections::BTreeMap;
use std::f64::consts::FRAC_PI_2;
use std::process::ExitCode;

use clap::{ArgMatches, Args, Command, FromArgMatches};
use embedding_norms::lab::claim::brief;
use embedding_norms::normalization::GradScale;
use embedding_norms::optimizer::{Entry, Parameter, Parameters};
use embedding_norms::rules;
use embedding_norms::theory::convergence::{flow_steps, second_order_steps};
use embedding_norms::theory::duality::best_norm;
use embedding_norms::theory::equilibrium::{Persistent, Rule};
use embedding_norms::theory::growth::pair_growth;
use embedding_norms::theory::one_step::{Pair, step_size};
use embedding_norms::theory::pair::{Count, steps_of_pair};
use embedding_norms::theory::scaling::{Decay, degree, norm_exponent};

use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::envelope;
use crate::cli::failure::Failure;
use crate::cli::known;
use crate::cli::values;
use crate::cli::wrapping::{width, wrapped};
use crate::commands::cutting;
use crate::commands::optimizers;
use prediction::{Basis, Prediction, fractional, legend, whole};

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
    #[arg(long, value_name = "γ", value_parser = values::positive, default_value_t = 0.02)]
    learning_rate: f64,

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

/// Steps that are counted before the count is given up.
const BUDGET: u64 = 100_000_000;

/// The largest γ/ρ² at which the flow and its higher orders say something.
const SMALL_STEP: f64 = 0.1;

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

/// What is said of a pair under plain gradient descent.
fn pair(question: &Question, page: &mut Page) -> Result<(), Failure> {
    let second_norm = question.second_norm.unwrap_or(question.norm);
    let (gamma, phi) = (question.learning_rate, question.angle);
    let alpha = step_size(gamma, question.norm)?;
    let beta = if question.stop_gradient { 0.0 } else { step_size(gamma, second_norm)? };
    let k = libm::tan(0.5 * phi);
    let (sine, cosine) = (libm::sin(phi), libm::cos(phi));

    page.add(Prediction::exact("gradient_length", "G2", "gradient length, sin φ/ρ", sine / question.norm)?);
    let turn = libm::atan(alpha * sine) + libm::atan(beta * sine);
    page.add(Prediction::exact("first_turn", "D1", "angle that the first step turns the pair by", turn)?.unit("rad"));
    steps(question, Pair { half_tangent: k, first: alpha, second: beta }, page)?;
    let small_steps = alpha.max(beta) <= SMALL_STEP;
    if small_steps && !question.stop_gradient {
        let growth = pair_growth(gamma, question.norm, second_norm, phi)?;
        for (key, member, growth) in
            [("growth_first", "first", growth.first), ("growth_second", "second", growth.second)]
        {
            let what = format!("growth of ‖z‖² altogether, {member}");
            page.add(Prediction::exact(key, "S1", what, growth)?.on(Basis::Flow));
        }
    }
    if !question.stop_gradient && question.second_norm.is_none() {
        best(question, page)?;
    }
    if !small_steps {
        page.notes.push(format!(
            "note: γ/ρ² is above {SMALL_STEP}, too large for the flow (L1, S1); the exact count holds at any step size."
        ));
    }
    if cosine < -0.99 {
        page.notes.push("note: the pair starts almost antipodal, where steps grow without limit (L3).".to_owned());
    }
    Ok(())
}

/// Steps until a pair is aligned: counted, and by the flow where it says something.
fn steps(question: &Question, pair: Pair, page: &mut Page) -> Result<(), Failure> {
    let Pair { half_tangent: k, first: alpha, second: beta } = pair;
    let what = "steps until the pair is aligned, counted";
    let (said, counted) = match steps_of_pair(pair, question.tolerance, BUDGET)? {
        Count::Reached { steps, .. } => {
            let counted = Prediction::exact("steps", "D1", what, steps as f64)?.printed(steps.to_string(), "");
            (format!("is aligned after {steps} steps"), counted)
        }
        Count::Stationary => {
            let why = "never: the pair stands still".to_owned();
            ("never moves".to_owned(), Prediction::none("steps", "D1", what, why))
        }
        Count::Budget => {
            let why = format!("more than {BUDGET}");
            (format!("needs {why} steps"), Prediction::none("steps", "D1", what, why))
        }
    };
    let norms = match question.second_norm {
        Some(second) => format!("norms {} and {second}", question.norm),
        None => format!("norm {}", question.norm),
    };
    let (gamma, tolerance) = (question.learning_rate, question.tolerance);
    page.verdict.push(format!("A pair of {norms} {said} at γ = {gamma} (D1; aligned: 1 − cos φ ≤ {tolerance})."));
    page.add(counted);
    if alpha.max(beta) <= SMALL_STEP {
        let flow = flow_steps(k, alpha, beta, question.tolerance)?;
        let orders = second_order_steps(k, alpha, beta, question.tolerance)?;
        for (key, what, steps) in [
            ("flow_steps", "steps of the gradient flow", flow),
            ("flow_steps_with_orders", "steps of the flow with two more orders", orders),
        ] {
            let prediction = Prediction::exact(key, "L1", what, steps)?.on(Basis::Flow);
            page.add(prediction.printed(fractional(steps), ""));
        }
    }
    Ok(())
}

/// The best norm, and whether this one lies below it.
fn best(question: &Question, page: &mut Page) -> Result<(), Failure> {
    let best = best_norm(question.learning_rate, question.angle)?;
    page.add(Prediction::exact("best_norm", "L8", "best norm at this angle, √(γ(1 + cos φ))", best)?);
    let ratio = brief(question.norm / best);
    page.verdict
        .push(format!("The best norm at this angle is {}, and this one is {ratio} times it (L8).", brief(best)));
    if question.norm < best {
        page.notes.push(
            "warning: the norm lies below the best one. Steps overshoot; a smaller norm converges more slowly, not faster (L7), \
             and cutting the initialization would slow training."
                .to_owned(),
        );
    }
    Ok(())
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

/// An optimizer with its settings.
struct Chosen {
    entry: &'static Entry,
    note: Option<String>,
    parameters: Parameters,
    time_exponent: f64,
    degree: f64,
    gradients: f64,
    /// The weight decay inside the rule or beside it, where one was asked for.
    decay: Option<f64>,
}

impl Chosen {
    fn of(question: &Question) -> Result<Self, Failure> {
        let name = question.optimizer.as_deref().unwrap_or("gradient-descent");
        let method = optimizers::method(name, &question.set, question.weight_decay, question.coupled)?;
        let optimizers::Method { entry, note, parameters, .. } = method;
        let decay = method.decay.filter(|strength| *strength > 0.0);
        let built = entry.build(&parameters)?;
        let degrees = built.degrees();
        let degree = degree(degrees.parameters, degrees.gradients, question.grad_scale);
        let (time_exponent, gradients) = (built.time_exponent(), degrees.gradients);
        Ok(Self { entry, note, parameters, time_exponent, degree, gradients, decay })
    }

    /// Whether the closed forms of a pair hold: plain gradient descent without GradScale.
    fn is_plain(&self, question: &Question) -> bool {
        self.entry.name == "gradient-descent" && question.grad_scale == 0.0
    }

    /// What L6 says, and on what conditions.
    fn scaling(&self, question: &Question, page: &mut Page) -> Result<(), Failure> {
        let (h, k) = (self.degree, norm_exponent(self.degree, self.time_exponent));
        let name = self.entry.name;
        let size = question.learning_rate / libm::pow(question.norm, h);
        let plain = |prediction: Prediction, value: f64| prediction.printed(format!("{value}"), "");
        let exact = |key: &'static str, what: String, value: f64| Prediction::exact(key, "L6", what, value);
        page.add(plain(exact("degree", format!("degree h of {name}"), h)?, h));
        page.add(exact("relative_rate", format!("γ/ρ^{h}, on which alone directions depend"), size)?);
        let (steps, rate) = (libm::exp2(k), libm::exp2(-h));
        let exponent = exact("norm_exponent", "exponent k in steps ∝ ρ^k at a fixed γ".to_owned(), k)?;
        page.add(plain(exponent.on(Basis::LeadingOrder), k));
        let twice = exact("steps_at_twice_the_norm", "twice the norm takes as many steps, times".to_owned(), steps)?;
        page.add(plain(twice.on(Basis::LeadingOrder), steps));
        let same = exact("rate_of_twice_the_norm", "twice the norm is the same as a rate γ times".to_owned(), rate)?;
        page.add(plain(same, rate));
        page.verdict
            .push(format!("Under {name} twice the norm takes {} times the steps at the same rate (L6).", brief(steps)));
        let mut conditions = vec!["norms in fixed proportions at the start"];
        if self.entry.parameters.iter().any(|parameter| parameter.name == "epsilon") {
            conditions.push("ε far below the gradients");
        }
        conditions.push("k for small steps and runs longer than the optimizer's memory");
        page.notes.push(format!("note: L6 holds for {}.", conditions.join("; ")));
        if !self.is_plain(question) {
            let left_out =
                "note: the counts of D1, L1, S1 and L8 are those of plain gradient descent and are left out.";
            page.notes.push(left_out.to_owned());
        }
        Ok(())
    }

    /// The rule of S3 that this is, if there is one.
    fn settling(&self, question: &Question) -> Option<Rule> {
        if question.grad_scale == 0.0 { rules::settling(self.entry, question.coupled, &self.parameters) } else { None }
    }

    /// What S3 says, and on what conditions.
    fn equilibrium(&self, question: &Question, weight_decay: f64, page: &mut Page) -> Result<(), Failure> {
        let Some(rule) = self.settling(question) else {
            let kind = if question.coupled { "coupled" } else { "decoupled" };
            let after = if question.grad_scale == 0.0 { "" } else { " after GradScale" };
            let name = self.entry.name;
            page.notes.push(format!("note: S3 knows no equilibrium of {name} with {kind} decay{after}."));
            return Ok(());
        };
        let dimension = question.dim as f64;
        let settings = Persistent::new(question.learning_rate, weight_decay)?.frequency(question.frequency)?;
        let settled = settings.equilibrium(rule, dimension)?;
        let order = settings.next_order(rule, dimension)?;
        let leading = |key: &'static str, what: &str, value: f64| -> Result<Prediction, Failure> {
            Ok(Prediction::exact(key, "S3", what, value)?.on(Basis::LeadingOrder))
        };
        page.add(leading("equilibrium_norm", "norm at which embeddings settle", settled.norm)?);
        page.add(leading("equilibrium_turn", "angle turned per step there, rms", settled.angle)?.unit("rad"));
        let relaxation = leading("relaxation_steps", "steps of relaxation to it", settled.relaxation)?;
        page.add(relaxation.printed(whole(settled.relaxation.ceil()), ""));
        let next = leading("equilibrium_next_order", "next order of that norm, as a part of it", order)?;
        page.add(next.printed(format!("{:+.2} %", 100.0 * order), ""));
        let (decay, norm) = (brief(weight_decay), brief(settled.norm));
        page.verdict.push(format!("Under λ = {decay} norms settle at {norm} where gradients never end (S3)."));
        let small = match rule {
            Rule::AdamW { .. } => "1 − β1, and a relaxation longer than 1/(1 − β2) steps",
            Rule::HeavyBallCoupled { .. } => "(1 − β)²",
            Rule::HeavyBallDecoupled { .. } => "1 − β",
            _ => "f",
        };
        page.notes.push(format!(
            "note: S3 holds under a fresh random target, in d = {}, at a fraction f = {} of the steps, for γλ far below {small}.",
            question.dim, question.frequency
        ));
        if order.abs() > 0.05 {
            let warning = "warning: the next order is above 5 %; γλ is too large, or the memory too long, for S3.";
            page.notes.push(warning.to_owned());
        }
        Ok(())
    }
}
