//! Unequal norms as a figure, from the tables alone.

use embedding_norms::statistics::mean;
use embedding_norms_lab::figure::number::significant;
use embedding_norms_lab::figure::{Axis, Colour, Figure, Layer, Legend, Panel, Raster, Side, Style};

use super::claims::Residual;
use super::runs::{NormsRow, TurnedRow};
use crate::cli::failure::Failure;
use crate::simulations::grouping::{averages, by};

/// Cells of a heat map along each axis.
const CELLS: usize = 84;
/// Steps at which lines of equal steps are drawn.
const COUNTS: [f64; 7] = [10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0, 10_000.0];

pub fn figure(main: &[NormsRow], turned: &[TurnedRow]) -> Result<Figure, Failure> {
    let counts = main.iter().filter_map(NormsRow::counted).filter(|steps| *steps > 0.0);
    let range = counts.fold((f64::INFINITY, 0.0_f64), |(low, high), steps| (low.min(steps), high.max(steps)));
    let (held, moving): (Vec<&NormsRow>, Vec<&NormsRow>) = main.iter().partition(|row| row.stop_gradient);
    let moving = map(&moving, range, "Both members move: the shorter one decides")?;
    let held = map(&held, range, "Stop-gradient: only its own norm counts")?;
    let text = "Above: mean steps to convergence over the norms of both members of a pair, with lines of equal steps after \
                the closed form. If both move, the shorter member decides; with a stop-gradient on the second member only \
                the norm of the first counts. Below: the ratio of the angles that the members turn, in units of the \
                inverse ratio of the squared norms, tends to 1 as steps get small, and what the first correction leaves \
                falls with the square of the step.";
    let caption = "White lines: equal numbers of steps after the closed form. Circles, squares and triangles: the ratio of the \
                   angles against its limit (filled) and against the law with its first correction (open).";
    let ratios = by(turned, |row| row.norm_ratio);
    let panels = [moving, held, turned_ratio(&ratios), residual(&ratios)];
    Ok(Figure::new(text).columns(2).panels(panels).caption(caption))
}

/// Mean steps over both norms, with the closed form's lines of equal steps.
fn map(rows: &[&NormsRow], range: (f64, f64), title: &str) -> Result<Panel, Failure> {
    let steps = |(first, rows): (f64, Vec<&NormsRow>)| {
        (first, averages(rows.into_iter().filter_map(|row| Some((row.second_norm, row.counted()?)))))
    };
    let (norms, steps): (Vec<f64>, Vec<Vec<(f64, f64)>>) =
        by(rows.iter().copied(), |row| row.first_norm).into_iter().map(steps).unzip();
    let (Some(&least), Some(&most)) = (norms.first(), norms.last()) else {
        return Err(Failure::Refused("there are no norms to draw".to_owned()));
    };
    // Every norm stands in the middle of its cell.
    let half = if norms.len() > 1 { libm::pow(most / least, 0.5 / (norms.len() - 1) as f64) } else { 1.4 };
    let edges = (least / half, most * half);
    let at = |cell: usize| edges.0 * libm::pow(edges.1 / edges.0, (cell as f64 + 0.5) / CELLS as f64);
    let nearest = |norm: f64| {
        let distance = |other: &f64| libm::log(norm / other).abs();
        (0..norms.len()).min_by(|&a, &b| distance(&norms[a]).total_cmp(&distance(&norms[b]))).unwrap_or(0)
    };
    let value = |row: usize, column: usize| {
        let found = steps[nearest(at(column))].iter().find(|(second, _)| *second == norms[nearest(at(row))]);
        found.map_or(f64::NAN, |(_, steps)| *steps)
    };
    let values = (0..CELLS).flat_map(|row| (0..CELLS).map(move |column| (row, column)));
    let values = values.map(|(row, column)| value(row, column)).collect();
    let bar = Axis::logarithmic("steps, mean of replicates").range(range.0, range.1);
    let axis = |label: &str| Axis::logarithmic(label).range(edges.0, edges.1);
    let panel = Panel::new(axis("norm ‖z‖ of the first"), axis("norm ‖w‖ of the second"))
        .title(title)
        .layer(Layer::raster(Raster::new(CELLS, values, edges, edges, bar)))
        .legend(Legend::Below);
    Ok(equal_steps(panel, rows, edges))
}

