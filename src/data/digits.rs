//! Handwritten digits: 1,797 images of 8 × 8 pixels, compiled into the crate `smartcore` (feature `digits`).
//!
//! They are the test part of *Optical Recognition of Handwritten Digits* by E. Alpaydin and C. Kaynak (1998), UCI Machine
//! Learning Repository, <https://doi.org/10.24432/C50P49>, licence CC BY 4.0; the same images are the digits of
//! scikit-learn. Changed here: pixels are divided by 16.

use ndarray::{Array2, ArrayView2, Axis};

/// Pixels along a side of an image.
pub const SIDE: usize = 8;
/// Kinds of digits.
pub const CLASSES: usize = 10;
/// Images of all digits together.
pub const IMAGES: usize = 1797;

/// The pixel value of ink over a whole pixel, as the data are published.
const INK: f32 = 16.0;
/// BLAKE3 of all images, row after row with the digit behind its pixels, a byte each.
const CHECKSUM: &str = "871a762edb23c6d138f1434d0b23e9fe94a1a2ee79328e095347ab9f62740139";

/// The images are not those on which results of this crate are based.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DigitsError {
    /// Another number of pixels or labels.
    #[error(
        "the digits of smartcore are {pixels} pixels with {labels} labels, not 115008 with 1797: use smartcore 0.7.0"
    )]
    Size {
        /// How many pixels there are.
        pixels: usize,
        /// How many labels there are.
        labels: usize,
    },
    /// Other pixels or labels.
    #[error("the digits of smartcore have the checksum {found}, not {CHECKSUM}: use smartcore 0.7.0")]
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
    /// [`DigitsError`] if the crate that ships them ships others.
    pub fn load() -> Result<Self, DigitsError> {
        let published = smartcore::dataset::digits::load_dataset();
        Self::checked(&published.data, &published.target)
    }

    /// The images of these published pixels (0 to 16) and labels (0 to 9), if they are the known ones.
    fn checked(pixels: &[f32], labels: &[f32]) -> Result<Self, DigitsError> {
        if (pixels.len(), labels.len()) != (IMAGES * SIDE * SIDE, IMAGES) {
            return Err(DigitsError::Size { pixels: pixels.len(), labels: labels.len() });
        }
        let mut hasher = blake3::Hasher::new();
        for (image, label) in pixels.chunks(SIDE * SIDE).zip(labels) {
            let bytes: Vec<u8> = image.iter().chain([label]).map(|&value| byte(value)).collect();
            hasher.update(&bytes);
        }
        let found = hasher.finalize().to_hex().to_string();
        if found != CHECKSUM {
            return Err(DigitsError::Changed { found });
        }
        let images = Array2::from_shape_fn((IMAGES, SIDE * SIDE), |(image, pixel)| {
            f64::from(pixels[image * SIDE * SIDE + pixel] / INK)
        });
        Ok(Self { images, labels: labels.iter().map(|&label| usize::from(byte(label))).collect() })
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

/// A published value as a byte: 255 for anything else, so that it changes the checksum.
fn byte(value: f32) -> u8 {
    let whole = value as u8;
    if f32::from(whole) == value { whole } else { u8::MAX }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_images_are_refused() {
        let published = smartcore::dataset::digits::load_dataset();
        let load = |pixels: &[f32], labels: &[f32]| Digits::checked(pixels, labels);
        assert!(load(&published.data, &published.target).is_ok());
        assert!(matches!(load(&published.data[64..], &published.target), Err(DigitsError::Size { .. })));
        let changed = |place: usize, value: f32| {
            let mut pixels = published.data.clone();
            pixels[place] = value;
            load(&pixels, &published.target)
        };
        // Pixel 3 of the first image is 13.
        assert!(changed(3, 13.0).is_ok());
        for value in [12.0, 13.25, -13.0, f32::NAN] {
            assert!(matches!(changed(3, value), Err(DigitsError::Changed { .. })));
        }
        let mut labels = published.target.clone();
        labels.swap(0, 1);
        assert!(matches!(load(&published.data, &labels), Err(DigitsError::Changed { .. })));
    }
}
