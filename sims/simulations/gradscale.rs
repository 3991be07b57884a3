//! What GradScale does to the norm effect: gradients times ‖z‖^p take ρ^(2 − p) steps (statements L6 and L1).
//!
//! Norms lie on both sides of 1, where ρ^(2 − p) is 1 for every p: all laws meet there.

use clap::{ArgAction, Args};
use embedding_norms::statistics::Estimate;
use embedding_norms::theory::convergence::{half_tangent_at, population_flow_steps};
use embedding_norms::theory::scaling::{degree, exact_in_binary};
use embedding_norms_lab::claim::{Claim, claim};
use embedding_norms_lab::figure::{Axis, Figure, Layer, Legend, Panel, Side, Style};
use embedding_norms_lab::law::{Observation, fit_power_law};
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::rates::{self, PerEmbedding};
use crate::cli::values;
use crate::simulations::grouping::ascending;
use crate::simulations::optimizer_laws::{
    Count, Goal, Pairs, Run, Window, differences, estimate, nanoseconds, observation, typical_steps,
};
use crate::simulations::simulation::{Simulation, Tables};
use crate::simulations::study::{Context, Plan, Row, Study};

/// Steps are small where γρ^(p−2) is at most this: the window of the laws.
const SMALL_STEP: f64 = 0.02;
/// How far from 2 − p the whole interval of an exponent may reach.
const MARGIN: f64 = 0.03;
/// Replicates below which exponents are not tested.
const ENOUGH: u64 = 8;
/// Norms are scaled by 2^m: with a multiple of 4, m·h is whole for every multiple of ¼.
const SCALED_BY: i32 = 4;
/// Steps over which the exact statement is checked.
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
    #[arg(long, value_name = "γ", value_parser = rates::read_per_embedding, default_value = "0.002")]
    learning_rate: PerEmbedding,

    /// Stop when the mean cosine is at least 1 − ε
    #[arg(long, value_name = "ε", value_parser = values::tolerance, default_value_t = 1e-3)]
    tolerance: f64,

    /// Steps after which a run is given up
    #[arg(long, value_name = "STEPS", value_parser = values::count, default_value_t = 100_000_000)]
    budget: usize,
}

/// All norms at one power.
#[derive(Clone, Debug, Serialize)]
struct Norms {
    run: Run,
    norms: Vec<f64>,
    pairs: usize,
    dimension: usize,
    goal: Goal,
}

/// Steps of one run beside those of the closed form, with the step size u = γρ^(p−2).
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Steps {
    power: f64,
    norm: f64,
    replicate: u64,
    steps: Option<u64>,
    stop: String,
    flow_steps: Option<f64>,
    step_size: f64,
    window: Window,
    learning_rate: f64,
    tolerance: f64,
}

/// The exponent that was fitted at one power in the window, or why none was, with the longest norm over the shortest.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Exponent {
    power: f64,
    exponent: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    predicted: f64,
    span: f64,
    refusal: Option<String>,
}

/// Coordinates of directions, and how many of them differ after norms were scaled by 2^m.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Scaled {
    power: f64,
    replicate: u64,
    m: i32,
    coordinates: u64,
    different: u64,
}

impl Row for Steps {
    const TABLE: &'static str = "";
}

impl Row for Exponent {
    const TABLE: &'static str = "exponents";
}

impl Row for Scaled {
    const TABLE: &'static str = "symmetry";
}

impl Norms {
    /// The step size u = γρ^(p−2).
    fn step_size(&self, norm: f64) -> f64 {
        self.run.learning_rate * libm::pow(norm, self.run.power - 2.0)
    }

    /// Steps that L1 predicts from a right angle.
    fn predicted_steps(&self, norm: f64) -> f64 {
        let steps = -libm::log(half_tangent_at(self.goal.tolerance)) / (2.0 * self.step_size(norm));
        steps.clamp(1.0, self.goal.budget as f64)
    }

    fn steps(&self, count: Count, half_tangents: &[f64], replicate: u64) -> Result<Steps, Failure> {
        let Count { norm, steps, stop } = count;
        let (step_size, tolerance) = (self.step_size(norm), self.goal.tolerance);
        Ok(Steps {
            power: self.run.power,
            norm,
            replicate,
            steps,
            stop,
            flow_steps: population_flow_steps(half_tangents, step_size, step_size, tolerance)?,
            step_size,
            window: Window::of(step_size <= SMALL_STEP),
            learning_rate: self.run.learning_rate,
            tolerance,
        })
    }

