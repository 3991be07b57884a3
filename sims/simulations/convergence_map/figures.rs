//! The map as a figure, from the tables alone.

use std::f64::consts::{FRAC_PI_2, PI};

use embedding_norms::lab::figure::{Axis, Colour, Dash, Figure, Layer, Legend, Marker, Panel, Raster, Side, Style};
use embedding_norms::theory::convergence::second_order_steps;

use super::MAP;
use super::tables::Drawn;
use crate::cli::failure::Failure;
use crate::simulations::simulation::Tables;

/// The largest u at which L1 is drawn.
const SMALL_STEP: f64 = 0.2;

pub fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
    let Some(drawn) = Drawn::read(tables.get(MAP)?)?.filter(|drawn| drawn.columns > 2) else { return Ok(Vec::new()) };
    let text = "Left: steps to convergence over the leg ratio us and the initial angle, as a heat map. A point reflection about \
                us = 1 and a right angle leaves it unchanged, and along the curve us = tan(φ/2) one step suffices. Right: the \
                cut at a right angle. Steps grow as steeply below the best norm as above it.";
    let caption = "White curve: one step, us = tan(φ₀/2). Dots: mirror images about the cross, equal counts. Grey: no step needed.";
    let figure = Figure::new(text).caption(caption).columns(2).aspect(0.85).panel(map(&drawn)).panel(cut(&drawn)?);
    Ok(vec![("", figure)])
}

fn leg_ratio_axis(drawn: &Drawn) -> Axis {
    let (least, greatest) = drawn.leg_ratios;
    Axis::logarithmic("us = γ sin φ₀/‖z‖²").range(least, greatest)
}

fn map(drawn: &Drawn) -> Panel {
    // The outer edges of the cells, whose middles the table holds.
    let (least, greatest) = drawn.leg_ratios;
    let half = libm::pow(greatest / least, 0.5 / (drawn.columns - 1) as f64);
    let rows = drawn.angles.len();
    let (lowest, highest) = (drawn.angles[0], drawn.angles[rows - 1]);
    let half_row = 0.5 * (highest - lowest) / (rows - 1) as f64;
    let most = drawn.steps.iter().copied().fold(1.0, f64::max);
    let bar = Axis::logarithmic("steps").range(1.0, most);
    let edges = ((least / half, greatest * half), (lowest - half_row, highest + half_row));
    // Where no step is needed, and where the budget was spent, the map stays grey.
    let steps = drawn.steps.iter().map(|&steps| if steps > 0.0 { steps } else { f64::NAN }).collect();
    let raster = Raster::new(drawn.columns, steps, edges.0, edges.1, bar);
    let quarters = [(0.0, "0"), (0.25, "π/4"), (0.5, "π/2"), (0.75, "3π/4"), (1.0, "π")];
    let angle_axis = Axis::linear("initial angle φ₀")
        .range(0.0, PI)
        .ticks(quarters.map(|(part, name)| (part * PI, name.to_owned())));
    let best = (1..400).map(|part| PI * f64::from(part) / 400.0).map(|angle| (libm::tan(0.5 * angle), angle));
    let best = best.filter(|(us, _)| (least..=greatest).contains(us)).collect();
    let white = Style::series(0).colour(Colour::PAPER);
    let reach = libm::pow(greatest, 0.45);
    let pair = vec![(1.0 / reach, 0.7 * PI), (reach, 0.3 * PI)];
    Panel::new(leg_ratio_axis(drawn), angle_axis)
        .title("A pair: too short is as slow as too long")
        .layer(Layer::raster(raster))
        .layer(Layer::line("one step suffices: us = tan(φ₀/2)", best).style(white.width(1.2)))
        .layer(Layer::line("", pair.clone()).style(white.width(0.7)))
        .layer(Layer::markers("", pair).style(white.size(1.1)))
        .layer(Layer::markers("", vec![(1.0, FRAC_PI_2)]).style(white.marker(Marker::Cross).size(1.2)))
        .legend(Legend::Hidden)
        .note(libm::pow(least, 0.6), 0.25 * PI, "norm too long", Side::Above)
        .note(libm::pow(greatest, 0.6), 0.68 * PI, "norm too short", Side::Above)
        .note(0.45, 0.17 * PI, "one step", Side::Right)
}

/// Steps against us at a right angle, with L1 and its mirror image.
fn cut(drawn: &Drawn) -> Result<Panel, Failure> {
    let distance = |row: &usize| (drawn.angles[*row] - FRAC_PI_2).abs();
    let row = (0..drawn.angles.len()).min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(0);
    let k = libm::tan(0.5 * drawn.angles[row]);
    let sine = libm::sin(drawn.angles[row]);
    let counts = &drawn.steps[row * drawn.columns..(row + 1) * drawn.columns];
    let counted = (0..drawn.columns).map(|column| (drawn.leg_ratio(column), counts[column])).collect();
    let law = |us: f64, k: f64| second_order_steps(k, us / sine, us / sine, drawn.tolerance);
    let flank = (0..drawn.columns).map(|column| drawn.leg_ratio(column)).filter(|us| us / sine <= SMALL_STEP);
    let long: Vec<(f64, f64)> = flank.map(|us| Ok((us, law(us, k)?))).collect::<Result<_, Failure>>()?;
    let flank = (0..drawn.columns).map(|column| drawn.leg_ratio(column)).filter(|us| us * sine >= 1.0 / SMALL_STEP);
    let short: Vec<(f64, f64)> = flank.map(|us| Ok((us, law(1.0 / us, 1.0 / k)?))).collect::<Result<_, Failure>>()?;
    let most = counts.iter().copied().fold(1.0, f64::max);
    Ok(Panel::new(leg_ratio_axis(drawn), Axis::logarithmic("steps").range(0.8, 2.0 * most))
        .title("The cut at φ₀ = π/2")
        .layer(Layer::line("counted", counted).style(Style::series(0).width(2.6)))
        .layer(Layer::line("closed form (L1)", long).style(Style::theory()))
        .layer(Layer::line("its mirror image (L7)", short).style(Style::theory().dash(Dash::Dashed)))
        .legend(Legend::Inside))
}
