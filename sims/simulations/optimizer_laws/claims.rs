//! Claims about L6, from the tables of steps.

use std::collections::BTreeSet;

use embedding_norms::statistics::Estimate;
use embedding_norms_lab::claim::{Claim, claim};
use embedding_norms_lab::law::{Observation, Refusal, fit_power_law};

use super::{Exponent, Scaled, Steps, WINDOW, local_exponents, observations, remembered};
use crate::cli::failure::Failure;
use crate::simulations::simulation::Tables;

/// How far from the prediction the whole interval of an exponent may reach.
pub const MARGIN: f64 = 0.03;
/// The claim of Adam's memory of squares.
pub const DIP: &str = "Adam with β2 = 0.999: the local exponent dips below 0.92 before it climbs above 0.95";
/// What it needs.
const DIP_NEEDS: &str = "needs norms from 1 to 256";
/// Replicates below which exponents are not tested.
const ENOUGH: u64 = 8;

pub fn claims(tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
    let (main, exponents): (Vec<Steps>, Vec<Exponent>) = (tables.rows()?, tables.rows()?);
    let mut claims = exact(&tables.rows()?);
    claims.extend(exponents.iter().map(exponent));
    claims.push(equal_counts(&main, &exponents));
    claims.push(approach(&observations(&main, "heavy-ball"), replicates));
    claims.push(dip(&remembered(&tables.rows()?), replicates));
    Ok(claims)
}

/// The exact statement, and its control.
fn exact(rows: &[Scaled]) -> Vec<Claim> {
    let runs = rows.len();
    let factors: BTreeSet<i32> = rows.iter().map(|row| row.m).collect();
    let shown: Vec<String> = factors.iter().map(ToString::to_string).collect();
    let wrong = rows.iter().flat_map(|row| [row.different_degree_below, row.different_degree_above]);
    vec![
        claim("L6", "(c z, c^h γ) follows the directions of (z, γ) bit for bit, for c = 2^m and every optimizer")
            .note(format!("coordinates that differ, over all steps of {runs} runs; m = {}", shown.join(", ")))
            .no_exception_in(rows, |row| (row.different, row.coordinates)),
        claim("L6", "control: with h − 1 or h + 1 in place of h no run follows the same directions")
            .none_of(wrong, |different| different == 0),
    ]
}

/// The claim of one rule.
fn exponent(row: &Exponent) -> Claim {
    let range = row.norms().map_or(f64::NAN, |(shortest, longest)| longest / shortest);
    let fit = row.estimate().ok_or(row.refusal.as_deref().unwrap_or_default());
    let enough = fit.is_ok_and(|fit| fit.replicates as u64 >= ENOUGH) || fit.is_err_and(|refusal| !refusal.is_empty());
    let also = if row.settings.is_empty() { String::new() } else { format!("; {}", row.settings) };
    claim("L6", &row.says())
        .needs(enough && range >= 8.0, "needs at least 8 replicates and norms over a factor of 8 in the window")
        .note(format!("window: {}{also}", row.window))
        .fitted(row.predicted, MARGIN, fit)
}

/// Where the degree is 0 the norm does not matter at all.
fn equal_counts(main: &[Steps], exponents: &[Exponent]) -> Claim {
    let free = exponents.iter().filter(|row| row.degree == 0.0).map(|row| row.optimizer.as_str());
    let names: Vec<&str> = free.collect();
    let local = names.iter().flat_map(|name| local_exponents(&observations(main, name)));
    claim("L6", &format!("h = 0 ({}): every norm takes the same number of steps", names.join(", ")))
        .note("neighbouring norms with unequal counts in any replicate")
        .none_of(local, |(_, estimate)| (estimate.lower, estimate.upper) != (0.0, 0.0))
}

/// Momentum before its window shows an apparent exponent that the fit must not believe.
fn approach(rows: &[Observation], replicates: u64) -> Claim {
    let before: Vec<Observation> = rows.iter().copied().filter(|row| row.x <= 2.0 * WINDOW).collect();
    let shortest = before.iter().map(|row| row.x).fold(f64::INFINITY, f64::min);
    let fit = fit_power_law(&before, 0.95);
    let slopes: Vec<String> =
        local_exponents(&before).iter().map(|(_, estimate)| format!("{:.2}", estimate.value)).collect();
    let measured = match &fit {
        Ok(law) => format!("a fit of {:.3}", law.exponent.value),
        Err(refusal) => refusal.to_string(),
    };
    let refused = matches!(fit, Err(Refusal::NotAPowerLaw { .. }));
    claim("L6", "heavy ball before its window is no power law, and the fit refuses one")
        .needs_replicates(replicates, ENOUGH)
        .needs(shortest <= 0.25 * WINDOW, "needs norms from 0.25 to 2")
        .note(format!("local exponents from ρ = {shortest} to {}: {}", 2.0 * WINDOW, slopes.join(", ")))
        .holds("a refusal", measured, refused)
}

/// Adam's memory of squares bends the law where a run is about as long as the memory.
fn dip(rows: &[Observation], replicates: u64) -> Claim {
    let local = local_exponents(rows);
    let lowest = local.iter().min_by(|a, b| a.1.value.total_cmp(&b.1.value));
    let stating = claim("L6", DIP).needs_replicates(replicates, ENOUGH);
    let (Some(first), Some(last), Some(lowest)) = (local.first(), local.last(), lowest) else {
        return stating.needs(false, DIP_NEEDS).holds("", "", false);
    };
    let holds = lowest.1.upper < 0.92 && lowest.1.upper < first.1.lower && last.1.lower > 0.95;
    let shown = |(norm, estimate): &(f64, Estimate)| format!("{} at ρ = {norm:.3}", estimate.to_decimals(3));
    stating.needs(last.0 > 150.0 && first.0 < 2.0, DIP_NEEDS).holds(
        "below 0.92, then above 0.95",
        format!("{}; then {}", shown(lowest), shown(last)),
        holds,
    )
}
