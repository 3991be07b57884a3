//! Claims about the statements, from the tables of the opposite halves.

use embedding_norms::statistics::{Estimate, mean, mean_with_interval};
use embedding_norms::theory::convergence::{flow_steps, next_order_steps};
use embedding_norms_lab::claim::{Claim, claim};

use super::populations::{DescentRow, PublishedRow};
use super::single::SinglePair;
use super::{OppositeHalves, SMALL_STEP};
use crate::cli::failure::Failure;
use crate::simulations::grouping::by;
use crate::simulations::pairs::{FirstGradient, engines_claim, is_between, published_claim};
use crate::simulations::simulation::Tables;

/// The largest γ/ρ² at which L1's orders are compared with counts.
const LARGEST_STEP: f64 = 0.03;
/// Replicates below which a slope is not tested.
const ENOUGH: u64 = 10;
/// tan(φ0/2) above which a pair is near the antipode.
const NEARLY_OPPOSITE: f64 = 100.0;

pub fn claims(settings: &OppositeHalves, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
    let (main, single): (Vec<DescentRow>, Vec<SinglePair>) = (tables.rows()?, tables.rows()?);
    Ok(vec![
        engines_claim(settings.options.engine, main.iter().map(|row| (row.steps, row.pair_steps))),
        populations(settings, &main)?,
        affine(&single, replicates),
        near_the_antipode(settings, &single, replicates),
        closed_form(&single),
        stationary(&single),
        first_step(settings, &main),
        published(&tables.rows_if_any()?),
    ])
}

fn populations(settings: &OppositeHalves, main: &[DescentRow]) -> Result<Claim, Failure> {
    let (step_size, tolerance) = (settings.step_size(), settings.options.tolerance);
    let rows = main.iter().filter_map(|row| Some((row.angle, row.flow_steps?, row.pair_crossing?)));
    let near = settings.is_near_one_angle();
    let rows: Vec<(f64, f64, f64)> = rows.filter(|(_, flow, _)| near && *flow > 0.0).collect();
    let (mut largest, mut flow_alone) = (0.0_f64, 0.0_f64);
    for (angle, flow, crossing) in &rows {
        let k = libm::tan(0.5 * angle);
        let order =
            next_order_steps(k, step_size, step_size, tolerance)? - flow_steps(k, step_size, step_size, tolerance)?;
        largest = largest.max((crossing - flow - order).abs());
        flow_alone = flow_alone.max((crossing - flow).abs());
    }
    let says = "a population crosses when the closed form over its initial angles says, plus L1's next order at the mean \
                angle: largest difference in steps";
    let why = "needs γ/ρ² ≤ 0.03, ε ≥ 1e-4, at least 20 dimensions, and runs of the pair engine that follow the cosine \
               from the start";
    Ok(claim("L4", says)
        .needs(!rows.is_empty(), why)
        .note(format!("{} runs; the closed form alone, the flow, is off by up to {flow_alone:.2} steps", rows.len()))
        .within(0.3, largest))
}

fn affine(single: &[SinglePair], replicates: u64) -> Claim {
    let lines = lines(single, SMALL_STEP, 1.0);
    let (slope, bend) = (slope(&lines), lines.iter().fold(0.0_f64, |largest, line| largest.max(line.bend)));
    let says =
        "steps of a pair are affine in ln tan(φ0/2), from a right angle to 1e-8 from the antipode: slope over ρ²/2γ";
    let note = format!(
        "γ/ρ² = {SMALL_STEP}, {replicates} replicates; no count is further than {bend:.2} steps from its line, over \
         thousands of steps"
    );
    claim("L3", says)
        .needs_replicates(replicates, ENOUGH)
        .needs(slope.is_some(), "no pair converged within the budget")
        .note(note)
        .equivalent(1.0, 0.002, slope)
}

