//! Claims about the statements, from the tables of unequal norms.

use embedding_norms::statistics::mean_with_interval;
use embedding_norms_lab::claim::{Claim, claim};
use embedding_norms_lab::law::{Observation, fit_power_law};

use super::runs::{NormsRow, TurnedRow};
use crate::simulations::grouping::{averages, by, estimated};

/// Replicates below which no interval is tested.
const ENOUGH: u64 = 10;
/// α + β up to which the closed form's error stays far below [`UNDECIDED`].
const SMALL_RATE: f64 = 0.08;
/// A prediction this close to a whole number decides no count.
const UNDECIDED: f64 = 0.05;
/// α + β up to which the rate of the flow is compared.
const FLOW_RATE: f64 = 0.004;
/// The largest step size in the fits of the residual of L5's ratio.
const LARGEST_STEP: f64 = 0.05;
/// How far from its value the whole interval of an order may reach: the next order is smaller by up to the largest step.
const MARGIN: f64 = LARGEST_STEP;

pub fn claims(main: &[NormsRow], turned: &[TurnedRow], replicates: u64) -> Vec<Claim> {
    let (held, moving): (Vec<&NormsRow>, Vec<&NormsRow>) = main.iter().partition(|row| row.stop_gradient);
    vec![
        engines(main),
        angles(main),
        closed_form(&moving, "for unequal norms the closed form, rounded up, is the count"),
        closed_form(&held, "with a stop-gradient the closed form with κ = γ/ρ_i², rounded up, is the count"),
        rate(&moving, "tan(φ/2) falls at the rate κ = γ/ρ_i² + γ/ρ_j²: measured rate over κ", replicates),
        rate(&held, "with a stop-gradient it falls at the rate γ/ρ_i²: measured rate over it", replicates),
        travel(turned, replicates),
        order(turned, Residual::OfLimit, replicates),
        order(turned, Residual::OfLaw, replicates),
    ]
}

fn engines(main: &[NormsRow]) -> Claim {
    claim("D1", "vectors in R^d and D1's recursion count the same steps, at every two norms")
        .none_of(main, |row| row.steps != row.pair_steps || row.steps.is_none())
}

fn angles(main: &[NormsRow]) -> Claim {
    let largest = main.iter().map(|row| row.turned_deviation).fold(0.0, f64::max);
    let claim = claim("D1", "the vectors turn by the angles that D1 adds up: largest difference in radians");
    Claim { measured: format!("{largest:.1e}"), ..claim.within(1e-9, largest) }
}

fn closed_form(rows: &[&NormsRow], says: &str) -> Claim {
    let decided = rows.iter().filter(|row| row.rate() <= SMALL_RATE && off_whole(row.closed_form));
    let note = format!(
        "{} runs with γ/ρ_i² + γ/ρ_j² ≤ {SMALL_RATE}; predictions within {UNDECIDED} of a whole number are left out",
        rows.len()
    );
    claim("L1", says).note(note).none_of(decided, |row| row.steps != Some(row.closed_form.ceil() as u64))
}

fn off_whole(value: f64) -> bool {
    (value - value.round()).abs() > UNDECIDED
}

/// Steps of the flow over steps of the descent, where steps are small: how much faster descent is than κ says.
fn rate(rows: &[&NormsRow], says: &str, replicates: u64) -> Claim {
    let relative = |row: &&NormsRow| {
        let crossing = row.pair_crossing.filter(|crossing| row.rate() <= FLOW_RATE && *crossing > 0.0)?;
        Some((row.replicate as f64, row.flow_steps / crossing))
    };
    let means: Vec<f64> = averages(rows.iter().filter_map(relative)).into_iter().map(|(_, mean)| mean).collect();
    let estimate = mean_with_interval(&means, 0.95);
    claim("L1", says)
        .needs_replicates(replicates, ENOUGH)
        .needs(estimate.is_some(), "needs norms with κ ≤ 0.004")
        .note(format!("where κ ≤ {FLOW_RATE}; the margin is the next order, which is at most κ for these angles"))
        .equivalent(1.0, FLOW_RATE, estimate)
}

/// The ratio of the total rotations over ρ_j²/ρ_i² at the smallest step size, for the ratio of norms where it is worst.
fn travel(turned: &[TurnedRow], replicates: u64) -> Claim {
    let smallest = turned.iter().map(|row| row.step_size).fold(f64::INFINITY, f64::min);
    let rows = turned.iter().filter(|row| row.step_size == smallest);
    let ratios = estimated(rows.filter_map(|row| Some((row.norm_ratio.to_string(), row.turned_relative?))));
    // The bracket of L5's first correction never exceeds 1.07, and α − β never exceeds α.
    let margin = 1.1 * smallest;
    claim("L5", "the total rotations are in the ratio ρ_j² : ρ_i²: measured ratio over it")
        .needs_replicates(replicates, ENOUGH)
        .needs(smallest <= 0.002, "needs a step size up to 0.002")
        .needs(!ratios.is_empty(), "no run reached the tolerance")
        .equivalent_at_worst(1.0, margin, &ratios, |_| {
            format!(
                "at γ/ρ_i² = {smallest}, for the worst ratio of norms; the margin is the first correction at its largest"
            )
        })
}

/// The residual of the ratio of the total rotations.
#[derive(Clone, Copy)]
pub enum Residual {
    /// Against ρ_j²/ρ_i².
    OfLimit,
    /// Against the law with its first correction.
    OfLaw,
}

impl Residual {
    /// Its absolute value in one run.
    pub fn of(self, row: &TurnedRow) -> Option<f64> {
        let (relative, law) = (row.turned_relative?, row.turned_law?);
        Some(match self {
            Self::OfLimit => (relative - 1.0).abs(),
            Self::OfLaw => (relative - law).abs(),
        })
    }
}

/// The order in the step size at which a residual falls.
fn order(turned: &[TurnedRow], residual: Residual, replicates: u64) -> Claim {
    let (says, expected) = match residual {
        Residual::OfLimit => ("the ratio tends to ρ_j²/ρ_i² with the first power of the step: fitted order", 1.0),
        Residual::OfLaw => {
            ("with L5's first correction what is left falls with the square of the step: fitted order", 2.0)
        }
    };
    let observations = observations(turned, residual);
    claim("L5", says)
        .needs_replicates(replicates, ENOUGH)
        .needs(!observations.is_empty(), "needs step sizes up to 0.05")
        .note("one fit per random pair and ratio of norms")
        .fitted(expected, MARGIN, fit_power_law(&observations, 0.95).map(|law| law.exponent))
}

/// One observation for each run with small steps; every pair of directions and ratio of norms is a replicate.
fn observations(turned: &[TurnedRow], residual: Residual) -> Vec<Observation> {
    let ratios = by(turned, |row| row.norm_ratio);
    let count = ratios.len() as u64;
    let observation = |index: u64, row: &TurnedRow| {
        let y = residual.of(row).filter(|y| row.step_size <= LARGEST_STEP && *y > 0.0)?;
        Some(Observation { x: row.step_size, y, replicate: count * row.replicate + index })
    };
    let ratios = (0..).zip(ratios);
    ratios.flat_map(|(index, (_, rows))| rows.into_iter().filter_map(move |row| observation(index, row))).collect()
}
