//! Views of photographs: a random crop, a mirror image, jitter of brightness, contrast and colours, and additive noise.

use ndarray::{ArrayView1, ArrayViewMut1};
use rand::{Rng, RngCore};

use crate::random::StandardNormal;
use crate::setting::{SettingError, within};

/// How strong the random changes are. By default nothing changes.
///
/// A view of an image of c planes of h × w pixels is a window of the image, of its proportions, with the share a of its
/// area, a uniform in [`crop`, 1], anywhere inside, enlarged to h × w pixels (bilinear); mirrored left to right with
/// probability ½ if `flip`; with values f (x − m) + g m, m the mean of the image, f uniform in 1 ± `contrast`, g uniform in
/// 1 ± `brightness`; the planes of an image in colours multiplied by a factor each, uniform in 1 ± `colour`; with Gaussian
/// noise of standard deviation `noise` on each pixel. No value is clipped.
///
/// ```
/// use embedding_norms::{data::photo::PhotoViews, random::generator};
/// use ndarray::{Array1, array};
/// let views = PhotoViews::none(1, 2, 2)?.crop(0.5)?.flip(true).brightness(0.4)?.contrast(0.4)?.noise(0.05)?;
/// let image = array![0.0, 0.0, 1.0, 0.0];
/// let mut view = Array1::zeros(4);
/// views.view(image.view(), view.view_mut(), &mut generator(0, b"example", 0));
/// assert_ne!(view, image);
/// # Ok::<(), embedding_norms::setting::SettingError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PhotoViews {
    channels: usize,
    height: usize,
    width: usize,
    crop: f64,
    flip: bool,
    brightness: f64,
    contrast: f64,
    colour: f64,
    noise: f64,
}

impl PhotoViews {
    /// Views that are the image itself, of `channels` planes of `height` × `width` pixels.
    ///
    /// # Errors
    /// A size of 0.
    pub fn none(channels: usize, height: usize, width: usize) -> Result<Self, SettingError> {
        for size in [channels, height, width] {
            within("the size of an image", size as f64, size > 0, "at least one plane, row and column")?;
        }
        Ok(Self {
            channels,
            height,
            width,
            crop: 1.0,
            flip: false,
            brightness: 0.0,
            contrast: 0.0,
            colour: 0.0,
            noise: 0.0,
        })
    }

    /// With windows of at least this share of the area.
    ///
    /// # Errors
    /// A share outside (0, 1].
    pub fn crop(self, least: f64) -> Result<Self, SettingError> {
        let valid = least > 0.0 && least <= 1.0;
        Ok(Self { crop: within("the least area of a crop", least, valid, "above 0 and at most 1")?, ..self })
    }

    /// Mirrored left to right half of the time.
    pub fn flip(self, flip: bool) -> Self {
        Self { flip, ..self }
    }

    /// With the mean multiplied by up to 1 ± this.
    ///
    /// # Errors
    /// A number outside [0, 1].
    pub fn brightness(self, change: f64) -> Result<Self, SettingError> {
        Ok(Self { brightness: share("the largest change of brightness", change)?, ..self })
    }

    /// With differences from the mean multiplied by up to 1 ± this.
    ///
    /// # Errors
    /// A number outside [0, 1].
    pub fn contrast(self, change: f64) -> Result<Self, SettingError> {
        Ok(Self { contrast: share("the largest change of contrast", change)?, ..self })
    }

    /// With planes multiplied by up to 1 ± this, if there are several.
    ///
    /// # Errors
    /// A number outside [0, 1].
    pub fn colour(self, change: f64) -> Result<Self, SettingError> {
        Ok(Self { colour: share("the largest change of a colour", change)?, ..self })
    }

    /// With Gaussian noise of this standard deviation.
    ///
    /// # Errors
    /// A negative number, NaN or an infinity.
    pub fn noise(self, deviation: f64) -> Result<Self, SettingError> {
        let valid = deviation.is_finite() && deviation >= 0.0;
        Ok(Self { noise: within("the noise", deviation, valid, "a finite number, 0 or more")?, ..self })
    }

