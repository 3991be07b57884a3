//! What the tables of the opposite halves say of the statements.

use std::collections::BTreeMap;

use embedding_norms::lab::claim::{Claim, Source};
use embedding_norms::lab::table::{Table, TableError};
use embedding_norms::statistics::{Estimate, mean_with_interval};
use embedding_norms::theory::convergence::{flow_steps, next_order_steps};

use super::{DIVERGENCE, OppositeHalves, PUBLISHED, SMALL_STEP};
use crate::cli::failure::Failure;
use crate::simulations::grouping::groups;
use crate::simulations::pairs::{
    NO_PUBLISHED_RUNS, PUBLISHED_SAYS, counted, engines_claim, published_claim, published_inside_between,
};
use crate::simulations::simulation::Tables;

/// The largest γ/ρ² at which L1's orders are held against counts.
const LARGEST_STEP: f64 = 0.03;
/// Replicates below which a slope is not tested.
const ENOUGH: u64 = 10;
/// tan(φ0/2) above which a pair is near the antipode.
const NEARLY_OPPOSITE: f64 = 100.0;

pub fn claims(settings: &OppositeHalves, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
    let (main, single) = (tables.get("")?, tables.get(DIVERGENCE)?);
    Ok(vec![
        engines_claim(settings.options.engine, main)?,
        populations(settings, main)?,
        affine(single, replicates)?,
        near_the_antipode(settings, single, replicates)?,
        closed_form(single)?,
        stationary(single)?,
        first_step(settings, main)?,
        published(tables.find(PUBLISHED))?,
    ])
}

fn populations(settings: &OppositeHalves, main: &Table) -> Result<Claim, Failure> {
    let says = "a population crosses when the closed form over its initial angles says, plus L1's next order at the mean \
                angle: largest difference in steps";
    let (step_size, tolerance) = (settings.step_size(), settings.options.tolerance);
    let rows = main.numbers("angle")?.into_iter().zip(main.numbers("flow_steps")?).zip(main.numbers("pair_crossing")?);
    let rows: Vec<(f64, f64, f64)> = rows
        .filter_map(|((angle, flow), crossing)| Some((angle?, flow?, crossing?)))
        .filter(|(_, flow, _)| *flow > 0.0)
        .collect();
    if !settings.is_near_one_angle() || rows.is_empty() {
        let why = "needs γ/ρ² ≤ 0.03, ε ≥ 1e-4, at least 20 dimensions, and runs of the pair engine that follow the \
                   cosine from the start";
        return Ok(Claim::not_tested("L4", Source::Ours, says, why));
    }
    let (mut largest, mut flow_alone) = (0.0_f64, 0.0_f64);
    for (angle, flow, crossing) in &rows {
        let k = libm::tan(0.5 * angle);
        let order =
            next_order_steps(k, step_size, step_size, tolerance)? - flow_steps(k, step_size, step_size, tolerance)?;
        largest = largest.max((crossing - flow - order).abs());
        flow_alone = flow_alone.max((crossing - flow).abs());
    }
    let note = format!("{} runs; the closed form alone, the flow, is off by up to {flow_alone:.2} steps", rows.len());
    Ok(Claim::within("L4", says, 0.3, largest).noting(&note))
}

fn affine(single: &Table, replicates: u64) -> Result<Claim, Failure> {
    let says =
        "steps of a pair are affine in ln tan(φ0/2), from a right angle to 1e-8 from the antipode: slope over ρ²/2γ";
    if replicates < ENOUGH {
        return Ok(Claim::not_tested("L3", Source::Ours, says, "needs at least 10 replicates"));
    }
    let lines = lines(single, SMALL_STEP, 1.0)?;
    let Some(slope) = slope(&lines) else {
        return Ok(Claim::not_tested("L3", Source::Ours, says, "no pair converged within the budget"));
    };
    let bend = lines.iter().fold(0.0_f64, |largest, line| largest.max(line.bend));
    let note = format!(
        "γ/ρ² = {SMALL_STEP}, {replicates} replicates; no count is further than {bend:.2} steps from its line, over \
         thousands of steps"
    );
    Ok(Claim::equivalence("L3", says, 1.0, 0.002, slope).noting(&note))
}

