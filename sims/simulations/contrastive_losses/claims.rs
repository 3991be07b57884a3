//! What the tables of all losses say of the statements.

use embedding_norms::lab::claim::{Claim, Source, brief};
use embedding_norms::lab::law::{Observation, fit_power_law};
use embedding_norms::lab::table::{Table, TableError};
use embedding_norms::statistics::{Estimate, mean_with_interval};

use super::{CLOSED_FORM, GRADIENTS, GROWTH, HINGE, SYMMETRY};
use crate::cli::failure::Failure;
use crate::simulations::grouping::{groups, levels};
use crate::simulations::simulation::Tables;

/// Replicates below which no interval is tested.
const ENOUGH: u64 = 3;
/// Norms over less than this factor do not show a law.
const RANGE: f64 = 4.0;
/// A descent of fewer steps is not asymptotic. A triplet loss that is spent before reaches its level earlier.
const ENOUGH_STEPS: f64 = 100.0;
/// Steps γ/(τρ²) above this are not small.
const LARGEST_STEP: f64 = 0.02;
/// How far from 2 the whole interval of the exponent of the norm may reach.
pub const EXPONENT: f64 = 0.03;
/// How far from 1 the whole interval of the order in which a budget tends to its limit may reach.
const ORDER: f64 = 0.05;
/// The step size γ/(τρ²) up to which budgets are compared with their limit, and how far they may be from it.
const SMALL_STEP: f64 = 0.002;
pub const BUDGET: f64 = 0.005;
/// What a few triplets add to their budget at least, at every step, and at most with rounded corners at the smallest.
const EXCESS: f64 = 0.02;
const NO_EXCESS: f64 = 0.01;
/// Draws of triplets below which their excess is not tested.
const ENOUGH_DRAWS: usize = 12;
/// The largest distance that counts as the same direction.
const SAME: f64 = 0.01;

/// The claim of the exponents, with that of every loss in its note.
pub const EXPONENTS: &str = "steps of plain descent to one level of the loss grow as ρ^k with k = 2 for every loss, by \
                             equivalence tests on the 95 % intervals of k";

/// The loss that has kinks.
pub const KINKED: &str = "triplet";

const TOO_SMALL: &str = "needs 3 replicates, 3 norms over a factor of 4, 100 steps of every descent, γ/(τρ²) ≤ 0.02";

pub fn claims(tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
    let main = tables.get("")?;
    let growth = tables.get(GROWTH)?;
    let enough = replicates >= ENOUGH && is_asymptotic(main, growth)?;
    let mut claims = gradients(tables.get(GRADIENTS)?)?;
    claims.push(closed_form(tables.get(CLOSED_FORM)?)?);
    claims.extend(symmetry(tables.get(SYMMETRY)?)?);
    claims.push(exponent(main, enough)?);
    claims.push(order(growth, enough)?);
    claims.push(budget(growth, enough)?);
    claims.push(hinges(tables.get(HINGE)?)?);
    Ok(claims)
}

/// The losses of a table, in its order.
pub fn losses(table: &Table) -> Result<Vec<String>, TableError> {
    let mut losses = table.texts("loss")?;
    losses.dedup();
    Ok(losses)
}

fn is_asymptotic(main: &Table, growth: &Table) -> Result<bool, TableError> {
    let norms = levels(main, "norm")?;
    let range = norms.last().copied().unwrap_or(1.0) / norms.first().copied().unwrap_or(1.0);
    let fewest = main.numbers("steps")?.into_iter().flatten().fold(f64::INFINITY, f64::min);
    let small = largest(growth, "step_size")? <= LARGEST_STEP * (1.0 + 1e-9);
    Ok(norms.len() >= 3 && range >= RANGE && fewest >= ENOUGH_STEPS && small)
}

fn largest(table: &Table, column: &str) -> Result<f64, TableError> {
    Ok(table.numbers(column)?.into_iter().flatten().fold(0.0, f64::max))
}

fn total(table: &Table, column: &str) -> Result<u64, TableError> {
    Ok(table.numbers(column)?.into_iter().flatten().sum::<f64>() as u64)
}

fn gradients(table: &Table) -> Result<Vec<Claim>, TableError> {
    let norm =
        "the gradient of every loss is 1/‖z‖ times that at norm 1: largest deviation of ‖z‖‖∇‖ from the mean length";
    let tangent = "the gradient of every loss is orthogonal to the embedding: largest |z · ∇|/(‖z‖‖∇‖)";
    let rows = total(table, "rows")?;
    let note = format!("{} losses, {rows} gradients, every embedding at a norm of its own", losses(table)?.len());
    Ok(vec![
        Claim::within("G1", norm, 1e-12, largest(table, "law_deviation")?).noting(&note),
        Claim::within("G3", tangent, 1e-12, largest(table, "radial_share")?).noting(&note),
    ])
}

