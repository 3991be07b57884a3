//! Claims about the statements, from the norm effect's tables.

use embedding_norms::statistics::Estimate;
use embedding_norms_lab::claim::{Claim, claim};
use embedding_norms_lab::law::{Observation, Refusal, fit_power_law};

use super::{DescentRow, NormEffect, PublishedRow, SinglePairsRow};
use crate::cli::failure::Failure;
use crate::simulations::pairs::{FirstGradient, engines_claim, is_between, published_claim};
use crate::simulations::simulation::Tables;

/// Steps are small where γ/ρ² is at most this: the window of the power law.
const SMALL_STEP: f64 = 0.02;
/// How far from 2 the whole interval of the exponent may reach.
const MARGIN: f64 = 0.003;
/// The claim of the norm effect, whose number the figure shows.
pub const EXPONENT: &str =
    "steps grow as ρ^k with k = 2 where γ/ρ² ≤ 0.02, by an equivalence test on the 95 % interval of k";
/// Replicates below which the exponent is not tested.
const ENOUGH: u64 = 10;

pub fn claims(settings: &NormEffect, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
    let rows: Vec<DescentRow> = tables.rows()?;
    let published: Vec<PublishedRow> = tables.rows_if_any()?;
    let inside = |row: &PublishedRow| (row.runs, is_between(row.published_steps, row.lower, row.upper));
    Ok(vec![
        gradient(&rows),
        engines_claim(settings.options.engine, rows.iter().map(|row| (row.steps, row.pair_steps))),
        flow(settings, &rows),
        exponent(settings, &rows, replicates),
        single_pairs(&tables.rows()?),
        published_claim("L2", &published.iter().map(inside).collect::<Vec<_>>(), ""),
    ])
}

fn gradient(rows: &[DescentRow]) -> Claim {
    claim("G2", "the gradient of every embedding has length sin φ/ρ: largest relative deviation")
        .all_within(1e-12, rows.iter().map(|row| row.gradient_deviation))
}

fn flow(settings: &NormEffect, rows: &[DescentRow]) -> Claim {
    let small = rows.iter().filter(|row| settings.options.learning_rate.get() / (row.norm * row.norm) <= 0.08);
    let apart: Vec<f64> = small.filter_map(|row| Some((row.counted()? - row.flow_steps?).abs())).collect();
    // In few dimensions some pairs start almost opposite, and to small tolerances the neglected orders add up over them.
    let close = settings.options.dim >= 20 && settings.options.tolerance >= 1e-4;
    claim("L4", "the closed form over the initial angles is within one step of the simulation, for ρ ≥ 0.5")
        .needs(settings.first_step == FirstGradient::Cosine, "the flow follows the cosine from the start")
        .needs(close, "needs at least 20 dimensions and a tolerance of 1e-4 or more")
        .needs(!apart.is_empty(), "no norm with small steps (γ/ρ² ≤ 0.08)")
        .note(format!("{} runs", apart.len()))
        .all_within(1.0, apart)
}

fn exponent(settings: &NormEffect, rows: &[DescentRow], replicates: u64) -> Claim {
    let is_small = |row: &&DescentRow| settings.options.learning_rate.get() / (row.norm * row.norm) <= SMALL_STEP;
    let small: Vec<&DescentRow> = rows.iter().filter(is_small).collect();
    let (shortest, longest) =
        small.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), row| (low.min(row.norm), high.max(row.norm)));
    let fit = |y: fn(&DescentRow) -> Option<f64>| {
        let observation = |row: &&DescentRow| Some(Observation { x: row.norm, y: y(row)?, replicate: row.replicate });
        fit_power_law(&small.iter().filter_map(observation).collect::<Vec<_>>(), 0.95).map(|law| law.exponent)
    };
    let shown = |fit: Result<Estimate, Refusal>| match fit {
        Ok(k) => k.to_decimals(4),
        Err(refusal) => refusal.to_string(),
    };
    let note = format!(
        "over ρ from {shortest} to {longest}, {replicates} replicates; the same fit to the flow's times {}, to real-valued \
         crossing times {}: finite steps raise k, rounding up to whole counts lowers it",
        shown(fit(|row| row.flow_steps)),
        shown(fit(|row| row.pair_crossing))
    );
    claim("L2", EXPONENT)
        .needs(settings.options.is_published_setting(), "needs the paper's setting")
        .needs_replicates(replicates, ENOUGH)
        .needs(longest / shortest >= 8.0, "needs norms over a factor of 8 with γ/ρ² ≤ 0.02")
        .note(note)
        .fitted(2.0, MARGIN, fit(DescentRow::counted))
}

fn single_pairs(rows: &[SinglePairsRow]) -> Claim {
    claim("L1", "for single pairs with γ/ρ² ≤ 0.01 the closed form, rounded up, is the count")
        .note("equal norms, unequal norms and stop-gradient; predictions within 0.05 of a whole number are left out")
        .no_exception_in(rows, |row| (row.mismatches, row.decided))
}
