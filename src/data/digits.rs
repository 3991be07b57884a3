//! Handwritten digits: 1,797 images of 8 × 8 pixels, in a file of this crate (feature `digits`).
//!
//! They are the test part of *Optical Recognition of Handwritten Digits* by E. Alpaydin and C. Kaynak (1998), UCI Machine
//! Learning Repository, <https://doi.org/10.24432/C50P49>, licence CC BY 4.0; the same images are the digits of
//! scikit-learn. Changed here: pixels are divided by 16 when the file is read.

use ndarray::{Array2, ArrayView2, Axis};

/// Pixels along a side of an image.
pub const SIDE: usize = 8;
/// Kinds of digits.
pub const CLASSES: usize = 10;
/// Images of all digits together.
pub const IMAGES: usize = 1797;

/// The pixel value of ink over a whole pixel, as the data are published.
const INK: f64 = 16.0;
/// A line per image: its pixels (0 to 16), row after row from the top, then the digit (0 to 9).
const FILE: &str = include_str!("digits.csv");
/// BLAKE3 of all images, row after row with the digit behind its pixels, a byte each.
const CHECKSUM: &str = "871a762edb23c6d138f1434d0b23e9fe94a1a2ee79328e095347ab9f62740139";

/// The images are not those on which results of this crate are based.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DigitsError {
    /// Other pixels or labels.
    #[error("the digits have the checksum {found}, not {CHECKSUM}: restore src/data/digits.csv and build again")]
    Changed {
        /// The checksum of what is there.
        found: String,
    },
}

/// Images of handwritten digits with their labels.
///
/// ```
/// use embedding_norms::data::digits::Digits;
/// let digits = Digits::load()?;
/// assert_eq!(digits.images().dim(), (1797, 64));
/// assert_eq!(digits.labels()[..3], [0, 1, 2]);
/// let others = digits.without(1);
/// assert!(others.labels().iter().all(|&digit| digit != 1));
/// # Ok::<(), embedding_norms::data::digits::DigitsError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Digits {
    images: Array2<f64>,
    labels: Vec<usize>,
}

impl Digits {
    /// All 1,797 images.
    ///
    /// # Errors
    /// [`DigitsError`] if the crate was built with another file.
    pub fn load() -> Result<Self, DigitsError> {
        Self::read(FILE)
    }

    /// The images of a file, if they are the known ones.
    fn read(file: &str) -> Result<Self, DigitsError> {
        // What is no byte changes the checksum like another value.
        let values = file.lines().flat_map(|line| line.split(',')).map(|value| value.parse().unwrap_or(u8::MAX));
        let values: Vec<u8> = values.collect();
        let found = blake3::hash(&values).to_hex().to_string();
        if found != CHECKSUM {
            return Err(DigitsError::Changed { found });
        }
        let width = SIDE * SIDE + 1;
        let images = Array2::from_shape_fn((IMAGES, SIDE * SIDE), |(image, pixel)| {
            f64::from(values[image * width + pixel]) / INK
        });
        Ok(Self { images, labels: values.chunks(width).map(|image| usize::from(image[SIDE * SIDE])).collect() })
    }

    /// The pixels, one image per row (n × 64): row after row from the top, 0 for paper to 1 for ink.
    pub fn images(&self) -> ArrayView2<'_, f64> {
        self.images.view()
    }

    /// Which digit each image shows (n).
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    /// The images that do not show this digit.
    #[must_use]
    pub fn without(&self, digit: usize) -> Self {
        self.select(|label| label != digit)
    }

    fn select(&self, wanted: impl Fn(usize) -> bool) -> Self {
        let rows: Vec<usize> = (0..self.labels.len()).filter(|&row| wanted(self.labels[row])).collect();
        Self { images: self.images.select(Axis(0), &rows), labels: rows.iter().map(|&row| self.labels[row]).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_images_are_refused() {
        let refused = |file: &str| matches!(Digits::read(file), Err(DigitsError::Changed { .. }));
        assert!(Digits::read(FILE).is_ok());
        // As a checkout on Windows may have it.
        assert!(Digits::read(&FILE.replace('\n', "\r\n")) == Digits::load());
        // Pixel 3 of the first image is 13.
        let changed = |value: &str| FILE.replacen(",13,", &format!(",{value},"), 1);
        assert!(!refused(&changed("13")));
        for value in ["12", "13.25", "-13", "269", "NaN", ""] {
            assert!(refused(&changed(value)), "{value}");
        }
        let (first, others) = FILE.split_once('\n').unwrap();
        assert!(refused(others) && refused("") && refused(&format!("{FILE}{first}\n")));
        assert!(refused(&format!("{others}{first}\n")), "another order");
    }
}
