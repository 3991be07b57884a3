//! The published bound on one step's progress: where it holds, where it fails, and the boundary (statement D3).
//!
//! For equal norms the bound exceeds the exact change of the cosine by u²s² cos φ'. So it holds exactly where the pair
//! is acute after the step.

use std::f64::consts::PI;

use clap::Args;
use embedding_norms::random::Generator;
use embedding_norms::sphere::Cosine;
use embedding_norms::theory::one_step::{EqualPair, bound_excess, cosine_change, published_bound};
use embedding_norms_lab::claim::{Claim, Verdict, claim};
use embedding_norms_lab::figure::{Axis, ColourMap, Figure, Layer, Legend, Panel, Raster, Side, Style};
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::pairs::angle_axis;
use crate::simulations::simulation::{Simulation, Tables};
use crate::simulations::study::{Context, Plan, Row, Study};

/// The range of log₁₀ u, on the map and for the draws.
const LOG_STEP_SIZES: (f64, f64) = (-4.0, 1.0);

/// Settings.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OneStepBound {
    /// Cells of the map along each axis
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 100)]
    cells: usize,

    /// Random draws of angle and step size, per replicate
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 250_000)]
    draws: usize,
}

/// Random draws against the identity and both sides of the boundary.
#[derive(Debug, Serialize)]
struct Draws {
    draws: usize,
}

/// What one replicate of the draws finds.
#[derive(Debug, Default, Serialize, Deserialize)]
struct DrawsRow {
    replicate: u64,
    draws: u64,
    /// Pairs that are acute after the step, and violations of the bound among them.
    acute_after: u64,
    violations_acute_after: u64,
    /// Violations among the others, by the branch on which they lie.
    violations_from_obtuse: u64,
    violations_from_acute: u64,
    /// Pairs that are obtuse after the step and yet meet the bound.
    held_obtuse_after: u64,
    /// The largest |bound − change − u²s² cos φ'| in units of the rounding of its terms.
    largest_error: f64,
}

impl Row for DrawsRow {
    const TABLE: &'static str = "draws";
}

/// The bound, the exact change, and by how much the bound exceeds it.
#[derive(Debug, Serialize, Deserialize)]
struct MapRow {
    angle: f64,
    step_size: f64,
    bound: f64,
    change: f64,
    excess: f64,
}

impl Row for MapRow {
    const TABLE: &'static str = "";
}

impl Study for Draws {
    type Rows = Vec<DrawsRow>;

    fn label(&self) -> String {
        format!("{} draws", self.draws)
    }

    fn cost(&self) -> f64 {
        60.0 * self.draws as f64
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<DrawsRow>, Failure> {
        let mut row = DrawsRow { replicate: unit.unit.replicate, ..DrawsRow::default() };
        for draw in 0..self.draws {
            if draw % 65_536 == 0 && unit.is_cancelled() {
                break;
            }
            let (cosine, step_size) = random_step(&mut unit.generator);
            row.count(cosine, step_size);
        }
        Ok(vec![row])
    }
}

impl Simulation for OneStepBound {
    const NAME: &'static str = "one-step-bound";
    const ABOUT: &'static str = "The published bound on one step's progress: where it holds and where it fails";
    const EXAMPLES: &'static str = "\
Examples:
  embedding-norms one-step-bound
  embedding-norms one-step-bound --draws 1000000 --cells 300";
    const STATEMENTS: &'static [&'static str] = &["D1", "D3"];
    const REPLICATES: u64 = 4;
    const QUICK: &'static [&'static str] = &["--cells=60", "--draws=20000"];
    const FULL: &'static [&'static str] = &["--cells=400", "--draws=10000000"];

    fn plan(&self) -> Result<Plan, Failure> {
        Plan::default().kind("draws", [Draws { draws: self.draws }])
    }

    fn derive(&self, tables: &mut Tables) -> Result<(), Failure> {
        Ok(tables.push_rows(&map(self.cells))?)
    }

    fn claims(&self, tables: &Tables, _replicates: u64) -> Result<Vec<Claim>, Failure> {
        Ok(claims(&tables.rows()?))
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        Ok(vec![("", figure(&tables.rows()?))])
    }
}

