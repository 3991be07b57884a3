//! What the tables of unequal norms say of the statements.

use embedding_norms::lab::claim::{Claim, Source};
use embedding_norms::lab::law::{Observation, fit_power_law};
use embedding_norms::lab::table::{Table, TableError};
use embedding_norms::statistics::mean_with_interval;

use super::TURNED;
use crate::cli::failure::Failure;
use crate::simulations::grouping::{groups, levels};
use crate::simulations::simulation::Tables;

/// Replicates below which no interval is tested.
const ENOUGH: u64 = 10;
/// α + β up to which the closed form's error stays far below [`UNDECIDED`].
const SMALL_RATE: f64 = 0.08;
/// A prediction this close to a whole number decides no count.
const UNDECIDED: f64 = 0.05;
/// α + β up to which the rate of the flow is compared.
const FLOW_RATE: f64 = 0.004;
/// The largest step size in the fits of what is left of L5's ratio.
const LARGEST_STEP: f64 = 0.05;
/// How far from its value the whole interval of an order may reach: the next order is smaller by up to the largest step.
const MARGIN: f64 = LARGEST_STEP;

pub fn claims(tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
    let main = tables.get("")?;
    let (moving, held) = (main.with("stop_gradient", 0_u64)?, main.with("stop_gradient", 1_u64)?);
    let turned = tables.get(TURNED)?;
    Ok(vec![
        engines(main)?,
        angles(main)?,
        closed_form(&moving, "for unequal norms the closed form, rounded up, is the count")?,
        closed_form(&held, "with a stop-gradient the closed form with κ = γ/ρ_i², rounded up, is the count")?,
        rate(&moving, "tan(φ/2) falls at the rate κ = γ/ρ_i² + γ/ρ_j²: measured rate over κ", replicates)?,
        rate(&held, "with a stop-gradient it falls at the rate γ/ρ_i²: measured rate over it", replicates)?,
        travel(turned, replicates)?,
        order(turned, Residual::OfLimit, replicates)?,
        order(turned, Residual::OfLaw, replicates)?,
    ])
}

fn engines(main: &Table) -> Result<Claim, TableError> {
    let (full, pair) = (main.numbers("steps")?, main.numbers("pair_steps")?);
    let different = full.iter().zip(&pair).filter(|(full, pair)| full != pair || full.is_none()).count();
    let says = "vectors in R^d and D1's recursion count the same steps, at every two norms";
    Ok(Claim::without_exception("D1", says, different as u64, full.len() as u64))
}

fn angles(main: &Table) -> Result<Claim, TableError> {
    let largest = main.numbers("turned_deviation")?.into_iter().flatten().fold(0.0, f64::max);
    let says = "the vectors turn by the angles that D1 adds up: largest difference in radians";
    Ok(Claim { measured: format!("{largest:.1e}"), ..Claim::within("D1", says, 1e-9, largest) })
}

/// α + β of each row.
fn rates(table: &Table) -> Result<Vec<f64>, TableError> {
    let column =
        |name: &str| table.numbers(name).map(|values| values.into_iter().map(|value| value.unwrap_or(f64::NAN)));
    let sizes = column("learning_rate")?.zip(column("first_norm")?).zip(column("second_norm")?);
    let rate = |(((gamma, first), second), held): (((f64, f64), f64), f64)| {
        gamma / (first * first) + if held > 0.0 { 0.0 } else { gamma / (second * second) }
    };
    Ok(sizes.zip(column("stop_gradient")?).map(rate).collect())
}

fn closed_form(table: &Table, says: &str) -> Result<Claim, TableError> {
    let rows = table.numbers("steps")?.into_iter().zip(table.numbers("closed_form")?).zip(rates(table)?);
    let (mut decided, mut mismatches) = (0, 0);
    for ((steps, predicted), rate) in rows {
        let Some(predicted) = predicted.filter(|predicted| rate <= SMALL_RATE && off_whole(*predicted)) else {
            continue;
        };
        decided += 1;
        mismatches += u64::from(steps != Some(predicted.ceil()));
    }
    let note = format!(
        "{} runs with γ/ρ_i² + γ/ρ_j² ≤ {SMALL_RATE}; predictions within {UNDECIDED} of a whole number are left out",
        table.rows().len()
    );
    Ok(Claim::without_exception("L1", says, mismatches, decided).noting(&note))
}

fn off_whole(value: f64) -> bool {
    (value - value.round()).abs() > UNDECIDED
}

