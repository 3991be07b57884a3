//! Gradients of the cosine of a pair, as the library forms them, with directions and ladders for their Taylor test.

use embedding_norms::loss::{Batch, Evaluation, Loss, NegativeCosine};
use embedding_norms::normalization::{pullback, unprojected};
use embedding_norms::sphere::{Cosine, Directions, normalize};
use ndarray::Array1;

use super::embeddings::{Angle, EPS, random_numbers, row, unit_pair, unit_tangent};
use super::taylor::{Ladder, Rejection, slope};

/// A pair of any norms with the gradient of −cos φ for both members, as the library forms it.
pub struct PairGradient {
    pub z: [Array1<f64>; 2],
    pub norms: [f64; 2],
    pub gradient: [Array1<f64>; 2],
    pub unprojected: [Array1<f64>; 2],
    /// Unit tangents at each member towards the other.
    pub towards: [Array1<f64>; 2],
    pub angle: Angle,
}

pub fn pair_gradient(d: usize, norms: [f64; 2], angle: Angle, seed: u64) -> PairGradient {
    let pair = unit_pair(d, angle, &mut random_numbers("pair", seed));
    let back = &pair.x * angle.sine() - &pair.towards * angle.cosine();
    let z = [&pair.x * norms[0], &pair.y * norms[1]];
    let directions = [0, 1].map(|side| normalize(row(&z[side]).view()).unwrap());
    let evaluation = evaluate(&NegativeCosine::symmetric(), &directions);
    let euclidean = [evaluation.first, evaluation.second.unwrap()];
    PairGradient {
        gradient: [0, 1].map(|side| pullback(&directions[side], euclidean[side].view()).row(0).to_owned()),
        unprojected: [0, 1].map(|side| unprojected(&directions[side], euclidean[side].view()).row(0).to_owned()),
        towards: [pair.towards, back],
        z,
        norms,
        angle,
    }
}

pub fn evaluate(loss: &dyn Loss, directions: &[Directions; 2]) -> Evaluation {
    loss.evaluate(&Batch::two_views(&directions[0], &directions[1]).unwrap()).unwrap()
}

impl PairGradient {
    /// A direction with a tangent part at `slant` to the way to the partner and a radial part, in units of the norm.
    ///
    /// The second order along it is ½c|τ|² ± s r τ_in (r radial, τ_in the tangent part towards the partner). The sign of
    /// r makes both terms add up, so that it vanishes nowhere, and φ = π/2 needs the radial part.
    pub fn direction(&self, side: usize, slant: f64, radial: f64, seed: u64) -> Array1<f64> {
        let unit = &self.z[side] / self.norms[side];
        let along = slant.cos();
        let tangent = if unit.len() > 2 {
            let across = unit_tangent(&unit, Some(&self.towards[side]), &mut random_numbers("direction", seed));
            &self.towards[side] * along + across * slant.sin()
        } else {
            &self.towards[side] * along.signum()
        };
        let sign = (self.angle.cosine() * along).signum();
        (tangent + unit * (sign * radial)) * self.norms[side]
    }

    /// The slope for a gradient of −cos φ, on 1 − cos φ where φ < π/2 and on 1 + cos φ beyond.
    ///
    /// Steps turn by at most θ = 0.2 sin φ and by at most 0.004: the third order, over the second, is of the size of θ.
    /// A unit vector rounds by about EPS, which changes 1 ∓ c by s·EPS per operation on it; the sum over d squares adds
    /// √d EPS relative to it. At φ = 10⁻⁸ the smallest remainder is ½(θ/16)² = 8·10⁻²¹, the noise 9·10⁻²⁴.
    pub fn slope(&self, side: usize, gradient: &Array1<f64>, direction: &Array1<f64>) -> Result<f64, Rejection> {
        let partner = normalize(row(&self.z[1 - side]).view()).unwrap();
        let value = |t: f64| {
            let moved = normalize(row(&(&self.z[side] + &(direction * t))).view()).unwrap();
            let cosine = Cosine::between(moved.units().row(0), partner.units().row(0));
            if self.angle.opposite { cosine.one_plus } else { cosine.one_minus }
        };
        let start = value(0.0);
        let sine = self.angle.sine();
        let noise = 8.0 * EPS * (sine + (direction.len() as f64).sqrt() * start);
        let sign = if self.angle.opposite { -1.0 } else { 1.0 };
        slope(
            |t| value(t) - start,
            (gradient * sign).as_slice().unwrap(),
            direction.as_slice().unwrap(),
            Ladder { largest: (0.2 * sine).min(0.004), noise },
        )
    }

    /// The gradient with a radial part of half its length: still a descent direction, no longer tangent.
    pub fn with_radial_part(&self, side: usize) -> Array1<f64> {
        &self.gradient[side] + &(&self.z[side] * (0.5 * self.angle.sine() / (self.norms[side] * self.norms[side])))
    }
}
