//! What a panel shows, one layer upon the other.

use super::image::Image;
use super::palette::{Colour, Style};
use super::raster::Raster;

/// The data of a layer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Mark {
    Line(Vec<(f64, f64)>),
    Markers(Vec<(f64, f64)>),
    ErrorBars(Vec<(f64, f64, f64)>),
    Band(Vec<(f64, f64, f64)>),
    Bars(Vec<(f64, f64, f64)>),
    HorizontalLine(f64),
    VerticalLine(f64),
    Raster(Raster),
    Image(Image),
    Path(Vec<(f64, f64, f64)>),
    Area(Vec<(f64, f64)>),
    Disc { centre: (f64, f64), radius: f64 },
}

/// One layer of a panel.
///
/// Layers with the same label, in any panel of a figure, are one series: they share a colour, a dash pattern, a marker
/// and an entry of the legend. An empty label keeps a layer out of the legend.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    pub(crate) label: String,
    pub(crate) mark: Mark,
    pub(crate) style: Option<Style>,
    pub(crate) like: Option<String>,
}

impl Layer {
    fn new(label: impl Into<String>, mark: Mark) -> Self {
        Self { label: label.into(), mark, style: None, like: None }
    }

    /// A line through points; a point that is not finite breaks it.
    pub fn line(label: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self::new(label, Mark::Line(points))
    }

    /// Points.
    pub fn markers(label: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self::new(label, Mark::Markers(points))
    }

    /// Vertical intervals: place, lower end, upper end.
    pub fn error_bars(label: impl Into<String>, intervals: Vec<(f64, f64, f64)>) -> Self {
        Self::new(label, Mark::ErrorBars(intervals))
    }

    /// A shaded band: place, lower edge, upper edge.
    pub fn band(label: impl Into<String>, edges: Vec<(f64, f64, f64)>) -> Self {
        Self::new(label, Mark::Band(edges))
    }

    /// Bars that stand on 0 (on a logarithmic axis: on its low end): left edge, right edge, height. Adjoining bars make
    /// a histogram.
    pub fn bars(label: impl Into<String>, bars: Vec<(f64, f64, f64)>) -> Self {
        Self::new(label, Mark::Bars(bars))
    }

    /// A reference value of y across the panel, with its name beside the line.
    pub fn horizontal_line(name: impl Into<String>, y: f64) -> Self {
        Self::new(name, Mark::HorizontalLine(y)).style(Style::reference())
    }

    /// A reference value of x across the panel, with its name beside the line.
    pub fn vertical_line(name: impl Into<String>, x: f64) -> Self {
        Self::new(name, Mark::VerticalLine(x)).style(Style::reference())
    }

    /// A heat map with its colour bar.
    pub fn raster(raster: Raster) -> Self {
        Self::new("", Mark::Raster(raster))
    }

    /// A small picture.
    pub fn image(image: Image) -> Self {
        Self::new("", Mark::Image(image))
    }

    /// A line with an opacity of its own for each segment (that of the point where it begins): x, y, opacity. For paths
    /// that pass behind something.
    pub fn path(label: impl Into<String>, points: Vec<(f64, f64, f64)>) -> Self {
        Self::new(label, Mark::Path(points))
    }

    /// A filled area with these corners.
    pub fn area(label: impl Into<String>, corners: Vec<(f64, f64)>) -> Self {
        Self::new(label, Mark::Area(corners))
    }

    /// A disc shaded like a ball that is lit from the upper left; the radius is in the unit of the x axis.
    pub fn disc(centre: (f64, f64), radius: f64) -> Self {
        Self::new("", Mark::Disc { centre, radius }).style(Style::series(0).colour(Colour(0xd5, 0xdc, 0xe4)))
    }

    /// Another look than the house gives this series.
    #[must_use]
    pub fn style(self, style: Style) -> Self {
        Self { style: Some(style), ..self }
    }

    /// The look of the series with this label, but an entry of its own in the legend.
    #[must_use]
    pub fn like(self, label: impl Into<String>) -> Self {
        Self { like: Some(label.into()), ..self }
    }

    /// The label under which the house looks up the style.
    pub(crate) fn series(&self) -> &str {
        self.like.as_deref().unwrap_or(&self.label)
    }

    /// Whether the label stands beside the mark rather than in the legend.
    pub(crate) fn is_reference(&self) -> bool {
        matches!(self.mark, Mark::HorizontalLine(_) | Mark::VerticalLine(_))
    }

    /// How high the layer lies: grounds below shades and reference lines, and both below the data.
    pub(crate) fn height(&self) -> u8 {
        match self.mark {
            Mark::Raster(_) | Mark::Image(_) | Mark::Disc { .. } => 0,
            Mark::Band(_) | Mark::Bars(_) | Mark::HorizontalLine(_) | Mark::VerticalLine(_) => 1,
            _ => Self::DATA,
        }
    }

    /// The height of the data, above the axes.
    pub(crate) const DATA: u8 = 2;

    /// Whether marks at the edge of the plot are drawn whole.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self.mark, Mark::Markers(_))
    }

    /// The name of the kind of layer.
    pub(crate) fn kind(&self) -> &'static str {
        match self.mark {
            Mark::Line(_) => "line",
            Mark::Markers(_) => "markers",
            Mark::ErrorBars(_) => "error-bars",
            Mark::Band(_) => "band",
            Mark::Bars(_) => "bars",
            Mark::HorizontalLine(_) => "horizontal-line",
            Mark::VerticalLine(_) => "vertical-line",
            Mark::Raster(_) => "raster",
            Mark::Image(_) => "image",
            Mark::Path(_) => "path",
            Mark::Area(_) => "area",
            Mark::Disc { .. } => "disc",
        }
    }

    /// Every x that the layer wants to be seen.
    pub(crate) fn xs(&self) -> Vec<f64> {
        match &self.mark {
            Mark::Line(points) | Mark::Markers(points) | Mark::Area(points) => points.iter().map(|p| p.0).collect(),
            Mark::ErrorBars(points) | Mark::Band(points) | Mark::Path(points) => points.iter().map(|p| p.0).collect(),
            Mark::Bars(bars) => bars.iter().flat_map(|bar| [bar.0, bar.1]).collect(),
            Mark::HorizontalLine(_) => Vec::new(),
            Mark::VerticalLine(x) => vec![*x],
            Mark::Raster(Raster { x, .. }) | Mark::Image(Image { x, .. }) => vec![x.0, x.1],
            Mark::Disc { centre, radius } => vec![centre.0 - radius, centre.0 + radius],
        }
    }

    /// Every y that the layer wants to be seen.
    pub(crate) fn ys(&self) -> Vec<f64> {
        match &self.mark {
            Mark::Line(points) | Mark::Markers(points) | Mark::Area(points) => points.iter().map(|p| p.1).collect(),
            Mark::ErrorBars(points) | Mark::Band(points) => points.iter().flat_map(|p| [p.1, p.2]).collect(),
            Mark::Path(points) => points.iter().map(|p| p.1).collect(),
            Mark::Bars(bars) => bars.iter().map(|bar| bar.2).collect(),
            Mark::HorizontalLine(y) => vec![*y],
            Mark::VerticalLine(_) => Vec::new(),
            Mark::Raster(Raster { y, .. }) | Mark::Image(Image { y, .. }) => vec![y.0, y.1],
            Mark::Disc { centre, radius } => vec![centre.1 - radius, centre.1 + radius],
        }
    }
}