fn near_the_antipode(settings: &OppositeHalves, single: &[SinglePair], replicates: u64) -> Claim {
    let u = settings.step_size();
    let slope = slope(&lines(single, u, NEARLY_OPPOSITE));
    let predicted = libm::round(1e4 * 2.0 * u / libm::log1p(2.0 * u)) / 1e4;
    claim("L3", "near the antipode a step divides tan(φ/2) by 1 + 2u: slope of the steps over ρ²/2γ is 2u/ln(1 + 2u)")
        .needs_replicates(replicates, ENOUGH)
        .needs(u <= LARGEST_STEP, "needs γ/ρ² ≤ 0.03")
        .needs(slope.is_some(), "no pair converged within the budget")
        .note(format!("u = {u}, φ0 from π − 0.02 to π − 1e-8: finite steps add to what the flow predicts"))
        .equivalent(predicted, 0.002, slope)
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

fn lines(single: &[SinglePair], step_size: f64, from: f64) -> Vec<Line> {
    let point = |row: &SinglePair| {
        let (k, steps) = (row.half_tangent?, row.steps?);
        (k >= from).then(|| (row.replicate as f64, libm::log(k), 2.0 * step_size * steps as f64))
    };
    let points = single.iter().filter(|row| row.step_size == step_size).filter_map(point);
    let replicates = by(points, |point| point.0).into_iter();
    let replicates = replicates.map(|(_, points)| points.into_iter().map(|(_, x, y)| (x, y)).collect::<Vec<_>>());
    replicates.filter(|points| points.len() > 2).map(|points| line(&points, step_size)).collect()
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

fn closed_form(single: &[SinglePair]) -> Claim {
    let (mut decided, mut exceptions) = (0, 0);
    for row in single {
        let Some(predicted) = row.closed_form else { continue };
        if row.stop == "budget" || row.step_size > LARGEST_STEP || (predicted - predicted.round()).abs() < 0.01 {
            continue;
        }
        decided += 1;
        exceptions += u64::from(row.steps != Some(predicted.ceil() as u64));
    }
    claim("L1", "the closed form, rounded up, is the count of a pair out to 1e-8 from the antipode")
        .needs(decided > 0, "needs γ/ρ² ≤ 0.03 and a budget that suffices")
        .note("L1 with both orders of the step; predictions within 0.01 of a whole number are left out")
        .no_exception(exceptions, decided)
}

fn stationary(single: &[SinglePair]) -> Claim {
    let opposite = single.iter().filter(|row| row.half_tangent.is_none());
    claim("L3", "an exactly opposite pair stays where it is, as vectors and in D1's recursion")
        .none_of(opposite, |row| row.stop != "stationary")
}

fn first_step(settings: &OppositeHalves, main: &[DescentRow]) -> Claim {
    let says = "the notebook's first step also multiplies ρ² by 1 + 2uc: steps with the cosine throughout minus steps as \
                published are −2uc of them, up to";
    let differences = differences(main);
    let law = |difference: &Difference| -2.0 * settings.step_size() * libm::cos(difference.angle) * difference.steps;
    let in_words = |found: &Difference| {
        format!(
            "{} of {:.1} steps ({:.1} %) at an angle of {:.3}",
            found.crossings.to_decimals(2),
            found.steps,
            100.0 * found.crossings.value / found.steps,
            found.angle
        )
    };
    let by_value = |a: &&Difference, b: &&Difference| a.crossings.value.total_cmp(&b.crossings.value);
    let ends = [differences.iter().max_by(by_value), differences.iter().min_by(by_value)];
    let words: Vec<String> = ends.into_iter().flatten().map(in_words).collect();
    claim("L3", says)
        .needs(
            differences.len() >= 2 && settings.is_near_one_angle(),
            "needs both first steps, two angles, γ/ρ² ≤ 0.03, ε ≥ 1e-4, at least 20 dimensions and the pair engine",
        )
        .note(format!(
            "differences of crossing times: {}: the published curve understates the effect",
            words.join(", ")
        ))
        .all_within(0.5, differences.iter().map(|found| (found.crossings.value - law(found)).abs()))
}

/// The effect of the first step on the same pairs.
pub struct Difference {
    /// The mean angle.
    pub angle: f64,
    /// The mean count with the cosine throughout.
    pub steps: f64,
    /// Crossing time with the cosine throughout minus crossing time as published, paired by replicate.
    pub crossings: Estimate,
    /// The same for whole counts.
    pub counts: Estimate,
}

/// The effect of the first step at each interpolation from which steps are needed.
pub fn differences(main: &[DescentRow]) -> Vec<Difference> {
    let difference = |(_, rows): (f64, Vec<&DescentRow>)| {
        let (cosine, published): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|row| row.first_step == FirstGradient::Cosine);
        let values = |rows: &[&DescentRow], value: fn(&DescentRow) -> Option<f64>| -> Vec<f64> {
            rows.iter().filter_map(|row| value(row)).collect()
        };
        let paired = |value: fn(&DescentRow) -> Option<f64>| {
            let (ours, theirs) = (values(&cosine, value), values(&published, value));
            let differences: Vec<f64> = ours.iter().zip(&theirs).map(|(ours, theirs)| ours - theirs).collect();
            mean_with_interval(&differences, 0.95).filter(|_| ours.len() == theirs.len())
        };
        let steps = mean(&values(&cosine, DescentRow::counted));
        let (crossings, counts) = (paired(|row| row.pair_crossing)?, paired(DescentRow::counted)?);
        let angle = mean(&values(&cosine, |row| Some(row.angle)));
        (steps > 0.0).then_some(Difference { angle, steps, crossings, counts })
    };
    by(main, |row| row.interpolation).into_iter().filter_map(difference).collect()
}

fn published(rows: &[PublishedRow]) -> Claim {
    let inside = |row: &PublishedRow| (row.runs, is_between(row.published_steps, row.lower, row.upper));
    let wide = |row: &&PublishedRow| is_between(row.published_steps, row.lower_at_any_angle, row.upper_at_any_angle);
    let how = format!(
        ", carried to the mean angle of the published run along their regression on that angle; {} of {} inside the \
         wider intervals without that",
        rows.iter().filter(wide).count(),
        rows.len()
    );
    published_claim("L3", &rows.iter().map(inside).collect::<Vec<_>>(), &how)
}
