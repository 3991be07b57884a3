//! What a run writes down, and how often.

use ndarray::Array2;

use crate::setting::{SettingError, positive, within};

/// How often a run writes a record. The first and the last state are always recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cadence(Spacing);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Spacing {
    Ends,
    Every(u64),
    PerDecade(f64),
}

impl Cadence {
    /// Only the first and the last state.
    pub const fn ends() -> Self {
        Self(Spacing::Ends)
    }

    /// Every `steps` steps.
    ///
    /// # Errors
    /// If `steps` is 0.
    pub fn every(steps: u64) -> Result<Self, SettingError> {
        positive("the number of steps between records", steps as f64)?;
        Ok(Self(Spacing::Every(steps)))
    }

    /// At steps spaced evenly in the logarithm, so many per factor of ten.
    ///
    /// # Errors
    /// If the number is not positive or above 1000.
    pub fn per_decade(records: f64) -> Result<Self, SettingError> {
        within(
            "the number of records per decade",
            records,
            records > 0.0 && records <= 1000.0,
            "above 0, at most 1000",
        )?;
        Ok(Self(Spacing::PerDecade(records)))
    }

    /// The first step after `step` at which a record is due, if one was written at `step`.
    ///
    /// ```
    /// let cadence = embedding_norms::simulation::Cadence::per_decade(4.0)?;
    /// assert_eq!((cadence.next_after(0), cadence.next_after(1), cadence.next_after(100)), (1, 2, 178));
    /// # Ok::<(), embedding_norms::setting::SettingError>(())
    /// ```
    pub fn next_after(self, step: u64) -> u64 {
        match self.0 {
            Spacing::Ends => u64::MAX,
            Spacing::Every(steps) => step + steps,
            Spacing::PerDecade(records) => {
                let factor = libm::pow(10.0, 1.0 / records);
                (step + 1).max((step as f64 * factor).ceil() as u64)
            }
        }
    }
}

/// The state of a run before a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The number of steps taken so far.
    pub step: u64,
    /// The mean loss.
    pub loss: f64,
    /// The angle of each pair in radians; empty for embeddings without a second view.
    pub angles: Vec<f64>,
    /// The norms of the first view.
    pub first_norms: Vec<f64>,
    /// The norms of the second view; empty without one.
    pub second_norms: Vec<f64>,
    /// The embeddings themselves, where positions were asked for.
    pub positions: Option<(Array2<f64>, Option<Array2<f64>>)>,
}
