//! The triplet loss of cosines.

use super::blocks::{self, Rows};
use super::similarity::Similarity;
use super::{Batch, Evaluation, Loss, LossError, Needs};
use crate::setting::{SettingError, positive};

/// The cosine triplet loss with a margin, over every triplet of the batch.
///
/// L = (1/n) Σ_i (1/(n−1)) Σ_{k≠i} max(0, c_ik − c_ii + m), c_ik = x̂_i·ŷ_k: row i of the first view is the anchor, row
/// i of the second its positive, and every other row of the second a negative. n rows.
///
/// Gradient: ∂(nL)/∂c_ik = 1/(n−1) for an active triplet, minus the same for c_ii. At the kink, c_ik − c_ii + m = 0, a
/// triplet counts as inactive (the one-sided slope 0, as in PyTorch's and JAX's rectifiers).
/// Needs two views of at least two rows. Source: Schroff, Kalenichenko and Philbin 2015, *FaceNet*: on unit vectors its
/// max(0, ‖a − p‖² − ‖a − q‖² + α) is twice this term with m = α/2. FaceNet picks some triplets; this takes the mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Triplet {
    margin: f64,
}

impl Triplet {
    /// With the margin m between cosines.
    ///
    /// # Errors
    /// A margin that is not a finite number above 0.
    pub fn new(margin: f64) -> Result<Self, SettingError> {
        Ok(Self { margin: positive("the margin", margin)? })
    }
}

impl Loss for Triplet {
    fn name(&self) -> &'static str {
        "triplet"
    }

    fn needs(&self) -> Needs {
        Needs::TWO_VIEWS
    }

    fn evaluate(&self, batch: &Batch<'_>) -> Result<Evaluation, LossError> {
        let [x, y] = batch.views_of_several_rows(self.name())?;
        let (total, [first, second]) = blocks::between(x, y, self);
        let settings = [("margin", self.margin)];
        Evaluation { rows: batch.rows(), total, first, second: Some(second) }.finite(self.name(), &settings)
    }
}

impl Rows for Triplet {
    fn slopes(&self, first_row: usize, similarities: &mut [f64], losses: &mut [f64]) {
        let columns = similarities.len() / losses.len();
        let others = (columns - 1) as f64;
        let rows = similarities.chunks_exact_mut(columns).zip(losses);
        for (row, (similarities, loss)) in (first_row..).zip(rows) {
            let own = Similarity(similarities[row]);
            let mut of_own = 0.0;
            for (column, entry) in similarities.iter_mut().enumerate() {
                let excess = Similarity(*entry).minus(own) + self.margin;
                *entry = 0.0;
                if column != row && excess > 0.0 {
                    *loss += excess / others;
                    *entry = 1.0 / others;
                    of_own -= 1.0 / others;
                }
            }
            similarities[row] = of_own;
        }
    }
}
