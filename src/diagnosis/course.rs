//! The state of each checkpoint, and what changed over them.

use ndarray::Axis;
use serde::Serialize;

use super::DiagnosisError;
use super::answer::{Answer, Quantity, Topic, told};
use super::ledger::Ledger;
use super::norms::Distribution;
use super::options::Options;
use super::pairs::{opposite, pairs, quartiles};
use super::relations::{Neighbourhood, area_of};
use super::step::{moves, per_step, standing};
use super::subject::Subject;
use crate::confidence::{effective_rank, mean_cosine, spearman_interval};
use crate::words::brief;

/// What is known of one checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct State {
    /// The file.
    pub name: String,
    /// The optimizer step at which it was taken, where that is known.
    pub step: Option<u64>,
    /// Rows without a direction.
    pub left_out: usize,
    /// The norms.
    pub norms: Distribution,
    /// The effective rank on the sample.
    pub effective_rank: f64,
    /// The mean cosine over pairs of the sample; `None` for a single row.
    pub mean_cosine: Option<f64>,
    /// The median angle of positives.
    pub positive_angle: Option<f64>,
    /// The mean 1 − cos φ of positives.
    pub alignment: Option<f64>,
    /// The share of positives in opposite halves.
    pub opposite: Option<f64>,
    /// Spearman's ρ of norm and neighbour distance.
    pub distance_correlation: Option<f64>,
    /// Its 95 % interval, in closed form.
    pub distance_interval: Option<(f64, f64)>,
    /// Spearman's ρ of norm and label agreement.
    pub agreement_correlation: Option<f64>,
    /// Its 95 % interval, in closed form.
    pub agreement_interval: Option<(f64, f64)>,
    /// The mean share of neighbours with the own label.
    pub agreement: Option<f64>,
    /// The area under the curve against the reference set, of the last checkpoint alone.
    pub auroc: Option<f64>,
    /// The median angle turned since the checkpoint before.
    pub turned: Option<f64>,
    /// Bounds on what each step turned, where their number is known.
    pub turned_per_step: Option<(f64, f64)>,
    /// Half the angle of positives at the checkpoint before: the best angle per step of free pairs.
    pub best_turn: Option<f64>,
    /// Bounds on the step over the one to aim at, since the checkpoint before.
    pub over_best: Option<(f64, f64)>,
    /// Growth of squared norms since the first checkpoint, beside what S1 and S2 allow.
    pub ledger: Option<Ledger>,
}

/// The state of a checkpoint.
pub fn state(
    subject: &Subject,
    checkpoint: usize,
    before: Option<&State>,
    neighbourhood: Option<&Neighbourhood>,
    options: &Options,
) -> Result<State, DiagnosisError> {
    let snapshot = &subject.checkpoints[checkpoint];
    let places = super::snapshot::common(&subject.sample, &[snapshot]);
    if places.is_empty() {
        return Err(DiagnosisError::NoDirections {
            name: snapshot.name().to_owned(),
            rows: subject.sample.rows().len(),
        });
    }
    let rows = snapshot.sampled().select(Axis(0), &places);
    let positives = match subject.positives_of(checkpoint) {
        Some(positives) => pairs(&subject.sample, snapshot, positives)?,
        None => Vec::new(),
    };
    let angles: Vec<f64> = positives.iter().map(|pair| pair.cosine.angle()).collect();
    let has_positives = !positives.is_empty();
    let since = Since::of(subject, checkpoint, before, options)?;
    let distance_correlation = neighbourhood.and_then(Neighbourhood::distance_correlation);
    let agreement_correlation = neighbourhood.and_then(Neighbourhood::agreement_correlation);
    let interval = |correlation| spearman_interval(correlation, neighbourhood?.norms.len());
    // The reference set is embedded by the last model, and tells nothing of those before.
    let is_last = checkpoint + 1 == subject.checkpoints.len();
    let reference = subject.reference.as_ref().filter(|_| is_last);
    Ok(State {
        name: snapshot.name().to_owned(),
        step: subject.steps.as_ref().map(|steps| steps[checkpoint]),
        left_out: snapshot.left_out().len(),
        norms: Distribution::of(&snapshot.finite_norms()),
        effective_rank: effective_rank(rows.view())?,
        mean_cosine: mean_cosine(rows.view()).ok(),
        positive_angle: has_positives.then(|| quartiles(&angles)[1]),
        alignment: has_positives
            .then(|| positives.iter().fold(0.0, |sum, pair| sum + pair.cosine.one_minus) / positives.len() as f64),
        opposite: has_positives.then(|| opposite(&positives).0),
        distance_correlation,
        distance_interval: distance_correlation.and_then(interval),
        agreement_correlation,
        agreement_interval: agreement_correlation.and_then(interval),
        agreement: neighbourhood.and_then(Neighbourhood::mean_agreement),
        auroc: reference.and_then(|reference| area_of(snapshot, reference)),
        turned: since.turned,
        turned_per_step: since.per_step,
        best_turn: since.best,
        over_best: since.over_best,
        ledger: None,
    })
}

