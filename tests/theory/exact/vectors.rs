//! Vectors with rational coordinates and rational norms.

use rand::Rng;

use crate::exact::identity::rational;
use crate::exact::numbers::rational::Rational;
use crate::exact::one_step::cosine_and_sine;

pub type Coordinates = Vec<Rational>;

pub fn dot(x: &[Rational], y: &[Rational]) -> Rational {
    x.iter().zip(y).fold(Rational::whole(0), |sum, (&x, &y)| sum + x * y)
}

pub fn square(x: &[Rational]) -> Rational {
    dot(x, x)
}

/// x + factor · y.
pub fn plus(x: &[Rational], factor: Rational, y: &[Rational]) -> Coordinates {
    x.iter().zip(y).map(|(&x, &y)| x + factor * y).collect()
}

pub fn scaled(factor: Rational, x: &[Rational]) -> Coordinates {
    x.iter().map(|&x| factor * x).collect()
}

/// A point of the unit sphere in R^d, by the inverse stereographic projection of a rational point of R^(d−1):
/// (2y, ‖y‖² − 1)/(‖y‖² + 1).
pub fn on_sphere(d: usize, numbers: &mut impl Rng) -> Coordinates {
    let signed = |numbers: &mut _| {
        let magnitude = rational(numbers);
        if Rng::random(numbers) { magnitude } else { Rational::whole(0) - magnitude }
    };
    let point: Coordinates = (1..d).map(|_| signed(numbers)).collect();
    let (height, one) = (square(&point), Rational::whole(1));
    let mut unit = scaled((one + one) / (height + one), &point);
    unit.push((height - one) / (height + one));
    unit
}

/// Two vectors of rational norms with a rational tan(φ/2).
#[derive(Clone, Debug)]
pub struct PlanarPair {
    /// Orthogonal unit vectors: the first direction, and the one at a right angle to it on the side of the second.
    frame: [Coordinates; 2],
    pub half_tangent: Rational,
    pub norms: [Rational; 2],
}

impl PlanarPair {
    pub fn draw(d: usize, norms: [Rational; 2], numbers: &mut impl Rng) -> Self {
        let first = on_sphere(d, numbers);
        // A reflection that takes the last axis to the first direction takes another axis to a right angle with it.
        let mut mirror = first.clone();
        mirror[d - 1] = mirror[d - 1] - Rational::whole(1);
        let axis = numbers.random_range(0..d - 1);
        let mut across = vec![Rational::whole(0); d];
        across[axis] = Rational::whole(1);
        let factor = Rational::whole(-2) * dot(&mirror, &across) / square(&mirror);
        Self { frame: [first, plus(&across, factor, &mirror)], half_tangent: rational(numbers), norms }
    }

    /// The two embeddings.
    pub fn vectors(&self) -> [Coordinates; 2] {
        let [first, second] = self.norms;
        let [c, s] = cosine_and_sine(self.half_tangent);
        [self.at([first, Rational::whole(0)]), self.at([second * c, second * s])]
    }

    /// The vector with these coordinates in the plane.
    pub fn at(&self, [x, y]: [Rational; 2]) -> Coordinates {
        plus(&scaled(x, &self.frame[0]), y, &self.frame[1])
    }

    pub fn coordinates(&self, vector: &[Rational]) -> [Rational; 2] {
        self.frame.each_ref().map(|axis| dot(axis, vector))
    }
}

/// The gradient of −cos φ with respect to the first vector by the quotient rule, without any root:
/// −(w − (z·w) z/z²)/(‖z‖‖w‖), with the product of the norms given.
pub fn cosine_gradient(z: &[Rational], w: &[Rational], norms: Rational) -> Coordinates {
    let radial = Rational::whole(0) - dot(z, w) / square(z);
    scaled(Rational::whole(-1) / norms, &plus(w, radial, z))
}

/// A pair of rational norms after one step of gradient descent with the learning rate γ on −cos φ.
pub fn descend(pair: &[Coordinates; 2], gamma: Rational) -> [Coordinates; 2] {
    let [z, w] = pair;
    let norms = rational_root(square(z)) * rational_root(square(w));
    let down = Rational::whole(0) - gamma;
    [plus(z, down, &cosine_gradient(z, w, norms)), plus(w, down, &cosine_gradient(w, z, norms))]
}

/// √x where it is rational.
pub fn rational_root(x: Rational) -> Rational {
    x.root().expect("the square of a rational number")
}
