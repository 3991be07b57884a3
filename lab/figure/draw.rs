//! Drawing a figure: frames, axes, titles and legends, with plotters on the canvas of this house.

use plotters::style::text_anchor::HPos;

use super::axis::Axis;
use super::canvas::{decimal, escape, units};
use super::frame::Frame;
use super::labels;
use super::layer::Layer;
use super::layout::{self, Layout};
use super::legend::{self, Entry, Key};
use super::measures::Rectangle;
use super::names;
use super::palette::{Colour, Style};
use super::pen::{Lettering, Pen, shape};
use super::text::{self, CAPITAL, Letters, Weight};
use super::{Figure, FigureError, Legend, Panel, Size, marks};

/// The SVG of a figure.
pub fn svg(figure: &Figure, size: Size) -> Result<String, FigureError> {
    let page = layout::layout(figure, size)?;
    let pen = Pen::new(page.measures, page.height);
    draw_heading(&pen, &page)?;
    for (panel, frame) in figure.panels.iter().zip(&page.frames) {
        pen.group("class=\"panel\"", || draw_panel(&pen, figure, panel, frame))?;
    }
    draw_common_names(&pen, figure, &page)?;
    for (entry, place) in &page.below {
        draw_entry(&pen, entry, *place)?;
    }
    draw_caption(&pen, &page)?;
    let (drawn, letters) = pen.finish();
    finished(figure, &page, &drawn, &letters)
}

/// The document around what was drawn.
fn finished(figure: &Figure, page: &Layout, drawn: &str, letters: &Letters) -> Result<String, FigureError> {
    let (family, sheet) = letters.style_sheet()?;
    let [width, height] = [page.measures.width, page.height].map(|value| decimal(units(value)));
    let description = escape(&figure.alternative_text);
    let title = figure.title.as_ref().or_else(|| figure.panels.iter().find_map(|panel| panel.title.as_ref()));
    let title = title.map(|title| format!("<title>{}</title>\n", escape(title))).unwrap_or_default();
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}pt\" height=\"{height}pt\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{description}\" \
         font-family=\"{family}, '{}', Verdana, sans-serif\" stroke-linejoin=\"round\">\n{title}<desc>{description}</desc>\n\
         <style>{sheet}</style>\n<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n{}</svg>\n",
        text::FAMILY,
        drawn
    ))
}

fn draw_heading(pen: &Pen, page: &Layout) -> Result<(), FigureError> {
    let m = pen.measures;
    let look = Lettering { size: 1.12 * m.title, weight: Weight::Bold, ..pen.plain() };
    lines(pen, "title", &page.title, (m.margin, m.margin + look.size), 1.12 * m.title_line(), look)
}

fn draw_caption(pen: &Pen, page: &Layout) -> Result<(), FigureError> {
    let m = pen.measures;
    let look = Lettering { size: 0.92 * m.text, colour: Colour::ASIDE.for_text(), ..pen.plain() };
    lines(pen, "caption", &page.caption, (m.margin, page.caption_top + look.size), m.line(), look)
}

/// Lines of one text, from the base line of the first on, as a group of this class.
fn lines(
    pen: &Pen,
    class: &str,
    lines: &[String],
    (x, y): (f64, f64),
    distance: f64,
    look: Lettering,
) -> Result<(), FigureError> {
    if lines.is_empty() {
        return Ok(());
    }
    let draw = |(index, line): (usize, &String)| pen.text(line, (x, y + index as f64 * distance), look);
    pen.group(&format!("class=\"{class}\""), || lines.iter().enumerate().try_for_each(draw))
}

