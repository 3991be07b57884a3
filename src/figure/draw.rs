//! Drawing a figure: frames, axes, titles and legends, with plotters on the canvas of this house.

use std::cell::RefCell;

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle as Box, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontFamily, FontStyle, FontTransform, RGBColor, ShapeStyle, TextStyle};

use super::axis::Axis;
use super::canvas::{self, Canvas, Sink, decimal, escape, units};
use super::layout::{self, Frame, Layout, Measures, Rectangle};
use super::legend::{self, Entry, Key};
use super::palette::{Colour, Style};
use super::text::{self, CAPITAL, Letters, Weight};
use super::{Figure, FigureError, Legend, Panel, Size, marks};

/// Draws on a page in points, and keeps account of the letters it writes.
pub struct Pen {
    sink: Sink,
    pub area: DrawingArea<Canvas, Shift>,
    letters: RefCell<Letters>,
    pub measures: Measures,
}

/// How a text looks, which end of it stands at its place, and whether it runs upwards.
#[derive(Clone, Copy)]
pub struct Lettering {
    pub size: f64,
    pub weight: Weight,
    pub colour: Colour,
    pub anchor: HPos,
    pub upright: bool,
}

/// The style of a shape in plotters: width in points.
pub fn shape(colour: Colour, opacity: f64, width: f64, filled: bool) -> ShapeStyle {
    use plotters::style::Color;
    let Colour(red, green, blue) = colour;
    ShapeStyle { color: RGBColor(red, green, blue).mix(opacity), filled, stroke_width: units(width).unsigned_abs() }
}

fn failed(error: impl std::fmt::Display) -> FigureError {
    FigureError::Drawing(error.to_string())
}

impl Pen {
    fn new(measures: Measures, height: f64) -> Self {
        let sink = Sink::default();
        let area = Canvas::new(sink.clone(), measures.width, height).into_drawing_area();
        Self { sink, area, letters: RefCell::default(), measures }
    }

    /// Wraps what `draw` draws in a group with these attributes.
    pub fn group(&self, attributes: &str, draw: impl FnOnce() -> Result<(), FigureError>) -> Result<(), FigureError> {
        self.sink.write(&format!("<g {attributes}>\n"));
        draw()?;
        self.sink.write("</g>\n");
        Ok(())
    }

    /// Cuts off what `draw` draws outside of a rectangle. A nested SVG needs no name, as a clip path would.
    pub fn clipped(&self, to: Rectangle, draw: impl FnOnce() -> Result<(), FigureError>) -> Result<(), FigureError> {
        let [x, y, width, height] = [to.left, to.top, to.width, to.height].map(|value| decimal(units(value)));
        self.sink.write(&format!(
            "<svg x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" viewBox=\"{x} {y} {width} {height}\">\n"
        ));
        draw()?;
        self.sink.write("</svg>\n");
        Ok(())
    }

    /// Places an image, stretched to a rectangle.
    pub fn image(&self, place: Rectangle, data: &str) {
        let [x, y, width, height] = [place.left, place.top, place.width, place.height].map(|at| decimal(units(at)));
        self.sink.write(&format!(
            "<image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" preserveAspectRatio=\"none\" href=\"{data}\"/>\n"
        ));
    }

    /// A line through points of the page.
    pub fn line(&self, points: &[(f64, f64)], style: ShapeStyle) -> Result<(), FigureError> {
        let points: Vec<(i32, i32)> = points.iter().map(|&(x, y)| (units(x), units(y))).collect();
        self.area.draw(&PathElement::new(points, style)).map_err(failed)
    }

    /// A filled polygon.
    pub fn polygon(&self, corners: &[(f64, f64)], style: ShapeStyle) -> Result<(), FigureError> {
        let corners: Vec<(i32, i32)> = corners.iter().map(|&(x, y)| (units(x), units(y))).collect();
        self.area.draw(&Polygon::new(corners, style)).map_err(failed)
    }

    /// A circle.
    pub fn circle(&self, (x, y): (f64, f64), radius: f64, style: ShapeStyle) -> Result<(), FigureError> {
        self.area.draw(&Circle::new((units(x), units(y)), units(radius), style)).map_err(failed)
    }

    /// A rectangle, filled or outlined.
    pub fn rectangle(&self, place: Rectangle, style: ShapeStyle) -> Result<(), FigureError> {
        let corners = [(units(place.left), units(place.top)), (units(place.right()), units(place.bottom()))];
        self.area.draw(&Box::new(corners, style)).map_err(failed)
    }