    /// Writes a random view of `image` to `view`. The same generator gives the same bytes on every machine.
    ///
    /// # Panics
    /// If either is not of c h w pixels.
    pub fn view(&self, image: ArrayView1<'_, f64>, mut view: ArrayViewMut1<'_, f64>, generator: &mut dyn RngCore) {
        let (plane, size) = (self.height * self.width, self.channels * self.height * self.width);
        assert_eq!((image.len(), view.len()), (size, size), "an image of the stated size");
        let image = image.to_vec();
        let window = self.draw(generator);
        let mut changed = vec![0.0; size];
        for (from, to) in image.chunks_exact(plane).zip(changed.chunks_exact_mut(plane)) {
            window.apply(from, to);
        }
        self.jitter(&mut changed, generator);
        if self.noise > 0.0 {
            let mut noise = vec![0.0; size];
            StandardNormal::fill(&mut noise, generator);
            changed.iter_mut().zip(noise).for_each(|(pixel, noise)| *pixel += self.noise * noise);
        }
        view.iter_mut().zip(changed).for_each(|(pixel, changed)| *pixel = changed);
    }

    /// The random window of one view.
    fn draw(&self, generator: &mut dyn RngCore) -> Window {
        let side = (self.crop + (1.0 - self.crop) * generator.random::<f64>()).sqrt();
        let mut axis = |pixels: usize| {
            // The centres of the outermost pixels of the view lie inside the window.
            let last = (pixels - 1) as f64;
            let first = (1.0 - side) * last * generator.random::<f64>();
            let places = (0..pixels).map(|pixel| {
                let place = (first + side * pixel as f64).min(last);
                let whole = (place as usize).min(pixels.saturating_sub(2));
                (whole, place - whole as f64)
            });
            places.collect::<Vec<_>>()
        };
        let rows = axis(self.height);
        let straight = axis(self.width);
        let mirrored = self.flip && generator.random::<bool>();
        let columns = if mirrored { straight.into_iter().rev().collect() } else { straight };
        Window { rows, columns, width: self.width }
    }

    fn jitter(&self, pixels: &mut [f64], generator: &mut dyn RngCore) {
        let mut factor = |largest: f64| 1.0 + largest * (2.0 * generator.random::<f64>() - 1.0);
        let (contrast, brightness) = (factor(self.contrast), factor(self.brightness));
        let mean = pixels.iter().fold(0.0, |sum, pixel| sum + pixel) / pixels.len() as f64;
        for plane in pixels.chunks_exact_mut(self.height * self.width) {
            let colour = if self.channels > 1 { factor(self.colour) } else { 1.0 };
            plane.iter_mut().for_each(|pixel| *pixel = colour * (contrast * (*pixel - mean) + brightness * mean));
        }
    }
}

fn share(what: &'static str, change: f64) -> Result<f64, SettingError> {
    within(what, change, (0.0..=1.0).contains(&change), "from 0 to 1")
}

/// Where each row and column of a view is looked up: between a pixel and the next one.
struct Window {
    rows: Vec<(usize, f64)>,
    columns: Vec<(usize, f64)>,
    width: usize,
}

impl Window {
    fn apply(&self, from: &[f64], to: &mut [f64]) {
        let next = |fraction: f64, step: usize| if fraction > 0.0 { step } else { 0 };
        let mut blended = vec![0.0; self.width];
        for (&(row, below), to) in self.rows.iter().zip(to.chunks_exact_mut(self.width)) {
            let upper = &from[row * self.width..][..self.width];
            let lower = &from[(row + next(below, 1)) * self.width..][..self.width];
            for ((pixel, upper), lower) in blended.iter_mut().zip(upper).zip(lower) {
                *pixel = (1.0 - below) * upper + below * lower;
            }
            for (&(column, right), pixel) in self.columns.iter().zip(to) {
                *pixel = (1.0 - right) * blended[column] + right * blended[column + next(right, 1)];
            }
        }
    }
}
