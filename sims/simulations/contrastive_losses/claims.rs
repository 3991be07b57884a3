//! Claims about the statements, from the tables of all losses.

use embedding_norms::statistics::{Estimate, mean_with_interval};
use embedding_norms_lab::claim::{Claim, Stating, Verdict, brief, claim};
use embedding_norms_lab::law::{Observation, fit_power_law};

use super::by_loss;
use super::closed_form::Comparison;
use super::descents::{Growth, Steps};
use super::gradients::Gradients;
use super::hinge::HingeRow;
use super::symmetry::Symmetry;
use crate::cli::failure::Failure;
use crate::simulations::grouping::{ascending, grouped};
use crate::simulations::simulation::Tables;

/// Replicates below which no interval is tested.
const ENOUGH: u64 = 3;
/// Norms over less than this factor do not show a law.
const RANGE: f64 = 4.0;
/// A descent of fewer steps is not asymptotic. A triplet loss that has vanished before then reaches its level in fewer
/// steps.
const ENOUGH_STEPS: u64 = 100;
/// Steps γ/(τρ²) above this are not small.
const LARGEST_STEP: f64 = 0.02;
/// How far from 2 the whole interval of the exponent of the norm may reach.
pub const EXPONENT: f64 = 0.03;
/// How far from 1 the whole interval of the order in which a budget tends to its limit may reach.
const ORDER: f64 = 0.05;
/// The step size γ/(τρ²) up to which budgets are compared with their limit, and how far they may be from it.
const SMALL_STEP: f64 = 0.002;
pub const BUDGET: f64 = 0.005;
/// The least excess of a few triplets over their budget at every step size, and the largest at the smallest one with
/// rounded corners.
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
    let (main, growth): (Vec<Steps>, Vec<Growth>) = (tables.rows()?, tables.rows()?);
    let enough = replicates >= ENOUGH && is_asymptotic(&main, &growth);
    let mut claims = gradients(&tables.rows()?);
    claims.push(closed_form(&tables.rows()?));
    claims.extend(symmetry(&tables.rows()?));
    claims.extend([exponent(&main, enough), order(&growth, enough), budget(&growth, enough)]);
    claims.push(hinges(&tables.rows()?));
    Ok(claims)
}

fn is_asymptotic(main: &[Steps], growth: &[Growth]) -> bool {
    let norms = ascending(main.iter().map(|row| row.norm));
    let range = norms.last().unwrap_or(&1.0) / norms.first().unwrap_or(&1.0);
    let long = main.iter().filter_map(|row| row.steps).all(|steps| steps >= ENOUGH_STEPS);
    let small = growth.iter().all(|row| row.step_size <= LARGEST_STEP * (1.0 + 1e-9));
    norms.len() >= 3 && range >= RANGE && long && small
}

fn gradients(rows: &[Gradients]) -> Vec<Claim> {
    let norm =
        "the gradient of every loss is 1/‖z‖ times that at norm 1: largest deviation of ‖z‖‖∇‖ from the mean length";
    let tangent = "the gradient of every loss is orthogonal to the embedding: largest |z · ∇|/(‖z‖‖∇‖)";
    let (losses, count) = (by_loss(rows, |row| &row.loss).len(), rows.iter().map(|row| row.rows).sum::<usize>());
    let note = format!("{losses} losses, {count} gradients, every embedding at a norm of its own");
    vec![
        claim("G1", norm).note(&note).all_within(1e-12, rows.iter().map(|row| row.law_deviation)),
        claim("G3", tangent).note(&note).all_within(1e-12, rows.iter().map(|row| row.radial_share)),
    ]
}

fn closed_form(rows: &[Comparison]) -> Claim {
    let says = "gradients of anchors and keys are the closed form: largest ‖ΔG‖ρτ, of the total over the batch";
    let losses: Vec<&str> = by_loss(rows, |row| &row.loss).into_iter().map(|(loss, _)| loss).collect();
    let temperatures: Vec<String> = ascending(rows.iter().map(|row| row.temperature)).into_iter().map(brief).collect();
    let longest = brief(rows.iter().map(|row| row.largest_length).fold(0.0, f64::max));
    claim("G4", says)
        .needs(!rows.is_empty(), "needs one of info-nce, nt-xent and dcl")
        .note(format!("{}, τ = {}; the longest ‖G‖ρτ is {longest}", losses.join(", "), temperatures.join(", ")))
        .all_within(1e-13, rows.iter().flat_map(|row| [row.first_view, row.second_view]))
}

fn symmetry(rows: &[Symmetry]) -> Vec<Claim> {
    let same = "embeddings c·z under c²γ follow the directions of z under γ bit for bit, c = 2^m: differing embeddings";
    let other = "under c^1.5 γ or c^2.5 γ they leave them: losses and starts that stay within 0.01";
    let distances = rows.iter().map(|row| row.wrong_distance);
    let least = brief(distances.clone().fold(f64::INFINITY, f64::min));
    vec![
        claim("L6", same)
            .note("every embedding after every one of twenty steps, m = −5, 3 and 12, all losses")
            .no_exception_in(rows, |row| (row.exceptions, row.compared)),
        claim("L6", other)
            .note(format!("c = 8, twenty steps; the smallest of the largest distances is {least}"))
            .none_of(distances, |distance| distance <= SAME),
    ]
}

