//! Where norms settle under weight decay (statement S3), beside where they are.

use super::DiagnosisError;
use super::answer::{Answer, Quantity, Topic, Worth};
use super::needs::Need;
use super::options::{Options, Parameters};
use super::snapshot::Snapshot;
use super::subject::Subject;
use crate::theory::equilibrium::{Equilibrium, Persistent, Rule};
use crate::words::brief;

/// How near to ρ* a norm counts as there.
const NEAR: f64 = 0.05;

/// The equilibrium, if there is one, and the answer for the last checkpoint; `None` without weight decay.
pub fn answer(subject: &Subject, options: &Options) -> Result<Option<(Option<Equilibrium>, Answer)>, DiagnosisError> {
    let Some(decay) = options.weight_decay else { return Ok(None) };
    let snapshot = subject.last();
    let none = |why: String| Ok(Some((None, Answer::none("equilibrium", Topic::Equilibrium, why))));
    if options.parameters == Parameters::Shared {
        let why = "The norm at equilibrium: decay acts on the parameters of the network, and S3 speaks of decay on embeddings \
                   (S4).";
        return none(why.to_owned());
    }
    let Some(learning_rate) = options.learning_rate else {
        let name = options.names.learning_rate;
        let why = format!("The norm at equilibrium needs the learning rate per embedding: {name}.");
        let answer = Answer::none("equilibrium", Topic::Equilibrium, why);
        return Ok(Some((None, answer.needs([Need::LearningRate]))));
    };
    let settings = Persistent::new(learning_rate, decay)?;
    let rule = match options.rule {
        None => Rule::GradientDescent,
        Some(rule) => match rule.settling {
            Some(settling) => settling,
            None => return none(format!("S3 knows no equilibrium of {} with this kind of decay.", rule.name)),
        },
    };
    let dimension = snapshot.dimension() as f64;
    let settled = settings.equilibrium(rule, dimension)?;
    let order = settings.next_order(rule, dimension)?;
    let norm_of = |snapshot: &Snapshot| power_mean(&snapshot.finite_norms(), 2.0 * f64::from(rule.degree()));
    let here = norm_of(snapshot);
    let side = match here / settled.norm {
        ratio if ratio < 0.8 => "Norms here lie below it, and would grow",
        ratio if ratio > 1.25 => "Norms here lie above it, and would shrink",
        _ => "Norms here are about there",
    };
    let mut finding = format!(
        "Under λ = {} norms settle at {} where gradients never end. {side}: {}.",
        brief(decay),
        brief(settled.norm),
        brief(here)
    );
    let until = settled.steps_to(norm_of(&subject.checkpoints[0]), rule, NEAR)?;
    if let Some(steps) = &subject.steps {
        let is_there = |snapshot: &Snapshot| (norm_of(snapshot) / settled.norm - 1.0).abs() <= NEAR;
        let reached = (0..steps.len()).rev().take_while(|&place| is_there(&subject.checkpoints[place])).last();
        let reached = match reached {
            Some(place) => format!("they are from step {} on", steps[place]),
            None => "they are not yet".to_owned(),
        };
        finding += &format!(
            " By S3 they are within {:.0} % of it {} steps after the first checkpoint; {reached}.",
            100.0 * NEAR,
            brief(until.ceil())
        );
    }
    let is_known = options.parameters == Parameters::Free && options.rule.is_some();
    let why = match (is_known, order.abs() > 0.05) {
        (_, true) => "The next order is above 5 %: γλ is too large, or the memory too long, for S3.",
        (true, false) => "Free embeddings and a known rule; that gradients are those of fresh targets is assumed.",
        (false, false) => "It is not known that decay acts on embeddings themselves under this optimizer.",
    };
    let answer = Answer::measured("equilibrium", Topic::Equilibrium, finding)
        .with([
            Quantity::new("norm at equilibrium, ρ*", settled.norm),
            Quantity::new("norm here, the mean of the same power", here),
            Quantity::new("angle turned per step there, rms", settled.angle).unit("rad"),
            Quantity::new("steps of relaxation", settled.relaxation),
            Quantity::new("steps from the first checkpoint until within 5 %", until),
            Quantity::new("next order of ρ*, as a part of it", order),
        ])
        .rests_on("S3", "ρ*⁴ = γfG²/(2λ) for gradient descent; other rules: docs/06-growth.md")
        .on("Decay on the embeddings themselves, a fresh random target at every step (f = 1, G² = 1 − 1/d).")
        .worth(Worth::Conditional, why);
    Ok(Some((Some(settled), answer)))
}

/// The power-th root of the mean of ρ^power, over the longest so that powers stay in range.
fn power_mean(norms: &[f64], power: f64) -> f64 {
    let longest = norms.iter().fold(0.0_f64, |longest, &norm| longest.max(norm));
    let sum = norms.iter().fold(0.0, |sum, norm| sum + libm::pow(norm / longest, power));
    longest * libm::pow(sum / norms.len() as f64, 1.0 / power)
}