fn near_the_antipode(settings: &OppositeHalves, single: &Table, replicates: u64) -> Result<Claim, Failure> {
    let says = "near the antipode a step divides tan(φ/2) by 1 + 2u: slope of the steps over ρ²/2γ is 2u/ln(1 + 2u)";
    let u = settings.step_size();
    let slope = slope(&lines(single, u, NEARLY_OPPOSITE)?).filter(|_| replicates >= ENOUGH && u <= LARGEST_STEP);
    let Some(slope) = slope else {
        return Ok(Claim::not_tested("L3", Source::Ours, says, "needs γ/ρ² ≤ 0.03 and at least 10 replicates"));
    };
    let predicted = libm::round(1e4 * 2.0 * u / libm::log1p(2.0 * u)) / 1e4;
    let note = format!("u = {u}, φ0 from π − 0.02 to π − 1e-8: finite steps add to what the flow predicts");
    Ok(Claim::equivalence("L3", says, predicted, 0.002, slope).noting(&note))
}

impl OppositeHalves {
    /// Whether steps are small, and the angles of a population so close together that their mean stands for them: far
    /// from the end, pairs that began at larger angles dominate the mean cosine.
    fn is_near_one_angle(&self) -> bool {
        self.step_size() <= LARGEST_STEP && self.options.dim >= 20 && self.options.tolerance >= 1e-4
    }
}

/// What one replicate shows: least squares of steps·2u on ln tan(φ0/2).
struct Line {
    slope: f64,
    /// The largest distance of a count from the line, in steps.
    bend: f64,
}

fn lines(single: &Table, step_size: f64, from: f64) -> Result<Vec<Line>, TableError> {
    let rows = single.with("step_size", step_size)?;
    let columns = rows.numbers("half_tangent")?.into_iter().zip(rows.numbers("steps")?).zip(rows.numbers("replicate")?);
    let mut replicates: BTreeMap<u64, Vec<(f64, f64)>> = BTreeMap::new();
    for ((half_tangent, steps), replicate) in columns {
        if let (Some(k), Some(steps), Some(replicate)) = (half_tangent, steps, replicate)
            && k >= from
        {
            replicates.entry(replicate as u64).or_default().push((libm::log(k), 2.0 * step_size * steps));
        }
    }
    Ok(replicates.values().filter(|points| points.len() > 2).map(|points| line(points, step_size)).collect())
}

fn line(points: &[(f64, f64)], step_size: f64) -> Line {
    let n = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / n, y + point.1 / n));
    let (above, below) = points.iter().fold((0.0, 0.0), |(above, below), point| {
        (above + (point.0 - x) * (point.1 - y), below + (point.0 - x) * (point.0 - x))
    });
    let slope = above / below;
    let off = |point: &(f64, f64)| (point.1 - y - slope * (point.0 - x)).abs() / (2.0 * step_size);
    Line { slope, bend: points.iter().map(off).fold(0.0, f64::max) }
}

fn slope(lines: &[Line]) -> Option<Estimate> {
    mean_with_interval(&lines.iter().map(|line| line.slope).collect::<Vec<_>>(), 0.95)
}

fn closed_form(single: &Table) -> Result<Claim, Failure> {
    let says = "the closed form, rounded up, is the count of a pair out to 1e-8 from the antipode";
    let rows = single.numbers("closed_form")?.into_iter().zip(single.numbers("step_size")?);
    let counts = single.numbers("steps")?.into_iter().zip(single.texts("stop")?);
    let (mut decided, mut exceptions) = (0, 0);
    for ((predicted, step_size), (counted, stop)) in rows.zip(counts) {
        let (Some(predicted), Some(step_size)) = (predicted, step_size) else { continue };
        if stop == "budget" || step_size > LARGEST_STEP || (predicted - predicted.round()).abs() < 0.01 {
            continue;
        }
        decided += 1;
        exceptions += u64::from(counted != Some(predicted.ceil()));
    }
    if decided == 0 {
        return Ok(Claim::not_tested("L1", Source::Ours, says, "needs γ/ρ² ≤ 0.03 and a budget that suffices"));
    }
    let note = "L1 with both orders of the step; predictions within 0.01 of a whole number are left out";
    Ok(Claim::without_exception("L1", says, exceptions, decided).noting(note))
}

fn stationary(single: &Table) -> Result<Claim, Failure> {
    let opposite = single.numbers("half_tangent")?.into_iter().zip(single.texts("stop")?);
    let stops: Vec<String> =
        opposite.filter(|(half_tangent, _)| half_tangent.is_none()).map(|(_, stop)| stop).collect();
    let moved = stops.iter().filter(|stop| *stop != "stationary").count();
    let says = "an exactly opposite pair stays where it is, as vectors and in D1's recursion";
    Ok(Claim::without_exception("L3", says, moved as u64, stops.len() as u64))
}

