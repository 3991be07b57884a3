//! The optimizer that `predict` is asked about, and what L6 and S3 say of it.

use embedding_norms::optimizer::{Entry, Parameters};
use embedding_norms::rules;
use embedding_norms::theory::equilibrium::{Persistent, Rule};
use embedding_norms::theory::scaling::{degree, norm_exponent};
use embedding_norms_lab::claim::brief;

use super::prediction::{Basis, Prediction, whole};
use super::{Page, Question};
use crate::cli::failure::Failure;
use crate::commands::optimizers;

/// An optimizer with its settings.
pub struct Chosen {
    pub entry: &'static Entry,
    pub note: Option<String>,
    pub parameters: Parameters,
    time_exponent: f64,
    degree: f64,
    /// q, the degree in the gradients.
    pub gradients: f64,
    /// The weight decay inside the rule or beside it, where one was asked for.
    pub decay: Option<f64>,
}

impl Chosen {
    /// The optimizer that was asked for, plain gradient descent unless one was.
    pub fn of(question: &Question) -> Result<Self, Failure> {
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
    pub fn is_plain(&self, question: &Question) -> bool {
        self.entry.name == "gradient-descent" && question.grad_scale == 0.0
    }

    /// What L6 says, and on what conditions.
    pub fn scaling(&self, question: &Question, page: &mut Page) -> Result<(), Failure> {
        let (h, k) = (self.degree, norm_exponent(self.degree, self.time_exponent));
        let name = self.entry.name;
        let size = question.learning_rate.get() / libm::pow(question.norm, h);
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
    pub fn equilibrium(&self, question: &Question, weight_decay: f64, page: &mut Page) -> Result<(), Failure> {
        let Some(rule) = self.settling(question) else {
            let kind = if question.coupled { "coupled" } else { "decoupled" };
            let after = if question.grad_scale == 0.0 { "" } else { " after GradScale" };
            let name = self.entry.name;
            page.notes.push(format!("note: S3 knows no equilibrium of {name} with {kind} decay{after}."));
            return Ok(());
        };
        let dimension = question.dim as f64;
        let settings = Persistent::new(question.learning_rate.get(), weight_decay)?.frequency(question.frequency)?;
        let settled = settings.equilibrium(rule, dimension)?;
        let order = settings.next_order(rule, dimension)?;
        let leading = |key: &'static str, what: &str, value: f64| -> Result<Prediction, Failure> {
            Ok(Prediction::exact(key, "S3", what, value)?.on(Basis::LeadingOrder))
        };
        page.add(leading("equilibrium_norm", "norm at which embeddings settle", settled.norm)?);
        page.add(leading("equilibrium_turn", "rotation per step there, rms", settled.angle)?.unit("rad"));
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
