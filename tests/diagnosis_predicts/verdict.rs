//! How often signs are right: by cell, with intervals over seeds, on the half of the seeds that nothing was chosen on.

use std::collections::BTreeMap;

use embedding_norms::diagnosis::Trial;

use super::cell::{Cell, NETWORKS, RULES};
use super::outcome::{Advice, Outcome};
use super::task::Kind;

/// The seeds on which the margins of the criterion are chosen.
pub const CHOSEN_ON: [u64; 5] = [1, 3, 5, 7, 9];

/// The seeds on which it is reported.
pub const REPORTED_ON: [u64; 10] = [2, 4, 6, 8, 10, 11, 12, 13, 14, 15];

/// The share of right signs below which there is no advice.
pub const THRESHOLD: f64 = 0.8;

/// Clear predictions from which a share says something.
const ENOUGH: usize = 5;

/// Margins around the step that is aimed at that can be chosen, as factors: not below the factor of three within which the best
/// step is known.
const BELOW: [f64; 3] = [3.0, 5.0, 10.0];
const ABOVE: [f64; 5] = [3.0, 5.0, 10.0, 30.0, 100.0];

pub fn is_reported(outcome: &Outcome) -> bool {
    REPORTED_ON.contains(&outcome.seed)
}

/// Right signs among clear predictions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Share {
    pub right: usize,
    pub clear: usize,
    /// The same by seed.
    seeds: BTreeMap<u64, (usize, usize)>,
}

/// The right signs of outcomes, by the held-out loss.
pub fn share<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> Share {
    let mut share = Share::default();
    for outcome in outcomes {
        let Some(is_right) = outcome.is_right(outcome.measured) else { continue };
        let seed = share.seeds.entry(outcome.seed).or_default();
        *seed = (seed.0 + usize::from(is_right), seed.1 + 1);
        share.right += usize::from(is_right);
        share.clear += 1;
    }
    share
}

impl Share {
    pub fn value(&self) -> Option<f64> {
        (self.clear > 0).then(|| self.right as f64 / self.clear as f64)
    }

    /// Wilson's 95 % interval with each seed counted once: predictions of one seed share their training.
    pub fn interval(&self) -> Option<(f64, f64)> {
        Some(wilson(self.value()?, self.seeds.len()))
    }
}

/// Wilson's 95 % interval of a share of so many.
pub fn wilson(share: f64, number: usize) -> (f64, f64) {
    let (n, z) = (number as f64, 1.959_963_984_540_054);
    let centre = (share + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt() / (1.0 + z * z / n);
    ((centre - half).max(0.0), (centre + half).min(1.0))
}

/// What the trial says of an advice, on every task.
pub fn trial(outcomes: &[Outcome], network: &str, rule: &str, advice: Advice) -> Trial {
    let shares = Kind::ALL.map(|task| {
        share(outcomes.iter().filter(|it| {
            let Cell { task: own, network: kind, rule: name } = it.cell;
            is_reported(it) && (own, kind, name) == (task, network, rule) && it.advice(None) == Some(advice)
        }))
    });
    let enough = |found: &Share| found.clear >= ENOUGH;
    let fails = |found: &Share| enough(found) && found.value().is_some_and(|value| value < THRESHOLD);
    match () {
        () if shares.iter().any(fails) => Trial::Failed,
        () if shares.iter().all(enough) => Trial::Right,
        () => Trial::NotTried,
    }
}

/// The margins that the choosing half prefers: those at which cells that reach the threshold are most in number against
/// those that fail it, the narrowest among equals.
pub fn margins(outcomes: &[Outcome]) -> (f64, f64) {
    let chosen: Vec<&Outcome> =
        outcomes.iter().filter(|it| !is_reported(it) && it.lever != "rate as advised").collect();
    let lead = |advice: Advice, margins: (f64, f64)| {
        let cells = super::cell::all().into_iter();
        let shares = cells.map(|cell| {
            share(chosen.iter().copied().filter(|it| it.cell == cell && it.advice(Some(margins)) == Some(advice)))
        });
        let values = shares.filter(|found| found.clear >= ENOUGH).filter_map(|found| found.value());
        values.fold(0, |lead, value| if value >= THRESHOLD { lead + 1 } else { lead - 1 })
    };
    let best = |candidates: &[f64], score: &dyn Fn(f64) -> i32| {
        let most = candidates.iter().map(|&margin| score(margin)).max().unwrap();
        *candidates.iter().find(|&&margin| score(margin) == most).unwrap()
    };
    let below = best(&BELOW, &|below| lead(Advice::Larger, (below, f64::INFINITY)));
    let above = best(&ABOVE, &|above| lead(Advice::Smaller, (f64::INFINITY, above)));
    (below, above)
}

/// Every optimizer and kind of network.
pub fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    RULES.into_iter().flat_map(|rule| NETWORKS.into_iter().map(move |network| (rule, network)))
}