fn claims(rows: &[DrawsRow]) -> Vec<Claim> {
    let total = |count: fn(&DrawsRow) -> u64| rows.iter().map(count).sum::<u64>();
    let (all, acute) = (total(|row| row.draws), total(|row| row.acute_after));
    let (obtuse_branch, acute_branch) =
        (total(|row| row.violations_from_obtuse), total(|row| row.violations_from_acute));
    let exceptions = total(|row| row.violations_acute_after + row.held_obtuse_after);
    let share = (obtuse_branch + acute_branch) as f64 / all as f64;
    let note = format!(
        "it holds where the pair is acute after the step ({acute} of {all} draws, no violation among them); it fails for \
         obtuse pairs with small steps ({obtuse_branch}) and for acute ones with large steps ({acute_branch}); cos φ \
         uniform in (−1, 1), u log-uniform in [1e-4, 10]"
    );
    vec![
        claim("D3", "the bound exceeds the exact change by u²s² cos φ': largest difference, in units of rounding")
            .all_within(16.0, rows.iter().map(|row| row.largest_error)),
        claim("D3", "the bound fails exactly where the pair is not acute after the step: exceptions on either side")
            .no_exception(exceptions, all),
        claim("D3", "one step's change of the cosine is at most (γs²/ρ²)(2 − γc/ρ²)")
            .note(note)
            .holds("no violation", format!("{:.1} % of draws violate it", 100.0 * share), false)
            .of_the_paper(if share > 0.0 { Verdict::Conditional } else { Verdict::Supported }),
    ]
}

/// cos φ uniform in (−1, 1), u log-uniform.
fn random_step(generator: &mut Generator) -> (Cosine, f64) {
    let one_minus = 2.0 * (1.0 - generator.random::<f64>());
    let log_step_size = generator.random_range(LOG_STEP_SIZES.0..LOG_STEP_SIZES.1);
    (Cosine { one_minus, one_plus: 2.0 - one_minus }, libm::pow(10.0, log_step_size))
}

impl DrawsRow {
    /// Counts one step: the exact change comes from iterating D1, not from the identity that is tested.
    fn count(&mut self, cosine: Cosine, step_size: f64) {
        let pair = EqualPair { half_tangent: cosine.half_tangent(), step_size };
        let after = pair.step();
        let change = cosine.one_minus - after.one_minus_cosine();
        let bound = published_bound(cosine, step_size);
        let sine_squared = cosine.one_minus * cosine.one_plus;
        // Rounding of what is subtracted: the two cosines, and the two terms of the bound.
        let scale = f64::EPSILON * (2.0 + sine_squared * step_size * (2.0 + step_size));
        let excess = bound_excess(cosine, step_size);
        self.draws += 1;
        self.largest_error = self.largest_error.max(((bound - change - excess) / scale).abs());
        // Which side of the boundary the pair is on is decided by D1's angle, the violation by the published formula.
        let acute_after = after.half_tangent <= 1.0;
        // Within rounding of the boundary the side cannot be decided.
        if excess.abs() <= 16.0 * scale {
            return;
        }
        let violated = bound < change;
        self.acute_after += u64::from(acute_after);
        self.violations_acute_after += u64::from(acute_after && violated);
        self.held_obtuse_after += u64::from(!acute_after && !violated);
        let from_obtuse = cosine.one_minus > 1.0;
        self.violations_from_obtuse += u64::from(violated && from_obtuse);
        self.violations_from_acute += u64::from(violated && !from_obtuse);
    }
}

/// A grid over angle and step size, one step size after the other.
fn map(cells: usize) -> Vec<MapRow> {
    let row = |row: usize, column: usize| {
        let share = (row as f64 + 0.5) / cells as f64;
        let step_size = libm::pow(10.0, LOG_STEP_SIZES.0 + share * (LOG_STEP_SIZES.1 - LOG_STEP_SIZES.0));
        let angle = PI * (column as f64 + 0.5) / cells as f64;
        let (half_sine, half_cosine) = (libm::sin(0.5 * angle), libm::cos(0.5 * angle));
        let cosine = Cosine { one_minus: 2.0 * half_sine * half_sine, one_plus: 2.0 * half_cosine * half_cosine };
        let (bound, change) = (published_bound(cosine, step_size), cosine_change(cosine, step_size));
        MapRow { angle, step_size, bound, change, excess: bound_excess(cosine, step_size) }
    };
    (0..cells).flat_map(|step| (0..cells).map(move |column| row(step, column))).collect()
}

