//! Views of an image: a small random rotation, shift and change of scale in one affine map, and additive noise.

use ndarray::{ArrayView1, ArrayViewMut1};
use rand::{Rng, RngCore};

use crate::random::StandardNormal;
use crate::setting::{SettingError, positive, within};

/// How strong the random changes are. By default nothing changes.
///
/// A view of an image of s × s pixels is the image, rotated about its centre by an angle uniform in ±`rotation`,
/// enlarged by a factor uniform in 1 ± `scale`, moved by an amount uniform in ±`shift` in both directions, sampled
/// bilinearly with zeros outside; to every pixel Gaussian noise of standard deviation `noise` is then added, and no
/// value is clipped.
///
/// ```
/// use embedding_norms::{data::augmentation::Augmentation, random::generator};
/// use ndarray::{Array1, array};
/// let augmentation = Augmentation::none(2)?.rotation(0.2)?.shift(0.5)?.scale(0.1)?.noise(0.05)?;
/// let image = array![0.0, 0.0, 1.0, 0.0];
/// let mut view = Array1::zeros(4);
/// augmentation.view(image.view(), view.view_mut(), &mut generator(0, b"example", 0));
/// assert_ne!(view, image);
/// # Ok::<(), embedding_norms::setting::SettingError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Augmentation {
    side: usize,
    rotation: f64,
    shift: f64,
    scale: f64,
    noise: f64,
}

impl Augmentation {
    /// Views that are the image itself, of `side` × `side` pixels.
    ///
    /// # Errors
    /// A side of 0.
    pub fn none(side: usize) -> Result<Self, SettingError> {
        within("the side of an image", side as f64, side > 0, "at least one pixel")?;
        Ok(Self { side, rotation: 0.0, shift: 0.0, scale: 0.0, noise: 0.0 })
    }

    /// With rotations by up to this angle, in radians, either way.
    ///
    /// # Errors
    /// An angle outside [0, π].
    pub fn rotation(self, angle: f64) -> Result<Self, SettingError> {
        let valid = (0.0..=std::f64::consts::PI).contains(&angle);
        Ok(Self { rotation: within("the largest rotation", angle, valid, "from 0 to π radians")?, ..self })
    }

    /// With shifts by up to this many pixels, in both directions, either way.
    ///
    /// # Errors
    /// A number outside [0, s].
    pub fn shift(self, pixels: f64) -> Result<Self, SettingError> {
        let valid = (0.0..=self.side as f64).contains(&pixels);
        let requirement = "from 0 to the side of the image, in pixels";
        Ok(Self { shift: within("the largest shift", pixels, valid, requirement)?, ..self })
    }

    /// With changes of scale by a factor of up to 1 ± this.
    ///
    /// # Errors
    /// A number outside [0, 1).
    pub fn scale(self, change: f64) -> Result<Self, SettingError> {
        let valid = (0.0..1.0).contains(&change);
        Ok(Self { scale: within("the largest change of scale", change, valid, "from 0 to below 1")?, ..self })
    }

    /// With Gaussian noise of this standard deviation on every pixel.
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
    /// If either is not of s² pixels.
    pub fn view(&self, image: ArrayView1<'_, f64>, mut view: ArrayViewMut1<'_, f64>, generator: &mut dyn RngCore) {
        self.draw(generator).apply(image, view.view_mut());
        if self.noise > 0.0 {
            let mut noise = vec![0.0; view.len()];
            StandardNormal::fill(&mut noise, generator);
            view.iter_mut().zip(noise).for_each(|(pixel, noise)| *pixel += self.noise * noise);
        }
    }

    /// The random map of one view.
    fn draw(&self, generator: &mut dyn RngCore) -> Affine {
        let mut uniform = |largest: f64| largest * (2.0 * generator.random::<f64>() - 1.0);
        let (angle, factor) = (uniform(self.rotation), 1.0 + uniform(self.scale));
        let shift = (uniform(self.shift), uniform(self.shift));
        Affine::inverse_of(self.side, angle, factor, shift)
    }
}

/// A rotation, change of scale and shift of images of one size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine {
    side: usize,
    /// (cos α, sin α)/factor, which lead from places of the view back to places of the image.
    cosine: f64,
    sine: f64,
    shift: (f64, f64),
}

impl Affine {
    /// Rotates an image of `side` × `side` pixels about its centre by `angle` radians (anticlockwise as one sees it),
    /// enlarges it by `factor` and then moves it by `shift` pixels to the right and down.
    ///
    /// # Errors
    /// A side of 0, a factor that is not a finite number above 0, an angle or shift that is not finite.
    pub fn new(side: usize, angle: f64, factor: f64, shift: (f64, f64)) -> Result<Self, SettingError> {
        within("the side of an image", side as f64, side > 0, "at least one pixel")?;
        within("the angle of rotation", angle, angle.is_finite(), "a finite number of radians")?;
        for part in [shift.0, shift.1] {
            within("the shift", part, part.is_finite(), "a finite number of pixels")?;
        }
        Ok(Self::inverse_of(side, angle, positive("the factor of the scale", factor)?, shift))
    }

    fn inverse_of(side: usize, angle: f64, factor: f64, shift: (f64, f64)) -> Self {
        let (sine, cosine) = libm::sincos(angle);
        Self { side, cosine: cosine / factor, sine: sine / factor, shift }
    }

    /// Writes the changed image: every pixel is looked up in `image` between its four neighbours, with zeros outside.
    ///
    /// # Panics
    /// If either is not of s² pixels.
    pub fn apply(&self, image: ArrayView1<'_, f64>, mut changed: ArrayViewMut1<'_, f64>) {
        let side = self.side;
        assert_eq!((image.len(), changed.len()), (side * side, side * side), "an image of the stated size");
        let centre = 0.5 * (side - 1) as f64;
        // A border of zeros, wide enough for both neighbours of every place once it is brought to the border.
        let width = side + 3;
        let mut padded = vec![0.0; width * width];
        let mut pixels = image.iter();
        for line in padded.chunks_exact_mut(width).skip(1).take(side) {
            for (place, pixel) in line[1..=side].iter_mut().zip(pixels.by_ref()) {
                *place = *pixel;
            }
        }
        let border = (side + 1) as f64;
        // Casting cuts the fraction off, which costs less than rounding down on processors of any age.
        let split = |place: f64| {
            let place = (place + centre + 1.0).clamp(0.0, border);
            let whole = place as i32;
            (whole as usize, place - f64::from(whole))
        };
        let mut pixels = changed.iter_mut();
        for row in 0..side {
            let down = row as f64 - centre - self.shift.1;
            for (column, pixel) in pixels.by_ref().take(side).enumerate() {
                let right = column as f64 - centre - self.shift.0;
                let (left, across) = split(self.cosine * right - self.sine * down);
                let (top, below) = split(self.sine * right + self.cosine * down);
                let corner = top * width + left;
                let blend = |at: usize| (1.0 - across) * padded[at] + across * padded[at + 1];
                *pixel = (1.0 - below) * blend(corner) + below * blend(corner + width);
            }
        }
    }
}