/// Lines along which the closed form's steps are equal, from the mean of Λ over the pairs.
fn equal_steps(mut panel: Panel, rows: &[&NormsRow], edges: (f64, f64)) -> Panel {
    // Steps times the sum of inverse squares that belongs to them, after the closed form.
    let lambda = mean(&rows.iter().map(|row| row.flow_steps * row.inverse_squares()).collect::<Vec<_>>());
    let held = rows.first().is_some_and(|row| row.stop_gradient);
    let style = Style::theory().colour(Colour::PAPER).width(1.3);
    for count in COUNTS {
        // Steps = lambda/(ρ_i⁻² + ρ_j⁻²), so the sum of inverse squares is lambda/steps.
        let sum = lambda / count;
        let least = 1.0 / sum.sqrt();
        let both = (2.0 / sum).sqrt();
        let inside = |norm: f64| edges.0 < norm && norm < edges.1;
        if !inside(if held { least } else { both }) {
            continue;
        }
        let second = |part: usize| edges.0 * libm::pow(edges.1 / edges.0, f64::from(part as u32) / 200.0);
        let line = (0..=200).map(second).map(|second| {
            let rest = if held { sum } else { sum - 1.0 / (second * second) };
            (if rest > 0.0 { 1.0 / rest.sqrt() } else { f64::NAN }, second)
        });
        let line: Vec<(f64, f64)> = line.map(|(x, y)| if inside(x) { (x, y) } else { (f64::NAN, y) }).collect();
        // The number stands beside the diagonal, or beside the middle of an upright line.
        let (at, side) = if held {
            ((least, (edges.0 * edges.1).sqrt()), Side::Left)
        } else {
            ((both * 1.03, both * 1.1), Side::Right)
        };
        panel = panel.layer(Layer::line("", line).style(style)).note(at.0, at.1, significant(count, 5), side);
    }
    panel
}

/// The ratio of the total rotations over ρ_j²/ρ_i², against the step size.
fn turned_ratio(ratios: &[(f64, Vec<&TurnedRow>)]) -> Panel {
    let mut panel = Panel::new(
        Axis::logarithmic("step size γ/‖z‖² of the short member"),
        Axis::linear("ratio of rotations × ‖z‖²/‖w‖²"),
    )
    .title("The short member rotates more")
    .layer(Layer::horizontal_line("", 1.0))
    .legend(Legend::Inside);
    let mut laws = Vec::new();
    for (index, (ratio, rows)) in ratios.iter().enumerate() {
        let means = |value: fn(&TurnedRow) -> Option<f64>| {
            averages(rows.iter().filter_map(|row| Some((row.step_size, value(row)?))))
        };
        let style = Style::ordered(index, ratios.len());
        let label = format!("‖w‖ = {ratio} ‖z‖");
        panel = panel.layer(Layer::markers(label, means(|row| row.turned_relative)).style(style));
        let law = filled(&means(|row| row.turned_law));
        laws.push(Layer::line("first correction (L5)", law).style(Style::theory()));
    }
    panel.layers(laws)
}

/// The law is linear in the step size: straight pieces between its points, finely enough for a logarithmic axis.
fn filled(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let piece = |ends: &[(f64, f64)]| {
        let ((x, y), (next_x, next_y)) = (ends[0], ends[1]);
        (0..=20)
            .map(move |part| f64::from(part) / 20.0)
            .map(move |part| (x + part * (next_x - x), y + part * (next_y - y)))
    };
    points.windows(2).flat_map(piece).collect()
}

/// The residuals of the limit and of the first correction: means of absolute values, with slopes 1 and 2 to compare.
fn residual(ratios: &[(f64, Vec<&TurnedRow>)]) -> Panel {
    let mut panel = Panel::new(
        Axis::logarithmic("step size γ/‖z‖² of the short member"),
        Axis::logarithmic("relative error of the ratio"),
    )
    .title("The correction leaves a second-order error")
    .legend(Legend::Hidden);
    let mut anchors = [None; 2];
    let (mut smallest, mut largest) = (f64::INFINITY, 0.0_f64);
    for (index, (ratio, rows)) in ratios.iter().enumerate() {
        let label = format!("‖w‖ = {ratio} ‖z‖");
        let style = Style::ordered(index, ratios.len());
        let errors = [errors(rows, Residual::OfLimit), errors(rows, Residual::OfLaw)];
        for (anchor, errors) in anchors.iter_mut().zip(&errors) {
            *anchor = anchor.or(errors.last().copied());
            for (_, error) in errors {
                (smallest, largest) = (smallest.min(*error), largest.max(*error));
            }
        }
        let [limit, law] = errors;
        panel = panel.layer(Layer::markers(label.clone(), limit).style(style));
        panel = panel.layer(Layer::markers(label, law).style(style.open()));
    }
    let sizes = ratios.iter().flat_map(|(_, rows)| rows).map(|row| row.step_size);
    let (least, most) = sizes.fold((f64::INFINITY, 0.0_f64), |(low, high), size| (low.min(size), high.max(size)));
    for (anchor, (slope, name)) in
        anchors.into_iter().zip([(1.0, "limit alone: slope 1"), (2.0, "with correction: slope 2")])
    {
        let Some((x, y)) = anchor else { continue };
        let line = |at: f64| (at, y * libm::pow(at / x, slope));
        // The upper name above its line, the lower one below.
        let (place, away) = if slope < 1.5 { (1.2 * least, 40.0) } else { (0.5 * (least * most).sqrt(), 0.35) };
        panel = panel.layer(Layer::line("", vec![line(least), line(most)]).style(Style::reference())).note(
            place,
            // Within what is drawn, also where the settings leave little room.
            (line(place).1 * away).clamp(smallest, largest),
            name,
            Side::Right,
        );
    }
    panel
}

/// The mean of a residual at each step size.
fn errors(rows: &[&TurnedRow], residual: Residual) -> Vec<(f64, f64)> {
    let errors = averages(rows.iter().filter_map(|row| Some((row.step_size, residual.of(row)?))));
    errors.into_iter().filter(|(_, error)| *error > 0.0).collect()
}
