//! What the tables of growing norms say of the statements.

use embedding_norms_lab::claim::{Claim, claim};
use embedding_norms_lab::law::{Observation, fit_power_law};

use super::LONG;
use super::budget::{BudgetRow, MomentumRow, Rule};
use super::lengthening::{LengtheningRow, ROUNDING};
use super::persistent::PersistentRow;
use crate::cli::failure::Failure;
use crate::simulations::grouping::estimated;
use crate::simulations::simulation::Tables;

/// Replicates below which no interval is tested.
const ENOUGH: u64 = 10;
/// The largest step size at which a first correction is compared: what it leaves is of the square of this.
const SMALL_STEP: f64 = 0.01;
/// How far a budget or a share may be from its first correction: (α + β)² at [`SMALL_STEP`].
const CORRECTED: f64 = 4.0 * SMALL_STEP * SMALL_STEP;
/// The largest step size in the fits of an order.
const LARGEST_STEP: f64 = 0.05;
/// How far momentum's factor may be from its value, relatively: five times the step γ/(ρ²(1 − μ)) of the defaults.
const FACTOR: f64 = 0.005;
/// The step size under fresh targets up to which the mean of ρ⁴ is compared.
const SMALL_FRESH_STEP: f64 = 0.1;
/// How far the mean of ρ⁴ may be from its value, relatively.
const FOURTH_POWER: f64 = 0.002;
/// Where ρ⁴ has grown by this many times what it was, the exponent of ρ is within a quarter of its inverse of 1/4.
const GROWN: f64 = 400.0;
/// How far from 1/4 the whole interval of that exponent may reach.
const QUARTER: f64 = 0.25 / GROWN;

const RADIAL: &str = "the gradient is orthogonal to the embedding: largest z · ∇, in units of rounding";
const IDENTITY: &str = "every plain step adds γ²‖∇‖² to the squared norm: largest difference, in units of rounding";
const GROWING: &str = "no plain step shortens a free embedding: steps above rounding that did not lengthen it";
const TOTAL: &str = "growth is γ(L_0 − L_T){1 + (α + β)(1 + cos φ0)/4}: measured over it, for γ/ρ² ≤ 0.01";
const SHARE: &str = "the members share it as (ρ_j²/ρ_i²){1 − (α − β)(1 − cos φ0)/2}: measured over it, for γ/ρ² ≤ 0.01";
const LIMIT: &str = "growth/(γ(L_0 − L_T)) tends to 1 with the first power of the step: fitted order";
const CORRECTION: &str = "with S1's first correction what is left falls with the square of the step: fitted order";
const FLOW: &str =
    "gradient flow conserves norms: relative growth falls with the first power of the step: fitted order";
const HEAVY_BALL: &str = "heavy-ball momentum multiplies the budget by (1 + μ)/(1 − μ)²: measured factor over it";
const NESTEROV: &str = "Nesterov's multiplies it by (1 − μ + 2μ²)/(1 − μ)²: measured factor over it";
const MEAN: &str = "under fresh random targets the mean of ρ⁴ is ρ0⁴ + 2γ²G²k and its logarithm: measured over it";
const ROOT: &str = "under fresh targets norms grow as the fourth root of time: fitted exponent of (mean ρ⁴)^¼";

pub fn claims(tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
    let (main, momentum): (Vec<BudgetRow>, Vec<MomentumRow>) = (tables.rows()?, tables.rows()?);
    let persistent: Vec<PersistentRow> = tables.rows()?;
    let mut claims = lengthening(&tables.rows()?);
    claims.extend([
        corrected(&main, TOTAL, BudgetRow::budget_over_law, replicates),
        corrected(&main, SHARE, |row| row.share_relative / row.share_law, replicates),
        order(&main, LIMIT, 1.0, |row| (row.budget_ratio - 1.0).abs(), replicates),
        order(&main, CORRECTION, 2.0, |row| (row.budget_over_law() - 1.0).abs(), replicates),
        order(&main, FLOW, 1.0, |row| row.relative_growth, replicates),
        factor(&momentum, HEAVY_BALL, Rule::HeavyBall, replicates),
        factor(&momentum, NESTEROV, Rule::Nesterov, replicates),
        fourth_power(&persistent, replicates),
        quarter(&persistent, replicates),
    ]);
    Ok(claims)
}

fn lengthening(rows: &[LengtheningRow]) -> Vec<Claim> {
    let note = format!(
        "{} steps of single embeddings, step sizes from 2e-4 to 2, with and without stop-gradient",
        rows.iter().map(|row| row.row_steps).sum::<u64>()
    );
    vec![
        claim("G3", RADIAL).note(&note).all_within(ROUNDING, rows.iter().map(|row| row.largest_radial)),
        claim("D2", IDENTITY).note(&note).all_within(ROUNDING, rows.iter().map(|row| row.largest_error)),
        claim("D2", GROWING).no_exception_in(rows, |row| (row.not_lengthened, row.moved)),
    ]
}

