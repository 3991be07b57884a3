//! Positive pairs: their angles, and how many steps they take (statements L1, L3).

use statrs::statistics::{Data, OrderStatistics};

use super::DiagnosisError;
use super::answer::{Answer, Quantity, Topic, Worth};
use super::needs::Need;
use super::options::{Options, Parameters};
use super::snapshot::{Sample, Snapshot, common};
use crate::sphere::{Cosine, normalize};
use crate::statistics::share_with_interval;
use crate::theory::convergence::second_order_steps;
use crate::theory::one_step::{Pair, step_size};
use crate::theory::pair::{Count, steps_of_pair};
use crate::words::brief;
use ndarray::Axis;

/// The largest γ/ρ² at which the orders of L1 are right to a fraction of a step.
const SMALL_STEP: f64 = 0.1;

/// Steps after which a count is given up.
const BUDGET: u64 = 1_000_000;

/// A positive pair: the norms of its members and the cosine of its angle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PositivePair {
    /// The norm of the embedding.
    pub norm: f64,
    /// The norm of its positive.
    pub partner: f64,
    /// The cosine.
    pub cosine: Cosine,
}

/// The pairs of the sample in which both members have a direction.
pub fn pairs(sample: &Sample, first: &Snapshot, second: &Snapshot) -> Result<Vec<PositivePair>, DiagnosisError> {
    let places = common(sample, &[first, second]);
    let directions = |snapshot: &Snapshot| normalize(snapshot.sampled().select(Axis(0), &places).view());
    let (x, y) = (directions(first)?, directions(second)?);
    let pair = |place: usize| PositivePair {
        norm: x.norms()[place],
        partner: y.norms()[place],
        cosine: Cosine::between(x.units().row(place), y.units().row(place)),
    };
    Ok((0..places.len()).map(pair).collect())
}

/// The quartiles of values.
pub fn quartiles(values: &[f64]) -> [f64; 3] {
    let mut data = Data::new(values.to_vec());
    [0.25, 0.5, 0.75].map(|share| data.quantile(share))
}

