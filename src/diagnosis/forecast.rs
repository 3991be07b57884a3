//! What a first part of the checkpoints says of the rest of the alignment curve: the closed form of a population (statement
//! L4), with κ fitted on the first part alone.
//!
//! The *progress* at a checkpoint is the κt at which L4, from the angles of positives in the first checkpoint, has the mean
//! 1 − cos φ that is measured there. By L4 it goes as the step. Where it goes as a power of the step that is not quite 1, the
//! interval widens with what lies ahead; where the power is far from 1, L4 does not hold and there is no prediction. Neither is
//! there one where positives have hardly drawn nearer: in contrastive trainings they never do, since others are pushed away
//! too.

use serde::Serialize;

use super::answer::{Answer, Quantity, Topic, Worth};
use super::options::{Options, Parameters};
use super::tested::{Trial, forecast_trial};
use crate::setting::SettingError;
use crate::theory::convergence::{population_alignment, population_flow_steps};
use crate::words::brief;

/// The part of the steps from which the rest is predicted.
const FIRST_PART: f64 = 0.25;

/// The checkpoints that the first part needs after the first one.
const ENOUGH: usize = 4;

/// The progress κt that the first part needs: tan(φ/2) is 1/e of what it was.
const LEAST: f64 = 1.0;

/// How far the power of the step may be from 1.
const LARGEST: f64 = 0.5;

/// The interval of the power of the step: what is always left open, and how many times its distance from 1. Chosen on one half
/// of the seeds of the trial of docs/diagnosing.md.
const WIDTH: (f64, f64) = (0.3, 0.5);

/// Why the rest of a curve is not predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Unpredicted {
    /// The first part has too few checkpoints, or nothing comes after it.
    TooFew,
    /// Positives drew too little nearer in the first part.
    TooLittle,
    /// Progress does not go as the step: L4 does not hold.
    Uneven,
}

impl Unpredicted {
    /// In a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Self::TooFew => {
                "it needs at least four checkpoints after the first one within a quarter of the steps, and one beyond it"
            }
            Self::TooLittle => {
                "positives drew too little nearer in the first quarter of the steps (κt below 1); where a loss repels too they \
                 never draw much nearer"
            }
            Self::Uneven => {
                "in the first quarter of the steps positives did not draw nearer at the steady rate κ of L4, so that it says \
                 nothing of the rest"
            }
        }
    }
}

/// The progress of a course as L4 continues it: κ t, with an interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// The last checkpoint of the first part.
    pub last: usize,
    /// The step of that checkpoint, counted from the first one.
    span: f64,
    /// κ per step.
    pub rate: f64,
    /// How far the end of the first part is from κt, in the logarithm; and how much its power of the step is left open.
    open: (f64, f64),
}

impl Pace {
    /// Fitted on the first part of the checkpoints: steps, ascending, and the progress at each.
    ///
    /// # Errors
    /// Why there is none.
    ///
    /// ```
    /// use embedding_norms::diagnosis::{Pace, Unpredicted};
    /// let steps = [0, 1, 2, 3, 5, 10, 20, 40];
    /// let even = Pace::of(&steps, &steps.map(|step| 0.2 * step as f64))?;
    /// assert!((even.rate - 0.2).abs() < 1e-12);
    /// let (lower, upper) = even.at(40.0);
    /// assert!(lower < 8.0 && 8.0 < upper);
    /// let slowing = Pace::of(&steps, &steps.map(|step| (step as f64).powf(0.2)));
    /// assert_eq!(slowing, Err(Unpredicted::Uneven));
    /// # Ok::<(), Unpredicted>(())
    /// ```
    pub fn of(steps: &[u64], progress: &[f64]) -> Result<Self, Unpredicted> {
        Self::within(steps, progress, WIDTH)
    }

    /// The same with another interval of the power of the step: what is always left open, and how many times its distance from
    /// 1 that is measured.
    ///
    /// # Errors
    /// As for [`Pace::of`].
    pub fn within(steps: &[u64], progress: &[f64], width: (f64, f64)) -> Result<Self, Unpredicted> {
        let (Some(first), Some(end)) = (steps.first(), steps.last()) else { return Err(Unpredicted::TooFew) };
        let since = |place: usize| (steps[place] - first) as f64;
        let limit = FIRST_PART * (end - first) as f64;
        let last = (0..steps.len()).take_while(|&place| since(place) <= limit).last().unwrap_or(0);
        if last < ENOUGH || last + 1 == steps.len() {
            return Err(Unpredicted::TooFew);
        }
        // The checkpoint nearest to half of the first part, in steps.
        let half = (1..last).min_by(|&a, &b| {
            let away = |place: usize| (since(place) - 0.5 * since(last)).abs();
            away(a).total_cmp(&away(b))
        });
        let half = half.ok_or(Unpredicted::TooFew)?;
        if !(progress[last] >= LEAST && progress[half] > 0.0) {
            return Err(Unpredicted::TooLittle);
        }
        let power = libm::log(progress[last] / progress[half]) / libm::log(since(last) / since(half));
        let away = (power - 1.0).abs();
        if away > LARGEST {
            return Err(Unpredicted::Uneven);
        }
        // Least squares through the start.
        let fit = (1..=last).fold((0.0, 0.0), |(products, squares), place| {
            let t = since(place);
            (products + t * progress[place], squares + t * t)
        });
        let rate = fit.0 / fit.1;
        let off = libm::log(progress[last] / (rate * since(last))).abs();
        Ok(Self { last, span: since(last), rate, open: (off, width.0 + width.1 * away) })
    }

