//! What the norm effect's tables say of the statements.

use embedding_norms::lab::claim::{Claim, Source};
use embedding_norms::lab::law::{Observation, PowerLaw, Refusal, fit_power_law};
use embedding_norms::lab::table::{Table, TableError};

use super::{NormEffect, PUBLISHED, SINGLE_PAIRS};
use crate::cli::failure::Failure;
use crate::simulations::pairs::{
    FirstGradient, NO_PUBLISHED_RUNS, PUBLISHED_SAYS, counted, engines_claim, published_claim,
};
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
    let main = tables.get("")?;
    let mut claims = vec![gradient(main)?, engines_claim(settings.options.engine, main)?];
    claims.push(flow(settings, main)?);
    claims.push(exponent(settings, main, replicates)?);
    claims.push(single_pairs(tables.get(SINGLE_PAIRS)?)?);
    claims.push(match tables.find(PUBLISHED) {
        Some(table) => published_claim("L2", table, "")?,
        None => Claim::not_tested("L2", Source::Paper, PUBLISHED_SAYS, NO_PUBLISHED_RUNS),
    });
    Ok(claims)
}

fn gradient(main: &Table) -> Result<Claim, TableError> {
    let largest = main.numbers("gradient_deviation")?.into_iter().flatten().fold(0.0, f64::max);
    let says = "the gradient of every embedding has length sin φ/ρ: largest relative deviation";
    Ok(Claim::within("G2", says, 1e-12, largest))
}

fn flow(settings: &NormEffect, main: &Table) -> Result<Claim, TableError> {
    let says = "the closed form over the initial angles is within one step of the simulation, for ρ ≥ 0.5";
    if settings.first_step == FirstGradient::DotProduct {
        return Ok(Claim::not_tested("L4", Source::Ours, says, "the flow follows the cosine from the start"));
    }
    // In few dimensions some pairs start almost opposite, and to small tolerances the neglected orders add up over them.
    if settings.options.dim < 20 || settings.options.tolerance < 1e-4 {
        return Ok(Claim::not_tested(
            "L4",
            Source::Ours,
            says,
            "needs at least 20 dimensions and a tolerance of 1e-4 or more",
        ));
    }
    let small = |norm: f64| settings.options.learning_rate / (norm * norm) <= 0.08;
    let rows = main.numbers("norm")?.into_iter().zip(main.numbers(counted(main)?)?).zip(main.numbers("flow_steps")?);
    let apart: Vec<f64> =
        rows.filter_map(|((norm, steps), flow)| small(norm?).then_some((steps? - flow?).abs())).collect();
    if apart.is_empty() {
        return Ok(Claim::not_tested("L4", Source::Ours, says, "no norm with small steps (γ/ρ² ≤ 0.08)"));
    }
    let largest = apart.iter().copied().fold(0.0, f64::max);
    Ok(Claim::within("L4", says, 1.0, largest).noting(&format!("{} runs", apart.len())))
}

fn exponent(settings: &NormEffect, main: &Table, replicates: u64) -> Result<Claim, Failure> {
    let says = EXPONENT;
    let fit = |column: &str| -> Result<Result<PowerLaw, Refusal>, TableError> {
        Ok(fit_power_law(&window(settings, main, column)?, 0.95))
    };
    let norms = settings.norms.iter().filter(|&&norm| is_small(settings, norm));
    let (shortest, longest) =
        norms.fold((f64::INFINITY, 0.0_f64), |(low, high), &norm| (low.min(norm), high.max(norm)));
    if replicates < ENOUGH || longest / shortest < 8.0 || !settings.options.is_published_setting() {
        let why = "needs the paper's setting, at least 10 replicates and norms over a factor of 8 with γ/ρ² ≤ 0.02";
        return Ok(Claim::not_tested("L2", Source::Ours, says, why));
    }
    let counts = match fit(counted(main)?)? {
        Ok(law) => law,
        Err(refusal) => {
            let (predicted, measured) = (format!("2 ± {MARGIN}"), refusal.to_string());
            return Ok(Claim::outcome("L2", says, predicted, measured, false));
        }
    };
    let shown = |law: Result<PowerLaw, Refusal>| match law {
        Ok(law) => format!("{:.4} [{:.4}, {:.4}]", law.exponent.value, law.exponent.lower, law.exponent.upper),
        Err(refusal) => refusal.to_string(),
    };
    let note = format!(
        "over ρ from {shortest} to {longest}, {replicates} replicates; the same fit to the flow's times {}, to real-valued \
         crossing times {}: finite steps raise k, rounding up to whole counts lowers it",
        shown(fit("flow_steps")?),
        shown(fit("pair_crossing")?)
    );
    Ok(Claim::equivalence("L2", says, 2.0, MARGIN, counts.exponent).noting(&note))
}

fn is_small(settings: &NormEffect, norm: f64) -> bool {
    settings.options.learning_rate / (norm * norm) <= SMALL_STEP
}

/// The measurements of a column where steps are small.
fn window(settings: &NormEffect, main: &Table, column: &str) -> Result<Vec<Observation>, TableError> {
    let rows = main.numbers("norm")?.into_iter().zip(main.numbers("replicate")?).zip(main.numbers(column)?);
    let observation = |((norm, replicate), value): ((Option<f64>, Option<f64>), Option<f64>)| {
        let x = norm?;
        is_small(settings, x).then_some(Observation { x, y: value?, replicate: replicate? as u64 })
    };
    Ok(rows.filter_map(observation).collect())
}

fn single_pairs(table: &Table) -> Result<Claim, TableError> {
    let total = |column: &str| -> Result<u64, TableError> {
        Ok(table.numbers(column)?.into_iter().flatten().sum::<f64>() as u64)
    };
    let says = "for single pairs with γ/ρ² ≤ 0.01 the closed form, rounded up, is the count";
    let note = "equal norms, unequal norms and stop-gradient; predictions within 0.05 of a whole number are left out";
    Ok(Claim::without_exception("L1", says, total("mismatches")?, total("decided")?).noting(note))
}