    /// A text.
    pub fn text(&self, text: &str, (x, y): (f64, f64), look: Lettering) -> Result<(), FigureError> {
        if let Some(letter) = text::unknown_letters(text) {
            return Err(FigureError::Letter { text: text.to_owned(), letter });
        }
        self.letters.borrow_mut().add(text, look.weight);
        let style = if look.weight == Weight::Bold { FontStyle::Bold } else { FontStyle::Normal };
        let turn = if look.upright { FontTransform::Rotate270 } else { FontTransform::None };
        let font = (FontFamily::Name(text::FAMILY), look.size * canvas::UNITS, style);
        let Colour(red, green, blue) = look.colour;
        let colour = RGBColor(red, green, blue);
        let style = TextStyle::from(font).color(&colour).pos(Pos::new(look.anchor, VPos::Bottom)).transform(turn);
        self.area.draw(&Text::new(text, (units(x), units(y)), style)).map_err(failed)
    }

    /// A text with a rim in the colour of the paper, to be read on lines.
    pub fn rimmed(&self, text: &str, place: (f64, f64), look: Lettering) -> Result<(), FigureError> {
        let rim = decimal(units(0.34 * look.size));
        let attributes =
            format!("stroke=\"#fff\" stroke-width=\"{rim}\" stroke-linejoin=\"round\" paint-order=\"stroke\"");
        self.group(&attributes, || self.text(text, place, look))
    }

    /// The usual look of small text.
    pub fn plain(&self) -> Lettering {
        Lettering {
            size: self.measures.text,
            weight: Weight::Regular,
            colour: Colour::INK,
            anchor: HPos::Left,
            upright: false,
        }
    }
}

/// The SVG of a figure.
pub fn svg(figure: &Figure, size: Size) -> Result<String, FigureError> {
    let page = layout::layout(figure, size)?;
    let pen = Pen::new(page.measures, page.height);
    draw_heading(&pen, &page)?;
    for (panel, frame) in figure.panels.iter().zip(&page.frames) {
        pen.group("class=\"panel\"", || draw_panel(&pen, figure, panel, frame))?;
    }
    for (entry, place) in &page.below {
        draw_entry(&pen, entry, *place)?;
    }
    draw_caption(&pen, &page)?;
    drop(pen.area);
    finished(figure, &page, pen.sink, &pen.letters.into_inner())
}

/// The document around what was drawn.
fn finished(figure: &Figure, page: &Layout, sink: Sink, letters: &Letters) -> Result<String, FigureError> {
    let (family, sheet) = letters.style_sheet()?;
    let [width, height] = [page.measures.width, page.height].map(|value| decimal(units(value)));
    let description = escape(&figure.alternative_text);
    let title = figure.title.as_ref().or_else(|| figure.panels.iter().find_map(|panel| panel.title.as_ref()));
    let title = title.map(|title| format!("<title>{}</title>\n", escape(title))).unwrap_or_default();
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}pt\" height=\"{height}pt\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{description}\" \
         font-family=\"{family}, '{}', sans-serif\" stroke-linejoin=\"round\">\n{title}<desc>{description}</desc>\n\
         <style>{sheet}</style>\n<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n{}</svg>\n",
        text::FAMILY,
        sink.into_text()
    ))
}

fn draw_heading(pen: &Pen, page: &Layout) -> Result<(), FigureError> {
    let m = pen.measures;
    let look = Lettering { size: 1.12 * m.title, weight: Weight::Bold, ..pen.plain() };
    for (index, line) in page.title.iter().enumerate() {
        pen.text(line, (m.margin, m.margin + look.size + index as f64 * 1.12 * m.title_line()), look)?;
    }
    Ok(())
}

fn draw_caption(pen: &Pen, page: &Layout) -> Result<(), FigureError> {
    let m = pen.measures;
    let look = Lettering { size: 0.92 * m.text, colour: Colour::ASIDE.for_text(), ..pen.plain() };
    for (index, line) in page.caption.iter().enumerate() {
        pen.text(line, (m.margin, page.caption_top + look.size + index as f64 * m.line()), look)?;
    }
    Ok(())
}