    /// The interval of the progress at a number of steps after the first checkpoint.
    pub fn at(&self, steps: f64) -> (f64, f64) {
        let beyond = libm::log((steps / self.span).max(1.0));
        let half = self.open.0 + self.open.1 * (1.0 + beyond);
        let middle = self.rate * steps;
        (middle * libm::exp(-half), middle * libm::exp(half))
    }
}

/// The alignment at a checkpoint after the first part, predicted and measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Predicted {
    /// The checkpoint.
    pub checkpoint: usize,
    /// The mean 1 − cos φ of positives by L4.
    pub predicted: f64,
    /// Its interval.
    pub interval: (f64, f64),
    /// What was measured.
    pub measured: f64,
}

/// The rest of an alignment curve, as its first part says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Forecast {
    /// The last checkpoint of the first part.
    pub last: usize,
    /// κ per step, fitted on the first part.
    pub rate: f64,
    /// Every checkpoint after the first part.
    pub rest: Vec<Predicted>,
}

impl Forecast {
    /// The predictions whose interval holds what was measured.
    pub fn inside(&self) -> usize {
        let holds = |it: &&Predicted| it.interval.0 <= it.measured && it.measured <= it.interval.1;
        self.rest.iter().filter(holds).count()
    }
}

/// The progress by L4 at each alignment, from the first: the half-tangents of the positives of the first checkpoint, and the
/// mean 1 − cos φ of each checkpoint. 0 where positives are as far apart as at first, or farther.
///
/// # Errors
/// No pair at all.
pub fn progress(half_tangents: &[f64], alignment: &[f64]) -> Result<Vec<f64>, SettingError> {
    let of = |&mean: &f64| {
        // Perfectly aligned positives have no finite progress, and no step beyond f64 is shown.
        let mean = mean.clamp(1e-300, 1.999);
        Ok(population_flow_steps(half_tangents, 0.5, 0.5, mean)?.unwrap_or(0.0))
    };
    alignment.iter().map(of).collect()
}

/// The prediction for a course.
pub fn forecast(
    half_tangents: &[f64],
    steps: &[u64],
    alignment: &[f64],
) -> Result<Result<Forecast, Unpredicted>, SettingError> {
    let pace = match Pace::of(steps, &progress(half_tangents, alignment)?) {
        Ok(pace) => pace,
        Err(why) => return Ok(Err(why)),
    };
    let after = |progress: f64| population_alignment(half_tangents, progress);
    let rest = (pace.last + 1..steps.len()).map(|checkpoint| {
        let since = (steps[checkpoint] - steps[0]) as f64;
        let (slow, fast) = pace.at(since);
        Ok(Predicted {
            checkpoint,
            predicted: after(pace.rate * since)?,
            interval: (after(fast)?, after(slow)?),
            measured: alignment[checkpoint],
        })
    });
    Ok(Ok(Forecast { last: pace.last, rate: pace.rate, rest: rest.collect::<Result<_, SettingError>>()? }))
}

/// What is predicted of the rest of the curve, beside what happened.
pub fn answer(found: &Result<Forecast, Unpredicted>, steps: &[u64], options: &Options) -> Answer {
    let none = |why: &str| {
        let finding = format!("The rest of the alignment curve is not predicted from its first part: {why}.");
        Answer::none("alignment-forecast", Topic::Course, finding)
    };
    let forecast = match found {
        Ok(forecast) => forecast,
        Err(why) => return none(why.words()),
    };
    let Some(end) = forecast.rest.last() else { return none(Unpredicted::TooFew.words()) };
    let worth = match (options.parameters, forecast_trial(options.rule.as_ref(), options.network.as_ref())) {
        (Parameters::Free, _) => Worth::Conditional,
        (_, Trial::Right) => Worth::Tested,
        (_, Trial::NotTried) => Worth::Untested,
        (_, Trial::Failed) => {
            return none(
                "in the trial of docs/diagnosing.md its intervals failed for this optimizer and kind of network",
            );
        }
    };
    let (step, inside, all) = (steps[end.checkpoint], forecast.inside(), forecast.rest.len());
    let finding = format!(
        "From the checkpoints up to step {} alone, L4 predicts a mean 1 − cos of positives of {} [{}, {}] at step {step}; it \
         is {}. Of {all} later checkpoints {inside} lie within their interval.",
        steps[forecast.last],
        brief(end.predicted),
        brief(end.interval.0),
        brief(end.interval.1),
        brief(end.measured)
    );
    Answer::measured("alignment-forecast", Topic::Course, finding)
        .with([
            Quantity::new("κ per step, fitted on the first part", forecast.rate),
            Quantity::new("mean 1 − cos of positives at the last step, predicted", end.predicted)
                .between(end.interval.0, end.interval.1),
            Quantity::new("mean 1 − cos of positives at the last step, measured", end.measured),
            Quantity::new("share of later checkpoints within their interval", inside as f64 / all as f64),
        ])
        .rests_on("L4", "the mean of 1 − cos φ with tan(φ/2) = tan(φ0/2) e^(−κt), one κ for all pairs")
        .on("A steady κ: norms, learning rate and the pull of the loss stay what they were in the first quarter of the steps.")
        .worth(worth, "docs/diagnosing.md says how often the truth lay inside, and where there is no answer.")
}
