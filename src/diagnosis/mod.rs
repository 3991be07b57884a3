//! Answers about a user's own embeddings: what their norms mean, whether they slow training, whether cutting the
//! initialization would help. Matrices and what is known of the training come in; answers go out.
//!
//! Each [`Answer`] names the statement it rests on and its conditions, and says what it is worth where a condition is not
//! known ([`Worth`]). No advice is given without a measured or proved basis: γ/ρ² alone says nothing of a network.
//!
//! ```
//! use embedding_norms::diagnosis::{Options, Sample, Snapshot, Subject, diagnose};
//! use embedding_norms::{random::generator, sphere::uniform};
//! let rows = uniform(200, 8, &mut generator(1, b"example", 0))?;
//! let sample = Sample::draw(rows.nrows(), 5_000, 0);
//! let snapshot = Snapshot::of("z.npy", rows.view(), &sample)?;
//! let diagnosis = diagnose(&Subject::new(sample, vec![snapshot]), &Options::default(), &mut |_, _| ())?;
//! assert!(diagnosis.find("normalized").is_some()); // unit vectors: their norms say nothing
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod course;
mod equilibrium;
mod error;
mod forecast;
mod ledger;
mod levers;
mod needs;
mod network;
mod norms;
mod options;
mod pairs;
mod relations;
mod snapshot;
mod specificity;
mod standing;
mod step;
mod subject;
mod tested;
mod verdict;

pub use answer::{Answer, Quantity, Topic, Worth};
pub use course::State;
pub use error::DiagnosisError;
pub use forecast::{Forecast, Pace, Predicted, Unpredicted, progress as alignment_progress};
pub use ledger::Ledger;
pub use needs::{Names, Need};
pub use network::Network;
pub use norms::{ClassNorms, Distribution, SHARES, Shape};
pub use options::{Options, Parameters, UpdateRule};
pub use pairs::PositivePair;
pub use relations::NormGroup;
pub use snapshot::{Collector, Fault, Sample, Snapshot};
pub use standing::{Side, Standing};
pub use subject::{Classes, Subject, check_shapes, check_steps};
pub use tested::{Lever, Trial, aims, best_step, forecast_trial, trial};
pub use verdict::Verdict;

use crate::theory::equilibrium::Equilibrium;
use relations::Neighbourhood;

/// All that was found.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// What matters, in three sentences.
    pub verdict: Verdict,
    /// The answers, in the order of their topics.
    pub answers: Vec<Answer>,
    /// The state of each checkpoint.
    pub course: Vec<State>,
    /// The norms of each class in the last checkpoint.
    pub classes: Vec<ClassNorms>,
    /// Means over tenths of the last checkpoint by norm, shortest first.
    pub groups: Vec<NormGroup>,
    /// Where the step stands against the best one, where that is known.
    pub standing: Option<Standing>,
    /// The rest of the alignment curve as its first part says, where that is asked and answered.
    pub forecast: Option<Forecast>,
    /// Where norms settle under weight decay, where that is known.
    pub settled: Option<Equilibrium>,
}

impl Diagnosis {
    /// The answer of this name.
    pub fn find(&self, key: &str) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.key == key)
    }
}

