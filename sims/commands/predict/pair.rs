//! What `predict` says of a pair under plain gradient descent.

use embedding_norms::theory::convergence::{flow_steps, second_order_steps};
use embedding_norms::theory::duality::best_norm;
use embedding_norms::theory::growth::pair_growth;
use embedding_norms::theory::one_step::{Pair, step_size};
use embedding_norms::theory::pair::{Count, steps_of_pair};
use embedding_norms_lab::claim::brief;

use super::prediction::{Basis, Prediction, fractional};
use super::{Page, Question};
use crate::cli::failure::Failure;

/// Steps that are counted before the count is given up.
const BUDGET: u64 = 100_000_000;
/// The largest γ/ρ² at which the flow and its higher orders say something.
const SMALL_STEP: f64 = 0.1;

/// What is said of a pair under plain gradient descent.
pub fn pair(question: &Question, page: &mut Page) -> Result<(), Failure> {
    let second_norm = question.second_norm.unwrap_or(question.norm);
    let (gamma, phi) = (question.learning_rate.get(), question.angle);
    let alpha = step_size(gamma, question.norm)?;
    let beta = if question.stop_gradient { 0.0 } else { step_size(gamma, second_norm)? };
    let k = libm::tan(0.5 * phi);
    let (sine, cosine) = (libm::sin(phi), libm::cos(phi));

    page.add(Prediction::exact("gradient_length", "G2", "gradient length, sin φ/ρ", sine / question.norm)?);
    let turn = libm::atan(alpha * sine) + libm::atan(beta * sine);
    page.add(Prediction::exact("first_turn", "D1", "rotation of the pair by the first step", turn)?.unit("rad"));
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
    let (gamma, tolerance) = (question.learning_rate.get(), question.tolerance);
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
    let best = best_norm(question.learning_rate.get(), question.angle)?;
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