/// The boundary |φ − 2 atan(us)| = π/2, on its obtuse branch or its acute one: u at which the pair is at a right angle
/// after the step.
fn boundary(from_obtuse: bool) -> Vec<(f64, f64)> {
    let side = if from_obtuse { 1.0 } else { -1.0 };
    // Cubes, since the obtuse branch leaves the right angle steeply.
    let deviations = (1..400)
        .map(|part| 0.5 * PI * (f64::from(part) / 400.0) * (f64::from(part) / 400.0) * (f64::from(part) / 400.0));
    let point = |deviation: f64| {
        let angle = 0.5 * PI + side * deviation;
        let turned = angle - side * 0.5 * PI;
        (angle, libm::tan(0.5 * turned) / libm::sin(angle))
    };
    deviations.map(point).filter(|point| (1e-4..=10.0).contains(&point.1)).collect()
}

fn figure(map: &[MapRow]) -> Figure {
    let columns = map.iter().take_while(|row| row.step_size == map[0].step_size).count();
    // The excess in units of u²s²: the cosine of the angle after the step.
    let after = map.iter().map(|row| {
        let scale = row.step_size * libm::sin(row.angle);
        row.excess / (scale * scale)
    });
    let range = (1e-4, 10.0);
    let colour_bar = Axis::linear("excess of the bound / u²s² = cos φ′").range(-1.0, 1.0);
    let raster = Raster::new(columns, after.collect(), (0.0, PI), range, colour_bar).colours(ColourMap::Diverging);
    let where_it_fails = Panel::new(
        angle_axis("angle φ before the step"),
        Axis::logarithmic("step size u = γ/‖z‖²").range(range.0, range.1),
    )
    .title("The bound fails beyond the dashed lines")
    .layer(Layer::raster(raster))
    .layer(Layer::line("right angle after the step", boundary(true)).style(Style::reference()))
    .layer(Layer::line("", boundary(false)).style(Style::reference()))
    .legend(Legend::Hidden)
    .note(2.55, 3e-3, "fails", Side::Above)
    .note(0.8, 3e-3, "holds", Side::Above)
    .note(0.6, 4.5, "fails", Side::Above);
    let text = "Left: by how much the published bound exceeds the exact change of the cosine, over angle and step size. It is \
                negative, so that the bound fails, for obtuse pairs with small steps and for acute pairs with large ones. \
                Right: bound and exact change at an angle of 135 degrees; the exact change lies above the bound for \
                small steps.";
    Figure::new(text).columns(2).panel(where_it_fails).panel(slice(map, 0.75 * PI))
}

/// Bound and exact change against the step size at one angle, in units of us².
fn slice(map: &[MapRow], wanted: f64) -> Panel {
    let distance = |row: &&MapRow| (row.angle - wanted).abs();
    let nearest = map.iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).map(|row| row.angle);
    let line = |value: fn(&MapRow) -> f64| {
        let point = |row: &MapRow| {
            let sine = libm::sin(row.angle);
            (row.step_size, value(row) / (row.step_size * sine * sine))
        };
        map.iter().filter(|row| Some(row.angle) == nearest).map(point).collect()
    };
    Panel::new(
        Axis::logarithmic("step size u = γ/‖z‖²"),
        Axis::linear("change of cos φ in one step / us²").range(0.0, 5.0),
    )
    // tan(π/8)/sin(3π/4): where the pair is at a right angle after the step.
    .title("At φ = 3π/4 steps beat the bound up to u = 2 − √2")
    .layer(Layer::line("exact change (D1)", line(|row| row.change)))
    .layer(Layer::line("published bound", line(|row| row.bound)).style(Style::published()))
    .legend(Legend::Inside)
}
