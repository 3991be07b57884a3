//! The state of each checkpoint, and what changed over them.

use ndarray::Axis;
use serde::Serialize;

use super::DiagnosisError;
use super::answer::{Answer, Quantity, Topic, told};
use super::norms::Distribution;
use super::options::Options;
use super::pairs::{opposite, pairs, quartiles};
use super::relations::{Neighbourhood, area_of};
use super::step::{moves, per_step};
use super::subject::Subject;
use crate::confidence::{effective_rank, mean_cosine};
use crate::words::brief;

/// What is known of one checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct State {
    /// The file.
    pub name: String,
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
    /// The share of positives in opposite halves.
    pub opposite: Option<f64>,
    /// Spearman's ρ of norm and neighbour distance.
    pub distance_correlation: Option<f64>,
    /// Spearman's ρ of norm and label agreement.
    pub agreement_correlation: Option<f64>,
    /// The mean share of neighbours with the own label.
    pub agreement: Option<f64>,
    /// The area under the curve against the reference set, of the last checkpoint alone.
    pub auroc: Option<f64>,
    /// The median angle turned since the checkpoint before.
    pub turned: Option<f64>,
    /// Bounds on what each step turned, where their number is known.
    pub turned_per_step: Option<(f64, f64)>,
}

/// The state of a checkpoint.
pub fn state(
    subject: &Subject,
    checkpoint: usize,
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
    let turned = match checkpoint.checked_sub(1) {
        Some(before) => {
            let turns = moves(&subject.sample, &subject.checkpoints[before], snapshot)?.turns;
            (!turns.is_empty()).then(|| quartiles(&turns)[1])
        }
        None => None,
    };
    // The number of steps is that between the first two.
    let steps = options.steps_between.filter(|_| checkpoint == 1);
    // The reference set is embedded by the last model, and tells nothing of those before.
    let is_last = checkpoint + 1 == subject.checkpoints.len();
    let reference = subject.reference.as_ref().filter(|_| is_last);
    Ok(State {
        name: snapshot.name().to_owned(),
        left_out: snapshot.left_out().len(),
        norms: Distribution::of(&snapshot.finite_norms()),
        effective_rank: effective_rank(rows.view())?,
        mean_cosine: mean_cosine(rows.view()).ok(),
        positive_angle: has_positives.then(|| quartiles(&angles)[1]),
        opposite: has_positives.then(|| opposite(&positives).0),
        distance_correlation: neighbourhood.and_then(Neighbourhood::distance_correlation),
        agreement_correlation: neighbourhood.and_then(Neighbourhood::agreement_correlation),
        agreement: neighbourhood.and_then(Neighbourhood::mean_agreement),
        auroc: reference.and_then(|reference| area_of(snapshot, reference)),
        turned,
        turned_per_step: turned.zip(steps).map(|(turned, steps)| per_step(turned, steps)),
    })
}

/// Whether a checkpoint uses the space.
pub fn collapse(state: &State, dimension: usize, rows: usize) -> Answer {
    let share = state.effective_rank / dimension.min(rows) as f64;
    let cosine = state.mean_cosine.unwrap_or(1.0);
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
