//! `embedding-norms predict`: what the closed forms say of one pair and of an optimizer, one line each.

use std::f64::consts::FRAC_PI_2;
use std::process::ExitCode;

use clap::{ArgMatches, Args, Command, FromArgMatches};
use embedding_norms::normalization::GradScale;
use embedding_norms::optimizer::{Entry, Parameters};
use embedding_norms::theory::convergence::{flow_steps, second_order_steps};
use embedding_norms::theory::duality::best_norm;
use embedding_norms::theory::equilibrium::{Persistent, Rule};
use embedding_norms::theory::growth::pair_growth;
use embedding_norms::theory::one_step::Pair;
use embedding_norms::theory::pair::{Count, steps_of_pair};
use embedding_norms::theory::scaling::{Decay, degree, norm_exponent};

use crate::failure::Failure;
use crate::{cutting, optimizers, values};

/// The pair that is asked about.
#[derive(Args, Debug)]
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
    optimizer: Option<String>,

    /// A setting of the optimizer, such as momentum=0.99
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = assignment)]
    set: Vec<(String, f64)>,

    /// Temperature τ of a contrastive loss, whose gradient G4 gives
    #[arg(long, value_name = "τ", value_parser = values::positive)]
    temperature: Option<f64>,

    /// Power p of GradScale, which multiplies gradients by ‖z‖^p
    #[arg(long, value_name = "p", default_value_t = 0.0, allow_negative_numbers = true)]
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
    cut: Option<f64>,

    /// Kind of network that is cut: no-biases, biases, batch-norm, layer-norm, simsiam and others, with three layers
    #[arg(long, value_name = "KIND", requires = "cut")]
    network: Option<String>,
}

/// Reads NAME=VALUE.
pub fn assignment(text: &str) -> Result<(String, f64), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("'{text}' is not NAME=VALUE"))?;
    let value = value.trim().parse().map_err(|_| format!("'{value}' is not a number"))?;
    Ok((name.trim().to_owned(), value))
}

/// Steps that are counted before the count is given up.
const BUDGET: u64 = 100_000_000;

/// The largest γ/ρ² at which the flow and its higher orders say something.
const SMALL_STEP: f64 = 0.1;

/// The command.
pub fn command() -> Command {
    Question::augment_args(Command::new("predict"))
        .about("Predict how a pair converges, from the closed forms alone")
        .long_about(None)
        .after_help(
            "Examples:
  embedding-norms predict --norm 8 --learning-rate 0.02 --angle 1.57
  embedding-norms predict --norm 8 --temperature 0.1
  embedding-norms predict --norm 8 --optimizer adam --grad-scale 1
  embedding-norms predict --network batch-norm --optimizer adamw --cut 3
  embedding-norms predict --norm 8 --optimizer heavy-ball --set momentum=0.99 --weight-decay 1e-4 --coupled",
        )
}

