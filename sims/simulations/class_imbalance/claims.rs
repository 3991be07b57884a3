//! Claims about the norms of frequent and rare classes.

use embedding_norms::statistics::mean;
use embedding_norms_lab::claim::{Claim, Verdict};

use super::runs::{ClassRow, Labels, Run, at, is_ordered};
use crate::simulations::mixtures::{NEARLY_ALL, Scope, differences, is_positive, over_seeds, shown};

/// Seeds below which no interval is tested.
pub const ENOUGH: u64 = 20;
/// Seeds of the published figure.
const PUBLISHED_SEEDS: usize = 5;

const LONGER: &str = "after training the most frequent class is longer than the rarest: difference of mean norms";
const ORDERED: &str = "after training mean norms are in the order of the classes' frequencies, in every seed";
const GAINED: &str = "training adds more to the most frequent class than to the rarest: difference of the gains";
const CONTROLS: &str =
    "inputs, and a network trained on permuted labels, show no such difference: in % of the mean norm";

/// How far the controls' difference may be from 0, in per cent of the mean norm.
const NONE: f64 = 2.0;

pub fn claims(rows: &[ClassRow], scope: Scope) -> Vec<Claim> {
    let (own, permuted) = (Run::all(rows, Labels::Own), Run::all(rows, Labels::Permuted));
    let last = Run::epochs(&own).last().copied().unwrap_or(0);
    // By how much the difference grows from before training to the last epoch, seed by seed.
    let gains = differences(&at(&own, last, Run::difference), &at(&own, 0, Run::difference));
    let showing = gains.iter().filter(|&&gain| gain > 0.0).count();
    vec![
        longer(scope, &own, &gains, last),
        ordered(scope, &own, last),
        scope.above_zero(GAINED, &gains, &format!("in {showing} of {} seeds", gains.len())),
        controls(scope, &own, &permuted, last),
    ]
}

fn longer(scope: Scope, own: &[Run], gains: &[f64], last: usize) -> Claim {
    let differences = at(own, last, Run::difference);
    let groups: Vec<_> = differences.chunks_exact(PUBLISHED_SEEDS).collect();
    let deciding = groups.iter().filter(|group| is_positive(over_seeds(group))).count();
    let note = format!(
        "of {} groups of {PUBLISHED_SEEDS} seeds {deciding} settle it; the untrained network: {}",
        groups.len(),
        shown(over_seeds(&at(own, 0, Run::difference)))
    );
    scope.direction(LONGER, &differences, is_positive(over_seeds(gains)), &note)
}

fn controls(scope: Scope, own: &[Run], permuted: &[Run], last: usize) -> Claim {
    let percent = |values: Vec<f64>| over_seeds(&values.into_iter().map(|value| 100.0 * value).collect::<Vec<_>>());
    let controls = [
        ("inputs", percent(at(own, last, Run::input_share))),
        ("permuted labels", percent(at(permuted, last, Run::share))),
    ];
    let found: Vec<_> = controls.into_iter().filter_map(|(name, mean)| Some((name.to_owned(), mean?))).collect();
    let each = controls.map(|(name, mean)| format!("{name} {}", shown(mean)));
    scope
        .ours(CONTROLS)
        .needs(found.len() == controls.len(), "the control needs --controls 2 or more")
        .equivalent_at_worst(0.0, NONE, &found, |_| each.join(", "))
}

fn ordered(scope: Scope, own: &[Run], last: usize) -> Claim {
    let all = at(own, last, |run| f64::from(u8::from(run.is_ordered())));
    let (seeds, in_order) = (all.len(), all.iter().sum::<f64>());
    let classes = own.first().map_or(0, Run::classes);
    let means: Vec<f64> = (0..classes).map(|class| mean(&at(own, last, |run| run.norm(class)))).collect();
    let verdict = match (in_order >= NEARLY_ALL * seeds as f64, is_ordered(&means)) {
        (true, _) => Verdict::Supported,
        (false, true) => Verdict::Conditional,
        (false, false) => Verdict::NotSupported,
    };
    let listed: Vec<String> = means.iter().map(|mean| format!("{mean:.2}")).collect();
    let order = if is_ordered(&means) { "in order" } else { "not in order" };
    let note = format!("the means over seeds, {}, are {order}", listed.join(", "));
    let measured = format!("{in_order} of {seeds} seeds");
    let stating = scope.papers(ORDERED).needs(seeds > 0, "no seed has points in every class");
    stating.note(note).valued(in_order).verdict("every seed", measured, verdict)
}