fn draw_panel(pen: &Pen, figure: &Figure, panel: &Panel, frame: &Frame) -> Result<(), FigureError> {
    draw_title(pen, frame)?;
    if !panel.is_picture() && panel.raster().is_none() {
        draw_grid(pen, panel, frame)?;
    }
    let mut layers: Vec<&Layer> = panel.layers.iter().collect();
    layers.sort_by_key(|layer| layer.height());
    let (under, over) = layers.split_at(layers.partition_point(|layer| layer.height() < Layer::DATA));
    draw_layers(pen, figure, panel, frame, under)?;
    if !panel.is_picture() {
        pen.group("class=\"axes\"", || draw_axes(pen, panel, frame))?;
    }
    draw_layers(pen, figure, panel, frame, over)?;
    if let Some(raster) = panel.raster() {
        pen.group("class=\"axes\"", || marks::draw_colour_bar(pen, raster, frame))?;
    }
    if let Some(place) = frame.legend {
        let entries = legend::entries(figure, std::iter::once(panel));
        if panel.raster().is_some() {
            pen.rectangle(place.grown(0.4 * pen.measures.text), shape(Colour::PAPER, 0.85, 0.0, true))?;
        }
        for (index, entry) in entries.iter().enumerate() {
            draw_entry(pen, entry, (place.left, place.top + index as f64 * pen.measures.line()))?;
        }
    }
    if panel.legend == Legend::LineEnds {
        draw_line_ends(pen, figure, panel, frame)?;
    }
    draw_references(pen, figure, panel, frame)?;
    panel.notes.iter().try_for_each(|note| {
        let place = labels::note_place(panel, frame, note, &pen.measures);
        place.map_or(Ok(()), |(at, anchor)| pen.annotation(panel, &note.text, at, Lettering { anchor, ..pen.plain() }))
    })
}

fn draw_references(pen: &Pen, figure: &Figure, panel: &Panel, frame: &Frame) -> Result<(), FigureError> {
    panel.layers.iter().filter(|layer| layer.is_reference() && !layer.label.is_empty()).try_for_each(|layer| {
        let look = Lettering { colour: legend::style(figure, layer).colour.for_text(), ..pen.plain() };
        let place = labels::reference_place(panel, frame, layer, &pen.measures);
        place.map_or(Ok(()), |at| pen.annotation(panel, &layer.label, at, look))
    })
}

fn draw_layers(pen: &Pen, figure: &Figure, panel: &Panel, frame: &Frame, layers: &[&Layer]) -> Result<(), FigureError> {
    layers.iter().try_for_each(|layer| {
        let attributes = format!("class=\"{}\" data-label=\"{}\"", layer.kind(), escape(&layer.label));
        let draw = || marks::draw(pen, panel, frame, layer, legend::style(figure, layer));
        pen.group(&attributes, || {
            // A marker at the edge of the plot stays whole.
            if layer.is_whole() { draw() } else { pen.clipped(frame.plot.grown(pen.measures.stroke), draw) }
        })
    })
}

fn draw_title(pen: &Pen, frame: &Frame) -> Result<(), FigureError> {
    let m = pen.measures;
    let look = Lettering { size: m.title, weight: Weight::Bold, ..pen.plain() };
    let last = frame.plot.top - m.gap() - 0.2 * m.title;
    let first = last - frame.title.len().saturating_sub(1) as f64 * m.title_line();
    lines(pen, "title", &frame.title, (frame.title_left, first), m.title_line(), look)
}

/// The places of values along an axis, on the page.
fn along(axis: &Axis, (low, high): (f64, f64), value: f64, from: f64, to: f64) -> Option<f64> {
    let share = (axis.scale.position(value)? - low) / (high - low);
    Some(from + (to - from) * share)
}

fn draw_grid(pen: &Pen, panel: &Panel, frame: &Frame) -> Result<(), FigureError> {
    let plot = frame.plot;
    let width = 0.5 * pen.measures.stroke;
    let lines = |colour: Colour, xs: &[f64], ys: &[f64]| {
        let style = shape(colour, 1.0, width, false);
        for x in xs.iter().filter_map(|&x| along(&panel.x, frame.ranges.x, x, plot.left, plot.right())) {
            pen.line(&[(x, plot.top), (x, plot.bottom())], style)?;
        }
        for y in ys.iter().filter_map(|&y| along(&panel.y, frame.ranges.y, y, plot.bottom(), plot.top)) {
            pen.line(&[(plot.left, y), (plot.right(), y)], style)?;
        }
        Ok(())
    };
    let values = |labelled: &[(f64, String)]| labelled.iter().map(|tick| tick.0).collect::<Vec<_>>();
    pen.group("class=\"grid\"", || {
        lines(Colour::FAINT_GRID, &frame.x_ticks.minor, &frame.y_ticks.minor)?;
        lines(Colour::GRID, &values(&frame.x_ticks.labelled), &values(&frame.y_ticks.labelled))
    })
}