fn closed_form(table: &Table) -> Result<Claim, TableError> {
    let says = "gradients of anchors and keys are the closed form: largest ‖ΔG‖ρτ, of the total over the batch";
    if table.rows().is_empty() {
        let why = "needs one of info-nce, nt-xent and dcl";
        return Ok(Claim::not_tested("G4", Source::Ours, says, why));
    }
    let worst = largest(table, "first_view")?.max(largest(table, "second_view")?);
    let temperatures: Vec<String> = levels(table, "temperature")?.into_iter().map(brief).collect();
    let longest = brief(largest(table, "largest_length")?);
    let note =
        format!("{}, τ = {}; the longest ‖G‖ρτ is {longest}", losses(table)?.join(", "), temperatures.join(", "));
    Ok(Claim::within("G4", says, 1e-13, worst).noting(&note))
}

fn symmetry(table: &Table) -> Result<Vec<Claim>, TableError> {
    let same = "embeddings c·z under c²γ follow the directions of z under γ bit for bit, c = 2^m: differing embeddings";
    let other = "under c^1.5 γ or c^2.5 γ they leave them: losses and starts that stay within 0.01";
    let distances: Vec<f64> = table.numbers("wrong_distance")?.into_iter().flatten().collect();
    let staying = distances.iter().filter(|distance| **distance <= SAME).count();
    let least = brief(distances.iter().copied().fold(f64::INFINITY, f64::min));
    let note = format!("c = 8, twenty steps; the smallest of the largest distances is {least}");
    let exceptions = total(table, "exceptions")?;
    Ok(vec![
        Claim::without_exception("L6", same, exceptions, total(table, "compared")?)
            .noting("every embedding after every one of twenty steps, m = −5, 3 and 12, all losses"),
        Claim::without_exception("L6", other, staying as u64, distances.len() as u64).noting(&note),
    ])
}

/// One column against another, for one loss.
fn observations(
    table: &Table,
    loss: &str,
    x: &str,
    y: &dyn Fn(f64) -> f64,
    column: &str,
) -> Result<Vec<Observation>, TableError> {
    let rows = table.with("loss", loss)?;
    let values = rows.numbers(x)?.into_iter().zip(rows.numbers(column)?).zip(rows.numbers("replicate")?);
    Ok(values
        .filter_map(|((at, value), replicate)| Some(Observation { x: at?, y: y(value?), replicate: replicate? as u64 }))
        .collect())
}

/// A loss with what was fitted to it, or why nothing could be.
pub type Fitted = (String, Result<Estimate, String>);

/// The exponent of steps by norm of each loss, or why it has none.
pub fn exponents(main: &Table) -> Result<Vec<Fitted>, TableError> {
    let of = |loss: String| -> Result<_, TableError> {
        let observations = observations(main, &loss, "norm", &|steps| steps, "steps")?;
        let fit = fit_power_law(&observations, 0.95).map(|law| law.exponent).map_err(|refusal| refusal.to_string());
        Ok((loss, fit))
    };
    losses(main)?.into_iter().map(of).collect()
}

/// An equivalence test of the loss whose interval reaches farthest.
fn of_the_worst(statement: &str, says: &str, (predicted, margin): (f64, f64), found: Vec<Fitted>) -> Claim {
    let mut worst: Option<(String, Estimate)> = None;
    let mut all = Vec::new();
    let reach = |found: &Estimate| (predicted - found.lower).max(found.upper - predicted);
    for (loss, estimate) in found {
        match estimate {
            Ok(estimate) => {
                all.push(format!("{loss} {:.3}", estimate.value));
                if worst.as_ref().is_none_or(|(_, worst)| reach(&estimate) > reach(worst)) {
                    worst = Some((loss, estimate));
                }
            }
            Err(why) => {
                return Claim::outcome(
                    statement,
                    says,
                    format!("{predicted} ± {margin}"),
                    format!("{loss}: {why}"),
                    false,
                );
            }
        }
    }
    match worst {
        Some((loss, estimate)) => Claim::equivalence(statement, says, predicted, margin, estimate)
            .noting(&format!("the worst is {loss}; {}", all.join(", "))),
        None => Claim::not_tested(statement, Source::Ours, says, "there is no loss to test"),
    }
}

