//! Learning rates that change over a training, and gradients that are clipped.

use std::f64::consts::PI;

use crate::setting::{SettingError, positive, within};

/// The learning rate of each step as a share of the largest one: constant, or rising over a warm-up and then falling as a
/// half cosine.
///
/// With warm-up over w steps, step t (from 0) has the share (t + 1)/w while t < w. With decay over T steps and the least
/// share s, it then has s + (1 − s)(1 + cos(π (t − w)/(T − w)))/2, and s after T steps: PyTorch's `CosineAnnealingLR`
/// where w = 0.
///
/// ```
/// use embedding_norms::training::Schedule;
/// let schedule = Schedule::constant().warm_up(4).cosine(20, 0.0)?;
/// assert_eq!([0, 3, 4, 12, 20].map(|step| schedule.share(step)), [0.25, 1.0, 1.0, 0.5, 0.0]);
/// # Ok::<(), embedding_norms::setting::SettingError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Schedule {
    warm_up: u64,
    /// Steps and the least share.
    cosine: Option<(u64, f64)>,
}

impl Schedule {
    /// The same rate at every step.
    pub fn constant() -> Self {
        Self::default()
    }

    /// Rising linearly over this many steps.
    pub fn warm_up(self, steps: u64) -> Self {
        Self { warm_up: steps, ..self }
    }

    /// Falling over this many steps in all, warm-up among them, to this share of the largest rate.
    ///
    /// # Errors
    /// A share outside [0, 1].
    pub fn cosine(self, steps: u64, least: f64) -> Result<Self, SettingError> {
        let least = within("the least share of the learning rate", least, (0.0..=1.0).contains(&least), "from 0 to 1")?;
        Ok(Self { cosine: Some((steps, least)), ..self })
    }

    /// The share of step `step`, counted from 0.
    pub fn share(self, step: u64) -> f64 {
        if step < self.warm_up {
            return (step + 1) as f64 / self.warm_up as f64;
        }
        let Some((steps, least)) = self.cosine else { return 1.0 };
        if step >= steps {
            return least;
        }
        let way = (step - self.warm_up) as f64 / (steps - self.warm_up) as f64;
        least + (1.0 - least) * 0.5 * (1.0 + libm::cos(PI * way))
    }
}

/// Gradients together no longer than a norm: g ← g · min(1, m/(‖g‖ + 1e-6)), with ‖g‖ over all parameters; PyTorch's
/// `clip_grad_norm_`. It breaks the symmetry of statement L6, as gradients grow when parameters are cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clipping {
    largest: f64,
}

impl Clipping {
    /// To the norm m.
    ///
    /// # Errors
    /// A norm that is not a finite number above 0.
    pub fn new(largest: f64) -> Result<Self, SettingError> {
        Ok(Self { largest: positive("the norm that gradients are clipped to", largest)? })
    }

    /// Clips the gradients of all groups together.
    pub(super) fn apply(self, gradients: &mut [Vec<f64>]) {
        let squares = |sum, gradient: &Vec<f64>| gradient.iter().fold(sum, |sum, slope| sum + slope * slope);
        let norm = gradients.iter().fold(0.0, squares).sqrt();
        let factor = (self.largest / (norm + 1e-6)).min(1.0);
        gradients.iter_mut().flatten().for_each(|slope| *slope *= factor);
    }
}
