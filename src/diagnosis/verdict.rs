//! What matters of a diagnosis, in three sentences: do norms mean anything, are steps right, what to do next.

use serde::Serialize;

use super::answer::{Answer, Quantity, Worth};
use super::needs::Need;
use super::network::Network;
use super::options::Options;
use super::standing::{Side, Standing};
use super::step::missing;
use super::subject::Subject;
use super::{Shape, State};
use crate::words::brief;

/// A mean cosine above which embeddings count as collapsed, as in the answer `collapse`.
const COLLAPSED: f64 = 0.9;

/// What matters, a sentence or two each, with numbers and their intervals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Do the norms mean anything?
    pub norms: String,
    /// Are the steps right?
    pub steps: String,
    /// What to do next.
    pub next: String,
}

impl Verdict {
    /// From what was found.
    pub(super) fn of(
        subject: &Subject,
        options: &Options,
        last: &State,
        standing: Option<&Standing>,
        answers: &[Answer],
    ) -> Self {
        let find = |key: &str| answers.iter().find(|answer| answer.key == key);
        Self {
            norms: norms(last, &find),
            steps: steps(standing, &find),
            next: next(subject, options, last, standing, find("learning-rate")),
        }
    }
}

/// A factor that is advice and no measurement: two digits or so.
fn rough(factor: f64) -> String {
    if (10.0..1e5).contains(&factor) { format!("{factor:.0}") } else { brief(libm::round(10.0 * factor) / 10.0) }
}

/// A number with its interval.
fn number(quantity: &Quantity) -> String {
    let value = quantity.value.map_or("without a value".to_owned(), brief);
    match quantity.interval {
        Some((lower, upper)) => format!("{value} [{}, {}]", brief(lower), brief(upper)),
        None => value,
    }
}

/// Whether an interval lies on one side of 0, and on which.
fn sign(quantity: &Quantity) -> Option<f64> {
    let (lower, upper) = quantity.interval?;
    (lower * upper > 0.0).then(|| lower.signum())
}

/// A rank correlation with the norm, and its sign where neither chance nor the shuffle explains it.
fn relation(answer: &Answer) -> Option<(&Quantity, Option<f64>)> {
    let find = |start: &str| answer.quantities.iter().find(|quantity| quantity.name.starts_with(start));
    let correlation = find("Spearman")?;
    let p = find("p of the shuffle")?.value?;
    Some((correlation, sign(correlation).filter(|_| p <= 0.05)))
}

/// That norms tell the set from the reference set, where the interval says so.
fn separation<'a>(find: &impl Fn(&str) -> Option<&'a Answer>) -> Option<String> {
    let area = find("reference")?.quantities.first()?;
    let (lower, upper) = area.interval?;
    ((lower - 0.5) * (upper - 0.5) > 0.0)
        .then(|| format!("Yes: they tell this set from the reference set (AUROC {}).", number(area)))
}

/// Do the norms mean anything?
fn norms<'a>(last: &State, find: &impl Fn(&str) -> Option<&'a Answer>) -> String {
    if last.norms.shape != Shape::Varied {
        return format!("They cannot: all norms of {} are {}.", last.name, brief(last.norms.mean));
    }
    let of_neighbours = ["label-agreement", "neighbour-distance"].into_iter().filter_map(|key| relation(find(key)?));
    if let (true, Some(separation)) = (of_neighbours.map(|(_, sign)| sign).all(|sign| sign.is_none()), separation(find))
    {
        return separation;
    }
    if let Some((correlation, shown)) = find("label-agreement").and_then(relation) {
        let number = number(correlation);
        return match shown {
            Some(sign) if sign > 0.0 => {
                format!("Yes: longer embeddings have more neighbours of their own label (Spearman {number}).")
            }
            Some(_) => format!(
                "Yes, but not as confidence: longer embeddings have fewer neighbours of their own label (Spearman {number})."
            ),
            None => {
                format!("Not as confidence: no relation with the labels of neighbours is shown (Spearman {number}).")
            }
        };
    }
    let Some((answer, (correlation, shown))) = find("neighbour-distance").and_then(|it| Some((it, relation(it)?)))
    else {
        return "Not known: there are too few rows to ask their neighbours.".to_owned();
    };
    let Some(shown) = shown else {
        return format!(
            "Not that these files show: no relation with crowding (Spearman {} with the distance to neighbours).",
            number(correlation)
        );
    };
    let region = if shown < 0.0 { "more crowded" } else { "emptier" };
    let change = answer.quantities.iter().find(|quantity| quantity.name.starts_with("last minus first"));
    let control = match change {
        Some(change) => format!("{} since the first checkpoint", number(change)),
        None => "an untrained network may show it too".to_owned(),
    };
    // What an untrained network shows as much or more is not what training left.
    let is_from_training = change.and_then(sign).is_some_and(|sign| sign * shown > 0.0);
    let start = if is_from_training { "Yes" } else { "Perhaps" };
    format!("{start}: longer embeddings lie in {region} regions (Spearman {}; {control}).", number(correlation))
}

