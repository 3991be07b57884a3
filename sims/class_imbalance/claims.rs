//! What the norms of frequent and rare classes say.

use embedding_norms::claim::{Claim, Source, Verdict};
use embedding_norms::law::{Estimate, mean_with_interval};
use embedding_norms::table::Table;

use super::runs::{Run, at, is_ordered};
use super::{OWN, PERMUTED};
use crate::failure::Failure;
use crate::grouping::mean;
use crate::mixtures::{Control, above_zero, shown, stated_direction, untested};

/// Seeds below which no interval is tested.
const ENOUGH: u64 = 20;
/// Seeds of the published figure.
const PUBLISHED_SEEDS: usize = 5;

const LONGER: &str = "after training the most frequent class is longer than the rarest: difference of mean norms";
const ORDERED: &str = "after training mean norms are in the order of the classes' frequencies, in every seed";
const GAINED: &str = "training adds more to the most frequent class than to the rarest: difference of the gains";
const CONTROLS: &str = "inputs, the untrained network and a training on labels dealt out anew show no such difference: \
                        each interval ends below that of the trained network, in % of the mean norm";

pub fn claims(table: &Table, published: bool, replicates: u64) -> Result<Vec<Claim>, Failure> {
    if replicates < ENOUGH {
        let why = untested(published, replicates, ENOUGH).unwrap_or_default();
        let claims = [(Source::Paper, LONGER), (Source::Paper, ORDERED), (Source::Ours, GAINED), (Source::Ours, CONTROLS)];
        return Ok(claims.map(|(source, says)| Claim::not_tested("S5", source, says, &why)).to_vec());
    }
    let (own, permuted) = (Run::all(table, OWN)?, Run::all(table, PERMUTED)?);
    let Some(&last) = Run::epochs(&own).last() else { return Ok(Vec::new()) };
    let control = Controls::new(&own, &permuted, last);
    let mut claims = vec![longer(&own, last, &control), ordered(&own, last)];
    claims.extend(match untested(published, replicates, ENOUGH) {
        Some(why) => [GAINED, CONTROLS].map(|says| Claim::not_tested("S5", Source::Ours, says, &why)),
        None => [gained(&own, last), control.claim()],
    });
    Ok(claims)
}

/// The relative difference in the trained network and in what should show none.
struct Controls {
    trained: Option<Estimate>,
    others: Vec<(&'static str, Option<Estimate>)>,
}

impl Controls {
    fn new(own: &[Run], permuted: &[Run], last: u64) -> Self {
        let estimate = |values: Vec<f64>| {
            let values: Vec<f64> = values.into_iter().map(|value| 100.0 * value).collect();
            mean_with_interval(&values, 0.95)
        };
        let others = vec![
            ("inputs", estimate(at(own, last, Run::input_share))),
            ("untrained", estimate(at(own, 0, Run::share))),
            ("labels dealt out anew", estimate(at(permuted, last, Run::share))),
        ];
        Self { trained: estimate(at(own, last, Run::share)), others }
    }

    /// Whether each interval ends below that of the trained network.
    fn are_below(&self) -> bool {
        let Some(trained) = self.trained else { return false };
        self.others.iter().all(|(_, estimate)| estimate.is_none_or(|estimate| estimate.upper < trained.lower))
    }

    fn text(&self) -> String {
        let known = self.others.iter().filter_map(|(name, estimate)| Some((*name, (*estimate)?)));
        let parts: Vec<String> = known.map(|(name, estimate)| format!("{name} {} %", shown(&estimate))).collect();
        parts.join("; ")
    }

    fn claim(&self) -> Claim {
        let Some((trained, complete)) = self.trained.zip(self.others.iter().map(|(_, e)| *e).collect::<Option<Vec<_>>>())
        else {
            return Claim::not_tested("S5", Source::Ours, CONTROLS, "a control has fewer than 2 seeds");
        };
        let largest = complete.iter().fold(f64::NEG_INFINITY, |largest, estimate| largest.max(estimate.upper));
        let predicted = format!("below {:+.2} %", trained.lower);
        let measured = format!("at most {largest:+.2} %");
        Claim::outcome("S5", CONTROLS, predicted, measured, self.are_below()).noting(&self.text())
    }
}

fn longer(own: &[Run], last: u64, control: &Controls) -> Claim {
    let differences = at(own, last, Run::difference);
    let groups: Vec<_> = differences.chunks_exact(PUBLISHED_SEEDS).collect();
    let deciding = groups.iter().filter(|group| mean_with_interval(group, 0.95).is_some_and(|mean| mean.lower > 0.0));
    let few = format!("of {} groups of {PUBLISHED_SEEDS} seeds {} settle it", groups.len(), deciding.count());
    let says = format!("on the average over seeds, not in each; {few}; controls: {}", control.text());
    stated_direction(LONGER, &differences, &Control { beyond: control.are_below(), says })
}

fn ordered(own: &[Run], last: u64) -> Claim {
    let all = at(own, last, |run| f64::from(u8::from(run.is_ordered())));
    let (seeds, in_order) = (all.len(), all.iter().fold(0.0, |sum, value| sum + value));
    let classes = own.first().map_or(0, Run::classes);
    let means: Vec<f64> = (0..classes).map(|class| mean(&at(own, last, |run| run.norm(class)))).collect();
    let verdict = match (in_order >= 0.95 * seeds as f64, is_ordered(&means)) {
        (true, _) => Verdict::Supported,
        (false, true) => Verdict::Conditional,
        (false, false) => Verdict::NotSupported,
    };
    let listed: Vec<String> = means.iter().map(|mean| format!("{mean:.2}")).collect();
    let order = if is_ordered(&means) { "in order" } else { "not in order" };
    let note = format!("the means over seeds, {}, are {order}", listed.join(", "));
    let measured = format!("{in_order} of {seeds} seeds");
    let claim = Claim::outcome("S5", ORDERED, "every seed".to_owned(), measured, verdict == Verdict::Supported);
    Claim { value: Some(in_order), ..claim }.of_the_paper(verdict).noting(&note)
}

fn gained(own: &[Run], last: u64) -> Claim {
    let (before, after) = (at(own, 0, Run::difference), at(own, last, Run::difference));
    let gains: Vec<f64> = after.iter().zip(before).map(|(after, before)| after - before).collect();
    let showing = gains.iter().filter(|&&gain| gain > 0.0).count();
    above_zero(GAINED, &gains, &format!("in {showing} of {} seeds", gains.len()))
}
