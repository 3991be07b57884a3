//! Small pictures of grey pixels, such as handwritten digits.

use super::FigureError;
use super::palette::Colour;
use super::raster::sharp_image;

/// A picture of grey pixels with a thin frame, in a panel. Its height follows from its width, its rows and columns where
/// the axes have the same unit, as in [`super::Panel::picture`].
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    pub(crate) columns: usize,
    pub(crate) values: Vec<f64>,
    pub(crate) x: (f64, f64),
    pub(crate) y: (f64, f64),
}

impl Image {
    /// A picture of `values` between 0 (paper) and 1 (ink), row after row from the top down, each of `columns` pixels;
    /// `x` and `y` are the outer edges. A value that is not a number is grey as in heat maps.
    pub fn new(columns: usize, values: Vec<f64>, x: (f64, f64), y: (f64, f64)) -> Self {
        Self { columns, values, x, y }
    }

    pub(crate) fn whole(&self) -> bool {
        self.columns > 0 && !self.values.is_empty() && self.values.len().is_multiple_of(self.columns)
    }

    fn colour(value: f64) -> Colour {
        if value.is_nan() { Colour::MISSING } else { Colour::PAPER.mix(Colour::INK, value.clamp(0.0, 1.0)) }
    }

    /// The picture as a data URI.
    pub(crate) fn data_uri(&self) -> Result<String, FigureError> {
        let rows: Vec<&[f64]> = self.values.chunks(self.columns).collect();
        sharp_image(&rows, 160, Self::colour)
    }
}