    /// Norms ρ and 2^m ρ at the learning rates of L6; none if the power is not a multiple of ½.
    fn scaled(&self, pairs: &Pairs, replicate: u64) -> Result<Option<Scaled>, Failure> {
        let (power, m) = (self.run.power, SCALED_BY);
        let degree = degree(0.0, 1.0, power);
        if !exact_in_binary(f64::from(m), degree, power) {
            return Ok(None);
        }
        let path = self.run.path(pairs, 1.0, EXACT_STEPS)?;
        let scaled = self.run.scaled(m, degree)?.path(pairs, libm::scalbn(1.0, m), EXACT_STEPS)?;
        let (coordinates, different) = (path.len() as u64, differences(&path, &scaled));
        Ok(Some(Scaled { power, replicate, m, coordinates, different }))
    }
}

impl Study for Norms {
    type Rows = (Vec<Steps>, Vec<Scaled>);

    fn label(&self) -> String {
        format!("p = {}", self.run.power)
    }

    fn cost(&self) -> f64 {
        let steps: f64 = self.norms.iter().map(|&norm| self.predicted_steps(norm)).sum();
        nanoseconds(steps, self.pairs, self.dimension)
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Self::Rows, Failure> {
        let (pairs, replicate) = (Pairs::draw(self.pairs, self.dimension, &mut unit.generator)?, unit.unit.replicate);
        let half_tangents = pairs.half_tangents();
        let counts = self.run.counts(&pairs, &self.norms, self.goal, &|| unit.is_cancelled())?;
        let steps = counts.into_iter().map(|count| self.steps(count, &half_tangents, replicate));
        Ok((steps.collect::<Result<_, _>>()?, self.scaled(&pairs, replicate)?.into_iter().collect()))
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

    fn plan(&self) -> Result<Plan, Failure> {
        let goal = Goal { tolerance: self.tolerance, budget: self.budget };
        let (optimizer, learning_rate) = ("gradient-descent", self.learning_rate.get());
        let norms = |&power: &f64| {
            let run = Run { optimizer, parameters: Vec::new(), learning_rate, power };
            Norms { run, norms: self.norms.clone(), pairs: self.pairs, dimension: self.dim, goal }
        };
        Plan::default().cells(self.powers.iter().map(norms))
    }

    fn derive(&self, tables: &mut Tables) -> Result<(), Failure> {
        let rows = tables.rows()?;
        let exponents: Vec<Exponent> = self.powers.iter().map(|&power| Exponent::at(power, &rows)).collect();
        Ok(tables.push_rows(&exponents)?)
    }

    fn claims(&self, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
        Ok(vec![symmetry(&tables.rows()?), flow(self, &tables.rows()?), law(&tables.rows()?, replicates)])
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        Ok(vec![("", figure(&tables.rows()?, &tables.rows()?))])
    }
}

impl Exponent {
    fn at(power: f64, rows: &[Steps]) -> Self {
        let inside = rows.iter().filter(|row| row.power == power && row.window == Window::Inside);
        let observations: Vec<Observation> =
            inside.filter_map(|row| observation(row.norm, row.steps, row.replicate)).collect();
        let fit = fit_power_law(&observations, 0.95);
        let exponent = fit.as_ref().ok().map(|law| law.exponent);
        let norms = ascending(observations.iter().map(|row| row.x));
        Self {
            power,
            exponent: exponent.map(|exponent| exponent.value),
            lower: exponent.map(|exponent| exponent.lower),
            upper: exponent.map(|exponent| exponent.upper),
            predicted: degree(0.0, 1.0, power),
            span: norms.first().zip(norms.last()).map_or(0.0, |(shortest, longest)| longest / shortest),
            refusal: fit.err().map(|refusal| refusal.to_string()),
        }
    }

    fn estimate(&self) -> Option<Estimate> {
        estimate([self.exponent, self.lower, self.upper], None)
    }
}

fn symmetry(rows: &[Scaled]) -> Claim {
    claim("L6", "(c z, c^(2−p) γ) follows the directions of (z, γ) bit for bit, for c = 16 and p a multiple of ½")
        .note(format!("coordinates that differ, over {EXACT_STEPS} steps of {} runs", rows.len()))
        .no_exception_in(rows, |row| (row.different, row.coordinates))
}

/// L1 with ρ^(2−p) in the place of ρ². Its next order takes (2 + p)/8 · ln(1/sin φ_ε) steps off a pair from a right angle
/// (`docs/04-scaling.md`): 1.9 at p = 3 and ε = 0.001.
fn flow(settings: &GradScale, rows: &[Steps]) -> Claim {
    let inside = rows.iter().filter(|row| row.window == Window::Inside);
    let apart: Vec<f64> = inside.filter_map(|row| Some(row.steps? as f64 - row.flow_steps?)).collect();
    let known = settings.powers.iter().all(|power| (-1.0..=3.0).contains(power)) && settings.tolerance >= 1e-3;
    let (low, high) = apart.iter().fold((0.0_f64, 0.0_f64), |ends, &apart| (ends.0.min(apart), ends.1.max(apart)));
    let says =
        "the closed form with γρ^(p−2) in the place of γ/ρ² is within 2.5 steps of the count, for γρ^(p−2) ≤ 0.02";
    let why = "needs norms in the window, powers from −1 to 3 and a tolerance of at least 0.001";
    let runs = apart.len();
    claim("L1", says)
        .needs(runs > 0 && known, why)
        .note(format!("counts minus closed form from {low:.2} to {high:.2}, over the initial angles of {runs} runs"))
        .within(2.5, high.max(-low))
}

/// The exponents at all powers, by the one that is furthest off. Where there is none, it is infinitely far.
fn law(rows: &[Exponent], replicates: u64) -> Claim {
    let wide = rows.iter().all(|row| row.span >= 7.9);
    let reach = |row: &Exponent| row.estimate().map_or(f64::INFINITY, |found| found.reach(row.predicted));
    let k = |row: &Exponent| format!("{}: {:.3}", row.power, row.exponent.unwrap_or(f64::INFINITY));
    let shown: Vec<String> = rows.iter().map(k).collect();
    claim("L6", "steps grow as ρ^k with k = 2 − p where γρ^(p−2) ≤ 0.02, at every power")
        .needs_replicates(replicates, ENOUGH)
        .needs(wide, "needs norms over a factor of 8 with γρ^(p−2) ≤ 0.02")
        .note(format!("end of a 95 % interval that is furthest from 2 − p; k at each p: {}", shown.join(", ")))
        .all_within(MARGIN, rows.iter().map(reach))
}

/// Powers that are drawn, if they were simulated.
const DRAWN: [f64; 5] = [0.0, 1.0, 1.5, 2.0, 3.0];

fn figure(rows: &[Steps], exponents: &[Exponent]) -> Figure {
    let y = format!("steps until the mean cosine is {}", 1.0 - rows.first().map_or(1e-3, |row| row.tolerance));
    let mut steps = Panel::new(Axis::logarithmic("initial norm ‖z‖"), Axis::logarithmic(y))
        .title("The slope reverses at p = 2")
        .legend(Legend::LineEnds);
    for (index, power) in DRAWN.into_iter().enumerate() {
        let at: Vec<&Steps> = rows.iter().filter(|row| row.power == power).collect();
        let flow = |row: &&Steps| Some(Observation { x: row.norm, y: row.flow_steps?, replicate: row.replicate });
        let count = |row: &&Steps| observation(row.norm, row.steps, row.replicate);
        let [flow, counts] = [at.iter().filter_map(flow).collect(), at.iter().filter_map(count).collect()]
            .map(|observed: Vec<Observation>| typical_steps(&observed));
        let style = Style::ordered(index, DRAWN.len());
        if !at.is_empty() {
            steps = steps
                .layer(Layer::line(format!("p = {power}"), flow).style(style))
                .layer(Layer::markers("", counts).style(style));
        }
    }
    let found = || exponents.iter().filter_map(|row| Some((row.power, row.estimate()?)));
    let measured = found().map(|(power, found)| (power, found.value)).collect();
    let intervals = found().map(|(power, found)| (power, found.lower, found.upper)).collect();
    let law = exponents.iter().map(|row| (row.power, row.predicted)).collect();
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
    Figure::new(text).caption(caption).columns(2).panel(steps).panel(slopes)
}
