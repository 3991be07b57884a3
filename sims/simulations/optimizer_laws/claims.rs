//! What the tables of steps say of L6.

use embedding_norms::lab::claim::{Claim, Source};
use embedding_norms::lab::law::{Observation, Refusal, fit_power_law};
use embedding_norms::lab::table::Table;
use embedding_norms::statistics::Estimate;

use super::{EXPONENTS, LONG_MEMORY, SYMMETRY, WINDOW, local_exponents, observations};
use crate::cli::failure::Failure;
use crate::simulations::simulation::Tables;

/// How far from the prediction the whole interval of an exponent may reach.
pub const MARGIN: f64 = 0.03;
/// The claim of Adam's memory of squares.
pub const DIP: &str = "Adam with β2 = 0.999: the local exponent dips below 0.92 before it climbs above 0.95";
/// Replicates below which exponents are not tested.
const ENOUGH: u64 = 8;

pub fn claims(tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
    let main = tables.get("")?;
    let mut claims = exact(tables.get(SYMMETRY)?)?;
    claims.extend(exponents(tables.get(EXPONENTS)?)?);
    claims.push(equal_counts(main, tables.get(EXPONENTS)?)?);
    claims.push(approach(main, replicates)?);
    claims.push(dip(tables.get(LONG_MEMORY)?, replicates)?);
    Ok(claims)
}

/// The exact statement, and its control.
fn exact(table: &Table) -> Result<Vec<Claim>, Failure> {
    let sum =
        |column: &str| -> Result<u64, Failure> { Ok(table.numbers(column)?.into_iter().flatten().sum::<f64>() as u64) };
    let says = "(c z, c^h γ) follows the directions of (z, γ) bit for bit, for c = 2^m and every optimizer";
    let mut factors: Vec<i64> = table.numbers("m")?.into_iter().flatten().map(|m| m as i64).collect();
    factors.sort_unstable();
    factors.dedup();
    let shown: Vec<String> = factors.iter().map(ToString::to_string).collect();
    let note =
        format!("coordinates that differ, over all steps of {} runs; m = {}", table.rows().len(), shown.join(", "));
    let symmetry = Claim::without_exception("L6", says, sum("different")?, sum("coordinates")?).noting(&note);
    let mut blind = 0;
    for column in ["different_degree_below", "different_degree_above"] {
        blind += table.numbers(column)?.into_iter().flatten().filter(|&different| different == 0.0).count() as u64;
    }
    let says = "control: with h − 1 or h + 1 in place of h no run follows the same directions";
    Ok(vec![symmetry, Claim::without_exception("L6", says, blind, 2 * table.rows().len() as u64)])
}

/// The claim of a rule.
pub fn says(name: &str, predicted: f64, time_exponent: Option<f64>) -> String {
    let twice = if time_exponent == Some(2.0) { ", twice its degree" } else { "" };
    format!("{name}: in its window, steps grow as ρ^k with k = {predicted}{twice}")
}

/// One claim for each rule.
fn exponents(table: &Table) -> Result<Vec<Claim>, Failure> {
    let (names, windows) = (table.texts("optimizer")?, table.texts("window")?);
    let (settings, refusals) = (table.texts("settings")?, table.texts("refusal")?);
    let number = |column: &str| table.numbers(column);
    let (predicted, time) = (number("predicted")?, number("time_exponent")?);
    let (values, lower, upper) = (number("exponent")?, number("lower")?, number("upper")?);
    let (replicates, shortest, longest) = (number("replicates")?, number("shortest")?, number("longest")?);
    let claim = |row: usize| {
        let predicted = predicted[row].unwrap_or(f64::NAN);
        let says = says(&names[row], predicted, time[row]);
        let range = longest[row].unwrap_or(f64::NAN) / shortest[row].unwrap_or(f64::NAN);
        let estimate = values[row].zip(lower[row]).zip(upper[row]).map(|((value, lower), upper)| Estimate {
            value,
            lower,
            upper,
            replicates: replicates[row].unwrap_or(0.0) as usize,
        });
        match estimate {
            Some(estimate) if estimate.replicates as u64 >= ENOUGH && range >= 8.0 => {
                let also = if settings[row].is_empty() { String::new() } else { format!("; {}", settings[row]) };
                let note = format!("window: {}{also}", windows[row]);
                Claim::equivalence("L6", &says, predicted, MARGIN, estimate).noting(&note)
            }
            None if !refusals[row].is_empty() && range >= 8.0 => {
                Claim::outcome("L6", &says, format!("{predicted} ± {MARGIN}"), refusals[row].clone(), false)
            }
            _ => {
                let why = "needs at least 8 replicates and norms over a factor of 8 in the window";
                Claim::not_tested("L6", Source::Ours, &says, why)
            }
        }
    };
    Ok((0..names.len()).map(claim).collect())
}

