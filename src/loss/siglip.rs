//! The pairwise sigmoid loss.

use super::blocks::{self, Rows};
use super::similarity::Similarity;
use super::softmax::softplus_and_slope;
use super::{Batch, Evaluation, Loss, LossError, Needs};
use crate::setting::{SettingError, positive, within};

/// The pairwise sigmoid loss of SigLIP: every pair of an x and a y is classified on its own, matching or not.
///
/// L = (1/n) Σ_i Σ_k log(1 + exp(−s_ik (c_ik/τ + b))), c_ik = x̂_i·ŷ_k, s_ik = 1 on the diagonal (the positive) and −1
/// off it. n rows: as published, the sum over all n² pairs is divided by n.
///
/// Gradient: ∂(nL)/∂c_ik = −s_ik σ(−s_ik (c_ik/τ + b))/τ.
/// Needs two views; one row is allowed. Source: Zhai, Mustafa, Kolesnikov and Beyer 2023, *Sigmoid Loss for Language
/// Image Pre-Training*, where 1/τ is the learned t (initially 10) and b the learned bias (initially −10); both are
/// fixed here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SigLip {
    temperature: f64,
    bias: f64,
}

impl SigLip {
    /// With the temperature τ and the bias b.
    ///
    /// # Errors
    /// A temperature that is not a finite number above 0, or a bias that is not finite.
    pub fn new(temperature: f64, bias: f64) -> Result<Self, SettingError> {
        Ok(Self {
            temperature: positive("the temperature", temperature)?,
            bias: within("the bias", bias, bias.is_finite(), "a finite number")?,
        })
    }
}

impl Loss for SigLip {
    fn name(&self) -> &'static str {
        "siglip"
    }

    fn needs(&self) -> Needs {
        Needs { rows: 1, ..Needs::TWO_VIEWS }
    }

    fn evaluate(&self, batch: &Batch<'_>) -> Result<Evaluation, LossError> {
        let [x, y] = batch.views(self.name())?;
        let (total, [first, second]) = blocks::between(x, y, self);
        let settings = [("temperature", self.temperature), ("bias", self.bias)];
        Evaluation { rows: batch.rows(), total, first, second: Some(second) }.finite(self.name(), &settings)
    }
}

impl Rows for SigLip {
    fn slopes(&self, first_row: usize, similarities: &mut [f64], losses: &mut [f64]) {
        let columns = similarities.len() / losses.len();
        let rows = similarities.chunks_exact_mut(columns).zip(losses);
        for (row, (similarities, loss)) in (first_row..).zip(rows) {
            for (column, entry) in similarities.iter_mut().enumerate() {
                let wrong = if row == column { -1.0 } else { 1.0 };
                let cosine = Similarity(*entry).cosine();
                let (value, slope) = softplus_and_slope(wrong * (cosine / self.temperature + self.bias));
                *loss += value;
                *entry = wrong * slope / self.temperature;
            }
        }
    }
}
