//! `embedding-norms predict`: what the closed forms say of one pair, one line each.

use std::f64::consts::FRAC_PI_2;
use std::process::ExitCode;

use clap::{ArgMatches, Args, Command, FromArgMatches};
use embedding_norms::theory::convergence::{flow_steps, second_order_steps};
use embedding_norms::theory::duality::best_norm;
use embedding_norms::theory::growth::pair_growth;
use embedding_norms::theory::one_step::Pair;
use embedding_norms::theory::pair::{Count, steps_of_pair};

use crate::failure::Failure;
use crate::values;

/// The pair that is asked about.
#[derive(Args, Debug)]
struct Question {
    /// Norm of the first embedding, and of the second unless --second-norm is given
    #[arg(long, value_name = "ρ", value_parser = values::positive)]
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
        .after_help("Example:\n  embedding-norms predict --norm 8 --learning-rate 0.02 --angle 1.57")
}

/// Prints the predictions.
pub fn run(matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let question = Question::from_arg_matches(matches).map_err(Failure::Usage)?;
    let second_norm = question.second_norm.unwrap_or(question.norm);
    let (gamma, phi) = (question.learning_rate, question.angle);
    let alpha = gamma / (question.norm * question.norm);
    let beta = if question.stop_gradient { 0.0 } else { gamma / (second_norm * second_norm) };
    let k = libm::tan(0.5 * phi);
    let (sine, cosine) = (libm::sin(phi), libm::cos(phi));

    let line = |statement: &str, what: &str, value: String| println!("{statement:<3} {what:<44} {value}");
    line("G2", "gradient length, sin φ/ρ", format!("{:.6}", sine / question.norm));
    line("D1", "angle turned in the first step", format!("{:.6} rad", turned(alpha * sine, beta * sine)));
    let small_steps = alpha.max(beta) <= SMALL_STEP;
    if small_steps {
        let flow = flow_steps(k, alpha, beta, question.tolerance)?;
        line("L1", "steps, gradient flow", format!("{flow:.3}"));
        let finite = second_order_steps(k, alpha, beta, question.tolerance)?;
        line("L1", "steps, with the orders of the finite step", format!("{finite:.3}"));
    }
    let pair = Pair { half_tangent: k, first: alpha, second: beta };
    let count = match steps_of_pair(pair, question.tolerance, BUDGET)? {
        Count::Reached { steps, .. } => steps.to_string(),
        Count::Stationary => "never: the pair stands still".to_owned(),
        Count::Budget => format!("more than {BUDGET}"),
    };
    line("D1", "steps, counted exactly", count);
    if small_steps && !question.stop_gradient {
        let growth = pair_growth(gamma, question.norm, second_norm, phi)?;
        line("S1", "growth of ‖z‖² altogether, first and second", format!("{:.6}, {:.6}", growth.first, growth.second));
    }
    if !question.stop_gradient && question.second_norm.is_none() {
        let best = best_norm(gamma, phi)?;
        line("L8", "best norm at this angle, √(γ(1 + cos φ))", format!("{best:.6}"));
        if question.norm < best {
            println!(
                "\nwarning: the norm lies below the best one. Steps overshoot; a smaller norm converges more slowly, not \
                 faster (L7), and cutting the initialization would slow training."
            );
        }
    }
    if !small_steps {
        println!(
            "\nnote: γ/ρ² is above {SMALL_STEP}, too large for the flow (L1, S1); the exact count holds at any step size."
        );
    }
    if cosine < -0.99 {
        println!("\nnote: the pair starts almost antipodal, where steps grow without limit (L3).");
    }
    Ok(ExitCode::SUCCESS)
}

/// atan a + atan b.
fn turned(a: f64, b: f64) -> f64 {
    libm::atan(a) + libm::atan(b)
}
