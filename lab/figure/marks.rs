//! The marks of each kind of layer, in the coordinates of the data.

use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::DrawingArea;
use plotters::element::{PathElement, Polygon};
use plotters::style::text_anchor::HPos;

use super::canvas::{Canvas, decimal, units};

use super::axis::Axis;
use super::frame::Frame;
use super::image::Image;
use super::layer::{Layer, Mark};
use super::measures::Rectangle;
use super::number;
use super::palette::{Colour, Dash, Marker, Style};
use super::pen::{Lettering, Pen, shape};
use super::raster::Raster;
use super::text::{self, CAPITAL, Weight};
use super::{FigureError, Panel};

/// How dense a band is.
pub const BAND_OPACITY: f64 = 0.2;

type Chart = DrawingArea<Canvas, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// The coordinates of a panel: positions on the scales of its axes.
fn chart(area: &DrawingArea<Canvas, Shift>, frame: &Frame) -> Chart {
    let plot = frame.plot;
    let pixels = (units(plot.left)..units(plot.right()), units(plot.bottom())..units(plot.top));
    let (x, y) = (frame.ranges.x, frame.ranges.y);
    area.apply_coord_spec(Cartesian2d::<RangedCoordf64, RangedCoordf64>::new(x.0..x.1, y.0..y.1, pixels))
}

/// Points of a larger cloud have no names of their own: one does not read them one at a time.
const MOST_NAMED: usize = 200;

/// The values of a point, as the axes name them.
fn name(panel: &Panel, (x, y): (f64, f64)) -> String {
    let along = |axis: &Axis, value: f64| {
        let ticks = axis.ticks.iter().flatten().filter(|_| axis.named);
        let tick = ticks.into_iter().find(|(at, _)| *at == value);
        tick.map_or_else(|| number::significant(value, 4), |(_, name)| name.clone())
    };
    format!("{}: {}", along(&panel.x, x), along(&panel.y, y))
}

/// Draws the marks of one layer.
pub fn draw(pen: &Pen, panel: &Panel, frame: &Frame, layer: &Layer, style: Style) -> Result<(), FigureError> {
    let place = |x: f64, y: f64| frame.place(panel, x, y);
    let (low, high) = (panel.y.scale.value(frame.ranges.y.0), frame.ranges.x);
    let edges = [high.0, high.1].map(|at| panel.x.scale.value(at));
    match &layer.mark {
        Mark::Line(points) => draw_line(pen, panel, frame, points, &style),
        Mark::Markers(points) => {
            let near = frame.plot.grown(0.5);
            let placed = points.iter().filter_map(|&(x, y)| Some(((x, y), place(x, y)?)));
            placed.filter(|&(_, at)| near.holds(at)).try_for_each(|(values, at)| match points.len() > MOST_NAMED {
                true => marker(pen, at, &style),
                false => pen.named(&name(panel, values), || marker(pen, at, &style)),
            })
        }
        Mark::ErrorBars(intervals) => intervals.iter().try_for_each(|&(x, lower, upper)| {
            let ends = place(x, lower).zip(place(x, upper));
            ends.map_or(Ok(()), |(from, to)| interval(pen, from.0, (from.1, to.1), &style))
        }),
        Mark::Band(edges) => draw_band(pen, panel, frame, edges, &style),
        Mark::Bars(bars) => bars.iter().try_for_each(|&(left, right, height)| {
            let foot = if panel.y.scale == super::Scale::Linear { 0.0 } else { low };
            let corners = place(left, height).zip(place(right, foot));
            corners.map_or(Ok(()), |(from, to)| bar(pen, Rectangle::between(from, to), &style))
        }),
        Mark::HorizontalLine(y) => {
            let ends = [place(edges[0], *y), place(edges[1], *y)];
            stroke(pen, &ends.into_iter().flatten().collect::<Vec<_>>(), &style)
        }
        Mark::VerticalLine(x) => place(*x, low)
            .map_or(Ok(()), |(x, _)| stroke(pen, &[(x, frame.plot.top), (x, frame.plot.bottom())], &style)),
        Mark::Raster(raster) => draw_raster(pen, panel, frame, raster),
        Mark::Image(image) => draw_image(pen, panel, frame, image),
        Mark::Path(points) => draw_path(pen, panel, frame, points, &style),
        Mark::Area(corners) => {
            let corners: Vec<(f64, f64)> = corners.iter().filter_map(|&(x, y)| place(x, y)).collect();
            pen.polygon(&corners, shape(style.colour, BAND_OPACITY * style.opacity, 0.0, true))
        }
        Mark::Disc { centre, radius } => {
            let (at, rim) = (place(centre.0, centre.1), place(centre.0 + radius, centre.1));
            at.zip(rim).map_or(Ok(()), |(at, rim)| draw_ball(pen, at, rim.0 - at.0, style.colour))
        }
    }
}

