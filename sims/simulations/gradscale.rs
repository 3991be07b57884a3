//! What GradScale does to the norm effect: gradients times ‖z‖^p take ρ^(2 − p) steps (statements L6 and L1).
//!
//! Norms lie on both sides of 1, where ρ^(2 − p) is 1 for every p: all laws meet there.

use clap::{ArgAction, Args};
use embedding_norms::lab::claim::{Claim, Source};
use embedding_norms::lab::figure::{Axis, Figure, Layer, Legend, Panel, Side, Style};
use embedding_norms::lab::law::{Observation, fit_power_law};
use embedding_norms::lab::sweep::{self, Unit, UnitContext};
use embedding_norms::lab::table::{Table, TableError, Value};
use embedding_norms::theory::convergence::{half_tangent_at, population_flow_steps};
use embedding_norms::theory::scaling::{degree, exact_in_binary};
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::optimizer_laws::{
    Count, Goal, Pairs, Run, differences, nanoseconds, observations, typical_steps,
};
use crate::simulations::simulation::{Simulation, Tables};

/// The table of fitted exponents.
const EXPONENTS: &str = "exponents";
/// The table of runs whose norms were scaled.
const SYMMETRY: &str = "symmetry";
/// Steps are small where γρ^(p−2) is at most this: the window of the laws.
const SMALL_STEP: f64 = 0.02;
/// How far from 2 − p the whole interval of an exponent may reach.
const MARGIN: f64 = 0.03;
/// Replicates below which exponents are not tested.
const ENOUGH: u64 = 8;
/// Norms are scaled by 2^m: with a multiple of 4, m·h is whole for every multiple of ¼.
const SCALED_BY: i32 = 4;
/// Steps that the exact statement is followed for.
const EXACT_STEPS: usize = 64;

/// Settings.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GradScale {
    /// Powers p of GradScale
    #[arg(long, value_name = "p,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::number,
          default_value = "0,0.25,0.5,0.75,1,1.25,1.5,1.75,2,2.25,2.5,2.75,3", num_args = 1)]
    powers: Vec<f64>,

    /// Initial norms of both members of every pair
    #[arg(long, value_name = "ρ,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::positive,
          default_value = "0.35,0.6,1,1.7,2.8", num_args = 1)]
    norms: Vec<f64>,

    /// Number of pairs n
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 16)]
    pairs: usize,

    /// Dimension d of the embeddings
    #[arg(long, value_name = "D", value_parser = values::dimension, default_value_t = 8)]
    dim: usize,

    /// Learning rate γ per pair
    #[arg(long, value_name = "γ", value_parser = values::positive, default_value_t = 0.002)]
    learning_rate: f64,

    /// Stop when the mean cosine is at least 1 − ε
    #[arg(long, value_name = "ε", value_parser = values::tolerance, default_value_t = 1e-3)]
    tolerance: f64,

    /// Steps after which a run is given up
    #[arg(long, value_name = "STEPS", value_parser = values::count, default_value_t = 100_000_000)]
    budget: usize,
}

/// All norms at one power.
#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    run: Run,
    norms: Vec<f64>,
    pairs: usize,
    dimension: usize,
    goal: Goal,
}

/// What one cell finds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Finding {
    counts: Vec<Count>,
    /// The closed form's steps at each norm.
    flow_steps: Vec<Option<f64>>,
    /// Coordinates of directions, and how many of them differ after norms were scaled, if the power can be exact.
    exact: Option<(u64, u64)>,
}

impl Cell {
    /// The step size u = γρ^(p−2).
    fn step_size(&self, norm: f64) -> f64 {
        self.run.learning_rate * libm::pow(norm, self.run.power - 2.0)
    }

    /// Steps that L1 predicts from a right angle.
    fn predicted_steps(&self, norm: f64) -> f64 {
        let steps = -libm::log(half_tangent_at(self.goal.tolerance)) / (2.0 * self.step_size(norm));
        steps.clamp(1.0, self.goal.budget as f64)
    }
}

impl sweep::Cell for Cell {
    fn label(&self) -> String {
        format!("p = {}", self.run.power)
    }

    fn cost(&self) -> f64 {
        let steps: f64 = self.norms.iter().map(|&norm| self.predicted_steps(norm)).sum();
        nanoseconds(steps, self.pairs, self.dimension)
    }
}