/// Where the degree is 0 the norm does not matter at all.
fn equal_counts(main: &Table, exponents: &Table) -> Result<Claim, Failure> {
    let names = exponents.texts("optimizer")?.into_iter().zip(exponents.numbers("degree")?);
    let free: Vec<String> = names.filter(|(_, degree)| *degree == Some(0.0)).map(|(name, _)| name).collect();
    let (mut trials, mut exceptions) = (0, 0);
    for name in &free {
        for (_, estimate) in local_exponents(&observations(&main.with("optimizer", name.as_str())?)?) {
            trials += 1;
            exceptions += u64::from((estimate.lower, estimate.upper) != (0.0, 0.0));
        }
    }
    let says = format!("h = 0 ({}): every norm takes the same number of steps", free.join(", "));
    let note = "neighbouring norms with unequal counts in any replicate";
    Ok(Claim::without_exception("L6", &says, exceptions, trials).noting(note))
}

/// Momentum before its window shows an apparent exponent that the fit must not believe.
fn approach(main: &Table, replicates: u64) -> Result<Claim, Failure> {
    let says = "heavy ball before its window is no power law, and the fit refuses one";
    let rows = observations(&main.with("optimizer", "heavy-ball")?)?;
    let before: Vec<Observation> = rows.into_iter().filter(|row| row.x <= 2.0 * WINDOW).collect();
    let shortest = before.iter().map(|row| row.x).fold(f64::INFINITY, f64::min);
    if replicates < ENOUGH || shortest > 0.25 * WINDOW {
        let why = "needs at least 8 replicates and norms from 0.25 to 2";
        return Ok(Claim::not_tested("L6", Source::Ours, says, why));
    }
    let fit = fit_power_law(&before, 0.95);
    let slopes: Vec<String> =
        local_exponents(&before).iter().map(|(_, estimate)| format!("{:.2}", estimate.value)).collect();
    let measured = match &fit {
        Ok(law) => format!("a fit of {:.3}", law.exponent.value),
        Err(refusal) => refusal.to_string(),
    };
    let refused = matches!(fit, Err(Refusal::NotAPowerLaw { .. }));
    let note = format!("local exponents from ρ = {shortest} to {}: {}", 2.0 * WINDOW, slopes.join(", "));
    Ok(Claim::outcome("L6", says, "a refusal".to_owned(), measured, refused).noting(&note))
}

/// Adam's memory of squares bends the law where a run is about as long as the memory.
fn dip(table: &Table, replicates: u64) -> Result<Claim, Failure> {
    let says = DIP;
    let local = local_exponents(&observations(table)?);
    let ends = local.first().zip(local.last());
    let Some((first, last)) = ends.filter(|ends| replicates >= ENOUGH && ends.1.0 > 150.0 && ends.0.0 < 2.0) else {
        let why = "needs at least 8 replicates and norms from 1 to 256";
        return Ok(Claim::not_tested("L6", Source::Ours, says, why));
    };
    let lowest = local.iter().min_by(|a, b| a.1.value.total_cmp(&b.1.value)).unwrap_or(first);
    let holds = lowest.1.upper < 0.92 && lowest.1.upper < first.1.lower && last.1.lower > 0.95;
    let shown = |(norm, estimate): &(f64, Estimate)| {
        format!("{:.3} [{:.3}, {:.3}] at ρ = {norm:.3}", estimate.value, estimate.lower, estimate.upper)
    };
    let measured = format!("{}; then {}", shown(lowest), shown(last));
    Ok(Claim::outcome("L6", says, "below 0.92, then above 0.95".to_owned(), measured, holds))
}
