//! What the norms of frequent and rare classes say.

use embedding_norms::lab::claim::{Claim, Source, Verdict};
use embedding_norms::lab::table::Table;
use embedding_norms::statistics::mean_with_interval;

use super::runs::{Run, at, is_ordered};
use super::{OWN, PERMUTED};
use crate::cli::failure::Failure;
use crate::simulations::grouping::mean;
use crate::simulations::mixtures::{Control, above_zero, reach, shown, stated_direction, untested};

/// Seeds below which no interval is tested.
const ENOUGH: u64 = 20;
/// Seeds of the published figure.
const PUBLISHED_SEEDS: usize = 5;

const LONGER: &str = "after training the most frequent class is longer than the rarest: difference of mean norms";
const ORDERED: &str = "after training mean norms are in the order of the classes' frequencies, in every seed";
const GAINED: &str = "training adds more to the most frequent class than to the rarest: difference of the gains";
const CONTROLS: &str =
    "inputs, and a network trained on permuted labels, show no such difference: in % of the mean norm";

/// How far the controls' difference may be from 0, in per cent of the mean norm.
const NONE: f64 = 2.0;

pub fn claims(table: &Table, published: bool, replicates: u64) -> Result<Vec<Claim>, Failure> {
    if replicates < ENOUGH {
        let why = untested(published, replicates, ENOUGH).unwrap_or_default();
        let claims =
            [(Source::Paper, LONGER), (Source::Paper, ORDERED), (Source::Ours, GAINED), (Source::Ours, CONTROLS)];
        return Ok(claims.map(|(source, says)| Claim::not_tested("S5", source, says, &why)).to_vec());
    }
    let (own, permuted) = (Run::all(table, OWN)?, Run::all(table, PERMUTED)?);
    let Some(&last) = Run::epochs(&own).last() else { return Ok(Vec::new()) };
    let gains = gains(&own, last);
    let mut claims = vec![longer(&own, &gains, last), ordered(&own, last)];
    claims.extend(match untested(published, replicates, ENOUGH) {
        Some(why) => [GAINED, CONTROLS].map(|says| Claim::not_tested("S5", Source::Ours, says, &why)),
        None => [gained(&gains), controls(&own, &permuted, last)],
    });
    Ok(claims)
}

/// By how much the difference grows from before training to the last epoch, seed by seed.
fn gains(own: &[Run], last: u64) -> Vec<f64> {
    let (before, after) = (at(own, 0, Run::difference), at(own, last, Run::difference));
    after.iter().zip(before).map(|(after, before)| after - before).collect()
}

fn longer(own: &[Run], gains: &[f64], last: u64) -> Claim {
    let differences = at(own, last, Run::difference);
    let groups: Vec<_> = differences.chunks_exact(PUBLISHED_SEEDS).collect();
    let deciding = groups.iter().filter(|group| mean_with_interval(group, 0.95).is_some_and(|mean| mean.lower > 0.0));
    let few = format!("of {} groups of {PUBLISHED_SEEDS} seeds {} settle it", groups.len(), deciding.count());
    let untrained =
        mean_with_interval(&at(own, 0, Run::difference), 0.95).map_or_else(String::new, |mean| shown(&mean));
    let beyond = mean_with_interval(gains, 0.95).is_some_and(|gain| gain.lower > 0.0);
    let says = format!("{few}; the untrained network: {untrained}");
    stated_direction(LONGER, &differences, &Control { beyond, says })
}

fn controls(own: &[Run], permuted: &[Run], last: u64) -> Claim {
    let percent = |values: Vec<f64>| {
        let values: Vec<f64> = values.into_iter().map(|value| 100.0 * value).collect();
        mean_with_interval(&values, 0.95)
    };
    let inputs = percent(at(own, last, Run::input_share));
    let Some((inputs, permuted)) = inputs.zip(percent(at(permuted, last, Run::share))) else {
        return Claim::not_tested("S5", Source::Ours, CONTROLS, "the control needs --controls 2 or more");
    };
    let worst = if reach(&inputs) > reach(&permuted) { inputs } else { permuted };
    let note = format!("inputs {}, permuted labels {}", shown(&inputs), shown(&permuted));
    Claim::equivalence("S5", CONTROLS, 0.0, NONE, worst).noting(&note)
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

fn gained(gains: &[f64]) -> Claim {
    let showing = gains.iter().filter(|&&gain| gain > 0.0).count();
    above_zero(GAINED, gains, &format!("in {showing} of {} seeds", gains.len()))
}