impl Simulation for GradScale {
    const NAME: &'static str = "gradscale";
    const ABOUT: &'static str =
        "GradScale weakens and reverses the norm effect: plain descent takes steps ∝ ‖z‖^(2 − p)";
    const EXAMPLES: &'static str = "\
Examples:
  embedding-norms gradscale
  embedding-norms gradscale --powers 0,1,2 --norms 0.5,1,2,4 --learning-rate 0.005";
    const STATEMENTS: &'static [&'static str] = &["L6", "L1"];
    const REPLICATES: u64 = 8;
    const QUICK: &'static [&'static str] = &["--powers=0,1,2,3", "--norms=0.5,1,2", "--pairs=8", "--replicates=2"];
    const FULL: &'static [&'static str] =
        &["--norms=0.35,0.5,0.7,1,1.4,2,2.8", "--pairs=64", "--dim=16", "--replicates=32"];

    type Cell = Cell;
    type Finding = Finding;

    fn cells(&self) -> Result<Vec<Cell>, Failure> {
        let goal = Goal { tolerance: self.tolerance, budget: self.budget };
        let cell = |&power: &f64| {
            let run =
                Run { optimizer: "gradient-descent", parameters: Vec::new(), learning_rate: self.learning_rate, power };
            Cell { run, norms: self.norms.clone(), pairs: self.pairs, dimension: self.dim, goal }
        };
        Ok(self.powers.iter().map(cell).collect())
    }

    fn simulate(unit: &mut UnitContext<'_, Cell>) -> Result<Finding, Failure> {
        let cell = unit.cell;
        let pairs = Pairs::draw(cell.pairs, cell.dimension, &mut unit.generator)?;
        let cancelled = || unit.is_cancelled();
        let half_tangents = pairs.half_tangents();
        let flow = |&norm: &f64| {
            let step_size = cell.step_size(norm);
            population_flow_steps(&half_tangents, step_size, step_size, cell.goal.tolerance)
        };
        Ok(Finding {
            counts: cell.run.counts(&pairs, &cell.norms, cell.goal, &cancelled)?,
            flow_steps: cell.norms.iter().map(flow).collect::<Result<_, _>>()?,
            exact: exact(&cell.run, &pairs)?,
        })
    }

    fn tables(&self, cells: &[Cell], found: Vec<(Unit, Finding)>) -> Result<Tables, Failure> {
        let mut main = Table::new(&[
            "power",
            "norm",
            "replicate",
            "steps",
            "stop",
            "flow_steps",
            "step_size",
            "window",
            "learning_rate",
            "tolerance",
        ]);
        let mut symmetry = Table::new(&["power", "replicate", "m", "coordinates", "different"]);
        for (unit, finding) in found {
            let cell = &cells[unit.cell];
            for (count, flow_steps) in finding.counts.into_iter().zip(finding.flow_steps) {
                main.push(row(cell, unit, count, flow_steps));
            }
            if let Some((coordinates, different)) = finding.exact {
                let (m, power) = (f64::from(SCALED_BY), cell.run.power);
                symmetry.push([power.into(), unit.replicate.into(), m.into(), coordinates.into(), different.into()]);
            }
        }
        let exponents = exponents(&main, &self.powers).expect("columns that have just been made");
        Ok(Tables::new([("", main), (EXPONENTS, exponents), (SYMMETRY, symmetry)]))
    }

    fn claims(&self, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
        let mut claims = vec![symmetry(tables.get(SYMMETRY)?)?, flow(self, tables.get("")?)?];
        claims.extend(laws(tables.get(EXPONENTS)?, replicates)?);
        Ok(claims)
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        Ok(vec![("", figure(tables.get("")?, tables.get(EXPONENTS)?)?)])
    }
}

/// How many coordinates of directions differ between norms ρ and 2^m ρ at the learning rate of L6; none if the power
/// is no multiple of ½.
fn exact(run: &Run, pairs: &Pairs) -> Result<Option<(u64, u64)>, Failure> {
    let degree = degree(0.0, 1.0, run.power);
    if !exact_in_binary(f64::from(SCALED_BY), degree, run.power) {
        return Ok(None);
    }
    let path = run.path(pairs, 1.0, EXACT_STEPS)?;
    let scaled = run.scaled(SCALED_BY, degree)?.path(pairs, libm::scalbn(1.0, SCALED_BY), EXACT_STEPS)?;
    Ok(Some((path.len() as u64, differences(&path, &scaled))))
}