/// Diagnoses what was read. `progress` is told how many parts are done, and of how many.
///
/// # Errors
/// Sets that do not fit each other, settings outside their domain, or measures that are refused.
pub fn diagnose(
    subject: &Subject,
    options: &Options,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Diagnosis, DiagnosisError> {
    subject.check()?;
    let options = &subject.timed(options);
    let checkpoints = subject.checkpoints.len();
    let places = relations::places(subject);
    let (mut course, mut first, mut last) = (Vec::with_capacity(checkpoints), None, None);
    for (index, snapshot) in subject.checkpoints.iter().enumerate() {
        progress(index, checkpoints + 1);
        let classes = subject.classes.as_ref();
        let neighbourhood = Neighbourhood::of(snapshot, &subject.sample, &places, classes, options.neighbours)?;
        let state = course::state(subject, index, course.last(), neighbourhood.as_ref(), options)?;
        course.push(state);
        if index + 1 == checkpoints {
            last = neighbourhood;
        } else if index == 0 {
            first = neighbourhood;
        }
    }
    progress(checkpoints, checkpoints + 1);
    let classes =
        subject.classes.as_ref().map(|classes| norms::of_classes(subject.last(), classes)).unwrap_or_default();
    for (state, ledger) in course.iter_mut().zip(ledger::ledger(subject, options)?.into_iter().flatten()) {
        state.ledger = Some(ledger);
    }
    let (standing, step) = step_answers(subject, options, &course)?;
    let mut answers = norm_answers(subject, options, &course, &classes);
    answers.extend(pair_answers(subject, options)?);
    answers.extend(step);
    let (settled, settling) = equilibrium::answer(subject, options)?.unzip();
    answers.extend(settling);
    let shape = course[checkpoints - 1].norms.shape;
    answers.extend(relations::answers(subject, options, shape, last.as_ref(), first.as_ref())?);
    if shape == Shape::Varied {
        answers.extend(last.as_ref().and_then(|last| specificity::answer(subject, options, last)));
    }
    answers.extend(relations::separation(subject, options)?);
    answers.extend(course::answer(&course));
    answers.extend(course[checkpoints - 1].ledger.as_ref().and_then(|last| ledger::answer(last, options)));
    let forecast = forecast_answers(subject, options, &course, &mut answers)?;
    answers.sort_by_key(|answer| answer.topic);
    let groups = match &last {
        Some(last) => last.groups()?,
        None => Vec::new(),
    };
    progress(checkpoints + 1, checkpoints + 1);
    let verdict = Verdict::of(subject, options, &course[checkpoints - 1], standing.as_ref(), &answers);
    Ok(Diagnosis { verdict, answers, course, classes, groups, standing, forecast, settled: settled.flatten() })
}

/// What is said of the last checkpoint's norms, and of all files.
fn norm_answers(subject: &Subject, options: &Options, course: &[State], classes: &[ClassNorms]) -> Vec<Answer> {
    let last = &course[course.len() - 1];
    let mut answers: Vec<Answer> = subject
        .checkpoints
        .iter()
        .zip(course)
        .flat_map(|(snapshot, state)| norms::input(snapshot, &state.norms))
        .collect();
    for set in subject.positives.iter().chain(&subject.reference) {
        answers.extend(norms::input(set, &Distribution::of(&set.finite_norms())));
    }
    answers.push(norms::distribution(&last.norms));
    if let Some(known) = &subject.classes
        && last.norms.shape == Shape::Varied
    {
        let (share, chance) = norms::between_classes(subject.last(), known, classes);
        answers.push(norms::classes(classes, share, chance));
    }
    let rows = snapshot::common(&subject.sample, &[subject.last()]).len();
    answers.push(course::collapse(last, subject.last().dimension(), rows));
    if last.norms.shape == Shape::Varied {
        answers.extend(norms::gradient(&last.norms, options));
    } else {
        let why = "What norms do to gradients cannot be told from normalized embeddings: 1/‖z‖ is what was lost.";
        answers.push(Answer::none("gradient-scale", Topic::Gradient, why));
    }
    answers
}

/// What is said of positives, of the first checkpoint.
fn pair_answers(subject: &Subject, options: &Options) -> Result<Vec<Answer>, DiagnosisError> {
    let Some(positives) = subject.positives_of(0) else {
        let why = format!(
            "The angle of positives, and how long they take, needs {}: row i the positive of row i.",
            options.names.positives
        );
        return Ok(vec![Answer::none("positives", Topic::Positives, why).needs([Need::Positives])]);
    };
    let pairs = pairs::pairs(&subject.sample, &subject.checkpoints[0], positives)?;
    if pairs.is_empty() {
        let why = "No row of the sample has a direction in both the first checkpoint and its positives.";
        return Ok(vec![Answer::none("positives", Topic::Positives, why)]);
    }
    let mut answers = vec![pairs::angles(&pairs, subject.checkpoints[0].name())];
    if Distribution::of(&subject.checkpoints[0].finite_norms()).shape == Shape::Varied {
        answers.push(pairs::steps(&pairs, options)?);
    }
    Ok(answers)
}

/// What the first part of a course says of the rest of its alignment, where steps and the positives of all are known.
fn forecast_answers(
    subject: &Subject,
    options: &Options,
    course: &[State],
    answers: &mut Vec<Answer>,
) -> Result<Option<Forecast>, DiagnosisError> {
    let alignment: Option<Vec<f64>> = course.iter().map(|state| state.alignment).collect();
    let (Some(steps), Some(alignment), Some(positives)) = (&subject.steps, alignment, subject.positives_of(0)) else {
        return Ok(None);
    };
    if course.len() <= FEW {
        return Ok(None);
    }
    let pairs = pairs::pairs(&subject.sample, &subject.checkpoints[0], positives)?;
    let half_tangents: Vec<f64> = pairs.iter().map(|pair| pair.cosine.half_tangent()).collect();
    let found = forecast::forecast(&half_tangents, steps, &alignment)?;
    let answer = forecast::answer(&found, steps, options);
    let is_answered = answer.worth != Worth::Unanswered;
    answers.push(answer);
    Ok(found.ok().filter(|_| is_answered))
}

/// As many checkpoints are no curve.
const FEW: usize = 3;

/// Where the step stands, by what is known.
fn step_answers(
    subject: &Subject,
    options: &Options,
    course: &[State],
) -> Result<(Option<Standing>, Vec<Answer>), DiagnosisError> {
    let norm = course[0].norms.median();
    let nothing = || {
        let answer = step::unknown(options, !subject.positives.is_empty(), subject.checkpoints.len());
        Ok((None, vec![answer]))
    };
    let (Some(positives), Some(angle)) = (subject.positives_of(0), course[0].positive_angle) else { return nothing() };
    if let (Some(steps), Some(after)) = (options.steps_between, subject.checkpoints.get(1)) {
        let moves = step::moves(&subject.sample, &subject.checkpoints[0], after)?;
        if !moves.legs.is_empty() && angle > 0.0 {
            let leg = pairs::quartiles(&moves.legs)[1];
            let standing = step::standing(angle, leg, steps, options);
            return Ok((Some(standing), step::measured(&standing, &moves, steps, norm, options)));
        }
    }
    let is_plain = options.rule.is_none_or(|rule| rule.is_plain());
    let (Some(learning_rate), true) = (options.learning_rate, is_plain) else { return nothing() };
    if options.parameters == Parameters::Shared || course[0].norms.shape != Shape::Varied {
        return nothing();
    }
    let pairs = pairs::pairs(&subject.sample, &subject.checkpoints[0], positives)?;
    let Some((standing, quartiles)) = step::by_step_size(&pairs, learning_rate) else { return nothing() };
    if !standing.leg.0.is_normal() {
        let why =
            "The step over the best one is not available: it is beyond f64 at this learning rate and these norms.";
        return Ok((None, vec![Answer::none("step", Topic::Step, why)]));
    }
    let answers = step::computed(&standing, quartiles, norm, options);
    Ok(((options.parameters == Parameters::Free).then_some(standing), answers))
}
