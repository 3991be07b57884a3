//! What norms say of how often a class was seen and how well positives agree (statement S8), beside what theory says of free
//! embeddings and what trials showed for networks.

use ndarray::{ArrayView2, Axis};

use super::answer::{Answer, Quantity, Topic, Worth};
use super::options::{Options, Parameters};
use super::relations::Neighbourhood;
use super::snapshot::{Snapshot, common};
use super::subject::Subject;
use crate::confidence::{ConfidenceError, Strata, bootstrap, spearman_given};
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

/// Rows with a norm, the size of their class and an agreement.
struct Samples {
    norms: Vec<f64>,
    frequencies: Vec<f64>,
    agreements: Vec<f64>,
    /// What the agreement is.
    measure: &'static str,
}

impl Samples {
    /// The agreement is the cosine with the positive where there is one, else the share of neighbours of the own class.
    fn of(subject: &Subject, last: &Neighbourhood) -> Option<Self> {
        let classes = subject.classes.as_ref()?;
        let mut sizes = vec![0.0; classes.names.len()];
        classes.of_rows.iter().for_each(|&class| sizes[class] += 1.0);
        let largest = sizes.iter().fold(0.0_f64, |largest, &size| largest.max(size));
        if sizes.iter().all(|&size| size == 0.0 || size == largest) {
            return None;
        }
        let size = |place: &usize| sizes[classes.of_rows[subject.sample.rows()[*place]]];
        let positives = subject.positives_of(subject.checkpoints.len() - 1);
        let Some(positives) = positives else {
            return Some(Self {
                norms: last.norms.clone(),
                frequencies: last.places.iter().map(size).collect(),
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
            frequencies: places.iter().map(size).collect(),
            agreements: (0..places.len()).map(cosine).collect(),
            measure: "cosine with the positive",
        })
    }

    /// The partial rank correlation of norms with one measure given the other, with its interval.
    fn partial(&self, values: &[f64], given: &[f64], options: &Options) -> Result<Estimate, ConfidenceError> {
        let mut random = generator(options.seed, b"diagnosis/specificity", 0);
        bootstrap(&Strata::whole(self.norms.len()), options.resamples, 0.95, &mut random, |places| {
            let at = |values: &[f64]| places.iter().map(|&place| values[place]).collect::<Vec<f64>>();
            let given = at(given);
            let column = ArrayView2::from_shape((given.len(), 1), &given).expect("one column");
            spearman_given(&at(&self.norms), &at(values), column)
        })
    }
}

/// The answer about the last checkpoint; none where classes are not known, or all of one size.
pub fn answer(subject: &Subject, options: &Options, last: &Neighbourhood) -> Option<Answer> {
    let samples = Samples::of(subject, last)?;
    let frequency = samples.partial(&samples.frequencies, &samples.agreements, options);
    let agreement = samples.partial(&samples.agreements, &samples.frequencies, options);
    let (frequency, agreement) = match (frequency, agreement) {
        (Ok(frequency), Ok(agreement)) => (frequency, agreement),
        (Err(error), _) | (_, Err(error)) => {
            let why = format!("Frequency and agreement cannot be told apart in the norms: {error}.");
            return Some(Answer::none("frequency-and-agreement", Topic::Confidence, why));
        }
    };
    let told = |found: &Estimate| match (found.lower > 0.0, found.upper < 0.0) {
        (true, _) => format!("longer ({})", brief(found.value)),
        (_, true) => format!("shorter ({})", brief(found.value)),
        _ => format!("neither longer nor shorter beyond chance ({})", brief(found.value)),
    };
    let finding = format!(
        "Given agreement, samples of frequent classes are {}; given frequency, samples that agree are {}. {LAW} {TRIALS}",
        told(&frequency),
        told(&agreement)
    );
    let why = match options.parameters {
        Parameters::Free => "These embeddings are free: a sign other than the law's asks for a reason.",
        _ => "The law is about free embeddings; in a network the sign has to be measured, as here.",
    };
    Some(
        Answer::measured("frequency-and-agreement", Topic::Confidence, finding)
            .with([
                Quantity::estimate("partial Spearman of norm and class frequency", frequency),
                Quantity::estimate(format!("partial Spearman of norm and {}", samples.measure), agreement),
            ])
            .rests_on("S8", "ρ*⁴ = γfG²/(2λ) for free embeddings; each correlation given the other, bootstrap 95 %")
            .on(format!("{} rows; frequency is the number of rows of a class in the file.", samples.norms.len()))
            .worth(Worth::Measured, why),
    )
}
