//! Contrastive losses that take row i of the second view as the positive of row i of the first.

use ndarray::{Array2, ArrayView2, Axis, concatenate};

use super::contrast::{Anchors, Contrast};
use super::positives::Positives;
use super::{Batch, Evaluation, Loss, LossError, Needs};
use crate::setting::{SettingError, positive};

/// InfoNCE in one direction: rows of the first view find their partner among the rows of the second (statement G4).
///
/// L = (1/n) Σ_i −log( exp(c_ii/τ) / Σ_k exp(c_ik/τ) ), c_ik = x̂_i·ŷ_k, k over all n rows of the second view. The
/// positive *is* part of the denominator; rows of one view are not compared among themselves. n rows.
///
/// Gradient: ∂(nL)/∂c_ik = (p_ik − [k = i])/τ, with 1 − p_ii formed as the sum of the other probabilities.
/// Needs two views of at least two rows. Source: van den Oord, Li and Vinyals 2018, *Representation Learning with
/// Contrastive Predictive Coding*, Eq. 4, with the cosine over τ as the score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InfoNce {
    temperature: f64,
}

impl InfoNce {
    /// With the temperature τ.
    ///
    /// # Errors
    /// A temperature that is not a finite number above 0.
    pub fn new(temperature: f64) -> Result<Self, SettingError> {
        Ok(Self { temperature: positive("the temperature", temperature)? })
    }
}

impl Loss for InfoNce {
    fn name(&self) -> &'static str {
        "info-nce"
    }

    fn needs(&self) -> Needs {
        Needs::TWO_VIEWS
    }

    fn evaluate(&self, batch: &Batch<'_>) -> Result<Evaluation, LossError> {
        let [x, y] = batch.views_of_several_rows(self.name())?;
        let positives = the_same_row(batch.rows());
        let (total, [first, second]) = softmax(self.temperature, &positives).between(x, y);
        at_temperature(
            self.name(),
            self.temperature,
            Evaluation { rows: batch.rows(), total, first, second: Some(second) },
        )
    }
}

/// Passes an evaluation if it is finite at this temperature.
pub(super) fn at_temperature(
    loss: &'static str,
    temperature: f64,
    evaluation: Evaluation,
) -> Result<Evaluation, LossError> {
    evaluation.finite(loss, &[("temperature", temperature)])
}

/// The symmetric InfoNCE of CLIP: the mean of [`InfoNce`] from the first view to the second and from the second to the
/// first.
///
/// L = (1/2n) Σ_i [ −log( exp(c_ii/τ) / Σ_k exp(c_ik/τ) ) − log( exp(c_ii/τ) / Σ_k exp(c_ki/τ) ) ], c_ik = x̂_i·ŷ_k.
/// The positive *is* part of both denominators; rows of one view are not compared among themselves. n rows.
///
/// Needs two views (images and their texts) of at least two rows. Source: Radford et al. 2021, *Learning Transferable
/// Visual Models From Natural Language Supervision*, Figure 3, with τ fixed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clip {
    temperature: f64,
}

impl Clip {
    /// With the temperature τ.
    ///
    /// # Errors
    /// A temperature that is not a finite number above 0.
    pub fn new(temperature: f64) -> Result<Self, SettingError> {
        Ok(Self { temperature: positive("the temperature", temperature)? })
    }
}

impl Loss for Clip {
    fn name(&self) -> &'static str {
        "clip"
    }

    fn needs(&self) -> Needs {
        Needs::TWO_VIEWS
    }

    fn evaluate(&self, batch: &Batch<'_>) -> Result<Evaluation, LossError> {
        let [x, y] = batch.views_of_several_rows(self.name())?;
        let positives = the_same_row(batch.rows());
        let (total, [first, second]) = softmax(self.temperature, &positives).both_ways(x, y);
        at_temperature(
            self.name(),
            self.temperature,
            Evaluation { rows: batch.rows(), total, first, second: Some(second) },
        )
    }
}

fn softmax(temperature: f64, positives: &Positives) -> Anchors<'_> {
    Anchors { contrast: Contrast::Softmax, temperature, positives }
}

