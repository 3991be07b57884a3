//! The house style of the figures: say *what* to show; how it looks is decided here, once.
//!
//! A [`Figure`] holds [`Panel`]s, a panel holds two [`Axis`] and [`Layer`]s. [`Figure::to_svg`] draws it with plotters;
//! [`png()`], [`pdf()`] and [`animation()`] make other files from that same SVG, so that all formats show the same; they need
//! the features `png` and `pdf`. The same figure gives the same bytes. Data come in as plain pairs: the module knows nothing of simulations.
//!
//! ```
//! use embedding_norms_lab::figure::{Axis, Figure, Layer, Panel, Size, Style};
//! let steps = vec![(0.5, 12.0), (1.0, 50.0), (2.0, 210.0), (4.0, 840.0)];
//! let law = (0..=60).map(|k| 0.4 * 1.05_f64.powi(k)).map(|norm| (norm, 52.0 * norm * norm)).collect();
//! let figure = Figure::new("Steps to converge grow with the square of the norm.")
//!     .panel(
//!         Panel::new(Axis::logarithmic("initial norm ‖z‖"), Axis::logarithmic("steps to cosine 0.999"))
//!             .title("Convergence slows as ‖z‖²")
//!             .layer(Layer::line("closed form", law).style(Style::theory()))
//!             .layer(Layer::markers("simulated", steps)),
//!     );
//! let svg = figure.to_svg(Size::OneColumn)?;
//! assert!(svg.contains("Convergence slows as ‖z‖²"));
//! # Ok::<(), embedding_norms_lab::figure::FigureError>(())
//! ```

#[cfg(feature = "png")]
mod animation;
mod axis;
mod canvas;
mod columns;
mod draw;
mod error;
#[cfg(feature = "png")]
mod export;
mod font_file;
mod frame;
mod image;
mod labels;
mod layer;
mod layout;
#[cfg(not(feature = "pdf"))]
mod left_out;
mod legend;
mod marks;
mod measures;
mod names;
pub mod number;
mod palette;
#[cfg(feature = "pdf")]
mod pdf;
mod pen;
mod range;
mod raster;
mod text;
mod ticks;

use std::str::FromStr;

#[cfg(feature = "png")]
pub use animation::animation;
pub use axis::{Axis, Scale};
pub use error::FigureError;
#[cfg(feature = "png")]
pub use export::{TextBox, overlaps, png, text_boxes};
pub use image::Image;
pub use layer::Layer;
#[cfg(not(feature = "pdf"))]
pub use left_out::pdf;
#[cfg(not(feature = "png"))]
pub use left_out::{animation, png};
pub use palette::{Colour, ColourMap, Dash, Marker, Style};
#[cfg(feature = "pdf")]
pub use pdf::pdf;
pub use raster::Raster;
pub use text::{FAMILY, plain_fonts};

/// Whether this build makes PNG and GIF: the feature `png`. Without it [`png()`] and [`animation()`] refuse.
pub const PNG: bool = cfg!(feature = "png");
/// Whether this build makes PDF: the feature `pdf`, which has `png` with it. Without it [`pdf()`] refuses.
pub const PDF: bool = cfg!(feature = "pdf");

/// The physical size that a figure is drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// One column of a paper in two columns: 86 mm wide.
    OneColumn,
    /// The width of a page: 178 mm.
    TwoColumns,
    /// A slide of 16:9.
    Slides,
}

impl FromStr for Size {
    type Err = FigureError;

    fn from_str(name: &str) -> Result<Self, FigureError> {
        match name {
            "one-column" => Ok(Self::OneColumn),
            "two-columns" => Ok(Self::TwoColumns),
            "slides" => Ok(Self::Slides),
            _ => Err(FigureError::Size(name.to_owned())),
        }
    }
}

/// Where the names of the series stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Legend {
    /// In a part of the plot that holds no data, a corner if possible. If a panel has none, all such legends of the figure become
    /// one below.
    #[default]
    Inside,
    /// Below all panels, each name once.
    Below,
    /// Beside the last point of each line.
    LineEnds,
    /// Nowhere.
    Hidden,
}

/// On which side of its place a note stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Centred above.
    Above,
    /// Centred below.
    Below,
    /// To the left.
    Left,
    /// To the right.
    Right,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Note {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) text: String,
    pub(crate) side: Side,
}