/// Steps of the flow over steps of the descent, where steps are small: how much faster descent is than κ says.
fn rate(table: &Table, says: &str, replicates: u64) -> Result<Claim, TableError> {
    let rows = table.numbers("flow_steps")?.into_iter().zip(table.numbers("pair_crossing")?);
    let rows = rows.zip(rates(table)?).zip(table.numbers("replicate")?);
    let mut at: Vec<Vec<f64>> = Vec::new();
    for (((flow, crossing), rate), replicate) in rows {
        let (Some(flow), Some(crossing), Some(replicate)) = (flow, crossing, replicate) else { continue };
        if rate <= FLOW_RATE && crossing > 0.0 {
            at.resize(at.len().max(replicate as usize + 1), Vec::new());
            at[replicate as usize].push(flow / crossing);
        }
    }
    at.retain(|values| !values.is_empty());
    let means: Vec<f64> = at.iter().map(|values| crate::simulations::grouping::mean(values)).collect();
    match mean_with_interval(&means, 0.95) {
        Some(estimate) if replicates >= ENOUGH => {
            let note =
                format!("where κ ≤ {FLOW_RATE}; the margin is the next order, which is at most κ for these angles");
            Ok(Claim::equivalence("L1", says, 1.0, FLOW_RATE, estimate).noting(&note))
        }
        _ => Ok(Claim::not_tested("L1", Source::Ours, says, "needs 10 replicates and norms with κ ≤ 0.004")),
    }
}

/// The ratio of the angles turned over ρ_j²/ρ_i² at the smallest step size, for the ratio of norms where it is worst.
fn travel(turned: &Table, replicates: u64) -> Result<Claim, TableError> {
    let says = "the angles turned are in the ratio ρ_j² : ρ_i²: measured ratio over it";
    let smallest = levels(turned, "step_size")?.first().copied().unwrap_or(f64::INFINITY);
    if replicates < ENOUGH || smallest > 0.002 {
        return Ok(Claim::not_tested("L5", Source::Ours, says, "needs 10 replicates and a step size up to 0.002"));
    }
    let at_smallest = turned.with("step_size", smallest)?;
    let estimates = groups(&at_smallest, "norm_ratio", "turned_relative")?
        .into_iter()
        .filter_map(|(_, values)| mean_with_interval(&values, 0.95));
    let reach = |estimate: &embedding_norms::statistics::Estimate| (1.0 - estimate.lower).max(estimate.upper - 1.0);
    let Some(worst) = estimates.max_by(|a, b| reach(a).total_cmp(&reach(b))) else {
        return Ok(Claim::not_tested("L5", Source::Ours, says, "no run reached the tolerance"));
    };
    // The bracket of L5's first correction never exceeds 1.07, and α − β never exceeds α.
    let margin = 1.1 * smallest;
    let note = format!(
        "at γ/ρ_i² = {smallest}, for the worst ratio of norms; the margin is the first correction at its largest"
    );
    Ok(Claim::equivalence("L5", says, 1.0, margin, worst).noting(&note))
}

/// What is left of the ratio of the angles turned.
#[derive(Clone, Copy)]
enum Residual {
    /// Against ρ_j²/ρ_i².
    OfLimit,
    /// Against the law with its first correction.
    OfLaw,
}

/// The order in the step size at which a residual falls.
fn order(turned: &Table, residual: Residual, replicates: u64) -> Result<Claim, Failure> {
    let (says, expected) = match residual {
        Residual::OfLimit => ("the ratio tends to ρ_j²/ρ_i² with the first power of the step: fitted order", 1.0),
        Residual::OfLaw => {
            ("with L5's first correction what is left falls with the square of the step: fitted order", 2.0)
        }
    };
    let observations = residuals(turned, residual)?;
    if replicates < ENOUGH || observations.is_empty() {
        let why = "needs 10 replicates and step sizes up to 0.05";
        return Ok(Claim::not_tested("L5", Source::Ours, says, why));
    }
    Ok(match fit_power_law(&observations, 0.95) {
        Ok(law) => Claim::equivalence("L5", says, expected, MARGIN, law.exponent)
            .noting("one fit per random pair and ratio of norms"),
        Err(refusal) => Claim::outcome("L5", says, format!("{expected} ± {MARGIN}"), refusal.to_string(), false),
    })
}

/// One observation for each run with small steps; every pair of directions and ratio of norms is a replicate.
fn residuals(turned: &Table, residual: Residual) -> Result<Vec<Observation>, TableError> {
    let ratios = levels(turned, "norm_ratio")?;
    let mut observations = Vec::new();
    for (index, &ratio) in ratios.iter().enumerate() {
        let rows = turned.with("norm_ratio", ratio)?;
        let columns = rows.numbers("step_size")?.into_iter().zip(rows.numbers("replicate")?);
        let values = rows.numbers("turned_relative")?.into_iter().zip(rows.numbers("turned_law")?);
        for ((x, replicate), (relative, law)) in columns.zip(values) {
            let (Some(x), Some(replicate), Some(relative), Some(law)) = (x, replicate, relative, law) else { continue };
            let y = match residual {
                Residual::OfLimit => (relative - 1.0).abs(),
                Residual::OfLaw => (relative - law).abs(),
            };
            if x <= LARGEST_STEP && y > 0.0 {
                observations.push(Observation {
                    x,
                    y,
                    replicate: (ratios.len() as u64) * replicate as u64 + index as u64,
                });
            }
        }
    }
    Ok(observations)
}