/// Are the steps right?
fn steps<'a>(standing: Option<&Standing>, find: &impl Fn(&str) -> Option<&'a Answer>) -> String {
    let Some(standing) = standing else { return "Not known from what was given.".to_owned() };
    let is_answered = find("learning-rate").is_some_and(|answer| answer.worth != Worth::Unanswered);
    let word = match standing.side() {
        _ if !is_answered => "Unclear",
        Side::Short => "Too short",
        Side::Near => "About right",
        Side::Long => "Too long",
        Side::Unclear => "Unclear",
    };
    let step = find("step");
    let over = step.and_then(|step| step.quantities.iter().find(|quantity| quantity.name.starts_with("step over")));
    let over = over.map_or_else(|| brief(libm::exp(standing.middle())), number);
    let worth = step.map_or(String::new(), |step| format!(" ({})", step.worth.words()));
    let one = if standing.is_proved { "the best one" } else { "a good one" };
    format!("{word}: a step is {over} times {one}{worth}.")
}

/// What to do next: the first thing that stands in the way of the rest.
fn next(
    subject: &Subject,
    options: &Options,
    last: &State,
    standing: Option<&Standing>,
    answer: Option<&Answer>,
) -> String {
    if last.norms.shape != Shape::Varied {
        return "Save what goes into the normalization, and diagnose that.".to_owned();
    }
    let cosine = last.mean_cosine.unwrap_or(0.0);
    if cosine > COLLAPSED {
        let rank = brief(last.effective_rank);
        return format!("First mend the collapse: the mean cosine is {}, the effective rank {rank}.", brief(cosine));
    }
    let Some(standing) = standing else {
        let missing = missing(options, !subject.positives.is_empty(), subject.checkpoints.len());
        return format!("To learn whether steps are right, give {}.", Need::list(&missing, &options.names));
    };
    let factor = |log: f64| rough(libm::exp(log));
    let trust = match (standing.is_proved, answer) {
        (false, Some(answer)) if answer.worth == Worth::Unanswered => return answer.finding.clone(),
        (false, Some(answer)) if answer.worth == Worth::Tested => " (tested on trainings, not proved)",
        (false, _) => " (not tested for this optimizer and kind of network)",
        (true, _) => "",
    };
    // Cutting by c is a learning rate times c^h; under h = 0 it changes nothing.
    let is_rate = standing.is_proved || options.network.as_ref().is_some_and(Network::is_scale_free);
    let cut = standing.best_cut(options.rule.map_or(2.0, |rule| rule.degree())).filter(|_| is_rate);
    match (standing.side(), standing.advised()) {
        (Side::Short, Some(advised)) => {
            let or = cut.map_or(String::new(), |(low, high)| {
                format!(", or cut the initialization by about {}", factor(0.5 * (low + high)))
            });
            format!("Multiply the learning rate by about {}{or}{trust}.", factor(advised))
        }
        (Side::Long, Some(advised)) => {
            let rate = factor(-advised);
            let again = if standing.is_proved { "" } else { " and look at one step again" };
            format!("Divide the learning rate by about {rate}{again}{trust}; do not cut the initialization.")
        }
        (Side::Near, _) => "Leave learning rate and initialization as they are.".to_owned(),
        _ => format!("No advice on the learning rate: {}.", standing.undecided()),
    }
}