/// The attributes of a group whose lines are dashed.
fn dashed(dash: Dash, width: f64) -> String {
    let lengths: Vec<String> = dash.pattern().iter().map(|length| decimal(units(length * width))).collect();
    if lengths.is_empty() { String::new() } else { format!("stroke-dasharray=\"{}\"", lengths.join(" ")) }
}

/// A line in the style of a series, in points of the page.
pub fn stroke(pen: &Pen, points: &[(f64, f64)], style: &Style) -> Result<(), FigureError> {
    let width = style.width * pen.measures.stroke;
    let look = shape(style.colour, style.opacity, width, false);
    match style.dash {
        Dash::Solid => pen.line(points, look),
        dash => pen.group(&dashed(dash, width), || pen.line(points, look)),
    }
}

fn draw_line(pen: &Pen, panel: &Panel, frame: &Frame, points: &[(f64, f64)], style: &Style) -> Result<(), FigureError> {
    let chart = chart(&pen.area, frame);
    let width = style.width * pen.measures.stroke;
    let look = shape(style.colour, style.opacity, width, false);
    let positions = points.iter().map(|&(x, y)| panel.x.scale.position(x).zip(panel.y.scale.position(y)));
    let runs: Vec<Vec<(f64, f64)>> = runs(positions);
    let all = || {
        runs.iter().try_for_each(|run| {
            chart.draw(&PathElement::new(run.clone(), look)).map_err(|error| FigureError::Drawing(error.to_string()))
        })
    };
    match style.dash {
        Dash::Solid => all(),
        dash => pen.group(&dashed(dash, width), all),
    }
}

