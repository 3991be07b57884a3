//! Losses on *unit* vectors: the value and its Euclidean gradient with respect to the directions. Norms are unknown
//! here; they enter through [`crate::normalization`] alone.
//!
//! ```
//! use embedding_norms::{loss::{Batch, by_name, Parameters}, sphere::normalize};
//! use ndarray::array;
//! let x = normalize(array![[3.0, 0.0], [0.0, 0.5]].view())?;
//! let y = normalize(array![[1.0, 0.0], [0.0, 2.0]].view())?;
//! let loss = by_name("nt-xent", &Parameters::defaults().with("temperature", 0.5))?;
//! let evaluation = loss.evaluate(&Batch::two_views(&x, &y)?)?;
//! // Both positives are aligned; the two negatives of each row have the cosine 0.
//! assert!((evaluation.mean() - (1.0 + 2.0 * (-2.0_f64).exp()).ln()).abs() < 1e-15);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Values and gradients are totals over the rows of a batch, beside the number of rows: the literature states means
//! (divide by the rows), simulations descend totals (so that the learning rate γ is per embedding, convention N1).

mod align_uniform;
mod anchor;
mod batch;
mod blocks;
mod catalogue;
mod contrast;
mod cosine;
mod info_nce;
mod known;
mod needs;
mod positives;
mod pull;
mod siglip;
mod similarity;
mod softmax;
mod supervised;
mod triplet;

pub use crate::catalogue::{CatalogueError, Parameter, Parameters};
pub use align_uniform::AlignUniform;
pub use batch::{Batch, LossError};
pub use catalogue::{Entry, by_name, catalogue, entry};
pub use cosine::NegativeCosine;
pub use info_nce::{Clip, DecoupledContrastive, InfoNce, NtXent};
pub use needs::{List, Needs, Views};
pub use siglip::SigLip;
pub use supervised::{SupervisedContrastive, SupervisedInfoNce};
pub use triplet::Triplet;

use ndarray::Array2;

/// A loss and its Euclidean gradient, as totals over the rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// How many terms the total has: the rows over which the literature takes the mean.
    pub rows: usize,
    /// The total of the loss over the rows.
    pub total: f64,
    /// ∂total/∂ẑ for the first view, (n × d).
    pub first: Array2<f64>,
    /// ∂total/∂ẑ for the second view, (n × d); zero where a stop-gradient holds it still, `None` without a second view.
    pub second: Option<Array2<f64>>,
}

impl Evaluation {
    /// The mean over the rows, as the literature states losses.
    pub fn mean(&self) -> f64 {
        self.total / self.rows as f64
    }

    /// Passes if the value and the gradient are finite; the loss and its settings are what an error names.
    ///
    /// # Errors
    /// [`LossError::NotFinite`].
    pub fn finite(self, loss: &'static str, settings: &[(&'static str, f64)]) -> Result<Self, LossError> {
        // Without an early exit, so that it is vectorized.
        let is_finite = |all: bool, slope: &f64| all & slope.is_finite();
        let gradients = std::iter::once(&self.first).chain(&self.second);
        let what = match () {
            () if !self.total.is_finite() => "total over the rows",
            () if gradients.map(|gradient| gradient.iter().fold(true, is_finite)).any(|finite| !finite) => "gradient",
            () => return Ok(self),
        };
        Err(LossError::NotFinite { loss, what, settings: settings.to_vec() })
    }
}

/// A loss of directions.
pub trait Loss: Send + Sync {
    /// The name of the loss on the command line.
    fn name(&self) -> &'static str;

    /// What a batch must have. A batch that has it is evaluated; one that lacks it is refused.
    fn needs(&self) -> Needs;

    /// The loss and its Euclidean gradient ∂L/∂ẑ, as totals over the rows of the batch.
    ///
    /// # Errors
    /// A batch that lacks what the loss needs, or a value or a gradient that is beyond f64 at these settings.
    fn evaluate(&self, batch: &Batch<'_>) -> Result<Evaluation, LossError>;
}

#[doc = include_str!("../../docs/writing-a-loss.md")]
pub mod writing_a_loss {}