fn draw_axes(pen: &Pen, panel: &Panel, frame: &Frame) -> Result<(), FigureError> {
    let (m, plot) = (pen.measures, frame.plot);
    let style = shape(Colour::INK, 1.0, 0.7 * m.stroke, false);
    if panel.raster().is_some() {
        pen.rectangle(plot, style)?;
    }
    pen.line(&[(plot.left, plot.top), (plot.left, plot.bottom()), (plot.right(), plot.bottom())], style)?;
    let look = Lettering { anchor: HPos::Center, ..pen.plain() };
    for (value, label) in &frame.x_ticks.labelled {
        let Some(x) = along(&panel.x, frame.ranges.x, *value, plot.left, plot.right()) else { continue };
        pen.line(&[(x, plot.bottom()), (x, plot.bottom() + m.tick())], style)?;
        if frame.shows_x {
            draw_x_label(pen, label, (x, plot.bottom() + m.tick()), frame.x_ticks.upright)?;
        }
    }
    for (value, label) in &frame.y_ticks.labelled {
        let Some(y) = along(&panel.y, frame.ranges.y, *value, plot.bottom(), plot.top) else { continue };
        pen.line(&[(plot.left - m.tick(), y), (plot.left, y)], style)?;
        if frame.shows_y && !label.is_empty() {
            let place = (plot.left - m.tick() - 0.3 * m.text, y + CAPITAL * m.text / 2.0);
            pen.text(label, place, Lettering { anchor: HPos::Right, ..look })?;
        }
    }
    draw_axis_names(pen, frame)
}

/// The label of a tick of the x axis, whose lower end is at this place.
fn draw_x_label(pen: &Pen, label: &str, (x, y): (f64, f64), upright: bool) -> Result<(), FigureError> {
    let m = pen.measures;
    if upright {
        let look = Lettering { anchor: HPos::Right, upright, ..pen.plain() };
        return pen.text(label, (x + CAPITAL * m.text / 2.0, y + 0.4 * m.text), look);
    }
    let look = Lettering { anchor: HPos::Center, ..pen.plain() };
    let lines = label.split('\n').filter(|line| !line.is_empty()).enumerate();
    lines.into_iter().try_for_each(|(row, line)| pen.text(line, (x, y + 1.15 * m.text + row as f64 * m.line()), look))
}

fn draw_axis_names(pen: &Pen, frame: &Frame) -> Result<(), FigureError> {
    if frame.names_x {
        draw_x_name(pen, &frame.x_name, frame.plot, names::depth(&frame.x_ticks, &pen.measures))?;
    }
    if frame.names_y {
        draw_y_name(pen, &frame.y_name, frame.plot, widest(pen, frame))?;
    }
    Ok(())
}

/// The names that small multiples have in common stand once, in the middle.
fn draw_common_names(pen: &Pen, figure: &Figure, page: &Layout) -> Result<(), FigureError> {
    let corners = |frame: &Frame| [(frame.plot.left, frame.plot.top), (frame.plot.right(), frame.plot.bottom())];
    let all = page.frames.iter().flat_map(corners);
    let (low, high) = all.fold(((f64::MAX, f64::MAX), (0.0_f64, 0.0_f64)), |(low, high), (x, y)| {
        ((low.0.min(x), low.1.min(y)), (high.0.max(x), high.1.max(y)))
    });
    let whole = Rectangle::between(low, high);
    let (panel, frames) = (&figure.panels[0], &page.frames);
    if frames.iter().any(|frame| frame.shows_x) && frames.iter().all(|frame| !frame.names_x) {
        let shown = frames.iter().filter(|frame| frame.shows_x);
        let labels = shown.map(|frame| names::depth(&frame.x_ticks, &pen.measures)).fold(0.0, f64::max);
        draw_x_name(pen, std::slice::from_ref(&panel.x.label), whole, labels)?;
    }
    if frames.iter().any(|frame| frame.shows_y) && frames.iter().all(|frame| !frame.names_y) {
        let labels = frames.iter().filter(|frame| frame.shows_y).map(|frame| widest(pen, frame)).fold(0.0, f64::max);
        draw_y_name(pen, std::slice::from_ref(&panel.y.label), whole, labels)?;
    }
    Ok(())
}

