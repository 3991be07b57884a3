//! Random directions.

use ndarray::{Array1, Array2, ArrayView1, ArrayViewMut1};
use ndarray_rand::RandomExt;
use rand::{Rng, RngCore};
use rand_distr::Distribution;

use super::{SphereError, inner, normalize};
use crate::random::StandardNormal;

/// n directions uniform on the unit sphere of R^d, as rows of an (n × d) matrix: normalized Gaussian vectors.
///
/// # Errors
/// [`SphereError::Dimension`] if d < 2.
pub fn uniform(n: usize, d: usize, generator: &mut dyn RngCore) -> Result<Array2<f64>, SphereError> {
    if d < 2 {
        return Err(SphereError::Dimension { dimension: d });
    }
    Ok(normalize(Array2::random_using((n, d), StandardNormal, generator).view())?.into_units())
}

/// n directions from the von Mises-Fisher distribution around the unit vector `mean`, with density ∝ exp(κ μ·x), as
/// rows of an (n × d) matrix, for any d ≥ 2 and κ ≥ 0 (0: uniform).
///
/// The component along the mean is drawn by rejection (Wood, *Simulation of the von Mises Fisher distribution*, 1994);
/// the rest is uniform around it. Its 1 − μ·x is formed directly, so that κ = 10¹² still has directions of its own.
///
/// # Errors
/// A dimension below 2, or a concentration that is negative or not finite.
pub fn von_mises_fisher(
    mean: ArrayView1<'_, f64>,
    concentration: f64,
    n: usize,
    generator: &mut dyn RngCore,
) -> Result<Array2<f64>, SphereError> {
    let distribution = VonMisesFisher::new(mean.len(), concentration)?;
    let mut points = Array2::zeros((n, mean.len()));
    for mut row in points.rows_mut() {
        let one_minus =
            distribution.one_minus_component(generator, |generator| symmetric_beta(mean.len() - 1, generator));
        let sideways = unit_tangent(mean, generator);
        let sine = (one_minus * (2.0 - one_minus)).sqrt();
        row.assign(&(&mean * (1.0 - one_minus) + sideways * sine));
    }
    Ok(points)
}

/// A von Mises-Fisher distribution in R^d, made ready for many draws one by one around different means.
///
/// ```
/// use embedding_norms::random::generator;
/// use embedding_norms::sphere::VonMisesFisher;
/// use ndarray::{Array1, array};
/// let (mean, mut draw) = (array![0.0, 0.6, 0.8], Array1::zeros(3));
/// VonMisesFisher::new(3, 1e4)?.draw(mean.view(), draw.view_mut(), &mut generator(0, b"example", 0));
/// assert!(draw.dot(&mean) > 0.99);
/// # Ok::<(), embedding_norms::sphere::SphereError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VonMisesFisher {
    /// d − 1.
    free: usize,
    concentration: f64,
    /// Wood's b, where the envelope of the rejection has its parameter.
    b: f64,
    /// 1 − x0, x0 = (1 − b)/(1 + b) the mode of the envelope.
    one_minus_mode: f64,
    /// ln(1 − x0²).
    log_scale: f64,
}

impl VonMisesFisher {
    /// In R^d, with the concentration κ; 0 is the uniform distribution.
    ///
    /// # Errors
    /// A dimension below 2, or a concentration that is negative or not finite.
    pub fn new(d: usize, concentration: f64) -> Result<Self, SphereError> {
        check_distribution(d, concentration)?;
        let free = (d - 1) as f64;
        // Beyond 1e150, where squares are no numbers, the root is 2κ.
        let b = if concentration < 1e150 {
            free / (2.0 * concentration + (4.0 * concentration * concentration + free * free).sqrt())
        } else {
            0.25 * free / concentration
        };
        let one_minus_mode = 2.0 * b / (1.0 + b);
        let log_scale = libm::log(one_minus_mode * (2.0 - one_minus_mode));
        Ok(Self { free: d - 1, concentration, b, one_minus_mode, log_scale })
    }

    /// Writes one direction around the unit vector `mean` into `row`.
    ///
    /// The same distribution as [`von_mises_fisher`], from fewer random numbers: the symmetric beta variable of the
    /// rejection is made of two uniform ones (Ulrich, *Computer generation of distributions on the m-sphere*, 1984).
    ///
    /// # Panics
    /// Unless mean and row have d coordinates, those of the row next to each other.
    pub fn draw(&self, mean: ArrayView1<'_, f64>, mut row: ArrayViewMut1<'_, f64>, generator: &mut dyn RngCore) {
        assert_eq!((mean.len(), row.len()), (self.free + 1, self.free + 1), "directions of d coordinates");
        let one_minus = self.one_minus_component(generator, |generator| quick_symmetric_beta(self.free, generator));
        let sine = (one_minus * (2.0 - one_minus)).sqrt();
        loop {
            StandardNormal::fill(row.as_slice_mut().expect("the coordinates of a row lie together"), generator);
            let along = inner(row.view(), mean);
            row.scaled_add(-along, &mean);
            let square = inner(row.view(), row.view());
            if square > 0.0 {
                row *= sine / square.sqrt();
                row.scaled_add(1.0 - one_minus, &mean);
                return;
            }
        }
    }