fn the_same_row(rows: usize) -> Positives {
    Positives::of_rows((0..rows).map(Some))
}

/// NT-Xent, the loss of SimCLR: each of 2n views finds its partner among all the others.
///
/// The views are stacked, v_1 … v_n the first and v_{n+1} … v_{2n} the second, and i' = i ± n is the partner of i:
/// L = (1/2n) Σ_i −log( exp(c_ii'/τ) / Σ_{k≠i} exp(c_ik/τ) ), c_ik = v̂_i·v̂_k. The positive *is* part of the
/// denominator, the row itself is not, the other rows of its own view are. 2n rows.
///
/// Needs two views of at least two rows. Source: Chen, Kornblith, Norouzi and Hinton 2020, *A Simple Framework for
/// Contrastive Learning of Visual Representations*, Eq. 1; they order the views v_1, v_1', v_2, …, which changes
/// nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NtXent {
    temperature: f64,
}

impl NtXent {
    /// With the temperature τ.
    ///
    /// # Errors
    /// A temperature that is not a finite number above 0.
    pub fn new(temperature: f64) -> Result<Self, SettingError> {
        Ok(Self { temperature: positive("the temperature", temperature)? })
    }
}

impl Loss for NtXent {
    fn name(&self) -> &'static str {
        "nt-xent"
    }

    fn needs(&self) -> Needs {
        Needs::TWO_VIEWS
    }

    fn evaluate(&self, batch: &Batch<'_>) -> Result<Evaluation, LossError> {
        all_views(Contrast::Softmax, self.name(), batch, self.temperature)
    }
}

/// The decoupled contrastive loss: [`NtXent`] without the positive in the denominator.
///
/// With the views stacked and i' the partner of i, L = (1/2n) Σ_i [ −c_ii'/τ + log Σ_{k≠i,i'} exp(c_ik/τ) ]. 2n rows.
/// The pull between partners does not fade as they align.
///
/// Needs two views of at least two rows. Source: Yeh et al. 2022, *Decoupled Contrastive Learning*, ECCV, the
/// unweighted loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DecoupledContrastive {
    temperature: f64,
}

impl DecoupledContrastive {
    /// With the temperature τ.
    ///
    /// # Errors
    /// A temperature that is not a finite number above 0.
    pub fn new(temperature: f64) -> Result<Self, SettingError> {
        Ok(Self { temperature: positive("the temperature", temperature)? })
    }
}

impl Loss for DecoupledContrastive {
    fn name(&self) -> &'static str {
        "dcl"
    }

    fn needs(&self) -> Needs {
        Needs::TWO_VIEWS
    }

    fn evaluate(&self, batch: &Batch<'_>) -> Result<Evaluation, LossError> {
        all_views(Contrast::Decoupled, self.name(), batch, self.temperature)
    }
}

/// A contrast of each of the 2n stacked views with all the others, its partner the positive.
fn all_views(
    contrast: Contrast,
    loss: &'static str,
    batch: &Batch<'_>,
    temperature: f64,
) -> Result<Evaluation, LossError> {
    let views = batch.views_of_several_rows(loss)?;
    let rows = views[0].nrows();
    let stacked = stack(views);
    let partners = Positives::of_rows((0..2 * rows).map(|row| Some((row + rows) % (2 * rows))));
    let (total, gradient) = Anchors { contrast, temperature, positives: &partners }.within(stacked.view());
    let [first, second] = unstack(&gradient);
    at_temperature(loss, temperature, Evaluation { rows: 2 * rows, total, first, second: Some(second) })
}

/// The rows of the first view, then those of the second.
pub(super) fn stack(views: [ArrayView2<'_, f64>; 2]) -> Array2<f64> {
    concatenate(Axis(0), &views).expect("the views of a batch have one shape")
}

/// The two halves of stacked rows.
pub(super) fn unstack(stacked: &Array2<f64>) -> [Array2<f64>; 2] {
    let (first, second) = stacked.view().split_at(Axis(0), stacked.nrows() / 2);
    [first.to_owned(), second.to_owned()]
}
