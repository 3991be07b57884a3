//! Descent of the directions on the unit sphere.

use ndarray::Array1;

use super::arithmetic::{decay_rate, inner, is_ordinary, length, unit};
use super::{Degrees, Optimizer, Update};
use crate::setting::SettingError;
use crate::sphere::{exponential, parallel_transport};

/// Riemannian descent of the direction x = z/‖z‖, the norm kept: v ← βv + ‖z‖ P_z g, x ← exp_x(−γv), and v is carried
/// along the path by parallel transport. Degrees r = 2 and q = 1, hence h = 0 (−p under GradScale with power p).
///
/// ‖z‖ P_z g is the Riemannian gradient of the loss as a function of x, because a gradient with respect to z has lost a
/// factor ‖z‖ (statement G1). Without momentum a step rotates z by γ‖z‖‖P_z g‖ radians along a great circle. Coupled
/// weight decay has no effect, as it is radial; decoupled decay shrinks the norm, and the angle of the step with it, by
/// 1 − γλ. The exponential map is not linear in γ; the degrees hold for the step as
/// a whole, as [`Degrees`] says. Source: Bonnabel, *Stochastic gradient descent on Riemannian manifolds*, 2013, arXiv
/// 1111.5280; for the momentum Bécigneul and Ganea, *Riemannian adaptive optimization methods*, ICLR 2019, arXiv
/// 1810.00760.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RiemannianDescent {
    momentum: f64,
}

impl RiemannianDescent {
    /// With the momentum β, 0 for none.
    ///
    /// # Errors
    /// β outside [0, 1).
    pub fn new(momentum: f64) -> Result<Self, SettingError> {
        Ok(Self { momentum: decay_rate("the momentum β", momentum)? })
    }
}

impl Optimizer for RiemannianDescent {
    fn name(&self) -> &'static str {
        "riemannian"
    }

    fn degrees(&self) -> Degrees {
        Degrees { parameters: 2.0, gradients: 1.0 }
    }

    fn needs_embeddings(&self) -> bool {
        true
    }

    fn start(&self, lengths: &[usize]) -> Box<dyn Update> {
        let velocities = lengths.iter().map(|&length| Array1::zeros(length)).collect();
        Box::new(RiemannianUpdate { momentum: self.momentum, velocities })
    }
}

struct RiemannianUpdate {
    momentum: f64,
    /// Tangents at the direction of each group.
    velocities: Vec<Array1<f64>>,
}

impl Update for RiemannianUpdate {
    fn step(&mut self, group: usize, learning_rate: f64, parameters: &mut [f64], gradient: &[f64]) {
        let of_parameters = length(parameters);
        let length = of_parameters.value();
        if length == 0.0 {
            return;
        }
        let direction = Array1::from_iter(parameters.iter().map(|z| unit(*z, of_parameters)));
        let radial = if is_ordinary(length) {
            inner(parameters, gradient) / length
        } else {
            inner(direction.as_slice().expect("a new vector is contiguous"), gradient)
        };
        let velocity = &mut self.velocities[group];
        for ((v, g), x) in velocity.iter_mut().zip(gradient).zip(&direction) {
            *v = self.momentum * *v + length * (g - radial * x);
        }
        let way = &*velocity * -learning_rate;
        for (z, x) in parameters.iter_mut().zip(exponential(direction.view(), way.view())) {
            *z = length * x;
        }
        *velocity = parallel_transport(direction.view(), way.view(), velocity.view());
    }
}