/// A loss with what was fitted to it, or why nothing could be.
pub type Fitted = (String, Result<Estimate, String>);

fn fitted(loss: &str, observed: impl Iterator<Item = Observation>) -> Fitted {
    let fit = fit_power_law(&observed.collect::<Vec<_>>(), 0.95);
    (loss.to_owned(), fit.map(|law| law.exponent).map_err(|refusal| refusal.to_string()))
}

/// The exponent of steps by norm of each loss, or why it has none.
pub fn exponents(main: &[Steps]) -> Vec<Fitted> {
    let observation = |row: &Steps| Some(Observation { x: row.norm, y: row.steps? as f64, replicate: row.replicate });
    let losses = by_loss(main, |row| &row.loss).into_iter();
    losses.map(|(loss, rows)| fitted(loss, rows.iter().filter_map(observation))).collect()
}

/// An equivalence test of the loss whose interval reaches farthest.
fn of_the_worst(stating: Stating, predicted: f64, margin: f64, found: impl Iterator<Item = Fitted>) -> Claim {
    let named = |(loss, fit): Fitted| match fit {
        Ok(estimate) => Ok((loss, estimate)),
        Err(why) => Err(format!("{loss}: {why}")),
    };
    let settings = match found.map(named).collect::<Result<Vec<_>, _>>() {
        Ok(settings) => settings,
        Err(why) => return stating.fitted(predicted, margin, Err(why)),
    };
    let all: Vec<String> = settings.iter().map(|(loss, found)| format!("{loss} {:.3}", found.value)).collect();
    stating.needs(!settings.is_empty(), "there is no loss to test").equivalent_at_worst(
        predicted,
        margin,
        &settings,
        |loss| format!("the worst is {loss}; {}", all.join(", ")),
    )
}

fn exponent(main: &[Steps], enough: bool) -> Claim {
    of_the_worst(claim("L6", EXPONENTS).needs(enough, TOO_SMALL), 2.0, EXPONENT, exponents(main).into_iter())
}

/// In which order of the step the budget of every smooth loss tends to its limit.
fn order(growth: &[Growth], enough: bool) -> Claim {
    let says = "growth/(γ(L_0 − L_T)) tends to 1 with the first power of the step for every smooth loss: fitted order";
    let excess = |row: &Growth| {
        Some(Observation { x: row.step_size, y: (row.budget_ratio? - 1.0).abs(), replicate: row.replicate })
    };
    let smooth = by_loss(growth, |row| &row.loss).into_iter().filter(|(loss, _)| *loss != KINKED);
    let found = smooth.map(|(loss, rows)| fitted(loss, rows.iter().filter_map(excess)));
    of_the_worst(claim("S1", says).needs(enough, TOO_SMALL), 1.0, ORDER, found)
}

/// The budget of every smooth loss at the smallest step.
fn budget(growth: &[Growth], enough: bool) -> Claim {
    let says = "growth is γ(L_0 − L_T) for every smooth loss: growth over it at the longest norm";
    let small = growth.iter().any(|row| row.step_size <= SMALL_STEP);
    let why = format!("{TOO_SMALL}, and at the longest norm ≤ {SMALL_STEP}");
    let smooth = budgets(growth).into_iter().filter(|(loss, _)| loss != KINKED);
    let found = smooth.map(|(loss, found)| (loss, found.ok_or("one replicate has no interval".to_owned())));
    of_the_worst(claim("S1", says).needs(enough && small, &why), 1.0, BUDGET, found)
}

impl Growth {
    /// The step size and the budget spent, where there was one.
    pub fn point(&self) -> Option<(f64, f64)> {
        Some((self.step_size, self.budget_ratio?))
    }
}

/// Growth over budget of each loss at its smallest step.
pub fn budgets(growth: &[Growth]) -> Vec<(String, Option<Estimate>)> {
    let of = |(loss, rows): (&str, &[Growth])| {
        let at = grouped(rows.iter().filter_map(Growth::point));
        (loss.to_owned(), at.first().and_then(|(_, ratios)| mean_with_interval(ratios, 0.95)))
    };
    by_loss(growth, |row| &row.loss).into_iter().map(of).collect()
}

/// The budgets of triplets with corners, or of those without, at every learning rate.
pub fn hinge_budgets(rows: &[HingeRow], rounded: bool) -> Vec<(f64, Vec<f64>)> {
    let rows = rows.iter().filter(|row| row.rounded == rounded);
    grouped(rows.map(|row| (row.learning_rate, row.budget_ratio)))
}