fn first_step(settings: &OppositeHalves, main: &Table) -> Result<Claim, Failure> {
    let says = "the notebook's first step also multiplies ρ² by 1 + 2uc: steps with the cosine throughout minus steps as \
                published are −2uc of them, up to";
    let differences = differences(main)?;
    if differences.len() < 2 || !settings.is_near_one_angle() {
        let why =
            "needs both first steps, two angles, γ/ρ² ≤ 0.03, ε ≥ 1e-4, at least 20 dimensions and the pair engine";
        return Ok(Claim::not_tested("L3", Source::Ours, says, why));
    }
    let law = |difference: &Difference| -2.0 * settings.step_size() * libm::cos(difference.angle) * difference.steps;
    let largest = differences.iter().map(|found| (found.crossings.value - law(found)).abs()).fold(0.0, f64::max);
    let in_words = |found: &Difference| {
        let crossings = found.crossings;
        format!(
            "{:.2} [{:.2}, {:.2}] of {:.1} steps ({:.1} %) at an angle of {:.3}",
            crossings.value,
            crossings.lower,
            crossings.upper,
            found.steps,
            100.0 * crossings.value / found.steps,
            found.angle
        )
    };
    let by_value = |a: &&Difference, b: &&Difference| a.crossings.value.total_cmp(&b.crossings.value);
    let ends = [differences.iter().max_by(by_value), differences.iter().min_by(by_value)];
    let words: Vec<String> = ends.into_iter().flatten().map(in_words).collect();
    let note =
        format!("differences of crossing times: {}: the published curve understates the effect", words.join(", "));
    Ok(Claim::within("L3", says, 0.5, largest).noting(&note))
}

/// What the first step makes of the same pairs.
pub struct Difference {
    /// The mean angle.
    pub angle: f64,
    /// The mean count with the cosine throughout.
    pub steps: f64,
    /// Crossing time with the cosine throughout minus crossing time as published, paired by replicate.
    pub crossings: Estimate,
    /// The same of whole counts.
    pub counts: Estimate,
}

/// The effect of the first step at each interpolation from which steps are needed.
pub fn differences(main: &Table) -> Result<Vec<Difference>, TableError> {
    let (cosine, published) = (main.with("first_step", "cosine")?, main.with("first_step", "dot-product")?);
    let column = |table: &Table, name: &str| groups(table, "interpolation", name);
    let paired = |name: &str| -> Result<Vec<Option<Estimate>>, TableError> {
        let groups = column(&cosine, name)?.into_iter().zip(column(&published, name)?);
        let difference = |((_, ours), (_, theirs)): ((f64, Vec<f64>), (f64, Vec<f64>))| {
            let same = ours.len() == theirs.len();
            let differences: Vec<f64> = ours.iter().zip(&theirs).map(|(ours, theirs)| ours - theirs).collect();
            mean_with_interval(&differences, 0.95).filter(|_| same)
        };
        Ok(groups.map(difference).collect())
    };
    let means = |name: &str| crate::simulations::grouping::means(&cosine, "interpolation", name);
    let counted = counted(main)?;
    let rows = means("angle")?.into_iter().zip(means(counted)?).zip(paired("pair_crossing")?).zip(paired(counted)?);
    let difference = |((((_, angle), (_, steps)), crossings), counts): (_, Option<Estimate>)| {
        (steps > 0.0).then_some(Difference { angle, steps, crossings: crossings?, counts: counts? })
    };
    Ok(rows.filter_map(difference).collect())
}

fn published(table: Option<&Table>) -> Result<Claim, Failure> {
    let Some(table) = table else {
        return Ok(Claim::not_tested("L3", Source::Paper, PUBLISHED_SAYS, NO_PUBLISHED_RUNS));
    };
    let wide = published_inside_between(table, "lower_at_any_angle", "upper_at_any_angle")?;
    let how = format!(
        ", carried to the mean angle of the published run along their regression on that angle; {} of {} inside the \
         wider intervals without that",
        wide.iter().filter(|&&inside| inside).count(),
        wide.len()
    );
    Ok(published_claim("L3", table, &how)?)
}
