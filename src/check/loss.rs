//! Checks of a loss of your own: is its gradient the gradient of its value, and does it obey the laws that
//! every loss of cosines obeys? One call, [`check`]; its parts are public for objectives that are not a [`Loss`] alone.

use ndarray::Array2;
use ndarray_rand::RandomExt;

use crate::loss::{Batch, Loss};
use crate::normalization::pullback;
use crate::optimizer::GradientDescent;
use crate::random::{StandardNormal, generator};
use crate::simulation::{Cadence, Descent, Outcome, SimulationError, Start, StopRules};
use crate::sphere::{Directions, inner, norm_of, normalize};

/// Directions along which the Taylor remainder is taken.
const DIRECTIONS: u64 = 4;

/// Steps over which the scaling symmetry is checked.
const STEPS: u64 = 20;

/// An objective of raw embeddings at one point, with its gradient.
#[derive(Clone, Debug, PartialEq)]
pub struct Slope {
    /// The total of the objective.
    pub total: f64,
    /// ∇_z of the total for the first view, (n × d).
    pub first: Array2<f64>,
    /// ∇_z of the total for the second view, (n × d), if there is one.
    pub second: Option<Array2<f64>>,
}

/// What a loss was measured to be, when nothing was wrong with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Report {
    /// The slope of the Taylor remainder log|f(z + hv) − f(z) − h∇f·v| against log h: 2 for a right gradient.
    pub taylor_slope: f64,
    /// The largest radial share |z·∇|/(‖z‖‖∇‖) of a row's gradient: rounding for a loss of directions (statement G3).
    pub radial_share: f64,
    /// The steps of descent over which (c z, c²γ) followed the directions of (z, γ) bit for bit (statement L6, c =
    /// 2^m).
    pub symmetric_steps: u64,
    /// Whether the second view's gradient is zero throughout: a stop-gradient, or an omission.
    pub second_view_held: bool,
}

/// What is wrong with a loss.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Wrong {
    /// The gradient is not that of the value.
    #[error(
        "the gradient is not that of the value: the Taylor remainder has slope {slope:.3}, not 2 (1: a wrong gradient)"
    )]
    Gradient {
        /// The slope that was found.
        slope: f64,
    },
    /// The objective does not change enough to be checked.
    #[error("the objective hardly changes around this start, so that nothing can be checked; take another start")]
    Flat,
    /// A gradient that is not tangent: the objective depends on norms.
    #[error(
        "the gradient of row {row} has a radial share of {share:.1e}: the objective depends on norms, not directions"
    )]
    NotTangent {
        /// The row, counted from 0 and on through the second view.
        row: usize,
        /// |z·∇|/(‖z‖‖∇‖).
        share: f64,
    },
    /// Descent from scaled embeddings follows other directions.
    #[error("descent from embeddings scaled by {scale} leaves the directions of the unscaled one within twenty steps")]
    NotSymmetric {
        /// The factor of the embeddings.
        scale: f64,
    },
    /// The same batch gave two results.
    #[error("two evaluations of one batch differ; a loss must draw no random numbers and keep no state")]
    NotPure,
    /// The loss cannot be evaluated on this start.
    #[error(transparent)]
    Simulation(#[from] SimulationError),
}

/// Checks that a loss is a pure function, that its gradient is that of its value (slope 2 ± 0.1 of the Taylor remainder
/// through the pullback, on raw embeddings), that the gradient is tangent (G3), and that scaled embeddings descend
/// along the same directions (L6).
///
/// Random directions of the Taylor expansion come from `seed`. A second view whose gradient is zero throughout is taken
/// to be held by a stop-gradient: it is not moved, and the report says so.
///
/// # Errors
/// What is wrong with the loss, or with the start. Kinks (hinges) very near the start can be mistaken for a wrong
/// gradient.
pub fn check(loss: &dyn Loss, start: &Start, seed: u64) -> Result<Report, Wrong> {
    let objective = |start: &Start| through_pullback(loss, start);
    let slope = objective(start)?;
    if objective(start)? != slope {
        return Err(Wrong::NotPure);
    }
    let taylor_slope = taylor_slope(objective, start, seed)?;
    if (taylor_slope - 2.0).abs() > 0.1 {
        return Err(Wrong::Gradient { slope: taylor_slope });
    }
    let radial_share = tangent(&slope, start)?;
    let symmetric_steps = scaling(loss, start)?;
    Ok(Report { taylor_slope, radial_share, symmetric_steps, second_view_held: holds_second(&slope) })
}

