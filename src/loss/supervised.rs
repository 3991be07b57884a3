//! Contrastive losses whose positives are the rows of the same class.

use ndarray::{Array2, CowArray};

use super::contrast::{Anchors, Contrast};
use super::info_nce::{at_temperature, stack, unstack};
use super::positives::Positives;
use super::{Batch, Evaluation, Loss, LossError, Needs};
use crate::numerics::groups::Groups;
use crate::setting::{SettingError, positive};

/// The supervised contrastive loss, with the sum over positives outside the logarithm (L_out).
///
/// With P(i) the other rows of the class of i: L = (1/n) Σ_i (1/|P(i)|) Σ_{p∈P(i)} −log( exp(c_ip/τ) / Σ_{k≠i}
/// exp(c_ik/τ) ). Positives *are* part of the denominator, the row itself is not. n rows; with two views they are
/// stacked, first over second, a row of the second has the class of its partner, and there are 2n rows.
///
/// Gradient: ∂(nL)/∂c_ik = (p_ik − [k ∈ P(i)]/|P(i)|)/τ, without the difference of nearly equal numbers.
/// Needs labels, and a second row in the class of every row. Source: Khosla et al. 2020, *Supervised Contrastive
/// Learning*, Eq. 2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SupervisedContrastive {
    temperature: f64,
}

impl SupervisedContrastive {
    /// With the temperature τ.
    ///
    /// # Errors
    /// A temperature that is not a finite number above 0.
    pub fn new(temperature: f64) -> Result<Self, SettingError> {
        Ok(Self { temperature: positive("the temperature", temperature)? })
    }
}

impl Loss for SupervisedContrastive {
    fn name(&self) -> &'static str {
        "sup-con"
    }

    fn needs(&self) -> Needs {
        Needs::LABELS
    }

    fn evaluate(&self, batch: &Batch<'_>) -> Result<Evaluation, LossError> {
        let positives = same_class(self.name(), batch)?;
        let evaluation = among_all(Contrast::MeanOfLogs, batch, &positives, self.temperature);
        at_temperature(self.name(), self.temperature, evaluation)
    }
}

/// The supervised InfoNCE of the paper, with the sum over positives inside the logarithm.
///
/// L = (1/n) Σ_i −log( Σ_{p∈M(i)} exp(c_ip/τ) / Σ_{k≠i} exp(c_ik/τ) ). Masked similarities *are* part of the
/// denominator, the row itself is not. The mask M(i) is either all other rows of the class of i, or the one positive
/// drawn for i, made symmetric: p ∈ M(i) if p was drawn for i or i was drawn for p. n rows (2n stacked ones for two
/// views and all positives).
///
/// Gradient: ∂(nL)/∂c_ik = p_ik/τ outside the mask, and −(1 − Σ_M p) E_k/(τ Σ_M E) inside it.
/// Source: Draganov et al. 2025, the simulation of class imbalance (one drawn positive, τ = 1); for all positives it is
/// L_in of Khosla et al. 2020, Eq. 3, up to the constant log |P(i)|.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SupervisedInfoNce {
    temperature: f64,
    one_positive: bool,
}

impl SupervisedInfoNce {
    /// With the temperature τ, and every other row of the class as a positive. Needs labels, and a second row in the
    /// class of every row.
    ///
    /// # Errors
    /// A temperature that is not a finite number above 0.
    pub fn all_positives(temperature: f64) -> Result<Self, SettingError> {
        Ok(Self { temperature: positive("the temperature", temperature)?, one_positive: false })
    }

    /// With the temperature τ, and the drawn positive of each row ([`Batch::with_positives`]), the mask made symmetric.
    /// Needs one view. Labels are not used: the caller draws positives of the same class.
    ///
    /// # Errors
    /// A temperature that is not a finite number above 0.
    pub fn one_positive(temperature: f64) -> Result<Self, SettingError> {
        Ok(Self { temperature: positive("the temperature", temperature)?, one_positive: true })
    }
}

impl Loss for SupervisedInfoNce {
    fn name(&self) -> &'static str {
        if self.one_positive { "infonce-one-positive" } else { "infonce-all-positives" }
    }

    fn needs(&self) -> Needs {
        if self.one_positive { Needs::POSITIVES } else { Needs::LABELS }
    }

    fn evaluate(&self, batch: &Batch<'_>) -> Result<Evaluation, LossError> {
        let positives = if self.one_positive { drawn(self.name(), batch)? } else { same_class(self.name(), batch)? };
        let evaluation = among_all(Contrast::Softmax, batch, &positives, self.temperature);
        at_temperature(self.name(), self.temperature, evaluation)
    }
}

/// A contrast of every row with all the others, of both views if there are two.
fn among_all(contrast: Contrast, batch: &Batch<'_>, positives: &Positives, temperature: f64) -> Evaluation {
    let rows = match batch.second() {
        Some(second) => CowArray::from(stack([batch.first(), second])),
        None => CowArray::from(batch.first()),
    };
    let (total, gradient) = Anchors { contrast, temperature, positives }.within(rows.view());
    let (first, second) = halves(batch, gradient);
    Evaluation { rows: rows.nrows(), total, first, second }
}

fn halves(batch: &Batch<'_>, gradient: Array2<f64>) -> (Array2<f64>, Option<Array2<f64>>) {
    if batch.second().is_none() {
        return (gradient, None);
    }
    let [first, second] = unstack(&gradient);
    (first, Some(second))
}

/// For each row, of both views if there are two, the other rows of its class in ascending order.
fn same_class(loss: &'static str, batch: &Batch<'_>) -> Result<Positives, LossError> {
    let labels = batch.labels().ok_or(LossError::NeedsLabels { loss })?;
    let views = if batch.second().is_some() { 2 } else { 1 };
    let labels = labels.repeat(views);
    let classes = Groups::of(&labels);
    if let Some((row, &label)) = labels.iter().enumerate().find(|&(row, _)| classes.with(row).len() < 2) {
        return Err(LossError::NoPositive { loss, row, label });
    }
    Ok(Positives::OfClass(classes))
}

/// For each row its drawn positive, and the other rows whose drawn positive it is.
fn drawn(loss: &'static str, batch: &Batch<'_>) -> Result<Positives, LossError> {
    if batch.second().is_some() {
        return Err(LossError::NeedsOneView { loss });
    }
    let drawn = batch.positives().ok_or(LossError::NeedsPositives { loss })?;
    if let Some((row, _)) = drawn.iter().enumerate().find(|&(row, &positive)| positive == row) {
        return Err(LossError::OwnPositive { row });
    }
    let drawn_for = Groups::of(drawn);
    let positives = |(row, &positive)| {
        let others = drawn_for.rows_of(row).iter().copied().filter(move |&other| other != positive);
        std::iter::once(positive).chain(others)
    };
    Ok(Positives::of_rows(drawn.iter().enumerate().map(positives)))
}