/// Prints the predictions.
pub fn run(matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let question = Question::from_arg_matches(matches).map_err(Failure::Usage)?;
    GradScale::new(question.grad_scale)?;
    let optimizer = Chosen::of(&question)?;
    if let Some(cut) = question.cut {
        let decay = question.weight_decay.map(|_| if question.coupled { Decay::Coupled } else { Decay::Decoupled });
        let (network, grad_scale) = (question.network.as_deref(), question.grad_scale);
        let optimizer = optimizer.entry.name;
        cutting::answer(&cutting::Question { network, optimizer, cut, grad_scale, decay })?;
        return Ok(ExitCode::SUCCESS);
    }
    if optimizer.is_plain(&question) {
        pair(&question)?;
    } else {
        let length = libm::pow(question.norm, question.grad_scale - 1.0) * libm::sin(question.angle);
        line("G2", "gradient length, ρ^(p − 1) sin φ", &format!("{length:.6}"));
    }
    if let Some(temperature) = question.temperature {
        contrast(&question, temperature);
    }
    let mut notes = Vec::new();
    if question.optimizer.is_some() || question.grad_scale != 0.0 {
        notes.extend(optimizer.scaling(&question));
    }
    if let Some(weight_decay) = question.weight_decay {
        notes.extend(optimizer.equilibrium(&question, weight_decay)?);
    }
    if !notes.is_empty() {
        say!("\n{}", notes.join("\n"));
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints an answer under the statement that gives it.
fn line(statement: &str, what: &str, value: &str) {
    say!("{statement:<3} {what:<44} {value}");
}

/// What is said of a pair under plain gradient descent.
fn pair(question: &Question) -> Result<(), Failure> {
    let second_norm = question.second_norm.unwrap_or(question.norm);
    let (gamma, phi) = (question.learning_rate, question.angle);
    let alpha = gamma / (question.norm * question.norm);
    let beta = if question.stop_gradient { 0.0 } else { gamma / (second_norm * second_norm) };
    let k = libm::tan(0.5 * phi);
    let (sine, cosine) = (libm::sin(phi), libm::cos(phi));

    line("G2", "gradient length, sin φ/ρ", &format!("{:.6}", sine / question.norm));
    line("D1", "angle turned in the first step", &format!("{:.6} rad", turned(alpha * sine, beta * sine)));
    let small_steps = alpha.max(beta) <= SMALL_STEP;
    if small_steps {
        let flow = flow_steps(k, alpha, beta, question.tolerance)?;
        line("L1", "steps, gradient flow", &format!("{flow:.3}"));
        let finite = second_order_steps(k, alpha, beta, question.tolerance)?;
        line("L1", "steps, with the orders of the finite step", &format!("{finite:.3}"));
    }
    let pair = Pair { half_tangent: k, first: alpha, second: beta };
    let count = match steps_of_pair(pair, question.tolerance, BUDGET)? {
        Count::Reached { steps, .. } => steps.to_string(),
        Count::Stationary => "never: the pair stands still".to_owned(),
        Count::Budget => format!("more than {BUDGET}"),
    };
    line("D1", "steps, counted exactly", &count);
    if small_steps && !question.stop_gradient {
        let growth = pair_growth(gamma, question.norm, second_norm, phi)?;
        line(
            "S1",
            "growth of ‖z‖² altogether, first and second",
            &format!("{:.6}, {:.6}", growth.first, growth.second),
        );
    }
    if !question.stop_gradient && question.second_norm.is_none() {
        let best = best_norm(gamma, phi)?;
        line("L8", "best norm at this angle, √(γ(1 + cos φ))", &format!("{best:.6}"));
        if question.norm < best {
            say!(
                "\nwarning: the norm lies below the best one. Steps overshoot; a smaller norm converges more slowly, not \
                 faster (L7), and cutting the initialization would slow training."
            );
        }
    }
    if !small_steps {
        say!(
            "\nnote: γ/ρ² is above {SMALL_STEP}, too large for the flow (L1, S1); the exact count holds at any step size."
        );
    }
    if cosine < -0.99 {
        say!("\nnote: the pair starts almost antipodal, where steps grow without limit (L3).");
    }
    Ok(())
}

/// What G4 says of an anchor's gradient under InfoNCE: (1/τρ) P_z Σ_{k≠j} p_k (ẑ_j − ẑ_k), times ρ^p under GradScale.
///
/// Where the negatives' mean pull vanishes, as in many directions, that is (1 − p_j) sin φ/(τρ); as ‖ẑ_j − ẑ_k‖ ≤ 2, it
/// is never longer than 2(1 − p_j)/(τρ).
fn contrast(question: &Question, temperature: f64) {
    let scale = libm::pow(question.norm, question.grad_scale - 1.0) / temperature;
    let spread = scale * libm::sin(question.angle);
    line("G4", "InfoNCE gradient over 1 − p_j, spread negatives", &format!("{spread:.6}"));
    line("G4", "and at most, whatever the negatives", &format!("{:.6}", 2.0 * scale));
}

/// atan a + atan b.
fn turned(a: f64, b: f64) -> f64 {
    libm::atan(a) + libm::atan(b)
}

/// An optimizer with its settings.
struct Chosen {
    entry: &'static Entry,
    parameters: Parameters,
    time_exponent: f64,
    degree: f64,
}

impl Chosen {
    fn of(question: &Question) -> Result<Self, Failure> {
        let entry = optimizers::find(question.optimizer.as_deref().unwrap_or("gradient-descent"))?;
        let parameters = optimizers::settings(entry, &question.set)?;
        let built = entry.build(&parameters)?;
        let degrees = built.degrees();
        let degree = degree(degrees.parameters, degrees.gradients, question.grad_scale);
        Ok(Self { entry, parameters, time_exponent: built.time_exponent(), degree })
    }

    /// Whether the closed forms of a pair hold: plain gradient descent without GradScale.
    fn is_plain(&self, question: &Question) -> bool {
        self.entry.name == "gradient-descent" && question.grad_scale == 0.0
    }

    /// What L6 says, and on what conditions.
    fn scaling(&self, question: &Question) -> Vec<String> {
        let (h, k) = (self.degree, norm_exponent(self.degree, self.time_exponent));
        let name = self.entry.name;
        line("L6", &format!("degree h of {name}"), &format!("{h}"));
        let size = question.learning_rate / libm::pow(question.norm, h);
        line("L6", &format!("γ/ρ^{h}, on which alone directions depend"), &format!("{size:.6}"));
        line("L6", "exponent k in steps ∝ ρ^k at a fixed γ", &format!("{k}"));
        line("L6", "twice the norm takes as many steps, times", &format!("{}", libm::exp2(k)));
        line("L6", "twice the norm is the same as a rate γ times", &format!("{}", libm::exp2(-h)));
        let mut conditions = vec!["norms in fixed proportions at the start"];
        if self.entry.parameters.iter().any(|parameter| parameter.name == "epsilon") {
            conditions.push("ε far below the gradients");
        }
        conditions.push("k for small steps and runs longer than the optimizer's memory");
        let mut notes = vec![format!("note: L6 holds for {}.", conditions.join("; "))];
        if !self.is_plain(question) {
            let left_out =
                "note: the counts of D1, L1, S1 and L8 are those of plain gradient descent and are left out.";
            notes.push(left_out.to_owned());
        }
        notes
    }

    /// The rule of S3 that this is, if there is one.
    fn settling(&self, question: &Question) -> Option<Rule> {
        let known = || Rule::named(self.entry.name, question.coupled, |name| self.entry.value(name, &self.parameters));
        if question.grad_scale == 0.0 { known() } else { None }
    }

    /// What S3 says, and on what conditions.
    fn equilibrium(&self, question: &Question, weight_decay: f64) -> Result<Vec<String>, Failure> {
        let Some(rule) = self.settling(question) else {
            let kind = if question.coupled { "coupled" } else { "decoupled" };
            let after = if question.grad_scale == 0.0 { "" } else { " after GradScale" };
            return Ok(vec![format!("note: S3 knows no equilibrium of {} with {kind} decay{after}.", self.entry.name)]);
        };
        let dimension = question.dim as f64;
        let settings = Persistent::new(question.learning_rate, weight_decay)?.frequency(question.frequency)?;
        let settled = settings.equilibrium(rule, dimension)?;
        let order = settings.next_order(rule, dimension)?;
        line("S3", "norm at which embeddings settle", &format!("{:.6}", settled.norm));
        line("S3", "angle turned per step there, rms", &format!("{:.6} rad", settled.angle));
        line("S3", "steps of relaxation to it", &format!("{:.0}", settled.relaxation.ceil()));
        line("S3", "next order of that norm", &format!("{:+.2} %", 100.0 * order));
        let small = match rule {
            Rule::AdamW { .. } => "1 − β1, and a relaxation longer than 1/(1 − β2) steps",
            Rule::HeavyBallCoupled { .. } => "(1 − β)²",
            Rule::HeavyBallDecoupled { .. } => "1 − β",
            _ => "f",
        };
        let mut notes = vec![format!(
            "note: S3 holds under a fresh random target, in d = {}, at a fraction f = {} of the steps, for γλ far below {small}.",
            question.dim, question.frequency
        )];
        if order.abs() > 0.05 {
            let warning = "warning: the next order is above 5 %; γλ is too large, or the memory too long, for S3.";
            notes.push(warning.to_owned());
        }
        Ok(notes)
    }
}
