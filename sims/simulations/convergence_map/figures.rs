//! The map as a figure, from the tables alone.

use std::f64::consts::{FRAC_PI_2, PI};

use embedding_norms::theory::convergence::second_order_steps;
use embedding_norms_lab::figure::{Axis, Colour, Dash, Figure, Layer, Legend, Marker, Panel, Raster, Side, Style};

use super::rows::MapRow;
use crate::cli::failure::Failure;
use crate::simulations::pairs::angle_axis;

/// The largest u at which L1 is drawn.
const SMALL_STEP: f64 = 0.2;

/// None of fewer than three cells along each axis.
pub fn figure(rows: &[MapRow]) -> Result<Option<Figure>, Failure> {
    let Some(first) = rows.first().filter(|row| row.steps.len() > 2) else { return Ok(None) };
    let text = "Left: steps to convergence over the leg ratio us and the initial angle, as a heat map. A point reflection about \
                us = 1 and a right angle leaves it unchanged, and along the curve us = tan(φ/2) one step suffices. Right: the \
                cut at a right angle. Steps grow as steeply below the best norm as above it.";
    let caption = "White curve: one step, us = tan(φ₀/2). Dots: mirror images about the cross, equal counts. Grey: no step needed.";
    let (map, cut) = (map(rows, first), cut(rows, first)?);
    Ok(Some(Figure::new(text).caption(caption).columns(2).aspect(0.85).panel(map).panel(cut)))
}

fn leg_ratio_axis(row: &MapRow) -> Axis {
    Axis::logarithmic("us = γ sin φ₀/‖z‖²").range(row.least_leg_ratio, row.greatest_leg_ratio)
}

fn map(rows: &[MapRow], first: &MapRow) -> Panel {
    // The outer edges of the cells, whose middles the table holds.
    let (least, greatest, columns) = (first.least_leg_ratio, first.greatest_leg_ratio, first.steps.len());
    let half = libm::pow(greatest / least, 0.5 / (columns - 1) as f64);
    let (lowest, highest) = (first.angle, rows[rows.len() - 1].angle);
    let half_row = 0.5 * (highest - lowest) / (rows.len() - 1) as f64;
    let counts = || rows.iter().flat_map(MapRow::counts);
    let most = counts().fold(1.0, f64::max);
    let bar = Axis::logarithmic("steps").range(1.0, most);
    let edges = ((least / half, greatest * half), (lowest - half_row, highest + half_row));
    // Where no step is needed, and where the budget was spent, the map stays grey.
    let steps = counts().map(|steps| if steps > 0.0 { steps } else { f64::NAN }).collect();
    let raster = Raster::new(columns, steps, edges.0, edges.1, bar);
    let best = (1..400).map(|part| PI * f64::from(part) / 400.0).map(|angle| (libm::tan(0.5 * angle), angle));
    let best = best.filter(|(us, _)| (least..=greatest).contains(us)).collect();
    let white = Style::series(0).colour(Colour::PAPER);
    let reach = libm::pow(greatest, 0.45);
    let pair = vec![(1.0 / reach, 0.7 * PI), (reach, 0.3 * PI)];
    Panel::new(leg_ratio_axis(first), angle_axis("initial angle φ₀"))
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
fn cut(rows: &[MapRow], first: &MapRow) -> Result<Panel, Failure> {
    let distance = |row: &&MapRow| (row.angle - FRAC_PI_2).abs();
    let row = rows.iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(first);
    let (k, sine) = (libm::tan(0.5 * row.angle), libm::sin(row.angle));
    let law = |us: f64, k: f64| second_order_steps(k, us / sine, us / sine, row.tolerance);
    let flank = row.leg_ratios().filter(|us| us / sine <= SMALL_STEP);
    let long: Vec<(f64, f64)> = flank.map(|us| Ok((us, law(us, k)?))).collect::<Result<_, Failure>>()?;
    let flank = row.leg_ratios().filter(|us| us * sine >= 1.0 / SMALL_STEP);
    let short: Vec<(f64, f64)> = flank.map(|us| Ok((us, law(1.0 / us, 1.0 / k)?))).collect::<Result<_, Failure>>()?;
    let most = row.counts().fold(1.0, f64::max);
    let counted = row.leg_ratios().zip(row.counts()).collect();
    Ok(Panel::new(leg_ratio_axis(row), Axis::logarithmic("steps").range(0.8, 2.0 * most))
        .title("The cut at φ₀ = π/2")
        .layer(Layer::line("counted", counted).style(Style::series(0).width(2.6)))
        .layer(Layer::line("closed form (L1)", long).style(Style::theory()))
        .layer(Layer::line("its mirror image (L7)", short).style(Style::theory().dash(Dash::Dashed)))
        .legend(Legend::Inside))
}
