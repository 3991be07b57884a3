//! The negative cosine similarity of pairs.

use ndarray::Array2;

use super::{Batch, Evaluation, Loss, LossError, Needs};
use crate::numerics::vectorize::sum;
use crate::sphere::{Cosine, cosines, inner};

/// L = −cos φ for each pair of rows, with both sides moving or a stop-gradient on the second (statement G2).
///
/// Euclidean gradient: −ŷ for x̂ and −x̂ for ŷ, or 0 for ŷ under a stop-gradient, as in SimSiam and BYOL. The value
/// cannot resolve angles near 0 and π; [`NegativeCosine::cosines`] can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NegativeCosine {
    stop_gradient: bool,
}

impl NegativeCosine {
    /// Both members of a pair move.
    pub const fn symmetric() -> Self {
        Self { stop_gradient: false }
    }

    /// Only the first member moves; the second is a target that is held still.
    pub const fn with_stop_gradient() -> Self {
        Self { stop_gradient: true }
    }

    /// Whether the second member is held still.
    pub const fn stops_gradient(self) -> bool {
        self.stop_gradient
    }

    /// The cosine of each pair with 1 − c and 1 + c beside it (statement G5).
    ///
    /// # Errors
    /// [`LossError::NeedsTwoViews`] for a batch of one view.
    pub fn cosines(self, batch: &Batch<'_>) -> Result<Vec<Cosine>, LossError> {
        let [first, second] = batch.views(self.name())?;
        Ok(cosines(first, second))
    }
}

impl Loss for NegativeCosine {
    fn name(&self) -> &'static str {
        if self.stop_gradient { "simsiam" } else { "cosine" }
    }

    fn needs(&self) -> Needs {
        Needs::PAIRS
    }

    fn evaluate(&self, batch: &Batch<'_>) -> Result<Evaluation, LossError> {
        let [first, second] = batch.views(self.name())?;
        let values: Vec<f64> = first.rows().into_iter().zip(second.rows()).map(|(x, y)| inner(x, y)).collect();
        let pull = if self.stop_gradient { Array2::zeros(first.dim()) } else { -&first };
        Ok(Evaluation { rows: batch.rows(), total: -sum(&values), first: -&second, second: Some(pull) })
    }
}
