//! Projected updates: momentum and Adam without the part of the step along z, which only makes norms grow.
//!
//! Source of both: Heo et al., *AdamP: slowing down the slowdown for momentum optimizers on scale-invariant weights*,
//! ICLR 2021, arXiv 2006.08217. A step is projected where |z·g| < δ/√d·‖z‖‖g‖ over a group of d parameters: in this way
//! the publication distinguishes scale-invariant weights from others. Embeddings under a loss of directions always are.
//!
//! The authors' code also multiplies weight decay by 0.1 where it projects; here decay has the strength that was set.

use super::adam::{Averages, Moments};
use super::arithmetic::{decay_rate, descend, inner, is_ordinary, length, norm, not_negative, ratio, unit};
use super::momentum::Velocity;
use super::{Degrees, Optimizer, Update};
use crate::setting::SettingError;

/// SGDP: v ← βv + g, z ← z − γ Π v, where Π takes out the part along z if g has (nearly) none of it. Degrees r = 0 and
/// q = 1, hence h = 2.
///
/// Source: Heo et al. 2021, Algorithm 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgdp {
    momentum: f64,
    threshold: f64,
}

impl Sgdp {
    /// With the momentum β and the threshold δ. The publication uses 0.9 and 0.1.
    ///
    /// # Errors
    /// β outside [0, 1); a δ that is negative or not finite.
    pub fn new(momentum: f64, threshold: f64) -> Result<Self, SettingError> {
        Ok(Self { momentum: decay_rate("the momentum β", momentum)?, threshold: not_negative("δ", threshold)? })
    }
}

impl Optimizer for Sgdp {
    fn name(&self) -> &'static str {
        "sgdp"
    }

    fn degrees(&self) -> Degrees {
        Degrees { parameters: 0.0, gradients: 1.0 }
    }

    fn start(&self, lengths: &[usize]) -> Box<dyn Update> {
        Box::new(SgdpUpdate { velocity: Velocity::new(self.momentum, lengths), threshold: self.threshold })
    }
}

struct SgdpUpdate {
    velocity: Velocity,
    threshold: f64,
}

impl Update for SgdpUpdate {
    fn step(&mut self, group: usize, learning_rate: f64, parameters: &mut [f64], gradient: &[f64]) {
        let velocity = self.velocity.update(group, gradient);
        descend_projected(parameters, learning_rate, gradient, velocity, self.threshold);
    }
}

/// AdamP: z ← z − γ Π m̂/(√v̂ + ε) with the averages of [`super::Adam`], where Π takes out the part along z if g has
/// (nearly) none of it. Degrees r = 0 and q = 0 (ε = 0), hence h = 1.
///
/// Source: Heo et al. 2021, Algorithm 2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamP {
    averages: Averages,
    threshold: f64,
}

impl AdamP {
    /// With decay rates β1 and β2, ε, and the threshold δ. The authors' defaults are 0.9, 0.999, 1e-8 and 0.1.
    ///
    /// # Errors
    /// β1 or β2 outside [0, 1); an ε or a δ that is negative or not finite.
    pub fn new(beta1: f64, beta2: f64, epsilon: f64, threshold: f64) -> Result<Self, SettingError> {
        let threshold = not_negative("δ", threshold)?;
        Ok(Self { averages: Averages::new(beta1, beta2, epsilon)?, threshold })
    }
}

impl Optimizer for AdamP {
    fn name(&self) -> &'static str {
        "adamp"
    }

    fn degrees(&self) -> Degrees {
        Degrees { parameters: 0.0, gradients: 0.0 }
    }

    fn start(&self, lengths: &[usize]) -> Box<dyn Update> {
        Box::new(AdamPUpdate { moments: self.averages.start(lengths), threshold: self.threshold })
    }
}

struct AdamPUpdate {
    moments: Moments,
    threshold: f64,
}

impl Update for AdamPUpdate {
    fn step(&mut self, group: usize, learning_rate: f64, parameters: &mut [f64], gradient: &[f64]) {
        let update = self.moments.update(group, gradient);
        descend_projected(parameters, learning_rate, gradient, update, self.threshold);
    }
}

/// z ← z − γ Π u.
fn descend_projected(parameters: &mut [f64], learning_rate: f64, gradient: &[f64], update: &[f64], threshold: f64) {
    let [length, slope] = [&*parameters, gradient].map(norm);
    let (along, turned) = (inner(parameters, gradient), inner(parameters, update));
    let is_ordinary = |length: f64| length == 0.0 || is_ordinary(length);
    if is_ordinary(length) && is_ordinary(slope) && turned.is_finite() {
        let is_tangent = ratio(along.abs(), length * slope) < threshold / (parameters.len() as f64).sqrt();
        let radial = if is_tangent { ratio(ratio(turned, length), length) } else { 0.0 };
        for (z, u) in parameters.iter_mut().zip(update) {
            *z -= learning_rate * (u - radial * *z);
        }
    } else {
        descend_far(parameters, learning_rate, [gradient, update], threshold);
    }
}

/// The same in unit vectors, for lengths whose products may leave the range of f64.
fn descend_far(parameters: &mut [f64], learning_rate: f64, [gradient, update]: [&[f64]; 2], threshold: f64) {
    let size = length(update).value();
    let [z, g, u] = [&*parameters, gradient, update].map(|x| {
        let length = length(x);
        x.iter().map(|x| unit(*x, length)).collect::<Vec<_>>()
    });
    let is_tangent = inner(&z, &g).abs() < threshold / (parameters.len() as f64).sqrt();
    let radial = if is_tangent { inner(&z, &u) } else { 0.0 };
    let projected = u.iter().zip(&z).map(|(u, z)| size * (u - radial * z));
    descend(parameters, learning_rate, projected);
}
