//! The runs: one pair of directions at given norms, by vectors, by D1 and by the closed form.

use embedding_norms::lab::sweep::UnitContext;
use embedding_norms::loss::NegativeCosine;
use embedding_norms::simulation::{PairDescent, Start, StopRules};
use embedding_norms::sphere::{Cosine, angle, normalize, uniform};
use embedding_norms::theory::convergence::{flow_steps, second_order_steps, turned_ratio};
use embedding_norms::theory::one_step::{Pair, sine};
use embedding_norms::theory::pair::steps_of_pair;
use ndarray::Array2;

use super::{Cell, Run, Shared};
use crate::cli::failure::Failure;

/// One pair of directions, both (1 × d).
struct Directions {
    first: Array2<f64>,
    second: Array2<f64>,
}

/// Where a run starts.
struct Setting {
    first_norm: f64,
    second_norm: f64,
    learning_rate: f64,
    stop_gradient: bool,
}

/// All runs of one unit, on one random pair of directions.
pub fn simulate(unit: &mut UnitContext<'_, Cell>) -> Result<Vec<Run>, Failure> {
    let (shared, settings) = settings(unit.cell);
    let first = uniform(1, shared.dimension, &mut unit.generator)?;
    let second = uniform(1, shared.dimension, &mut unit.generator)?;
    let pair = Directions { first, second };
    let cancelled = || unit.is_cancelled();
    let stops = StopRules::budget(shared.budget as u64).mean_cosine(shared.tolerance)?.cancelled_by(&cancelled);
    settings.iter().map(|setting| run(&pair, setting, shared, &stops)).collect()
}

fn settings(cell: &Cell) -> (Shared, Vec<Setting>) {
    match cell {
        Cell::Norms { norms, stop_gradient, learning_rate, shared } => {
            let at = |first_norm: f64, second_norm: f64| Setting {
                first_norm,
                second_norm,
                learning_rate: *learning_rate,
                stop_gradient: *stop_gradient,
            };
            let both = norms.iter().flat_map(|&first| norms.iter().map(move |&second| at(first, second)));
            (*shared, both.collect())
        }
        Cell::StepSizes { ratio, step_sizes, shared } => {
            let at = |&step_size: &f64| Setting {
                first_norm: 1.0,
                second_norm: *ratio,
                learning_rate: step_size,
                stop_gradient: false,
            };
            (*shared, step_sizes.iter().map(at).collect())
        }
    }
}

fn run(start: &Directions, setting: &Setting, shared: Shared, stops: &StopRules<'_>) -> Result<Run, Failure> {
    let (gamma, first_norm, second_norm) = (setting.learning_rate, setting.first_norm, setting.second_norm);
    let loss = if setting.stop_gradient { NegativeCosine::with_stop_gradient() } else { NegativeCosine::symmetric() };
    let points = Start::pairs(&start.first * first_norm, &start.second * second_norm);
    let outcome = PairDescent::new(loss, gamma)?.run(points, stops)?;
    let cosine = Cosine::between(start.first.row(0), start.second.row(0));
    let pair = Pair {
        half_tangent: cosine.half_tangent(),
        first: gamma / (first_norm * first_norm),
        second: if setting.stop_gradient { 0.0 } else { gamma / (second_norm * second_norm) },
    };
    let count = steps_of_pair(pair, shared.tolerance, shared.budget as u64)?;
    let (turned, stopped) = turned_angles(pair, outcome.steps);
    let deviation = deviation(start, turned, &outcome.first, outcome.second.as_ref())?;
    // The law of L5 takes the angle at which the run stops, and speaks of two members that move.
    let law = turned_ratio(pair.first, pair.second, cosine.angle(), stopped.one_minus_cosine()).ok();
    Ok(Run {
        first_norm,
        second_norm,
        learning_rate: gamma,
        angle: cosine.angle(),
        steps: outcome.stop.is_goal().then_some(outcome.steps),
        stop: outcome.stop.name().to_owned(),
        pair_steps: count.steps(),
        pair_crossing: count.crossing(),
        closed_form: second_order_steps(pair.half_tangent, pair.first, pair.second, shared.tolerance)?,
        flow_steps: flow_steps(pair.half_tangent, pair.first, pair.second, shared.tolerance)?,
        turned,
        turned_deviation: deviation,
        turned_law: law.filter(|law| *law > 0.0),
    })
}

/// The angles that the members turn in so many steps, by D1, and the pair after them.
fn turned_angles(mut pair: Pair, steps: u64) -> ((f64, f64), Pair) {
    let mut turned = (0.0, 0.0);
    for _ in 0..steps {
        let sine = sine(pair.half_tangent);
        turned.0 += libm::atan(pair.first * sine);
        turned.1 += libm::atan(pair.second * sine);
        pair = pair.step();
    }
    (turned, pair)
}

/// The larger difference between D1's sums and the angles between the vectors' first and last directions.
fn deviation(
    start: &Directions,
    turned: (f64, f64),
    first: &Array2<f64>,
    second: Option<&Array2<f64>>,
) -> Result<f64, Failure> {
    let first = angle(start.first.row(0), normalize(first.view())?.units().row(0));
    let Some(second) = second else { return Ok((first - turned.0).abs()) };
    let second = angle(start.second.row(0), normalize(second.view())?.units().row(0));
    Ok((first - turned.0).abs().max((second - turned.1).abs()))
}