/// The 95 % interval of the median by order statistics, whatever the distribution; `None` for fewer than 6 values.
///
/// The number of values below the median is binomial with p = ½; its normal approximation gives the ranks n/2 ∓ 0.98 √n.
pub fn median_interval(values: &[f64]) -> Option<(f64, f64)> {
    let n = values.len();
    if n < 6 {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = 0.979_981_992_270_027 * (n as f64).sqrt();
    let rank = ((0.5 * n as f64 - half).floor().max(1.0) as usize) - 1;
    Some((sorted[rank], sorted[n - 1 - rank]))
}

/// The quartiles of values of which so many are left out at the large end; `None` for one that they reach.
fn open_quartiles(mut values: Vec<f64>, left_out: usize) -> [Option<f64>; 3] {
    // Any number in their place: a quantile is that of the order, and at or above the largest value it is theirs.
    let largest = values.iter().fold(0.0_f64, |largest, &value| largest.max(value));
    values.extend(std::iter::repeat_n(2.0 * largest + 1.0, left_out));
    quartiles(&values).map(|quartile| (left_out == 0 || quartile <= largest).then_some(quartile))
}

/// The share of pairs in opposite halves of the sphere, with Wilson's 95 % interval.
pub fn opposite(pairs: &[PositivePair]) -> (f64, (f64, f64)) {
    let count = pairs.iter().filter(|pair| pair.cosine.value() < 0.0).count();
    match share_with_interval(count as f64, pairs.len()) {
        Some(share) => (share.value, (share.lower, share.upper)),
        None => (f64::NAN, (0.0, 1.0)),
    }
}

/// The angles of positives, and how many of them are obtuse.
pub fn angles(pairs: &[PositivePair], name: &str) -> Answer {
    let angles: Vec<f64> = pairs.iter().map(|pair| pair.cosine.angle()).collect();
    let [low, median, high] = quartiles(&angles);
    let (share, (lower, upper)) = opposite(pairs);
    let finding = format!(
        "{name}: positives are typically {} rad apart; {:.1} % of the pairs start in opposite halves of the sphere, where \
         steps grow without limit towards an angle of π.",
        brief(median),
        100.0 * share
    );
    Answer::measured("positives", Topic::Positives, finding)
        .with([
            Quantity::new("angle of a positive pair, 25 %", low).unit("rad"),
            Quantity::new("angle of a positive pair, median", median).unit("rad"),
            Quantity::new("angle of a positive pair, 75 %", high).unit("rad"),
            Quantity::new("share in opposite halves", share).between(lower, upper),
        ])
        .rests_on("L3", "T = A + B ln tan(φ0/2)")
        .on(format!("Measured on {} pairs; the law of steps is that of free embeddings.", pairs.len()))
        .worth(Worth::Measured, "Angles and shares are counted; the interval is that of the share (Wilson).")
}

/// Predicted steps until typical pairs are aligned.
pub fn steps(pairs: &[PositivePair], options: &Options) -> Result<Answer, DiagnosisError> {
    let none = |why: &str| Ok(Answer::none("steps", Topic::Positives, why));
    if options.parameters == Parameters::Shared {
        return none(
            "Steps to align a pair: L1 counts steps of embeddings that are parameters of their own; for a network nobody \
             knows them beforehand (S4).",
        );
    }
    let Some(learning_rate) = options.learning_rate else {
        let name = options.names.learning_rate;
        let why = format!("Steps to align a pair need the learning rate per embedding: {name}.");
        return Ok(Answer::none("steps", Topic::Positives, why).needs([Need::LearningRate]));
    };
    if options.rule.is_some_and(|rule| !rule.is_plain()) {
        return none("Steps to align a pair: the counts of L1 and D1 are those of plain gradient descent.");
    }
    let mut counts = Vec::with_capacity(pairs.len());
    let mut stuck = 0_usize;
    for pair in pairs {
        match count(*pair, learning_rate, options.tolerance) {
            Ok(Some(steps)) => counts.push(steps),
            Ok(None) => stuck += 1,
            Err(error) => {
                let norms = format!("{} and {}", brief(pair.norm), brief(pair.partner));
                return none(&format!("Steps to align are not available: of a pair with norms {norms}, {error}."));
            }
        }
    }
    if counts.is_empty() {
        return none(
            "No pair aligns within a million steps: all are antipodal or far too long for this learning rate.",
        );
    }
    let quartiles = open_quartiles(counts, stuck);
    let shown = |name: &str, steps: Option<f64>| match steps {
        Some(steps) => Quantity::new(name, steps),
        None => Quantity::missing(name, "more than a million"),
    };
    let finding = format!(
        "A typical positive pair needs {} steps to a cosine of {} at γ = {}, if its own attraction is all that moves it.",
        quartiles[1].map_or_else(|| "more than a million".to_owned(), |median| brief(median.ceil())),
        1.0 - options.tolerance,
        brief(learning_rate)
    );
    let worth = match (options.parameters, options.rule) {
        (Parameters::Free, Some(_)) => (Worth::Proved, "Right to a fraction of a step for L = −cos φ."),
        _ => (Worth::Conditional, "It is not known that embeddings are free and the optimizer is plain descent."),
    };
    Ok(Answer::measured("steps", Topic::Positives, finding)
        .with([
            shown("steps to align, 25 %", quartiles[0]),
            shown("steps to align, median", quartiles[1]),
            shown("steps to align, 75 %", quartiles[2]),
            Quantity::new("pairs that need more than a million", stuck as f64),
        ])
        .rests_on(
            "L1",
            "N = Λ/(α + β) − q cos φ0 Λ + (q − ½) ln(sin φ0/sin φ_ε); above γ/ρ² = 0.1 counted step by step (D1)",
        )
        .on("Free embeddings, plain gradient descent, L = −cos φ for each pair. A contrastive loss pulls up to 1/τ as \
             strongly, so with γ/τ for γ these are the fewest steps.")
        .worth(worth.0, worth.1))
}

/// The steps of a pair; `None` where it does not arrive.
fn count(pair: PositivePair, learning_rate: f64, tolerance: f64) -> Result<Option<f64>, DiagnosisError> {
    let (alpha, beta) = (step_size(learning_rate, pair.norm)?, step_size(learning_rate, pair.partner)?);
    let half_tangent = pair.cosine.half_tangent();
    if pair.cosine.one_minus <= tolerance {
        return Ok(Some(0.0));
    }
    if !half_tangent.is_finite() {
        return Ok(None);
    }
    if alpha.max(beta) <= SMALL_STEP {
        let steps = second_order_steps(half_tangent, alpha, beta, tolerance)?;
        return Ok((steps <= BUDGET as f64).then_some(steps));
    }
    let pair = Pair { half_tangent, first: alpha, second: beta };
    Ok(match steps_of_pair(pair, tolerance, BUDGET)? {
        Count::Reached { steps, .. } => Some(steps as f64),
        Count::Stationary | Count::Budget => None,
    })
}