fn exponent(main: &Table, enough: bool) -> Result<Claim, TableError> {
    let says = EXPONENTS;
    if !enough {
        return Ok(Claim::not_tested("L6", Source::Ours, says, TOO_SMALL));
    }
    Ok(of_the_worst("L6", says, (2.0, EXPONENT), exponents(main)?))
}

fn smooth_losses(growth: &Table) -> Result<Vec<String>, TableError> {
    Ok(losses(growth)?.into_iter().filter(|loss| loss != KINKED).collect())
}

/// In which order of the step the budget of every smooth loss tends to its limit.
fn order(growth: &Table, enough: bool) -> Result<Claim, TableError> {
    let says = "growth/(γ(L_0 − L_T)) tends to 1 with the first power of the step for every smooth loss: fitted order";
    if !enough {
        return Ok(Claim::not_tested("S1", Source::Ours, says, TOO_SMALL));
    }
    let of = |loss: String| -> Result<_, TableError> {
        let distance = |ratio: f64| (ratio - 1.0).abs();
        let observations = observations(growth, &loss, "step_size", &distance, "budget_ratio")?;
        let fit = fit_power_law(&observations, 0.95).map(|law| law.exponent).map_err(|refusal| refusal.to_string());
        Ok((loss, fit))
    };
    let found = smooth_losses(growth)?.into_iter().map(of).collect::<Result<Vec<_>, TableError>>()?;
    Ok(of_the_worst("S1", says, (1.0, ORDER), found))
}

/// The budget of every smooth loss at the smallest step.
fn budget(growth: &Table, enough: bool) -> Result<Claim, TableError> {
    let says = "growth is γ(L_0 − L_T) for every smooth loss: growth over it at the longest norm";
    let smallest = levels(growth, "step_size")?.first().copied().unwrap_or(f64::INFINITY);
    if !enough || smallest > SMALL_STEP {
        let why = format!("{TOO_SMALL}, and at the longest norm ≤ {SMALL_STEP}");
        return Ok(Claim::not_tested("S1", Source::Ours, says, &why));
    }
    let found = budgets(growth)?.into_iter().filter(|(loss, _)| loss != KINKED);
    let found = found.map(|(loss, found)| (loss, found.ok_or_else(|| "one replicate has no interval".to_owned())));
    Ok(of_the_worst("S1", says, (1.0, BUDGET), found.collect()))
}

/// Growth over budget of each loss at its smallest step.
pub fn budgets(growth: &Table) -> Result<Vec<(String, Option<Estimate>)>, TableError> {
    let of = |loss: String| -> Result<_, TableError> {
        let at = groups(&growth.with("loss", loss.as_str())?, "step_size", "budget_ratio")?;
        let found = at.first().and_then(|(_, ratios)| mean_with_interval(ratios, 0.95));
        Ok((loss, found))
    };
    losses(growth)?.into_iter().map(of).collect()
}

/// What kinks add to the budget, at every step size, with corners and without.
fn hinges(table: &Table) -> Result<Claim, TableError> {
    let says =
        "kinks break the budget: the excess of a few triplets outlasts small steps, that of rounded ones vanishes";
    let at = |rounded: u64| -> Result<Vec<(f64, Vec<f64>)>, TableError> {
        groups(&table.with("rounded", rounded)?, "learning_rate", "budget_ratio")
    };
    let interval = |at: &(f64, Vec<f64>)| mean_with_interval(&at.1, 0.95);
    let (sharp, rounded) = (at(0)?, at(1)?);
    let draws = sharp.iter().map(|(_, ratios)| ratios.len()).min().unwrap_or(0);
    let ends = (sharp.first().and_then(interval), sharp.last().and_then(interval), rounded.first().and_then(interval));
    let (Some(small), Some(large), Some(round)) = ends else {
        return Ok(Claim::not_tested("S1", Source::Ours, says, "needs the triplet loss and 2 draws"));
    };
    if draws < ENOUGH_DRAWS || sharp.len() < 2 {
        let why = "needs 12 draws at two learning rates";
        return Ok(Claim::not_tested("S1", Source::Ours, says, why));
    }
    let holds = small.lower > 1.0 + EXCESS && round.upper < 1.0 + NO_EXCESS;
    let (least, most) = (brief(sharp[0].0), brief(sharp[sharp.len() - 1].0));
    let shown = |found: Estimate| format!("{:.3} [{:.3}, {:.3}]", found.value, found.lower, found.upper);
    let measured = format!("{} with corners, {} without", shown(small), shown(round));
    let predicted = format!("above {} with corners, below {} without", 1.0 + EXCESS, 1.0 + NO_EXCESS);
    let widest = brief(sharp[0].1.iter().copied().fold(1.0, f64::max));
    let note = format!(
        "at γ = {least}, {draws} draws of 56 triplets, up to {widest}; at γ = {most} with corners {}",
        shown(large)
    );
    Ok(Claim { value: Some(small.value), ..Claim::outcome("S1", says, predicted, measured, holds) }.noting(&note))
}