/// One plot with its axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    pub(crate) title: Option<String>,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) layers: Vec<Layer>,
    pub(crate) legend: Legend,
    pub(crate) notes: Vec<Note>,
}

impl Panel {
    /// An empty plot.
    pub fn new(x: Axis, y: Axis) -> Self {
        Self { title: None, x, y, layers: Vec::new(), legend: Legend::Inside, notes: Vec::new() }
    }

    /// A picture without axes, in which both directions have the same unit.
    pub fn picture(x: (f64, f64), y: (f64, f64)) -> Self {
        Self { legend: Legend::Below, ..Self::new(Axis::hidden(x), Axis::hidden(y)) }
    }

    /// The title above the plot.
    #[must_use]
    pub fn title(self, title: impl Into<String>) -> Self {
        Self { title: Some(title.into()), ..self }
    }

    /// Adds a layer on top of those before. Heat maps, bands, bars and reference lines lie under lines and markers all the
    /// same.
    #[must_use]
    pub fn layer(mut self, layer: Layer) -> Self {
        self.layers.push(layer);
        self
    }

    /// Adds layers on top of those before.
    #[must_use]
    pub fn layers(mut self, layers: impl IntoIterator<Item = Layer>) -> Self {
        self.layers.extend(layers);
        self
    }

    /// Where the names of the series stand.
    #[must_use]
    pub fn legend(self, legend: Legend) -> Self {
        Self { legend, ..self }
    }

    /// A short text beside a place of the plot.
    #[must_use]
    pub fn note(mut self, x: f64, y: f64, text: impl Into<String>, side: Side) -> Self {
        self.notes.push(Note { x, y, text: text.into(), side });
        self
    }

    /// Whether this is a picture without axes.
    pub(crate) fn is_picture(&self) -> bool {
        !self.x.shown
    }

    /// The heat map of the panel.
    pub(crate) fn raster(&self) -> Option<&Raster> {
        self.layers.iter().find_map(|layer| match &layer.mark {
            layer::Mark::Raster(raster) => Some(raster),
            _ => None,
        })
    }
}

/// A figure: panels side by side and one below the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    pub(crate) alternative_text: String,
    pub(crate) title: Option<String>,
    pub(crate) caption: Option<String>,
    pub(crate) panels: Vec<Panel>,
    pub(crate) columns: usize,
    pub(crate) aspect: f64,
    pub(crate) shared: bool,
}

impl Figure {
    /// A figure without panels. The alternative text says in a sentence or two what a reader sees who cannot look.
    pub fn new(alternative_text: impl Into<String>) -> Self {
        Self {
            alternative_text: alternative_text.into(),
            title: None,
            caption: None,
            panels: Vec::new(),
            columns: 1,
            aspect: 0.72,
            shared: false,
        }
    }

    /// The title above all panels.
    #[must_use]
    pub fn title(self, title: impl Into<String>) -> Self {
        Self { title: Some(title.into()), ..self }
    }

    /// A line or two in small print below all panels.
    #[must_use]
    pub fn caption(self, caption: impl Into<String>) -> Self {
        Self { caption: Some(caption.into()), ..self }
    }

    /// Adds a panel, after those before in reading order.
    #[must_use]
    pub fn panel(mut self, panel: Panel) -> Self {
        self.panels.push(panel);
        self
    }

    /// Adds panels, after those before in reading order.
    #[must_use]
    pub fn panels(mut self, panels: impl IntoIterator<Item = Panel>) -> Self {
        self.panels.extend(panels);
        self
    }

    /// How many panels stand side by side; fewer where they would be too small.
    #[must_use]
    pub fn columns(self, columns: usize) -> Self {
        Self { columns: columns.max(1), ..self }
    }

    /// The height of a plot as a share of its width (0.72 if not said).
    #[must_use]
    pub fn aspect(self, aspect: f64) -> Self {
        Self { aspect: aspect.clamp(0.1, 4.0), ..self }
    }

    /// Small multiples: panels whose axes have the same label and scale share their range, and neighbours one set of
    /// labels; their legends become one, below.
    #[must_use]
    pub fn shared_axes(self) -> Self {
        Self { shared: true, ..self }
    }

    /// Draws the figure.
    ///
    /// # Errors
    /// A figure without panels, an axis without a valid range, a value that a logarithmic axis cannot show, a heat map
    /// that is not a grid, a letter that the font does not have.
    pub fn to_svg(&self, size: Size) -> Result<String, FigureError> {
        draw::svg(self, size)
    }
}
