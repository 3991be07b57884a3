//! What the tables say of norms under weight decay.

use std::collections::BTreeMap;

use embedding_norms::lab::claim::{Claim, Source};
use embedding_norms::lab::law::{Observation, fit_power_law};
use embedding_norms::lab::table::{Table, TableError};
use embedding_norms::statistics::{Estimate, mean_with_interval};

use super::approach::{FROM, TO, whole_power};
use super::{APPROACH, PROJECTION};
use crate::cli::failure::Failure;
use crate::simulations::simulation::Tables;

/// Replicates below which no interval is tested.
const ENOUGH: u64 = 10;
/// How far norm and angle may be from S3, relatively.
const MARGIN: f64 = 0.002;
/// The largest angle turned per update at which they are compared: that is γ/ρ*² = 0.05 for gradient descent.
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
    let (main, approach, projection) = (tables.get("")?, tables.get(APPROACH)?, tables.get(PROJECTION)?);
    Ok(vec![
        norms(main, replicates)?,
        angles(main, replicates)?,
        exponent(main, replicates)?,
        same_angle(main, replicates)?,
        relaxation(approach, replicates)?,
        factor(projection, "heavy-ball", HEAVY_BALL, replicates)?,
        factor(projection, "sgdp", PROJECTED, replicates)?,
    ])
}

const NORMS: &str = "norms settle at S3's ρ* with its next order, for every rule, decay and frequency: norm over law";
const ANGLES: &str = "the rms angle per step is √(2γλ) times S3's factor, whatever the gradient: angle over law";
const EXPONENT: &str = "what is updated with frequency f settles at a norm ∝ f^k with k = 1/4";
const SAME: &str = "and turns the same rms angle per step for every f, updates or not: exponent of f";
const RELAXES: &str =
    "deviations of ρ^(2h) die out as exp(−2hγλt), under coupled heavy ball 1/(1 − β) as fast: time over law";
const HEAVY_BALL: &str = "heavy ball multiplies growth by (1 + μ)/(1 − μ)²: measured factor over it";
const PROJECTED: &str =
    "without the part of steps along the embedding (SGDP) only by 1/(1 − μ): measured factor over it";

/// Named estimates of something that should be 1.
type Named = Vec<(String, Estimate)>;

/// An equivalence test with 1 at the setting whose interval reaches farthest; all of them in the note.
fn equivalence(statement: &str, says: &str, margin: f64, named: Named, replicates: u64, note: &str) -> Claim {
    let reach = |estimate: &Estimate| (1.0 - estimate.lower).max(estimate.upper - 1.0);
    let worst = named.iter().max_by(|a, b| reach(&a.1).total_cmp(&reach(&b.1)));
    let Some((worst, estimate)) = worst.filter(|_| replicates >= ENOUGH) else {
        return Claim::not_tested(statement, Source::Ours, says, "needs 10 replicates and small steps");
    };
    let measured = format!("{:.5} [{:.5}, {:.5}]", estimate.value, estimate.lower, estimate.upper);
    let claim = Claim { measured, ..Claim::equivalence(statement, says, 1.0, margin, *estimate) };
    let all: Vec<String> =
        named.iter().map(|(name, estimate)| format!("{name} {:+.3} %", 100.0 * (estimate.value - 1.0))).collect();
    claim.noting(&format!("the worst, {worst}, of {}{note}", all.join("; ")))
}

/// Estimates of a quantity of the rows of each group, in the order in which the groups appear.
fn estimates(names: &[String], values: &[Option<f64>]) -> Named {
    let mut order: Vec<&String> = Vec::new();
    let mut groups: BTreeMap<&String, Vec<f64>> = BTreeMap::new();
    for (name, value) in names.iter().zip(values) {
        if let Some(value) = value {
            groups.entry(name).or_insert_with(|| {
                order.push(name);
                Vec::new()
            });
            groups.entry(name).and_modify(|values| values.push(*value));
        }
    }
    let estimate = |name: &String| Some((name.clone(), mean_with_interval(groups.get(name)?, 0.95)?));
    order.into_iter().filter_map(estimate).collect()
}

/// The names of the settings of the rows of the comparison of rules.
fn settings(main: &Table) -> Result<Vec<String>, TableError> {
    let rows = main.texts("optimizer")?.into_iter().zip(main.texts("decay")?).zip(main.texts("frequency")?);
    Ok(rows.map(|((optimizer, decay), frequency)| format!("{optimizer} {decay} f = {frequency}")).collect())
}

fn norms(main: &Table, replicates: u64) -> Result<Claim, TableError> {
    let (norms, laws, orders) = (main.numbers("norm")?, main.numbers("predicted_norm")?, main.numbers("next_order")?);
    let small = small_steps(main)?;
    // What S3 says of the norm of signs is exact, however large the step.
    let ratio = |row: usize| Some(norms[row]? / (laws[row]? * (1.0 + orders[row]?))).filter(|_| small[row]);
    let ratios: Vec<_> = (0..norms.len()).map(ratio).collect();
    let largest = orders.iter().flatten().fold(0.0_f64, |largest, order| largest.max(order.abs()));
    let note = format!("; the next order is at most {:.2} %", 100.0 * largest);
    Ok(equivalence("S3", NORMS, MARGIN, estimates(&settings(main)?, &ratios), replicates, &note))
}