/// An equivalence test of ratios with 1, at the setting where the interval reaches farthest. `place` is said of it.
fn ratio(
    (statement, says): (&str, &str),
    margin: f64,
    ratios: impl Iterator<Item = (String, f64)>,
    replicates: u64,
    place: &str,
) -> Claim {
    let settings = estimated(ratios);
    let note = format!("the worst of {} settings{place}", settings.len());
    claim(statement, says)
        .needs_replicates(replicates, ENOUGH)
        .needs(!settings.is_empty(), "needs small steps")
        .equivalent_at_worst(1.0, margin, &settings, |_| note)
        .to_decimals(5)
}

/// A quantity of plain descent over what S1's first correction makes of it.
fn corrected(main: &[BudgetRow], says: &str, over_law: fn(&BudgetRow) -> f64, replicates: u64) -> Claim {
    let small = main.iter().filter(|row| row.step_size <= SMALL_STEP);
    let setting = |row: &BudgetRow| format!("{} {} {}", row.norm, row.norm_ratio, row.step_size);
    ratio(("S1", says), CORRECTED, small.map(|row| (setting(row), over_law(row))), replicates, "")
}

/// In which order of the step something falls.
fn order(main: &[BudgetRow], says: &str, expected: f64, value: fn(&BudgetRow) -> f64, replicates: u64) -> Claim {
    let observed = observed(main, value);
    claim("S1", says)
        .needs_replicates(replicates, ENOUGH)
        .needs(!observed.is_empty(), "needs three step sizes up to 0.05")
        .note("the margin is the largest step in the fit, by which the next order is smaller")
        .fitted(expected, LARGEST_STEP, fit_power_law(&observed, 0.95).map(|law| law.exponent))
}

/// Values against the step size; every population at every two norms, whose rows stand together, is a replicate.
fn observed(main: &[BudgetRow], value: fn(&BudgetRow) -> f64) -> Vec<Observation> {
    let populations = main.chunk_by(|one, next| one.population() == next.population());
    let small = |row: &&BudgetRow| row.step_size <= LARGEST_STEP;
    let of_population = |(replicate, rows): (u64, &[BudgetRow])| {
        let observation = |row: &BudgetRow| Observation { x: row.step_size, y: value(row), replicate };
        rows.iter().filter(small).map(observation).collect::<Vec<_>>()
    };
    (0..).zip(populations).flat_map(of_population).collect()
}

/// By what momentum multiplies the budget, over S1's factor.
fn factor(rows: &[MomentumRow], says: &str, rule: Rule, replicates: u64) -> Claim {
    let rows = rows.iter().filter(|row| row.rule == rule);
    ratio(("S1", says), FACTOR, rows.map(|row| (row.momentum.to_string(), row.relative)), replicates, "")
}

/// The mean of ρ⁴ at the end of the runs that start with the smallest steps.
fn fourth_power(rows: &[PersistentRow], replicates: u64) -> Claim {
    let smallest = rows.iter().map(|row| row.step_size).fold(SMALL_FRESH_STEP, f64::min);
    let rows: Vec<&PersistentRow> = rows.iter().filter(|row| row.step_size == smallest).collect();
    let last = rows.iter().map(|row| row.updates).max().unwrap_or(0);
    let ends = rows.iter().filter(|row| row.updates == last).map(|row| (row.dimension.to_string(), row.relative));
    let place = format!(" after {last} updates, in the worst dimension");
    ratio(("S2", MEAN), FOURTH_POWER, ends, replicates, &place)
}

/// The exponent of ρ in the number of updates, once the start is forgotten.
fn quarter(rows: &[PersistentRow], replicates: u64) -> Claim {
    let grown = rows.iter().filter(|row| (row.dimension, row.step_size) == LONG && row.law >= GROWN);
    let observation =
        |row: &PersistentRow| Observation { x: row.updates as f64, y: row.norm, replicate: row.replicate };
    let observed: Vec<Observation> = grown.map(observation).collect();
    claim("S2", ROOT)
        .needs_replicates(replicates, ENOUGH)
        .needs(!observed.is_empty(), "needs a mean of ρ⁴ 400 times the first")
        .note(format!(
            "where ρ⁴ is at least {GROWN} times what it was, so that what it was changes the exponent by at most {QUARTER}"
        ))
        .fitted(0.25, QUARTER, fit_power_law(&observed, 0.95).map(|law| law.exponent))
        .to_decimals(5)
}
