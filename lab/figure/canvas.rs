//! A plotters backend that writes SVG.
//!
//! The backend that comes with plotters rounds to whole pixels and cannot dash, group or cut; this one counts hundredths
//! of a point, writes them as decimals, and lets the caller wrap what is drawn in groups.

use std::cell::RefCell;
use std::convert::Infallible;
use std::fmt::Write;
use std::rc::Rc;

use plotters_backend::text_anchor::HPos;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontStyle,
    FontTransform,
};

/// Units of the canvas in a point.
pub const UNITS: f64 = 100.0;

/// The text of the SVG while it grows; clones write to the same text.
#[derive(Clone, Debug, Default)]
pub struct Sink(Rc<RefCell<String>>);

impl Sink {
    /// Writes a piece of SVG as it is.
    pub fn write(&self, markup: &str) {
        self.0.borrow_mut().push_str(markup);
    }

    /// All that was written.
    pub fn into_text(self) -> String {
        self.0.take()
    }
}

/// The backend: a size in units and a text to write to.
#[derive(Debug)]
pub struct Canvas {
    sink: Sink,
    size: (u32, u32),
}

impl Canvas {
    /// A canvas of this many points that writes to this sink.
    pub fn new(sink: Sink, width: f64, height: f64) -> Self {
        Self { sink, size: (units(width).unsigned_abs(), units(height).unsigned_abs()) }
    }

    fn element(&self, name: &str, attributes: &[(&str, &str)]) {
        let mut text = self.sink.0.borrow_mut();
        text.push('<');
        text.push_str(name);
        for (key, value) in attributes {
            // Writing to a string cannot fail.
            let _ = write!(text, " {key}=\"{value}\"");
        }
        text.push_str("/>\n");
    }
}

/// Points in units of the canvas.
pub fn units(points: f64) -> i32 {
    libm::round(points * UNITS) as i32
}

/// Hundredths of a point as a decimal without needless digits.
pub fn decimal(units: i32) -> String {
    let (whole, hundredths) = (units.unsigned_abs() / 100, units.unsigned_abs() % 100);
    let sign = if units < 0 { "-" } else { "" };
    match hundredths {
        0 => format!("{sign}{whole}"),
        _ if hundredths % 10 == 0 => format!("{sign}{whole}.{}", hundredths / 10),
        _ => format!("{sign}{whole}.{hundredths:02}"),
    }
}

/// A text, safe between tags and in attributes.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn colour(color: BackendColor) -> String {
    let (red, green, blue) = color.rgb;
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn opacity(color: BackendColor) -> String {
    decimal(libm::round(color.alpha * 100.0) as i32)
}

/// The attributes of a shape that is filled or outlined.
struct Paint {
    colour: String,
    width: String,
    opacity: String,
    filled: bool,
}

impl Paint {
    fn new(style: &impl BackendStyle, filled: bool) -> Self {
        let color = style.color();
        Self {
            colour: colour(color),
            width: decimal(i32::try_from(style.stroke_width()).unwrap_or(i32::MAX)),
            opacity: opacity(color),
            filled,
        }
    }

    fn attributes(&self) -> Vec<(&str, &str)> {
        let mut attributes = if self.filled {
            vec![("fill", self.colour.as_str())]
        } else {
            vec![("fill", "none"), ("stroke", self.colour.as_str()), ("stroke-width", self.width.as_str())]
        };
        if self.opacity != "1" {
            attributes.push((if self.filled { "fill-opacity" } else { "stroke-opacity" }, &self.opacity));
        }
        attributes
    }
}

/// The `d` attribute of a path; steps too small to be written are left out.
fn path_data(points: impl IntoIterator<Item = BackendCoord>, closed: bool) -> String {
    let mut data = String::new();
    let mut last = None;
    for (x, y) in points {
        if last == Some((x, y)) {
            continue;
        }
        data.push_str(if last.is_none() { "M" } else { " " });
        data.push_str(&format!("{} {}", decimal(x), decimal(y)));
        last = Some((x, y));
    }
    if closed {
        data.push('Z');
    }
    data
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl DrawingBackend for Canvas {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        self.draw_rect((x, y), (x + 1, y + 1), &color, true)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        let data = path_data(path, false);
        self.element("path", &[&[("d", data.as_str())][..], &Paint::new(style, false).attributes()].concat());
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, corners: I, style: &S) -> Drawn {
        let data = path_data(corners, true);
        self.element("path", &[&[("d", data.as_str())][..], &Paint::new(style, true).attributes()].concat());
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(&mut self, one: BackendCoord, other: BackendCoord, style: &S, fill: bool) -> Drawn {
        let place = [one.0.min(other.0), one.1.min(other.1), (one.0 - other.0).abs(), (one.1 - other.1).abs()];
        let [x, y, width, height] = &place.map(decimal);
        let place: [(&str, &str); 4] = [("x", x), ("y", y), ("width", width), ("height", height)];
        self.element("rect", &[&place[..], &Paint::new(style, fill).attributes()].concat());
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, centre: BackendCoord, radius: u32, style: &S, fill: bool) -> Drawn {
        let radius = i32::try_from(radius).unwrap_or(i32::MAX);
        let [x, y, radius] = &[centre.0, centre.1, radius].map(decimal);
        let place: [(&str, &str); 3] = [("cx", x), ("cy", y), ("r", radius)];
        self.element("circle", &[&place[..], &Paint::new(style, fill).attributes()].concat());
        Ok(())
    }

    /// Writes a text whose base line starts, is centred or ends at the given place.
    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, (x, y): BackendCoord) -> Drawn {
        let mut markup = format!("<text x=\"{}\" y=\"{}\"", decimal(x), decimal(y));
        let _ = write!(markup, " font-size=\"{}\"", decimal(libm::round(style.size()) as i32));
        if let FontStyle::Bold = style.style() {
            markup.push_str(" font-weight=\"bold\"");
        }
        match style.anchor().h_pos {
            HPos::Left => {}
            HPos::Center => markup.push_str(" text-anchor=\"middle\""),
            HPos::Right => markup.push_str(" text-anchor=\"end\""),
        }
        let turn = match style.transform() {
            FontTransform::None => 0,
            FontTransform::Rotate90 => 90,
            FontTransform::Rotate180 => 180,
            FontTransform::Rotate270 => -90,
        };
        if turn != 0 {
            let _ = write!(markup, " transform=\"rotate({turn} {} {})\"", decimal(x), decimal(y));
        }
        let _ = write!(markup, " fill=\"{}\">{}</text>", colour(style.color()), escape(text));
        self.sink.write(&markup);
        self.sink.write("\n");
        Ok(())
    }
}