fn draw_panel(pen: &Pen, figure: &Figure, panel: &Panel, frame: &Frame) -> Result<(), FigureError> {
    draw_title(pen, frame)?;
    if !panel.is_picture() && panel.raster().is_none() {
        draw_grid(pen, panel, frame)?;
    }
    pen.clipped(frame.plot.grown(pen.measures.stroke), || {
        panel.layers.iter().try_for_each(|layer| {
            let attributes = format!("class=\"{}\" data-label=\"{}\"", layer.kind(), escape(&layer.label));
            pen.group(&attributes, || marks::draw(pen, panel, frame, layer, legend::style(figure, layer)))
        })
    })?;
    if !panel.is_picture() {
        draw_axes(pen, panel, frame)?;
    }
    panel
        .layers
        .iter()
        .filter(|layer| layer.is_reference())
        .try_for_each(|layer| marks::name_reference(pen, panel, frame, layer, legend::style(figure, layer)))?;
    if let Some(raster) = panel.raster() {
        marks::draw_colour_bar(pen, raster, frame)?;
    }
    if let Some(place) = frame.legend {
        let entries = legend::entries(figure, std::iter::once(panel));
        for (index, entry) in entries.iter().enumerate() {
            draw_entry(pen, entry, (place.left, place.top + index as f64 * pen.measures.line()))?;
        }
    }
    if panel.legend == Legend::LineEnds {
        draw_line_ends(pen, figure, panel, frame)?;
    }
    panel.notes.iter().try_for_each(|note| marks::draw_note(pen, panel, frame, note))
}

fn draw_title(pen: &Pen, frame: &Frame) -> Result<(), FigureError> {
    let m = pen.measures;
    let look = Lettering { size: m.title, weight: Weight::Bold, ..pen.plain() };
    let last = frame.plot.top - m.gap() - 0.2 * m.title;
    for (index, line) in frame.title.iter().rev().enumerate() {
        pen.text(line, (frame.plot.left, last - index as f64 * m.title_line()), look)?;
    }
    Ok(())
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
        if frame.shows_x && !label.is_empty() {
            pen.text(label, (x, plot.bottom() + m.tick() + 1.15 * m.text), look)?;
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
    draw_axis_names(pen, panel, frame)
}

fn draw_axis_names(pen: &Pen, panel: &Panel, frame: &Frame) -> Result<(), FigureError> {
    let (m, plot) = (pen.measures, frame.plot);
    let look = Lettering { anchor: HPos::Center, ..pen.plain() };
    if frame.shows_x && !panel.x.label.is_empty() {
        let place = (plot.left + plot.width / 2.0, plot.bottom() + m.tick() + 1.15 * m.text + m.line());
        pen.text(&panel.x.label, place, look)?;
    }
    if frame.shows_y && !panel.y.label.is_empty() {
        let widths = frame.y_ticks.labelled.iter().map(|(_, label)| text::width(label, m.text, Weight::Regular));
        let x = plot.left - m.tick() - 0.3 * m.text - widths.fold(0.0, f64::max) - 0.6 * m.text;
        pen.text(&panel.y.label, (x, plot.top + plot.height / 2.0), Lettering { upright: true, ..look })?;
    }
    Ok(())
}

/// One entry of a legend: samples of its marks, then its name.
fn draw_entry(pen: &Pen, entry: &Entry, (left, top): (f64, f64)) -> Result<(), FigureError> {
    let m = pen.measures;
    let (width, middle) = (legend::sample_width(&m), top + m.line() / 2.0);
    let centre = (left + width / 2.0, middle);
    for (key, style) in &entry.keys {
        match key {
            Key::Line => marks::stroke(pen, &[(left, middle), (left + width, middle)], style)?,
            Key::Marker => marks::marker(pen, centre, style)?,
            Key::Interval => marks::interval(pen, centre.0, (middle - 0.45 * m.text, middle + 0.45 * m.text), style)?,
            Key::Patch => {
                let place = Rectangle { left, top: middle - 0.35 * m.text, width, height: 0.7 * m.text };
                pen.rectangle(place, shape(style.colour, marks::BAND_OPACITY * style.opacity, 0.0, true))?;
            }
        }
    }
    let place = (left + width + m.gap(), middle + CAPITAL * m.text / 2.0);
    pen.rimmed(&entry.label, place, pen.plain())
}

fn draw_line_ends(pen: &Pen, figure: &Figure, panel: &Panel, frame: &Frame) -> Result<(), FigureError> {
    let m = pen.measures;
    for label in legend::end_labels(panel, frame, &m) {
        let style: Style = legend::style(figure, &panel.layers[label.series]);
        let (x, y) = label.place;
        if (y - label.end.1).abs() > 0.4 * m.text {
            let from = (label.end.0 + 0.25 * m.text, label.end.1);
            pen.line(&[from, (x - 0.2 * m.text, y)], shape(style.colour, 0.6, 0.5 * m.stroke, false))?;
        }
        let look = Lettering { colour: style.colour.for_text(), ..pen.plain() };
        pen.rimmed(&label.label, (x, y + CAPITAL * m.text / 2.0), look)?;
    }
    Ok(())
}