/// A loss of directions as an objective of raw embeddings, by the pullback (statement G1).
///
/// # Errors
/// A row without a direction, or a batch that lacks what the loss needs.
pub fn through_pullback(loss: &dyn Loss, start: &Start) -> Result<Slope, SimulationError> {
    let first = normalize(start.first.view())?;
    let second = start.second.as_ref().map(|second| normalize(second.view())).transpose()?;
    let evaluation = loss.evaluate(&batch(start, &first, second.as_ref())?)?;
    Ok(Slope {
        total: evaluation.total,
        first: pullback(&first, evaluation.first.view()),
        second: second.zip(evaluation.second).map(|(view, gradient)| pullback(&view, gradient.view())),
    })
}

fn batch<'a>(
    start: &'a Start,
    first: &'a Directions,
    second: Option<&'a Directions>,
) -> Result<Batch<'a>, SimulationError> {
    let mut batch = match second {
        Some(second) => Batch::two_views(first, second)?,
        None => Batch::one_view(first)?,
    };
    if let Some(labels) = &start.labels {
        batch = batch.with_labels(labels)?;
    }
    if let Some(positives) = &start.positives {
        batch = batch.with_positives(positives)?;
    }
    Ok(batch)
}

/// The slope of log Σ_v |f(z + hv) − f(z) − h∇f·v| against log h over a few random v, each row of v about as long as
/// its embedding: 2 where ∇f is the gradient of f, 1 where it is not. A second view whose gradient is zero throughout
/// is not moved.
///
/// Taken over the six smallest steps h = 2^-k whose remainder still stands out from rounding. Several v, because the
/// second derivative along one of them may happen to vanish.
///
/// # Errors
/// [`Wrong::Flat`] if fewer than six steps leave a remainder, or an objective that fails.
pub fn taylor_slope(
    objective: impl Fn(&Start) -> Result<Slope, SimulationError>,
    start: &Start,
    seed: u64,
) -> Result<f64, Wrong> {
    let here = objective(start)?;
    let lines: Vec<Line> = (0..DIRECTIONS).map(|direction| Line::random(start, &here, seed, direction)).collect();
    let remainder = |k: i32| -> Result<f64, Wrong> {
        let h = libm::ldexp(1.0, -k);
        lines.iter().try_fold(0.0, |sum, line| {
            let there = objective(&moved(start, &line.along, h))?.total;
            Ok(sum + (there - here.total - h * line.derivative).abs())
        })
    };
    // Steps of the size of rounding leave rounding behind, or less where the objective has no terms that cancel.
    let mut rounding = 8.0 * f64::EPSILON * here.total.abs();
    for k in 46..52 {
        rounding = rounding.max(remainder(k)?);
    }
    let mut points = Vec::new();
    for k in 2..40 {
        let remainder = remainder(k)?;
        if remainder.is_finite() && remainder > 300.0 * rounding {
            points.push((-f64::from(k) * std::f64::consts::LN_2, libm::log(remainder)));
        }
    }
    let smallest = points.len().checked_sub(6).ok_or(Wrong::Flat)?;
    Ok(least_squares_slope(&points[smallest..]))
}

/// A direction v in the space of all embeddings, and what the gradient says the derivative along it is.
struct Line {
    along: Start,
    derivative: f64,
}

impl Line {
    fn random(start: &Start, here: &Slope, seed: u64, direction: u64) -> Self {
        let mut along = random_direction(start, seed, direction);
        if holds_second(here) {
            along.second = along.second.map(|second| second * 0.0);
        }
        let second = here.second.as_ref().zip(along.second.as_ref());
        let derivative = dot(&here.first, &along.first) + second.map_or(0.0, |(slope, along)| dot(slope, along));
        Self { along, derivative }
    }
}

