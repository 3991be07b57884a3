//! Images in memory: how large they are, their labels, and the two halves that data sets have.

use std::fmt;

use ndarray::{Array2, Axis};

/// The two parts that data sets are published in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// Images to train on.
    Training,
    /// Images of the test.
    Test,
}

impl fmt::Display for Half {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Training { "training" } else { "test" })
    }
}

/// How large images are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ImageSize {
    /// Planes of one colour each: 1 for grey, 3 for red, green and blue.
    pub channels: usize,
    /// Rows of pixels.
    pub height: usize,
    /// Columns of pixels.
    pub width: usize,
}

impl ImageSize {
    /// Numbers in an image: planes × rows × columns, in this order.
    pub fn pixels(self) -> usize {
        self.channels * self.height * self.width
    }
}

impl fmt::Display for ImageSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { channels, height, width } = self;
        if *channels == 1 { write!(f, "{height} × {width}") } else { write!(f, "{channels} × {height} × {width}") }
    }
}

/// Images with their labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Images {
    /// An image per row, (n × pixels): plane after plane, row after row from the top. Bytes are divided by 255; other
    /// numbers are as they stand in the file.
    pub pixels: Array2<f64>,
    /// A class per image (n).
    pub labels: Vec<usize>,
}

impl Images {
    /// Some of them, in this order.
    ///
    /// # Panics
    /// If there is no such image.
    #[must_use]
    pub fn select(&self, images: &[usize]) -> Self {
        let labels = images.iter().map(|&image| self.labels[image]).collect();
        Self { pixels: self.pixels.select(Axis(0), images), labels }
    }
}