#[cfg(test)]
mod tests {
    use embedding_norms::lab::claim::Verdict;

    use super::*;

    /// Steps 100 ρ^k and budgets 1 + e u^q of two losses, with the scatter of replicates.
    fn planted(k: f64, excess: f64, q: f64) -> (Table, Table) {
        let mut main = Table::new(&["loss", "norm", "replicate", "steps"]);
        let mut growth = Table::new(&["loss", "step_size", "replicate", "budget_ratio"]);
        for loss in ["clip", "triplet"] {
            for (norm, replicate) in [1.0, 2.0, 4.0].into_iter().flat_map(|norm| (0..4_u64).map(move |r| (norm, r))) {
                let scatter = 1.0 + 0.002 * (replicate as f64 - 1.5) * (norm - 2.0);
                let step = 0.02 / (norm * norm);
                let ratio = 1.0 + excess * libm::pow(step / 0.02, q) * scatter;
                main.push([loss.into(), norm.into(), replicate.into(), (110.0 * libm::pow(norm, k) * scatter).into()]);
                growth.push([loss.into(), step.into(), replicate.into(), ratio.into()]);
            }
        }
        (main, growth)
    }

    fn verdicts(k: f64, excess: f64, q: f64) -> [Verdict; 3] {
        let (main, growth) = planted(k, excess, q);
        assert!(is_asymptotic(&main, &growth).unwrap());
        [exponent(&main, true), order(&growth, true), budget(&growth, true)].map(|claim| claim.unwrap().verdict)
    }

    #[test]
    fn planted_laws_are_told_from_others() {
        use Verdict::{AsStated, NotAsStated};
        assert_eq!(verdicts(2.0, 0.02, 1.0), [AsStated; 3]);
        assert_eq!(verdicts(1.95, 0.02, 1.0), [NotAsStated, AsStated, AsStated]);
        assert_eq!(verdicts(2.0, 0.02, 0.9), [AsStated, NotAsStated, AsStated]);
        assert_eq!(verdicts(2.0, 0.2, 1.0), [AsStated, AsStated, NotAsStated]);
    }

    #[test]
    fn hinges_need_an_excess_that_stays_and_a_control_that_vanishes() {
        let claim = |sharp: f64, rounded: f64| {
            let mut table = Table::new(&["learning_rate", "rounded", "budget_ratio"]);
            for (rate, draw) in
                [0.01, 0.02].into_iter().flat_map(|rate| (0..12).map(move |draw| (rate, f64::from(draw))))
            {
                table.push([rate.into(), 0_u64.into(), (1.0 + sharp * (1.0 + 0.01 * draw)).into()]);
                table.push([rate.into(), 1_u64.into(), (1.0 + rounded * (1.0 + 0.01 * draw)).into()]);
            }
            hinges(&table).unwrap().verdict
        };
        assert_eq!(claim(0.06, 0.002), Verdict::AsStated);
        assert_eq!(claim(0.01, 0.002), Verdict::NotAsStated);
        assert_eq!(claim(0.06, 0.02), Verdict::NotAsStated);
    }

    #[test]
    fn one_exception_to_the_symmetry_or_one_wrong_degree_that_passes_is_seen() {
        let table = |exceptions: u64, distance: f64| {
            let mut table = Table::new(&["compared", "exceptions", "wrong_distance"]);
            table.push([100_u64.into(), exceptions.into(), distance.into()]);
            symmetry(&table).unwrap().into_iter().map(|claim| claim.failed()).collect::<Vec<_>>()
        };
        assert_eq!(table(0, 0.2), [false, false]);
        assert_eq!(table(1, 0.2), [true, false]);
        assert_eq!(table(0, 0.005), [false, true]);
        // A wrong degree that changes nothing at all is the worst.
        assert_eq!(table(0, 0.0), [false, true]);
    }
}