/// What kinks add to the budget, at every step size, with corners and without.
fn hinges(rows: &[HingeRow]) -> Claim {
    let says =
        "kinks break the budget: the excess of a few triplets outlasts small steps, that of rounded ones vanishes";
    let (sharp, rounded) = (hinge_budgets(rows, false), hinge_budgets(rows, true));
    let interval = |at: &(f64, Vec<f64>)| Some((at.0, mean_with_interval(&at.1, 0.95)?));
    let draws = sharp.iter().map(|(_, ratios)| ratios.len()).min().unwrap_or(0);
    let ends = (sharp.first().and_then(interval), sharp.last().and_then(interval), rounded.first().and_then(interval));
    let (Some((least, small)), Some((most, large)), Some((_, round))) = ends else {
        return claim("S1", says).needs(false, "needs the triplet loss and 2 draws").no_exception(0, 0);
    };
    let holds = small.lower > 1.0 + EXCESS && round.upper < 1.0 + NO_EXCESS;
    let shown = |found: Estimate| found.to_decimals(3);
    let (least, most, widest) = (brief(least), brief(most), brief(sharp[0].1.iter().copied().fold(1.0, f64::max)));
    let claim = claim("S1", says)
        .needs(draws >= ENOUGH_DRAWS && sharp.len() >= 2, "needs 12 draws at two learning rates")
        .note(format!(
            "at γ = {least}, {draws} draws of 56 triplets, up to {widest}; at γ = {most} with corners {}",
            shown(large)
        ))
        .holds(
            format!("above {} with corners, below {} without", 1.0 + EXCESS, 1.0 + NO_EXCESS),
            format!("{} with corners, {} without", shown(small), shown(round)),
            holds,
        );
    Claim { value: (claim.verdict != Verdict::NotTested).then_some(small.value), ..claim }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps ∝ ρ^k and budgets 1 + e u^q of two losses, with the scatter of replicates.
    fn planted(k: f64, excess: f64, q: f64) -> (Vec<Steps>, Vec<Growth>) {
        let runs = |loss: &'static str| {
            let norms = [1.0, 2.0, 4.0].into_iter();
            norms.flat_map(move |norm| (0..4_u64).map(move |replicate| (loss.to_owned(), norm, replicate)))
        };
        let run = |(loss, norm, replicate): (String, f64, u64)| {
            let scatter = 1.0 + 0.002 * (replicate as f64 - 1.5) * (norm - 2.0);
            let (steps, step_size) = (Some((1e6 * libm::pow(norm, k) * scatter) as u64), 0.02 / (norm * norm));
            let budget_ratio = Some(1.0 + excess * libm::pow(step_size / 0.02, q) * scatter);
            (
                Steps { loss: loss.clone(), norm, replicate, steps, ..Steps::default() },
                Growth { loss, step_size, replicate, budget_ratio, ..Growth::default() },
            )
        };
        ["clip", "triplet"].into_iter().flat_map(runs).map(run).unzip()
    }

    fn verdicts(k: f64, excess: f64, q: f64) -> [Verdict; 3] {
        let (main, growth) = planted(k, excess, q);
        assert!(is_asymptotic(&main, &growth));
        [exponent(&main, true), order(&growth, true), budget(&growth, true)].map(|claim| claim.verdict)
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
        let verdict = |sharp: f64, rounded: f64| {
            let draws = [0.01, 0.02].into_iter().flat_map(|rate| (0..12).map(move |draw| (rate, f64::from(draw))));
            let row = |(learning_rate, draw): (f64, f64), excess: f64, rounded: bool| {
                let budget_ratio = 1.0 + excess * (1.0 + 0.01 * draw);
                HingeRow { learning_rate, rounded, budget_ratio, ..HingeRow::default() }
            };
            let rows: Vec<HingeRow> = draws.flat_map(|at| [row(at, sharp, false), row(at, rounded, true)]).collect();
            hinges(&rows).verdict
        };
        assert_eq!(verdict(0.06, 0.002), Verdict::AsStated);
        assert_eq!(verdict(0.01, 0.002), Verdict::NotAsStated);
        assert_eq!(verdict(0.06, 0.02), Verdict::NotAsStated);
    }

    #[test]
    fn one_exception_to_the_symmetry_or_one_wrong_degree_that_passes_is_seen() {
        let failed = |exceptions: u64, wrong_distance: f64| {
            let row = Symmetry { compared: 100, exceptions, wrong_distance, ..Symmetry::default() };
            symmetry(&[row]).into_iter().map(|claim| claim.failed()).collect::<Vec<_>>()
        };
        assert_eq!(failed(0, 0.2), [false, false]);
        assert_eq!(failed(1, 0.2), [true, false]);
        assert_eq!(failed(0, 0.005), [false, true]);
        // A wrong degree that changes nothing at all is the worst.
        assert_eq!(failed(0, 0.0), [false, true]);
    }
}