/// The largest radial share of a row's gradient, |z·∇|/(‖z‖‖∇‖).
///
/// # Errors
/// [`Wrong::NotTangent`] for a share above 1e-9; rows whose gradient is rounding alone do not count.
pub fn tangent(slope: &Slope, start: &Start) -> Result<f64, Wrong> {
    let views =
        [(&slope.first, Some(&start.first))].into_iter().chain(slope.second.iter().map(|s| (s, start.second.as_ref())));
    let rows: Vec<_> = views
        .filter_map(|(gradient, points)| points.map(|points| (gradient, points)))
        .flat_map(|(gradient, points)| gradient.rows().into_iter().zip(points.rows()))
        .collect();
    let turning = |row: &(ndarray::ArrayView1<'_, f64>, ndarray::ArrayView1<'_, f64>)| norm_of(row.0) * norm_of(row.1);
    let largest = rows.iter().map(turning).fold(0.0, f64::max);
    let mut worst = 0.0_f64;
    for (row, pair) in rows.iter().enumerate() {
        let turning = turning(pair);
        let share = inner(pair.0, pair.1).abs() / turning;
        if turning > 1e-6 * largest {
            if share > 1e-9 {
                return Err(Wrong::NotTangent { row, share });
            }
            worst = worst.max(share);
        }
    }
    Ok(worst)
}

/// Follows plain descent from (z, γ) and from (c z, c²γ) with c = 2^m, up and down; the steps over which directions
/// agreed bit for bit.
///
/// # Errors
/// [`Wrong::NotSymmetric`] if they did not.
pub fn scaling(loss: &dyn Loss, start: &Start) -> Result<u64, Wrong> {
    let smallest =
        start.first.rows().into_iter().chain(start.second.iter().flat_map(|second| second.rows())).map(norm_of);
    let smallest = smallest.fold(f64::INFINITY, f64::min);
    let rate = 0.01 * smallest * smallest;
    let plain = descend(loss, start, rate, 1.0)?;
    for scale in [8.0, 0.125] {
        let scaled = descend(loss, start, rate, scale)?;
        let same = plain.records.iter().zip(&scaled.records).all(|(plain, scaled)| {
            let (plain, scaled) = (plain.positions.as_ref(), scaled.positions.as_ref());
            plain.zip(scaled).is_some_and(|(plain, scaled)| {
                &plain.0 * scale == scaled.0 && plain.1.as_ref().map(|second| second * scale) == scaled.1
            })
        });
        if !same || plain.steps != scaled.steps {
            return Err(Wrong::NotSymmetric { scale });
        }
    }
    Ok(plain.steps)
}

fn descend(loss: &dyn Loss, start: &Start, rate: f64, scale: f64) -> Result<Outcome, Wrong> {
    let scaled = Start {
        first: &start.first * scale,
        second: start.second.as_ref().map(|second| second * scale),
        ..start.clone()
    };
    let cadence = Cadence::every(1).map_err(SimulationError::from)?;
    let descent = Descent::new(loss, &GradientDescent, rate * scale * scale).map_err(SimulationError::from)?;
    Ok(descent.records(cadence).record_positions().run(scaled, &StopRules::budget(STEPS).never_stationary())?)
}

fn holds_second(slope: &Slope) -> bool {
    slope.second.as_ref().is_some_and(|second| second.iter().all(|&entry| entry == 0.0))
}

/// A random direction of the space of all embeddings, each row of the length of its embedding.
fn random_direction(start: &Start, seed: u64, direction: u64) -> Start {
    let mut generator = generator(seed, b"check", direction);
    let mut along = |points: &Array2<f64>| {
        let mut along = Array2::random_using(points.dim(), StandardNormal, &mut generator);
        for (mut row, point) in along.rows_mut().into_iter().zip(points.rows()) {
            row *= norm_of(point) / (points.ncols() as f64).sqrt();
        }
        along
    };
    Start { first: along(&start.first), second: start.second.as_ref().map(along), labels: None, positives: None }
}

fn moved(start: &Start, along: &Start, h: f64) -> Start {
    let second = start.second.as_ref().zip(along.second.as_ref());
    Start { first: &start.first + &along.first * h, second: second.map(|(z, v)| z + v * h), ..start.clone() }
}

fn dot(x: &Array2<f64>, y: &Array2<f64>) -> f64 {
    x.rows().into_iter().zip(y.rows()).fold(0.0, |sum, (x, y)| sum + inner(x, y))
}

fn least_squares_slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / count, y + point.1 / count));
    let (above, below) = points.iter().fold((0.0, 0.0), |(above, below), point| {
        (above + (point.0 - x) * (point.1 - y), below + (point.0 - x) * (point.0 - x))
    });
    above / below
}
