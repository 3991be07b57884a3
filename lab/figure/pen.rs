//! The pen: lines, shapes and texts on a page in points, as plotters elements on the canvas of this house.

use std::cell::RefCell;

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle as Box, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontFamily, FontStyle, FontTransform, RGBColor, ShapeStyle, TextStyle};

use super::canvas::{self, Canvas, Sink, decimal, units};
use super::measures::{Measures, Rectangle};
use super::palette::Colour;
use super::text::{self, Letters, Weight};
use super::{FigureError, Panel};

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
    let Colour(red, green, blue) = colour;
    ShapeStyle { color: RGBColor(red, green, blue).mix(opacity), filled, stroke_width: units(width).unsigned_abs() }
}

fn failed(error: impl std::fmt::Display) -> FigureError {
    FigureError::Drawing(error.to_string())
}

impl Pen {
    /// A pen for a page as wide as these measures say.
    pub fn new(measures: Measures, height: f64) -> Self {
        let sink = Sink::default();
        let area = Canvas::new(sink.clone(), measures.width, height).into_drawing_area();
        Self { sink, area, letters: RefCell::default(), measures }
    }

    /// What was drawn, as SVG, and the letters in it.
    pub fn finish(self) -> (String, Letters) {
        (self.sink.into_text(), self.letters.into_inner())
    }

    /// Wraps what `draw` draws in a group with these attributes.
    pub fn group(&self, attributes: &str, draw: impl FnOnce() -> Result<(), FigureError>) -> Result<(), FigureError> {
        self.sink.write(&format!("<g {attributes}>\n"));
        draw()?;
        self.sink.write("</g>\n");
        Ok(())
    }

    /// Names what `draw` draws: browsers show the name where the pointer rests on it.
    pub fn named(&self, name: &str, draw: impl FnOnce() -> Result<(), FigureError>) -> Result<(), FigureError> {
        self.sink.write(&format!("<g><title>{}</title>\n", canvas::escape(name)));
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

    /// A text inside a plot: on a tag where it lies on a heat map, else with a rim.
    pub fn annotation(
        &self,
        panel: &Panel,
        text: &str,
        (x, y): (f64, f64),
        look: Lettering,
    ) -> Result<(), FigureError> {
        if panel.raster().is_none() {
            return self.rimmed(text, (x, y), look);
        }
        let width = text::width(text, look.size, look.weight);
        let left = match look.anchor {
            HPos::Left => x,
            HPos::Center => x - width / 2.0,
            HPos::Right => x - width,
        };
        let tag = Rectangle::of_text((left, y), width, look.size).grown(0.3 * look.size);
        self.rectangle(tag, shape(Colour::PAPER, 0.85, 0.0, true))?;
        self.text(text, (x, y), look)
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
