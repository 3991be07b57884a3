//! The ledger of a training: by how much squared norms grew, beside what S1 and S2 allow.

use ndarray::{Array2, Axis};
use serde::Serialize;

use super::DiagnosisError;
use super::answer::{Answer, Quantity, Topic, Worth};
use super::options::{Options, Parameters};
use super::snapshot::{Snapshot, common};
use super::standing::leg;
use super::step::per_step;
use super::subject::Subject;
use crate::sphere::{Cosine, angle, normalize};
use crate::words::brief;

/// What a checkpoint adds to the ledger, per embedding: the sample, and its positives where every checkpoint has them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ledger {
    /// The mean growth of ρ² since the first checkpoint.
    pub growth: f64,
    /// What rotations since then account for, Σ ρ² tan² α = γ²Σ‖∇‖² (statements D2, S2): if all steps between two checkpoints
    /// go one way, and if their directions are independent. `None` where their number is not known.
    pub rotations: Option<(f64, f64)>,
    /// γ(L_0 − L) with L = −cos φ for each pair (statement S1), for free embeddings under plain descent.
    pub budget: Option<f64>,
}

/// The rows of one set at every checkpoint, on the places at which all of them have a direction.
struct Set {
    norms: Vec<Vec<f64>>,
    units: Vec<Array2<f64>>,
}

impl Set {
    fn of(snapshots: &[Snapshot], places: &[usize]) -> Result<Self, DiagnosisError> {
        let rows = |snapshot: &Snapshot| normalize(snapshot.sampled().select(Axis(0), places).view());
        let directions = snapshots.iter().map(rows).collect::<Result<Vec<_>, _>>()?;
        let norms = directions.iter().map(|rows| rows.norms().to_vec()).collect();
        Ok(Self { norms, units: directions.into_iter().map(|rows| rows.units().to_owned()).collect() })
    }

    /// The sum of ρ² at a checkpoint minus that of the first.
    fn growth(&self, checkpoint: usize) -> f64 {
        let of = |norms: &[f64]| norms.iter().fold(0.0, |sum, norm| sum + norm * norm);
        of(&self.norms[checkpoint]) - of(&self.norms[0])
    }

    /// Bounds on the sum of ρ² tan² α over the steps from a checkpoint to the one after it.
    fn rotations(&self, checkpoint: usize, steps: u64) -> (f64, f64) {
        let (before, after) = (&self.units[checkpoint], &self.units[checkpoint + 1]);
        let rows = self.norms[checkpoint].iter().zip(before.rows().into_iter().zip(after.rows()));
        rows.fold((0.0, 0.0), |(low, high), (norm, (before, after))| {
            let square = |turn: f64| {
                // Beyond where a turn has a tangent that can be trusted, the one there.
                let way = norm * leg(turn, 0.0);
                steps as f64 * way * way
            };
            let (one_way, independent) = per_step(angle(before, after), steps);
            (low + square(one_way), high + square(independent))
        })
    }
}

/// The ledger at every checkpoint; `None` for a single one, or where no row has a direction throughout.
pub fn ledger(subject: &Subject, options: &Options) -> Result<Option<Vec<Ledger>>, DiagnosisError> {
    let with_positives = subject.has_positives_throughout();
    let positives: &[Snapshot] = if with_positives { &subject.positives } else { &[] };
    let all: Vec<&Snapshot> = subject.checkpoints.iter().chain(positives).collect();
    let places = common(&subject.sample, &all);
    if subject.checkpoints.len() < 2 || places.is_empty() {
        return Ok(None);
    }
    let mut sets = vec![Set::of(&subject.checkpoints, &places)?];
    if with_positives {
        sets.push(Set::of(positives, &places)?);
    }
    let embeddings = (sets.len() * places.len()) as f64;
    let rate = options.learning_rate.filter(|_| with_positives && is_of_s1(options));
    let falls = |checkpoint: usize| {
        let cosines = |of: usize| {
            let rows = sets[0].units[of].rows().into_iter().zip(sets[1].units[of].rows());
            rows.fold(0.0, |sum, (z, w)| sum + Cosine::between(z, w).value())
        };
        cosines(checkpoint) - cosines(0)
    };
    let mut ledgers = Vec::with_capacity(subject.checkpoints.len());
    let mut rotations = Some((0.0, 0.0));
    for checkpoint in 0..subject.checkpoints.len() {
        if let Some(before) = checkpoint.checked_sub(1) {
            rotations = rotations.zip(subject.steps_after(before, options)).map(|((low, high), steps)| {
                sets.iter()
                    .map(|set| set.rotations(before, steps))
                    .fold((low, high), |(low, high), more| (low + more.0 / embeddings, high + more.1 / embeddings))
            });
        }
        ledgers.push(Ledger {
            growth: sets.iter().map(|set| set.growth(checkpoint)).sum::<f64>() / embeddings,
            rotations,
            budget: rate.map(|rate| rate * falls(checkpoint) / embeddings),
        });
    }
    Ok(ledgers.iter().all(|it| it.growth.is_finite()).then_some(ledgers))
}

/// Whether the budget of S1 is known: that of a pair under plain descent.
fn is_of_s1(options: &Options) -> bool {
    options.parameters == Parameters::Free && options.rule.is_none_or(|rule| rule.is_plain())
}

/// What the ledger says at the last checkpoint.
pub fn answer(last: &Ledger, options: &Options) -> Option<Answer> {
    let (low, high) = last.rotations?;
    let is_free = options.parameters == Parameters::Free;
    let grew = |by: f64| if by < 0.0 { format!("fell by {}", brief(-by)) } else { format!("grew by {}", brief(by)) };
    let mut finding = format!(
        "Squared norms {} on average; steps at right angles to the embeddings, as rotations show them, add {} to {}.",
        grew(last.growth),
        brief(low),
        brief(high)
    );
    if let Some(budget) = last.budget {
        finding += &format!(" γ(L_0 − L) allows {}.", brief(budget));
    }
    finding += match (last.growth < 0.0, last.growth > 1.5 * high, is_free) {
        (true, ..) => " What shortens them is no gradient at right angles: decay, or parameters that are shared.",
        (_, true, false) => " The rest is along the embeddings: parameters are shared (S4).",
        _ => "",
    };
    let mut quantities = vec![
        Quantity::new("growth of the mean ρ²", last.growth),
        Quantity::new("what rotations add, γ²Σ‖∇‖²", (low * high).sqrt()).between(low, high),
    ];
    quantities.extend(last.budget.map(|budget| Quantity::new("what S1 allows, γ(L_0 − L)", budget)));
    let (statement, formula) = match last.budget {
        Some(_) => ("S1", "Σ(ρ² − ρ_0²) = γ(L_0 − L) as γ → 0; step by step ‖z + Δz‖² = ‖z‖² + γ²‖∇‖² (D2)"),
        None => ("S2", "‖z + Δz‖² = ‖z‖² + γ²‖∇‖² (D2), with γ‖∇‖ = ρ tan α where a step turns by α"),
    };
    let conditions = "Free embeddings, plain descent, no decay. Between two checkpoints steps go one way (the lower end) or in \
                      independent directions (the upper one).";
    let answer = Answer::measured("ledger", Topic::Course, finding).with(quantities).rests_on(statement, formula);
    Some(if is_of_s1(options) && options.rule.is_some() {
        answer.on(conditions).worth(Worth::Conditional, "Whether steps went one way is not in the files.")
    } else {
        answer.on(conditions).worth(
            Worth::Measured,
            "Growth and rotations are measured. In a network, under momentum or with decay they need not agree: the \
             difference is what acts along the embeddings.",
        )
    })
}