/// The unbroken stretches of two points or more.
fn runs<T: Copy>(points: impl Iterator<Item = Option<T>>) -> Vec<Vec<T>> {
    let mut runs = vec![Vec::new()];
    for point in points {
        match (point, runs.last_mut()) {
            (Some(point), Some(run)) => run.push(point),
            _ => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| run.len() > 1);
    runs
}

fn draw_band(
    pen: &Pen,
    panel: &Panel,
    frame: &Frame,
    edges: &[(f64, f64, f64)],
    style: &Style,
) -> Result<(), FigureError> {
    let chart = chart(&pen.area, frame);
    let positions = edges.iter().map(|&(x, lower, upper)| {
        let (lower, upper) = panel.y.scale.position(lower).zip(panel.y.scale.position(upper))?;
        Some((panel.x.scale.position(x)?, lower, upper))
    });
    let look = shape(style.colour, BAND_OPACITY * style.opacity, 0.0, true);
    runs(positions).into_iter().try_for_each(|run| {
        let lower = run.iter().map(|&(x, lower, _)| (x, lower));
        let upper = run.iter().rev().map(|&(x, _, upper)| (x, upper));
        let outline: Vec<(f64, f64)> = lower.chain(upper).collect();
        chart.draw(&Polygon::new(outline, look)).map_err(|error| FigureError::Drawing(error.to_string()))
    })
}

/// A bar of a histogram, in points of the page.
pub fn bar(pen: &Pen, place: Rectangle, style: &Style) -> Result<(), FigureError> {
    pen.rectangle(place, shape(style.colour, 0.55 * style.opacity, 0.0, true))?;
    pen.rectangle(place, shape(style.colour, style.opacity, 0.5 * pen.measures.stroke, false))
}

/// A marker at a place of the page.
pub fn marker(pen: &Pen, (x, y): (f64, f64), style: &Style) -> Result<(), FigureError> {
    let radius = 2.0 * style.size * pen.measures.stroke;
    let rim = 0.75 * pen.measures.stroke;
    let (fill, line) = if style.filled { (style.colour, Colour::PAPER) } else { (Colour::PAPER, style.colour) };
    let (rim, opacity) = if style.filled { (0.5 * rim, style.opacity) } else { (1.2 * rim, style.opacity) };
    let (filled, outlined) = (shape(fill, opacity, 0.0, true), shape(line, opacity, rim, false));
    match style.marker {
        Marker::Circle => {
            pen.circle((x, y), radius, filled)?;
            pen.circle((x, y), radius, outlined)
        }
        Marker::Cross => {
            let look = shape(style.colour, opacity, 1.1 * pen.measures.stroke, false);
            pen.line(&[(x - radius, y - radius), (x + radius, y + radius)], look)?;
            pen.line(&[(x - radius, y + radius), (x + radius, y - radius)], look)
        }
        shaped => {
            let corners: Vec<(f64, f64)> =
                shaped.corners().unwrap_or_default().iter().map(|c| (x + c.0 * radius, y + c.1 * radius)).collect();
            let outline = [&corners[..], &corners[..2.min(corners.len())]].concat();
            pen.polygon(&corners, filled)?;
            pen.line(&outline, outlined)
        }
    }
}

/// A vertical interval with short bars at its ends.
pub fn interval(pen: &Pen, x: f64, (from, to): (f64, f64), style: &Style) -> Result<(), FigureError> {
    let look = shape(style.colour, style.opacity, 0.9 * pen.measures.stroke, false);
    let cap = 1.8 * pen.measures.stroke;
    pen.line(&[(x, from), (x, to)], look)?;
    pen.line(&[(x - cap, from), (x + cap, from)], look)?;
    pen.line(&[(x - cap, to), (x + cap, to)], look)
}

fn draw_raster(pen: &Pen, panel: &Panel, frame: &Frame, raster: &Raster) -> Result<(), FigureError> {
    let corners = frame.place(panel, raster.x.0, raster.y.1).zip(frame.place(panel, raster.x.1, raster.y.0));
    if let Some((from, to)) = corners {
        pen.image(Rectangle::between(from, to), &raster.image()?);
    }
    Ok(())
}

fn draw_image(pen: &Pen, panel: &Panel, frame: &Frame, image: &Image) -> Result<(), FigureError> {
    let corners = frame.place(panel, image.x.0, image.y.1).zip(frame.place(panel, image.x.1, image.y.0));
    let Some((from, to)) = corners else { return Ok(()) };
    let place = Rectangle::between(from, to);
    pen.image(place, &image.data_uri()?);
    pen.rectangle(place, shape(Colour::GRID, 1.0, 0.7 * pen.measures.stroke, false))
}

/// The bar beside a heat map that says which colour is which value.
pub fn draw_colour_bar(pen: &Pen, raster: &Raster, frame: &Frame) -> Result<(), FigureError> {
    let (m, plot) = (pen.measures, frame.plot);
    let left = plot.right() + m.bar_offset();
    let place = Rectangle { left, width: m.bar_width(), ..plot };
    let Some((low, high)) = raster.positions() else { return Ok(()) };
    let style = shape(Colour::INK, 1.0, 0.6 * m.stroke, false);
    pen.group("class=\"colour-bar\"", || {
        pen.image(place, &raster.bar()?);
        pen.rectangle(place, style)?;
        let mut widest: f64 = 0.0;
        let text_left = place.right() + m.tick() + 0.3 * m.text;
        for (value, label) in &frame.colour_ticks.labelled {
            let Some(at) = raster.axis.scale.position(*value) else { continue };
            let y = place.bottom() - (at - low) / (high - low) * place.height;
            pen.line(&[(place.right(), y), (place.right() + m.tick(), y)], style)?;
            if !label.is_empty() {
                pen.text(label, (text_left, y + CAPITAL * m.text / 2.0), pen.plain())?;
                widest = widest.max(text::width(label, m.text, Weight::Regular));
            }
        }
        if raster.axis.label.is_empty() {
            return Ok(());
        }
        let look = Lettering { anchor: HPos::Center, upright: true, ..pen.plain() };
        pen.text(&raster.axis.label, (text_left + widest + 1.15 * m.text, plot.top + plot.height / 2.0), look)
    })
}

/// A path in stretches of equal opacity.
fn draw_path(
    pen: &Pen,
    panel: &Panel,
    frame: &Frame,
    points: &[(f64, f64, f64)],
    style: &Style,
) -> Result<(), FigureError> {
    let mut stretch: Vec<(f64, f64)> = Vec::new();
    let mut opacity = f64::NAN;
    let flush = |stretch: &mut Vec<(f64, f64)>, opacity: f64| {
        let done = std::mem::take(stretch);
        if done.len() < 2 { Ok(()) } else { stroke(pen, &done, &style.opacity(style.opacity * opacity)) }
    };
    for &(x, y, next) in points {
        let at = frame.place(panel, x, y);
        stretch.extend(at);
        if at.is_none() || next != opacity {
            flush(&mut stretch, opacity)?;
            stretch.extend(at);
            opacity = next;
        }
    }
    flush(&mut stretch, opacity)
}

/// A ball lit from the upper left: circles from its shade to its light. A gradient would need a name in the document.
fn draw_ball(pen: &Pen, (x, y): (f64, f64), radius: f64, colour: Colour) -> Result<(), FigureError> {
    const STEPS: usize = 40;
    let (dark, light) = (colour.mix(Colour(0, 0, 0), 0.12), colour.mix(Colour::PAPER, 0.85));
    for step in 0..STEPS {
        let share = step as f64 / STEPS as f64;
        let centre = (x - 0.34 * radius * share, y - 0.38 * radius * share);
        pen.circle(centre, radius * (1.0 - share), shape(dark.mix(light, libm::sqrt(share)), 1.0, 0.0, true))?;
    }
    pen.circle((x, y), radius, shape(colour.mix(Colour(0, 0, 0), 0.35), 1.0, 0.6 * pen.measures.stroke, false))
}