    /// Draws 1 − μ·x; `beta` draws from the distribution Beta((d − 1)/2, (d − 1)/2).
    fn one_minus_component(&self, generator: &mut dyn RngCore, beta: impl Fn(&mut dyn RngCore) -> f64) -> f64 {
        let Self { free, concentration, b, one_minus_mode, log_scale } = *self;
        loop {
            let beta = beta(generator);
            let one_minus = 2.0 * b * beta / (1.0 - (1.0 - b) * beta);
            // 1 − x0 w, from the complements of both factors.
            let one_minus_product = one_minus_mode + one_minus - one_minus_mode * one_minus;
            let log_ratio =
                concentration * (one_minus_mode - one_minus) + free as f64 * (libm::log(one_minus_product) - log_scale);
            if log_ratio >= libm::log(1.0 - generator.random::<f64>()) {
                return one_minus;
            }
        }
    }
}

fn check_distribution(d: usize, concentration: f64) -> Result<(), SphereError> {
    if d < 2 {
        return Err(SphereError::Dimension { dimension: d });
    }
    if !(concentration.is_finite() && concentration >= 0.0) {
        return Err(SphereError::Concentration { concentration });
    }
    Ok(())
}

/// Beta(m/2, m/2) from two uniform variables: ½(1 + cos(2πv) √(1 − u^(2/(m−1)))).
fn quick_symmetric_beta(m: usize, generator: &mut dyn RngCore) -> f64 {
    let (u, v): (f64, f64) = (generator.random(), generator.random());
    // For m = 1 the power is infinite.
    let power = if m == 1 { 0.0 } else { libm::pow(u, 2.0 / (m as f64 - 1.0)) };
    0.5 * (1.0 + libm::cos(std::f64::consts::TAU * v) * (1.0 - power).sqrt())
}

/// Beta(m/2, m/2) as a ratio of sums of squared normals: exact, and portable as a quotient of gamma draws is not.
fn symmetric_beta(m: usize, generator: &mut dyn RngCore) -> f64 {
    let mut squares = || (0..m).map(|_| StandardNormal.sample(generator)).fold(0.0, |sum: f64, x: f64| sum + x * x);
    let (first, second) = (squares(), squares());
    first / (first + second)
}

/// A direction orthogonal to the unit vector x, uniform among all of them.
fn unit_tangent(x: ArrayView1<'_, f64>, generator: &mut dyn RngCore) -> Array1<f64> {
    loop {
        let draw = Array1::random_using(x.len(), StandardNormal, generator);
        // Projected twice: the first pass leaves a radial part of the size of rounding, which matters if it removed much.
        let once = super::tangent(x, draw.view());
        let part = super::tangent(x, once.view());
        let square = inner(part.view(), part.view());
        if square > 0.0 {
            return part / square.sqrt();
        }
    }
}

/// The mean resultant length E[μ·x] = I_{d/2}(κ)/I_{d/2−1}(κ) of the von Mises-Fisher distribution on the unit sphere
/// of R^d, by the continued fraction of that ratio of Bessel functions (Gauss), evaluated backwards.
///
/// # Errors
/// A dimension below 2, or a concentration that is negative or not finite.
///
/// ```
/// use embedding_norms::sphere::mean_resultant_length;
/// let kappa: f64 = 2.5;
/// let three_dimensions = 1.0 / kappa.tanh() - 1.0 / kappa; // Langevin's function
/// assert!((mean_resultant_length(3, kappa)? - three_dimensions).abs() < 1e-15);
/// # Ok::<(), embedding_norms::sphere::SphereError>(())
/// ```
pub fn mean_resultant_length(d: usize, concentration: f64) -> Result<f64, SphereError> {
    check_distribution(d, concentration)?;
    if concentration == 0.0 {
        return Ok(0.0);
    }
    // Past 2ν ≈ κ the terms converge geometrically; 60 more reach the last bit, and the start is the fixed point.
    let terms = (concentration.min(1e7) as usize) + 60;
    let ratio = |term: usize| (d as f64 + 2.0 * term as f64) / concentration;
    let tail = ratio(terms);
    let start = 2.0 / (tail + (tail * tail + 4.0).sqrt());
    Ok((0..terms).rev().fold(start, |fraction, term| 1.0 / (ratio(term) + fraction)))
}

/// tan(φ/2) of n pairs of independent directions, uniform on the unit sphere of R^d.
///
/// By symmetry one member may be the first axis; with r = ‖z‖ of a Gaussian z, tan²(φ/2) = (r − z_1)/(r + z_1), formed
/// without cancellation at either end.
///
/// # Errors
/// [`SphereError::Dimension`] if d < 2.
pub fn uniform_half_tangents(n: usize, d: usize, generator: &mut dyn RngCore) -> Result<Vec<f64>, SphereError> {
    if d < 2 {
        return Err(SphereError::Dimension { dimension: d });
    }
    let mut half_tangent = || {
        let along: f64 = StandardNormal.sample(generator);
        let across = (1..d).fold(0.0, |sum, _| {
            let coordinate: f64 = StandardNormal.sample(generator);
            sum + coordinate * coordinate
        });
        let sum = (along * along + across).sqrt() + along.abs();
        // (r − |z_1|)/(r + |z_1|) = across/(r + |z_1|)².
        let smaller = across.sqrt() / sum;
        if along >= 0.0 { smaller } else { 1.0 / smaller }
    };
    Ok((0..n).map(|_| half_tangent()).collect())
}