/// Whether an update turns little, or the law is exact.
fn small_steps(main: &Table) -> Result<Vec<bool>, TableError> {
    let rows = main.texts("optimizer")?.into_iter().zip(main.numbers("predicted_angle")?);
    let small = |((optimizer, angle), frequency): ((String, Option<f64>), Option<f64>)| {
        let per_update = angle.zip(frequency).map(|(angle, frequency)| angle / frequency.sqrt());
        optimizer == "sign-descent" || per_update.is_some_and(|angle| angle <= LARGEST_ANGLE)
    };
    Ok(rows.zip(main.numbers("frequency")?).map(small).collect())
}

fn angles(main: &Table, replicates: u64) -> Result<Claim, TableError> {
    let main = &main.with("sweep", "rules")?;
    let rows = main.numbers("angle")?.into_iter().zip(main.numbers("predicted_angle")?);
    let wanted = small_steps(main)?.into_iter().zip(main.texts("optimizer")?);
    let ratio = |((angle, law), (small, optimizer)): ((Option<f64>, Option<f64>), (bool, String))| {
        Some(angle? / law?).filter(|_| small && optimizer != "sign-descent")
    };
    let ratios: Vec<_> = rows.zip(wanted).map(ratio).collect();
    let note = "; sign descent turns about 0.2/d more, and is not compared";
    Ok(equivalence("S3", ANGLES, MARGIN, estimates(&settings(main)?, &ratios), replicates, note))
}

/// A column of the sweep over frequencies.
fn swept(main: &Table, column: &str) -> Result<Vec<Observation>, TableError> {
    let rows = main.with("sweep", "frequencies")?;
    let all = rows.numbers("frequency")?.into_iter().zip(rows.numbers("replicate")?).zip(rows.numbers(column)?);
    let observation = |((x, replicate), y): ((Option<f64>, Option<f64>), Option<f64>)| {
        Some(Observation { x: x?, y: y?, replicate: replicate? as u64 })
    };
    Ok(all.filter_map(observation).collect())
}

fn exponent(main: &Table, replicates: u64) -> Result<Claim, TableError> {
    power("S3", EXPONENT, 0.25, &swept(main, "norm")?, replicates)
}

fn same_angle(main: &Table, replicates: u64) -> Result<Claim, TableError> {
    power("S3", SAME, 0.0, &swept(main, "angle")?, replicates)
}

fn power(
    statement: &str,
    says: &str,
    law: f64,
    observed: &[Observation],
    replicates: u64,
) -> Result<Claim, TableError> {
    let (low, high) =
        observed.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), seen| (low.min(seen.x), high.max(seen.x)));
    if replicates < ENOUGH || high / low < RANGE {
        let why = "needs 10 replicates and frequencies over a factor of 30";
        return Ok(Claim::not_tested(statement, Source::Ours, says, why));
    }
    Ok(match fit_power_law(observed, 0.95) {
        Ok(fitted) => Claim::equivalence(statement, says, law, QUARTER, fitted.exponent)
            .noting(&format!("gradient descent, f from {low} to {high}")),
        Err(refusal) => Claim::outcome(statement, says, format!("{law} ± {QUARTER}"), refusal.to_string(), false),
    })
}

/// The time in which ρ^(2h) − ρ*^(2h) falls to 1/e of itself, between half a relaxation and one and a half.
fn relaxation(approach: &Table, replicates: u64) -> Result<Claim, TableError> {
    let key = ["optimizer", "decay", "start"].map(|column| approach.texts(column));
    let [optimizer, decay, start] = key;
    let names = optimizer?.into_iter().zip(decay?).zip(start?);
    let names: Vec<String> = names.map(|((rule, decay), start)| format!("{rule} {decay} from {start} ρ*")).collect();
    let number = |column: &str| approach.numbers(column);
    let (times, replicate, steps) = (number("relaxations")?, number("replicate")?, number("step")?);
    let (norms, settled, laws, moments) =
        (number("norm")?, number("predicted_norm")?, number("relaxation")?, number("moment")?);
    let mut at: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in 0..names.len() {
        let excess = |norm: f64, settled: f64, moment: f64| whole_power(norm / settled, moment as u32) - 1.0;
        let all = (times[row], replicate[row], steps[row], norms[row], settled[row], laws[row], moments[row]);
        if let (Some(time), Some(replicate), Some(step), Some(norm), Some(settled), Some(law), Some(moment)) = all
            && (time == FROM || time == TO)
        {
            let seen = (step, excess(norm, settled, moment), law);
            at.entry((names[row].clone(), replicate as u64)).or_default().push(seen);
        }
    }
    let mut ratios = (Vec::new(), Vec::new());
    for ((name, _), seen) in at {
        if let [(from, before, law), (to, after, _)] = seen[..] {
            ratios.0.push(name);
            ratios.1.push(Some((to - from) / (libm::log(before / after) * law)));
        }
    }
    let note = "; between 0.5 and 1.5 relaxations";
    Ok(equivalence("S3", RELAXES, RELAXATION, estimates(&ratios.0, &ratios.1), replicates, note))
}

fn factor(projection: &Table, rule: &str, says: &str, replicates: u64) -> Result<Claim, TableError> {
    let rows = projection.with("rule", rule)?;
    let names: Vec<String> = rows.texts("momentum")?.into_iter().map(|momentum| format!("μ = {momentum}")).collect();
    Ok(equivalence("S1", says, FACTOR, estimates(&names, &rows.numbers("relative")?), replicates, ""))
}
