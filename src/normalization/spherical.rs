//! The spherical embedding constraint: a penalty on norms, beside any loss of directions.

use ndarray::Array2;

use crate::numerics::scaled::mean;
use crate::setting::{SettingError, positive};
use crate::sphere::Directions;

/// The spherical embedding constraint of strength λ: the penalty (λ/n) Σ_i (‖z_i‖ − μ)², μ the mean norm, n the number
/// of all embeddings (of both views, if there are two).
///
/// It draws norms towards their mean and leaves directions alone: its gradient (2λ/n)(‖z_i‖ − μ) ẑ_i is radial, and the
/// mean's own dependence on the norms drops out of it, as Σ (‖z_i‖ − μ) = 0. Like losses, it is handled as the total, n
/// times the mean above. It is not a loss of directions, and statement G3 fails for it.
/// Source: Zhang, Li and Zhang 2020, *Deep Metric Learning with Spherical Embedding*, arXiv 2011.02785.
///
/// ```
/// use embedding_norms::{normalization::SphericalConstraint, sphere::normalize};
/// use ndarray::{Array2, array};
/// let directions = normalize(array![[1.0, 0.0], [0.0, 3.0]].view())?;
/// let mut gradient = Array2::zeros((2, 2)); // of a loss of directions, by the embeddings
/// let penalty = SphericalConstraint::new(0.5)?.add_to(&[&directions], &mut [&mut gradient]);
/// assert_eq!(penalty, 0.5 * (1.0 + 1.0));
/// assert_eq!(gradient, array![[-1.0, 0.0], [0.0, 1.0]]); // the short one grows, the long one shrinks
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SphericalConstraint {
    strength: f64,
}

impl SphericalConstraint {
    /// With the strength λ.
    ///
    /// # Errors
    /// A strength that is not a finite number above 0.
    pub fn new(strength: f64) -> Result<Self, SettingError> {
        Ok(Self { strength: positive("the strength of the spherical constraint", strength)? })
    }

    /// The strength λ.
    pub fn strength(self) -> f64 {
        self.strength
    }

    /// Adds ∂total/∂z of the penalty on the embeddings of these views to their gradients, (n × d) each; the total
    /// λ Σ (‖z_i‖ − μ)² of the penalty, infinite where that is beyond f64.
    ///
    /// # Panics
    /// If a gradient has not the shape of its view, or there is not one per view.
    pub fn add_to(self, views: &[&Directions], gradients: &mut [&mut Array2<f64>]) -> f64 {
        assert_eq!(views.len(), gradients.len(), "one gradient per view");
        let mean = mean_norm(views);
        let mut total = 0.0;
        for (view, gradient) in views.iter().zip(gradients) {
            assert_eq!(view.units().dim(), gradient.dim(), "a gradient has the shape of what it belongs to");
            for ((mut row, unit), norm) in gradient.rows_mut().into_iter().zip(view.units().rows()).zip(view.norms()) {
                let excess = norm - mean;
                total += self.strength * excess * excess;
                row.zip_mut_with(&unit, |slope, x| *slope += 2.0 * self.strength * excess * x);
            }
        }
        total
    }
}

/// The mean over the embeddings of all views; NaN without any.
fn mean_norm(views: &[&Directions]) -> f64 {
    let norms: Vec<f64> = views.iter().flat_map(|view| view.norms()).copied().collect();
    mean(&norms)
}
