//! The spherical mixture: classes as clouds on a unit sphere, observed through a random matrix.
//!
//! It is the synthetic data set of Draganov et al. (ICML 2025): what is true of a point (its class, how crowded its
//! surroundings are) is known by construction.

use ndarray::{Array1, Array2, ArrayView2, Axis};
use ndarray_rand::RandomExt;
use rand::{Rng, RngCore};

use crate::numerics::product::product;
use crate::random::StandardNormal;
use crate::setting::{SettingError, positive, within};
use crate::sphere::{SphereError, normalize, uniform};

/// A spherical mixture that can be drawn from.
///
/// ```
/// use embedding_norms::{data::mixture::Mixture, random::generator};
/// let mixture = Mixture::new(&[1.0, 2.0, 4.0, 8.0], 1.0, 10)?.observed(64, 10.0)?;
/// let drawn = mixture.draw(2_000, &mut generator(1, b"mixture", 0))?;
/// assert_eq!(drawn.features.dim(), (2_000, 64));
/// assert_eq!(drawn.counts().iter().sum::<usize>(), 2_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture {
    /// The probability of each class; their sum is 1.
    probabilities: Vec<f64>,
    noise: f64,
    latent: usize,
    observed: usize,
    gain: f64,
}

/// Points of a mixture.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// The class centres, unit vectors (classes × latent dimension).
    pub centres: Array2<f64>,
    /// The class of each point (n).
    pub labels: Vec<usize>,
    /// The points before they are observed, unit vectors (n × latent dimension).
    pub latent: Array2<f64>,
    /// What an encoder sees of them (n × observed dimension).
    pub features: Array2<f64>,
}

impl Mixture {
    /// Classes with these weights (relative frequencies, in any unit), class noise σ ≥ 0, on the unit sphere of
    /// R^latent. A point is normalize(centre + σ N(0, I)); it is observed as it is.
    ///
    /// # Errors
    /// No class, a weight that is not a finite number above 0, a noise that is negative or not finite, a latent
    /// dimension below 2.
    pub fn new(weights: &[f64], noise: f64, latent: usize) -> Result<Self, SettingError> {
        within("the number of classes", weights.len() as f64, !weights.is_empty(), "at least 1")?;
        for &weight in weights {
            positive("a class weight", weight)?;
        }
        let total = weights.iter().fold(0.0, |sum, weight| sum + weight);
        positive("the sum of the class weights", total)?;
        within("the class noise", noise, noise.is_finite() && noise >= 0.0, "a finite number, 0 or larger")?;
        within("the latent dimension", latent as f64, latent >= 2, "at least 2")?;
        let probabilities = weights.iter().map(|weight| weight / total).collect();
        Ok(Self { probabilities, noise, latent, observed: latent, gain: 0.0 })
    }

    /// The same mixture observed through a random matrix A (dimension × latent) with standard normal entries: the
    /// features of a point x are gain · A x. Each draw has a matrix of its own.
    ///
    /// # Errors
    /// A dimension of 0, a gain that is not a finite number above 0.
    pub fn observed(self, dimension: usize, gain: f64) -> Result<Self, SettingError> {
        within("the observed dimension", dimension as f64, dimension >= 1, "at least 1")?;
        Ok(Self { observed: dimension, gain: positive("the gain of the observation", gain)?, ..self })
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.probabilities.len()
    }

    /// Draws centres uniform on the sphere, an observation matrix, and n points with independent classes, so that class
    /// counts are multinomial.
    ///
    /// # Errors
    /// A point that noise puts exactly on the origin, where it has no direction.
    pub fn draw(&self, n: usize, generator: &mut dyn RngCore) -> Result<Drawn, SphereError> {
        let labels = (0..n).map(|_| self.draw_class(generator)).collect();
        self.draw_labelled(labels, generator)
    }

    /// The same with equally many points of each class (up to one), in the order of the classes.
    ///
    /// # Errors
    /// As for [`Self::draw`].
    pub fn draw_evenly(&self, n: usize, generator: &mut dyn RngCore) -> Result<Drawn, SphereError> {
        let labels = (0..n).map(|point| point * self.classes() / n).collect();
        self.draw_labelled(labels, generator)
    }

    fn draw_labelled(&self, labels: Vec<usize>, generator: &mut dyn RngCore) -> Result<Drawn, SphereError> {
        let centres = uniform(self.classes(), self.latent, generator)?;
        let matrix = self.is_seen_through_a_matrix().then(|| {
            let shape = (self.observed, self.latent);
            Array2::random_using(shape, StandardNormal, generator) * self.gain
        });
        let latent = self.draw_points(centres.view(), &labels, generator)?;
        let features = match &matrix {
            Some(matrix) => product(latent.view(), matrix.t()),
            None => latent.clone(),
        };
        Ok(Drawn { centres, labels, latent, features })
    }

    fn is_seen_through_a_matrix(&self) -> bool {
        self.gain > 0.0
    }

    fn draw_class(&self, generator: &mut dyn RngCore) -> usize {
        let mut left = generator.random::<f64>();
        for (class, probability) in self.probabilities.iter().enumerate() {
            left -= probability;
            if left < 0.0 {
                return class;
            }
        }
        // Rounding of the probabilities may leave a remainder.
        self.classes() - 1
    }

    fn draw_points(
        &self,
        centres: ArrayView2<'_, f64>,
        labels: &[usize],
        generator: &mut dyn RngCore,
    ) -> Result<Array2<f64>, SphereError> {
        let mut points = Array2::zeros((labels.len(), self.latent));
        for (mut point, &class) in points.rows_mut().into_iter().zip(labels) {
            let noise = Array1::random_using(self.latent, StandardNormal, generator);
            point.assign(&(&centres.index_axis(Axis(0), class) + noise * self.noise));
        }
        Ok(normalize(points.view())?.into_units())
    }
}

impl Drawn {
    /// How many points each class has.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.centres.nrows()];
        for &label in &self.labels {
            counts[label] += 1;
        }
        counts
    }
}
