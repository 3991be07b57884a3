//! What norms say of how often a class was seen and how well positives agree (statement S8), beside what theory says of free
//! embeddings and what trials showed for networks.

use ndarray::{ArrayView2, Axis};

use super::answer::{Answer, Quantity, Topic, Worth};
use super::options::{Options, Parameters};
use super::relations::Neighbourhood;
use super::snapshot::{Snapshot, common};
use super::subject::Subject;
use crate::confidence::{ConfidenceError, Strata, bootstrap, spearman, spearman_given};
use crate::random::generator;
use crate::sphere::{Cosine, normalize};
use crate::statistics::Estimate;
use crate::words::brief;

/// What theory says of free embeddings.
const LAW: &str = "Theory says of free embeddings under plain descent or heavy ball: longer with frequency, shorter with agreement; \
                   under AdamW neither.";

/// What the trials of `embedding-norms specificity` showed for networks; a test compares it with their claims.
const TRIALS: &str = "In trials, shared networks of scattered inputs turned that sign, longer with agreement, towards positives that \
                      stay where they are, and on the average less so where they embed their positives too.";

/// Rows with a norm, the size of their class where that says something, and an agreement.
struct Samples {
    norms: Vec<f64>,
    frequencies: Option<Vec<f64>>,
    agreements: Vec<f64>,
    /// What the agreement is.
    measure: &'static str,
}

impl Samples {
    /// The agreement is the cosine with the positive where there is one, else the share of neighbours of the own class. Classes
    /// of one size say nothing of frequency.
    fn of(subject: &Subject, last: &Neighbourhood) -> Option<Self> {
        let sizes = class_sizes(subject);
        let frequencies = |places: &[usize]| {
            let size = |place: &usize| sizes.as_ref().map(|sizes| sizes[subject.sample.rows()[*place]]);
            places.iter().map(size).collect::<Option<Vec<f64>>>()
        };
        let Some(positives) = subject.positives_of(subject.checkpoints.len() - 1) else {
            return Some(Self {
                norms: last.norms.clone(),
                frequencies: Some(frequencies(&last.places)?),
                agreements: last.agreement.clone()?,
                measure: "label agreement of neighbours",
            });
        };
        let places = common(&subject.sample, &[subject.last(), positives]);
        let directions = |snapshot: &Snapshot| normalize(snapshot.sampled().select(Axis(0), &places).view()).ok();
        let (own, other) = (directions(subject.last())?, directions(positives)?);
        let cosine = |place: usize| Cosine::between(own.units().row(place), other.units().row(place)).value();
        Some(Self {
            norms: own.norms().to_vec(),
            frequencies: frequencies(&places),
            agreements: (0..places.len()).map(cosine).collect(),
            measure: "cosine with the positive",
        })
    }

    /// The rank correlation of norms with the agreement alone, with its interval.
    fn alone(&self, options: &Options) -> Result<Estimate, ConfidenceError> {
        self.resampled(options, |at| spearman(&at(&self.norms), &at(&self.agreements)))
    }

    /// The partial rank correlation of norms with one measure given the other, with its interval.
    fn partial(&self, values: &[f64], given: &[f64], options: &Options) -> Result<Estimate, ConfidenceError> {
        self.resampled(options, |at| {
            let given = at(given);
            let column = ArrayView2::from_shape((given.len(), 1), &given).expect("one column");
            spearman_given(&at(&self.norms), &at(values), column)
        })
    }

    /// A statistic with its bootstrap interval over rows: `at` takes the resampled rows of a measure.
    fn resampled(
        &self,
        options: &Options,
        statistic: impl Fn(&dyn Fn(&[f64]) -> Vec<f64>) -> Result<f64, ConfidenceError>,
    ) -> Result<Estimate, ConfidenceError> {
        let mut random = generator(options.seed, b"diagnosis/specificity", 0);
        bootstrap(&Strata::whole(self.norms.len()), options.resamples, 0.95, &mut random, |places| {
            statistic(&|values| places.iter().map(|&place| values[place]).collect())
        })
    }
}

/// The size of the class of every row; `None` where classes are not known, or all of one size.
fn class_sizes(subject: &Subject) -> Option<Vec<f64>> {
    let classes = subject.classes.as_ref()?;
    let mut sizes = vec![0.0; classes.names.len()];
    classes.of_rows.iter().for_each(|&class| sizes[class] += 1.0);
    let largest = sizes.iter().fold(0.0_f64, |largest, &size| largest.max(size));
    let differ = sizes.iter().any(|&size| size != 0.0 && size != largest);
    differ.then(|| classes.of_rows.iter().map(|&class| sizes[class]).collect())
}

/// In words, how norms go with a measure.
fn told(found: &Estimate) -> String {
    match (found.lower > 0.0, found.upper < 0.0) {
        (true, _) => format!("longer ({})", brief(found.value)),
        (_, true) => format!("shorter ({})", brief(found.value)),
        _ => format!("neither longer nor shorter beyond chance ({})", brief(found.value)),
    }
}

/// The answer about the last checkpoint; none where neither positives nor classes of different sizes are known.
pub fn answer(subject: &Subject, options: &Options, last: &Neighbourhood) -> Option<Answer> {
    let samples = Samples::of(subject, last)?;
    let found = match &samples.frequencies {
        Some(frequencies) => both(&samples, frequencies, options),
        None => agreement_alone(&samples, options),
    };
    let why = match options.parameters {
        Parameters::Free => "These embeddings are free: a sign other than the law's asks for a reason.",
        _ => "The law is about free embeddings; in a network the sign has to be measured, as here.",
    };
    Some(match found {
        Ok(answer) => answer.worth(Worth::Measured, why),
        Err(error) => {
            let why = format!("Frequency and agreement cannot be told apart in the norms: {error}.");
            Answer::none("frequency-and-agreement", Topic::Confidence, why)
        }
    })
}

/// Frequency given agreement, and agreement given frequency.
fn both(samples: &Samples, frequencies: &[f64], options: &Options) -> Result<Answer, ConfidenceError> {
    let frequency = samples.partial(frequencies, &samples.agreements, options)?;
    let agreement = samples.partial(&samples.agreements, frequencies, options)?;
    let finding = format!(
        "Given agreement, samples of frequent classes are {}; given frequency, samples that agree are {}. {LAW} {TRIALS}",
        told(&frequency),
        told(&agreement)
    );
    Ok(Answer::measured("frequency-and-agreement", Topic::Confidence, finding)
        .with([
            Quantity::estimate("partial Spearman of norm and class frequency", frequency),
            Quantity::estimate(format!("partial Spearman of norm and {}", samples.measure), agreement),
        ])
        .rests_on("S8", "ρ*⁴ = γfG²/(2λ) for free embeddings; each correlation given the other, bootstrap 95 %")
        .on(format!("{} rows; frequency is the number of rows of a class in the file.", samples.norms.len())))
}

/// Agreement where nothing is known of frequency.
fn agreement_alone(samples: &Samples, options: &Options) -> Result<Answer, ConfidenceError> {
    let agreement = samples.alone(options)?;
    let finding = format!("Samples that agree are {}. {LAW} {TRIALS}", told(&agreement));
    Ok(Answer::measured("frequency-and-agreement", Topic::Confidence, finding)
        .with([Quantity::estimate(format!("Spearman of norm and {}", samples.measure), agreement)])
        .rests_on("S8", "ρ*⁴ = γfG²/(2λ) for free embeddings, G² falls with agreement; bootstrap 95 %")
        .on(format!(
            "{} rows. How often each was seen is not known: classes of different sizes would tell.",
            samples.norms.len()
        )))
}
