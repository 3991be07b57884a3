//! Random embeddings, and pairs at a planted angle down to 10⁻⁸ from either end.

use std::f64::consts::PI;

use embedding_norms::random::{Generator, StandardNormal, generator};
use embedding_norms::sphere::{inner, norm_of, uniform};
use ndarray::{Array1, Array2};
use proptest::prelude::*;
use rand_distr::Distribution;

/// One rounding of a double, relative.
pub const EPS: f64 = f64::EPSILON / 2.0;

/// An angle by its distance from 0, or from π where a double cannot tell π − 10⁻⁸ from its neighbours well.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Angle {
    pub gap: f64,
    pub opposite: bool,
}

impl Angle {
    pub fn radians(self) -> f64 {
        if self.opposite { PI - self.gap } else { self.gap }
    }

    pub fn cosine(self) -> f64 {
        if self.opposite { -self.gap.cos() } else { self.gap.cos() }
    }

    pub fn sine(self) -> f64 {
        self.gap.sin()
    }

    pub fn half_tangent(self) -> f64 {
        let tangent = (0.5 * self.gap).tan();
        if self.opposite { 1.0 / tangent } else { tangent }
    }
}

/// Angles from 10⁻⁸ to π − 10⁻⁸ that every sweep contains.
pub fn angles() -> Vec<Angle> {
    let gaps = [1e-8, 1e-7, 1e-6, 1e-4, 1e-2, 0.1, 0.5, 1.0, 0.5 * PI];
    gaps.iter().flat_map(|&gap| [false, true].map(|opposite| Angle { gap, opposite })).collect()
}

/// Dimensions from 2 to 512, evenly in the logarithm.
pub fn dimension() -> impl Strategy<Value = usize> {
    (1.0..9.0_f64).prop_map(|log| log.exp2() as usize)
}

/// Numbers between two powers of ten, evenly in the logarithm.
pub fn log_uniform(low: f64, high: f64) -> impl Strategy<Value = f64> + Clone {
    (low..high).prop_map(|log| 10.0_f64.powf(log))
}

/// Angles evenly in the logarithm of their distance from either end, down to 10⁻⁸.
pub fn any_angle() -> impl Strategy<Value = Angle> {
    (log_uniform(-8.0, 0.19), any::<bool>()).prop_map(|(gap, opposite)| Angle { gap, opposite })
}

pub fn random_numbers(name: &str, seed: u64) -> Generator {
    generator(seed, name.as_bytes(), 0)
}

pub fn gaussian(n: usize, d: usize, numbers: &mut Generator) -> Array2<f64> {
    Array2::from_shape_simple_fn((n, d), || StandardNormal.sample(numbers))
}

/// Embeddings of uniform direction with norms even in the logarithm between 10^low and 10^high.
pub fn embeddings(n: usize, d: usize, (low, high): (f64, f64), numbers: &mut Generator) -> Array2<f64> {
    let mut points = uniform(n, d, numbers).unwrap();
    for mut row in points.rows_mut() {
        let norm = 10.0_f64.powf(low + (high - low) * rand::Rng::random::<f64>(numbers));
        row *= norm;
    }
    points
}

/// A unit tangent at the unit vector x, orthogonal also to `other` if d allows it; projected twice, so to rounding.
pub fn unit_tangent(x: &Array1<f64>, other: Option<&Array1<f64>>, numbers: &mut Generator) -> Array1<f64> {
    let mut tangent = gaussian(1, x.len(), numbers).row(0).to_owned();
    for _ in 0..2 {
        for base in [Some(x), other].into_iter().flatten() {
            let part = inner(tangent.view(), base.view());
            tangent.scaled_add(-part, base);
        }
        tangent /= norm_of(tangent.view());
    }
    tangent
}

/// A unit vector, the tangent towards its partner, and the partner at the given angle.
pub struct UnitPair {
    pub x: Array1<f64>,
    pub towards: Array1<f64>,
    pub y: Array1<f64>,
}

/// A pair of unit vectors of random direction. Stored coordinates round, so the angle is right to about 10⁻¹⁶ absolute.
pub fn unit_pair(d: usize, angle: Angle, numbers: &mut Generator) -> UnitPair {
    let x = uniform(1, d, numbers).unwrap().row(0).to_owned();
    let towards = unit_tangent(&x, None, numbers);
    let y = &x * angle.cosine() + &towards * angle.sine();
    UnitPair { x, towards, y }
}

/// A vector as a matrix of one row.
pub fn row(vector: &Array1<f64>) -> Array2<f64> {
    vector.clone().insert_axis(ndarray::Axis(0))
}