/// The width of the labels of the y axis.
fn widest(pen: &Pen, frame: &Frame) -> f64 {
    let labels = frame.y_ticks.labelled.iter();
    labels.map(|(_, label)| text::width(label, pen.measures.text, Weight::Regular)).fold(0.0, f64::max)
}

/// The name of the x axis, below labels of this depth.
fn draw_x_name(pen: &Pen, lines: &[String], beside: Rectangle, labels: f64) -> Result<(), FigureError> {
    let m = pen.measures;
    let (x, y) = (beside.left + beside.width / 2.0, beside.bottom() + m.tick() + 1.15 * m.text + labels);
    let look = Lettering { anchor: HPos::Center, ..pen.plain() };
    let lines = lines.iter().filter(|line| !line.is_empty()).enumerate();
    lines.into_iter().try_for_each(|(row, line)| pen.text(line, (x, y + row as f64 * m.line()), look))
}

/// The name of the y axis, left of labels of this width.
fn draw_y_name(pen: &Pen, lines: &[String], beside: Rectangle, labels: f64) -> Result<(), FigureError> {
    let m = pen.measures;
    let (x, y) = (beside.left - m.tick() - 0.9 * m.text - labels, beside.top + beside.height / 2.0);
    let look = Lettering { anchor: HPos::Center, upright: true, ..pen.plain() };
    let lines = lines.iter().rev().filter(|line| !line.is_empty()).enumerate();
    lines.into_iter().try_for_each(|(row, line)| pen.text(line, (x - row as f64 * m.line(), y), look))
}

/// One entry of a legend: samples of its marks, then its name.
fn draw_entry(pen: &Pen, entry: &Entry, (left, top): (f64, f64)) -> Result<(), FigureError> {
    let m = pen.measures;
    let (width, middle) = (legend::sample_width(&m), top + m.line() / 2.0);
    let centre = (left + width / 2.0, middle);
    let swatch = Rectangle { left, top: middle - 0.35 * m.text, width, height: 0.7 * m.text };
    for (key, style) in &entry.keys {
        match key {
            Key::Line => marks::stroke(pen, &[(left, middle), (left + width, middle)], style)?,
            Key::Marker => marks::marker(pen, centre, &legend::enlarged(style))?,
            Key::Interval => marks::interval(pen, centre.0, (middle - 0.45 * m.text, middle + 0.45 * m.text), style)?,
            Key::Patch => pen.rectangle(swatch, shape(style.colour, marks::BAND_OPACITY * style.opacity, 0.0, true))?,
            Key::Bar => marks::bar(pen, swatch, style)?,
        }
    }
    let place = (left + width + m.gap(), middle + CAPITAL * m.text / 2.0);
    pen.rimmed(&entry.label, place, pen.plain())
}

fn draw_line_ends(pen: &Pen, figure: &Figure, panel: &Panel, frame: &Frame) -> Result<(), FigureError> {
    let m = pen.measures;
    for label in labels::end_labels(panel, frame, &m) {
        let style: Style = legend::style(figure, &panel.layers[label.series]);
        let (x, y) = label.place;
        if (y - label.end.1).abs() > 0.8 * m.text {
            let from = (label.end.0 + 0.25 * m.text, label.end.1);
            pen.line(&[from, (x - 0.2 * m.text, y)], shape(style.colour, 0.6, 0.5 * m.stroke, false))?;
        }
        let look = Lettering { colour: style.colour.for_text(), ..pen.plain() };
        pen.rimmed(&label.label, (x, y + CAPITAL * m.text / 2.0), look)?;
    }
    Ok(())
}