fn row(cell: &Cell, unit: Unit, count: Count, flow_steps: Option<f64>) -> [Value; 10] {
    let step_size = cell.step_size(count.norm);
    [
        cell.run.power.into(),
        count.norm.into(),
        unit.replicate.into(),
        count.steps.into(),
        count.stop.into(),
        flow_steps.into(),
        step_size.into(),
        if step_size <= SMALL_STEP { "inside" } else { "approach" }.into(),
        cell.run.learning_rate.into(),
        cell.goal.tolerance.into(),
    ]
}

/// The fitted exponent at each power, in the window.
fn exponents(main: &Table, powers: &[f64]) -> Result<Table, TableError> {
    let mut table = Table::new(&["power", "exponent", "lower", "upper", "predicted", "span", "refusal"]);
    for &power in powers {
        let rows = observations(&main.with("power", power)?.with("window", "inside")?)?;
        let fit = fit_power_law(&rows, 0.95);
        let exponent = fit.as_ref().ok().map(|law| law.exponent);
        table.push([
            power.into(),
            exponent.map(|exponent| exponent.value).into(),
            exponent.map(|exponent| exponent.lower).into(),
            exponent.map(|exponent| exponent.upper).into(),
            degree(0.0, 1.0, power).into(),
            span(&rows).into(),
            fit.as_ref().err().map(ToString::to_string).into(),
        ]);
    }
    Ok(table)
}

/// The longest norm over the shortest.
fn span(rows: &[Observation]) -> f64 {
    let ends = rows.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), row| (low.min(row.x), high.max(row.x)));
    ends.1 / ends.0
}

fn symmetry(table: &Table) -> Result<Claim, Failure> {
    let sum =
        |column: &str| -> Result<u64, Failure> { Ok(table.numbers(column)?.into_iter().flatten().sum::<f64>() as u64) };
    let says = "(c z, c^(2−p) γ) follows the directions of (z, γ) bit for bit, for c = 16 and p a multiple of ½";
    let note = format!("coordinates that differ, over {EXACT_STEPS} steps of {} runs", table.rows().len());
    Ok(Claim::without_exception("L6", says, sum("different")?, sum("coordinates")?).noting(&note))
}

/// L1 with ρ^(2−p) in the place of ρ². Its next order takes (2 + p)/8 · ln(1/sin φ_ε) steps off a pair from a right angle
/// (`docs/04-scaling.md`): 1.9 at p = 3 and ε = 0.001.
fn flow(settings: &GradScale, main: &Table) -> Result<Claim, Failure> {
    let says =
        "the closed form with γρ^(p−2) in the place of γ/ρ² is within 2.5 steps of the count, for γρ^(p−2) ≤ 0.02";
    let steps = main.with("window", "inside")?.pairs("steps", "flow_steps")?;
    let known = settings.powers.iter().all(|power| (-1.0..=3.0).contains(power)) && settings.tolerance >= 1e-3;
    if steps.is_empty() || !known {
        let why = "needs norms in the window, powers from −1 to 3 and a tolerance of at least 0.001";
        return Ok(Claim::not_tested("L1", Source::Ours, says, why));
    }
    let apart: Vec<f64> = steps.iter().map(|(steps, flow)| steps - flow).collect();
    let (low, high) = apart.iter().fold((0.0_f64, 0.0_f64), |ends, &apart| (ends.0.min(apart), ends.1.max(apart)));
    let note =
        format!("counts minus closed form from {low:.2} to {high:.2}, over the initial angles of {} runs", apart.len());
    Ok(Claim::within("L1", says, 2.5, high.max(-low)).noting(&note))
}