/// What happened since the checkpoint before.
#[derive(Default)]
struct Since {
    turned: Option<f64>,
    per_step: Option<(f64, f64)>,
    best: Option<f64>,
    over_best: Option<(f64, f64)>,
}

impl Since {
    fn of(
        subject: &Subject,
        checkpoint: usize,
        before: Option<&State>,
        options: &Options,
    ) -> Result<Self, DiagnosisError> {
        let (Some(earlier), Some(before)) = (checkpoint.checked_sub(1), before) else { return Ok(Self::default()) };
        let moves = moves(&subject.sample, &subject.checkpoints[earlier], &subject.checkpoints[checkpoint])?;
        if moves.turns.is_empty() {
            return Ok(Self::default());
        }
        let turned = quartiles(&moves.turns)[1];
        let steps = subject.steps_after(earlier, options);
        let best = before.positive_angle.filter(|angle| *angle > 0.0).map(|angle| 0.5 * angle);
        let over_best = best.zip(steps).map(|(best, steps)| {
            // Momentum builds up over the first steps only.
            let options = Options { is_under_way: options.is_under_way || earlier > 0, ..options.clone() };
            let (low, high) = standing(2.0 * best, quartiles(&moves.legs)[1], steps, &options).excess;
            (libm::exp(low), libm::exp(high))
        });
        let per_step = steps.map(|steps| per_step(turned, steps));
        Ok(Self { turned: Some(turned), per_step, best, over_best })
    }
}

/// Whether a checkpoint uses the space.
pub fn collapse(state: &State, dimension: usize, rows: usize) -> Answer {
    let share = state.effective_rank / dimension.min(rows) as f64;
    let Some(cosine) = state.mean_cosine else {
        return Answer::none(
            "collapse",
            Topic::Collapse,
            "A collapse shows in two or more rows with a direction; give more than one.",
        );
    };
    let finding = match () {
        () if cosine > 0.9 => "All embeddings point nearly the same way: they have collapsed",
        () if share < 0.1 => "Embeddings use few of their dimensions",
        () if cosine > 0.5 => "Embeddings share a direction; centring would show more",
        () => "No collapse",
    };
    let finding = format!(
        "{finding}: the effective rank is {} of {dimension}, the mean cosine {}.",
        brief(state.effective_rank),
        brief(cosine)
    );
    Answer::measured("collapse", Topic::Collapse, finding)
        .with([
            Quantity::new("effective rank", state.effective_rank),
            Quantity::new("mean cosine of different rows", cosine),
        ])
        .on(format!("Measured on {rows} rows; an effective rank is at most min(rows, dimensions)."))
}

/// What changed between the first and the last checkpoint.
pub fn answer(course: &[State]) -> Option<Answer> {
    let (first, last) = (course.first()?, course.last()?);
    if course.len() < 2 {
        return None;
    }
    let growth = last.norms.median() / first.norms.median();
    let finding = format!(
        "From {} to {} the typical norm went from {} to {} (times {}), the effective rank from {} to {}.",
        first.name,
        last.name,
        brief(first.norms.median()),
        brief(last.norms.median()),
        told(growth),
        brief(first.effective_rank),
        brief(last.effective_rank)
    );
    let turned = course
        .iter()
        .skip(1)
        .filter_map(|state| Some(Quantity::new(format!("angle turned to {}", state.name), state.turned?).unit("rad")));
    Some(
        Answer::measured("course", Topic::Course, finding)
            .with([Quantity::new("growth of the median norm", growth)])
            .with(turned),
    )
}
