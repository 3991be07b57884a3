//! A loss that the library does not have, to test what holds for every loss of cosine similarities.

use embedding_norms::loss::{Batch, Evaluation, Loss, LossError, Needs, Views};
use ndarray::Array2;

/// L = Σ_{i<j} (x_i·x_j)² + Σ_{i<j} x_i·x_j over the rows of one view: it couples all of them and is not linear in any.
pub struct SquaredCosines;

impl Loss for SquaredCosines {
    fn name(&self) -> &'static str {
        "squared-cosines"
    }

    fn needs(&self) -> Needs {
        Needs { views: Views::One, rows: 1, list: None, compares_rows: true }
    }

    fn evaluate(&self, batch: &Batch<'_>) -> Result<Evaluation, LossError> {
        let x = batch.first();
        let (mut total, mut first) = (0.0, Array2::zeros(x.dim()));
        for i in 0..x.nrows() {
            for j in (0..x.nrows()).filter(|&j| j != i) {
                let cosine = x.row(i).dot(&x.row(j));
                total += 0.5 * (cosine * cosine + cosine);
                first.row_mut(i).scaled_add(2.0 * cosine + 1.0, &x.row(j));
            }
        }
        Ok(Evaluation { rows: x.nrows(), total, first, second: None })
    }
}