/// One claim for the exponents at all powers, by the one that is furthest off.
fn laws(table: &Table, replicates: u64) -> Result<Vec<Claim>, Failure> {
    let says = "steps grow as ρ^k with k = 2 − p where γρ^(p−2) ≤ 0.02, at every power";
    let spans = table.numbers("span")?.into_iter().flatten().fold(f64::INFINITY, f64::min);
    if replicates < ENOUGH || spans.is_nan() || spans < 7.9 {
        let why = "needs at least 8 replicates and norms over a factor of 8 with γρ^(p−2) ≤ 0.02";
        return Ok(vec![Claim::not_tested("L6", Source::Ours, says, why)]);
    }
    let rows = table.numbers("power")?.into_iter().zip(table.numbers("predicted")?);
    let ends = table.numbers("exponent")?.into_iter().zip(table.numbers("lower")?).zip(table.numbers("upper")?);
    let mut worst = 0.0_f64;
    let mut shown = Vec::new();
    for ((power, predicted), ((value, lower), upper)) in rows.zip(ends) {
        let predicted = predicted.unwrap_or(f64::NAN);
        let [value, lower, upper] = [value, lower, upper].map(|end| end.unwrap_or(f64::INFINITY));
        worst = worst.max((lower - predicted).abs()).max((upper - predicted).abs());
        shown.push(format!("{}: {value:.3}", power.unwrap_or(f64::NAN)));
    }
    let note = format!("end of a 95 % interval that is furthest from 2 − p; k at each p: {}", shown.join(", "));
    Ok(vec![Claim::within("L6", says, MARGIN, worst).noting(&note)])
}

/// Powers that are drawn, if they were simulated.
const DRAWN: [f64; 5] = [0.0, 1.0, 1.5, 2.0, 3.0];

fn figure(main: &Table, exponents: &Table) -> Result<Figure, Failure> {
    let tolerance = main.numbers("tolerance")?.into_iter().flatten().next().unwrap_or(1e-3);
    let y = format!("steps until the mean cosine is {}", 1.0 - tolerance);
    let mut steps = Panel::new(Axis::logarithmic("initial norm ‖z‖"), Axis::logarithmic(y))
        .title("The slope reverses at p = 2")
        .legend(Legend::LineEnds);
    for (index, power) in DRAWN.into_iter().enumerate() {
        let rows = main.with("power", power)?;
        if rows.rows().is_empty() {
            continue;
        }
        let style = Style::ordered(index, DRAWN.len());
        let label = format!("p = {power}");
        let flow: Vec<(f64, f64)> = typical(&rows, "flow_steps")?;
        steps = steps
            .layer(Layer::line(label, flow).style(style))
            .layer(Layer::markers("", typical_steps(&observations(&rows)?)).style(style));
    }
    let measured = exponents.pairs("power", "exponent")?;
    let ends = exponents
        .numbers("power")?
        .into_iter()
        .zip(exponents.numbers("lower")?.into_iter().zip(exponents.numbers("upper")?));
    let intervals = ends.filter_map(|(power, (lower, upper))| Some((power?, lower?, upper?))).collect();
    let law = exponents.pairs("power", "predicted")?;
    let slopes = Panel::new(Axis::linear("power p of GradScale"), Axis::linear("exponent k of steps in ‖z‖"))
        .title("k = 2 − p")
        .layer(Layer::horizontal_line("", 0.0))
        .layer(Layer::line("2 − p", law).style(Style::theory()))
        .layer(Layer::error_bars("", intervals).style(Style::series(0)))
        .layer(Layer::markers("measured, with 95 % interval", measured).style(Style::series(0)))
        .note(0.0, -0.75, "below 0: longer embeddings", Side::Right)
        .note(0.0, -0.98, "need fewer steps", Side::Right)
        .legend(Legend::Inside);
    let text = "Left: steps against the initial norm for several powers of GradScale, on logarithmic axes. All lines meet at \
                norm 1; steps grow with the norm for p below 2, do not depend on it at 2, and fall beyond. Right: the \
                fitted exponents lie on the line 2 − p.";
    let caption = "Points: counted steps. Lines on the left: closed form, with γ‖z‖ᵖ⁻² in the place of γ/‖z‖².";
    Ok(Figure::new(text).caption(caption).columns(2).panel(steps).panel(slopes))
}

/// The geometric mean of a column at each norm.
fn typical(rows: &Table, column: &str) -> Result<Vec<(f64, f64)>, TableError> {
    let pairs = rows.pairs("norm", column)?;
    let observations: Vec<Observation> = pairs.into_iter().map(|(x, y)| Observation { x, y, replicate: 0 }).collect();
    Ok(typical_steps(&observations))
}
