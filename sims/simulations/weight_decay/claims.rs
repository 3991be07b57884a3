//! Claims about norms under weight decay, from the tables.

use std::collections::BTreeMap;

use embedding_norms::statistics::Estimate;
use embedding_norms_lab::claim::{Claim, Stating, claim};
use embedding_norms_lab::law::{Observation, fit_power_law};

use super::approach::{ApproachRow, FROM, TO, whole_power};
use super::projection::{ProjectionRow, Rule};
use super::settling::{SettlingRow, Sweep};
use crate::cli::failure::Failure;
use crate::simulations::grouping::estimated;
use crate::simulations::simulation::Tables;

/// Replicates below which no interval is tested.
const ENOUGH: u64 = 10;
/// How far norm and angle may be from S3, relatively.
const MARGIN: f64 = 0.002;
/// The largest rotation per update at which they are compared: that is γ/ρ*² = 0.05 for gradient descent.
const LARGEST_ANGLE: f64 = 0.051;
/// How far the exponent of f may be from 1/4.
const QUARTER: f64 = 0.002;
/// How far the relaxation may be from its value, relatively.
const RELAXATION: f64 = 0.03;
/// How far the growth under momentum may be from its factor, relatively.
const FACTOR: f64 = 0.005;
/// Frequencies have to span this factor for an exponent.
const RANGE: f64 = 30.0;

pub fn claims(tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
    let rows: Vec<SettlingRow> = tables.rows()?;
    let projection: Vec<ProjectionRow> = tables.rows()?;
    Ok(vec![
        norms(&rows, replicates),
        angles(&rows, replicates),
        power(EXPONENT, 0.25, &swept(&rows, |row| row.norm), replicates),
        power(SAME, 0.0, &swept(&rows, |row| row.angle), replicates),
        relaxation(&tables.rows()?, replicates),
        factor(&projection, Rule::HeavyBall, HEAVY_BALL, replicates),
        factor(&projection, Rule::Sgdp, PROJECTED, replicates),
    ])
}

const NORMS: &str = "norms settle at S3's ρ* with its next order, for every rule, decay and frequency: norm over law";
const ANGLES: &str = "the rms angle per step is √(2γλ) times S3's factor, whatever the gradient: angle over law";
const EXPONENT: &str = "what is updated with frequency f settles at a norm ∝ f^k with k = 1/4";
const SAME: &str = "and rotates by the same rms angle per step for every f, with an update or without: exponent of f";
const RELAXES: &str =
    "deviations of ρ^(2h) die out as exp(−2hγλt), under coupled heavy ball 1/(1 − β) as fast: time over law";
const HEAVY_BALL: &str = "heavy ball multiplies growth by (1 + μ)/(1 − μ)²: measured factor over it";
const PROJECTED: &str =
    "without the part of steps along the embedding (SGDP) only by 1/(1 − μ): measured factor over it";

/// An equivalence test with 1 at the setting whose interval reaches farthest; all of them in the note.
fn equivalence(
    claim: Stating,
    margin: f64,
    values: impl Iterator<Item = (String, f64)>,
    replicates: u64,
    note: &str,
) -> Claim {
    let named = estimated(values);
    let percent = |(name, found): &(String, Estimate)| format!("{name} {:+.3} %", 100.0 * (found.value - 1.0));
    let all: Vec<String> = named.iter().map(percent).collect();
    claim
        .needs_replicates(replicates, ENOUGH)
        .needs(!named.is_empty(), "needs small steps")
        .equivalent_at_worst(1.0, margin, &named, |name| format!("the worst, {name}, of {}{note}", all.join("; ")))
        .to_decimals(5)
}

impl SettlingRow {
    fn setting(&self) -> String {
        format!("{} {} f = {}", self.optimizer, self.decay.name(), self.frequency)
    }

    /// Whether S3's norm is exact, however large the step.
    fn is_exact(&self) -> bool {
        self.optimizer == "sign-descent"
    }

    /// Whether an update rotates the embedding by a small angle.
    fn is_small(&self) -> bool {
        self.predicted_angle / self.frequency.sqrt() <= LARGEST_ANGLE
    }
}

fn norms(rows: &[SettlingRow], replicates: u64) -> Claim {
    let chosen = rows.iter().filter(|row| row.is_exact() || row.is_small());
    let largest = rows.iter().fold(0.0_f64, |largest, row| largest.max(row.next_order.abs()));
    let note = format!("; the next order is at most {:.2} %", 100.0 * largest);
    equivalence(claim("S3", NORMS), MARGIN, chosen.map(|row| (row.setting(), row.over_law())), replicates, &note)
}

fn angles(rows: &[SettlingRow], replicates: u64) -> Claim {
    let chosen = rows.iter().filter(|row| row.sweep == Sweep::Rules && row.is_small() && !row.is_exact());
    let note = "; sign descent turns about 0.2/d more, and is not compared";
    let ratios = chosen.map(|row| (row.setting(), row.angle / row.predicted_angle));
    equivalence(claim("S3", ANGLES), MARGIN, ratios, replicates, note)
}

/// What the sweep over frequencies finds of one quantity.
fn swept(rows: &[SettlingRow], of: impl Fn(&SettlingRow) -> f64) -> Vec<Observation> {
    let rows = rows.iter().filter(|row| row.sweep == Sweep::Frequencies);
    rows.map(|row| Observation { x: row.frequency, y: of(row), replicate: row.replicate }).collect()
}

fn power(says: &str, law: f64, observed: &[Observation], replicates: u64) -> Claim {
    let (low, high) =
        observed.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), seen| (low.min(seen.x), high.max(seen.x)));
    claim("S3", says)
        .needs_replicates(replicates, ENOUGH)
        .needs(high / low >= RANGE, "needs frequencies over a factor of 30")
        .note(format!("gradient descent, f from {low} to {high}"))
        .fitted(law, QUARTER, fit_power_law(observed, 0.95).map(|law| law.exponent))
}

/// The time in which ρ^(2h) − ρ*^(2h) falls to 1/e of itself, between half a relaxation and one and a half.
fn relaxation(rows: &[ApproachRow], replicates: u64) -> Claim {
    let mut at: BTreeMap<_, Vec<&ApproachRow>> = BTreeMap::new();
    for row in rows.iter().filter(|row| [FROM, TO].contains(&row.relaxations)) {
        let name = format!("{} {} from {} ρ*", row.optimizer, row.decay.name(), row.start);
        at.entry((name, row.replicate)).or_default().push(row);
    }
    let excess = |row: &ApproachRow| whole_power(row.norm / row.predicted_norm, row.moment) - 1.0;
    let ratios = at.into_iter().filter_map(|((name, _), seen)| {
        let [from, to] = seen[..] else { return None };
        Some((name, (to.step - from.step) as f64 / (libm::log(excess(from) / excess(to)) * from.relaxation)))
    });
    let note = "; between 0.5 and 1.5 relaxations";
    equivalence(claim("S3", RELAXES), RELAXATION, ratios, replicates, note)
}

fn factor(rows: &[ProjectionRow], rule: Rule, says: &str, replicates: u64) -> Claim {
    let rows = rows.iter().filter(|row| row.rule == rule);
    let ratios = rows.filter_map(|row| Some((format!("μ = {}", row.momentum), row.relative?)));
    equivalence(claim("S1", says), FACTOR, ratios, replicates, "")
}
