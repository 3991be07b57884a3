//! When a run ends, and which rule ended it.

use super::motion::Motion;
use crate::numerics::vectorize::sum;
use crate::setting::{SettingError, positive, tolerance};

/// Steps between two tests for stationarity.
const STATIONARY_EVERY: u64 = 64;

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stop {
    /// The mean of 1 − cos φ over the pairs reached its tolerance.
    MeanCosine,
    /// 1 − cos φ of every pair reached its tolerance.
    EveryPair,
    /// The mean loss reached its level.
    LossLevel,
    /// Nothing moves any more, and no tolerance was reached: an antipodal pair, for one.
    Stationary,
    /// The budget of steps was spent.
    Budget,
    /// A coordinate left the finite numbers, or an embedding became zero.
    NotFinite,
    /// The run was cancelled.
    Cancelled,
}

impl Stop {
    /// The name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MeanCosine => "mean-cosine",
            Self::EveryPair => "every-pair",
            Self::LossLevel => "loss-level",
            Self::Stationary => "stationary",
            Self::Budget => "budget",
            Self::NotFinite => "not-finite",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether the run ended because it reached what it was asked to reach.
    pub const fn is_goal(self) -> bool {
        matches!(self, Self::MeanCosine | Self::EveryPair | Self::LossLevel)
    }
}

/// The rules that can end a run. They combine: the first that holds ends it, goals before failures.
#[derive(Clone)]
pub struct StopRules<'a> {
    mean_cosine: Option<f64>,
    every_pair: Option<f64>,
    loss_level: Option<f64>,
    stationary: Option<f64>,
    budget: u64,
    cancelled: Option<&'a dyn Fn() -> bool>,
}

impl<'a> StopRules<'a> {
    /// At most this many steps, and no run goes on where nothing moves: the largest angle by which any embedding would
    /// rotate per unit of γ/ρ² is below 10⁻¹⁴ (tested every 64 steps).
    pub fn budget(steps: u64) -> Self {
        Self {
            mean_cosine: None,
            every_pair: None,
            loss_level: None,
            stationary: Some(1e-14),
            budget: steps,
            cancelled: None,
        }
    }

    /// Ends when the mean cosine over the pairs is at least 1 − ε.
    ///
    /// # Errors
    /// ε outside (0, 2).
    pub fn mean_cosine(self, epsilon: f64) -> Result<Self, SettingError> {
        Ok(Self { mean_cosine: Some(tolerance("the tolerance", epsilon)?), ..self })
    }

    /// Ends when every pair's cosine is at least 1 − ε.
    ///
    /// # Errors
    /// ε outside (0, 2).
    pub fn every_pair(self, epsilon: f64) -> Result<Self, SettingError> {
        Ok(Self { every_pair: Some(tolerance("the tolerance of every pair", epsilon)?), ..self })
    }

    /// Ends when the mean loss is at most `level`.
    pub fn loss_level(self, level: f64) -> Self {
        Self { loss_level: Some(level), ..self }
    }

    /// Another threshold of stationarity: the largest ‖z‖·‖∇‖ over all rows at which nothing counts as moving.
    ///
    /// # Errors
    /// A threshold that is not positive.
    pub fn stationary(self, threshold: f64) -> Result<Self, SettingError> {
        Ok(Self { stationary: Some(positive("the threshold of stationarity", threshold)?), ..self })
    }

    /// Goes on where nothing moves, until another rule ends the run.
    pub fn never_stationary(self) -> Self {
        Self { stationary: None, ..self }
    }

    /// Ends when `cancelled` says so; it is asked before every step.
    pub fn cancelled_by(self, cancelled: &'a dyn Fn() -> bool) -> Self {
        Self { cancelled: Some(cancelled), ..self }
    }

    /// The rule that holds at this state, if one does. The state is asked only for what decides.
    pub(super) fn check(&self, step: u64, motion: &impl Motion) -> Option<Stop> {
        let loss = motion.loss();
        let reached = |measure: fn(&[f64]) -> f64, bound: Option<f64>| {
            bound.is_some_and(|bound| motion.may_reach(bound) && measure(&motion.one_minus()) <= bound)
        };
        if reached(mean, self.mean_cosine) {
            Some(Stop::MeanCosine)
        } else if reached(largest, self.every_pair) {
            Some(Stop::EveryPair)
        } else if self.loss_level.is_some_and(|level| loss <= level) {
            Some(Stop::LossLevel)
        } else if !loss.is_finite() {
            Some(Stop::NotFinite)
        } else if step.is_multiple_of(STATIONARY_EVERY)
            && self.stationary.is_some_and(|bound| motion.largest_slope() <= bound)
        {
            Some(Stop::Stationary)
        } else if step >= self.budget {
            Some(Stop::Budget)
        } else if self.cancelled.is_some_and(|cancelled| cancelled()) {
            Some(Stop::Cancelled)
        } else {
            None
        }
    }
}

/// NaN without numbers.
fn mean(numbers: &[f64]) -> f64 {
    sum(numbers) / numbers.len() as f64
}

/// NaN without numbers, and where one of them is.
fn largest(numbers: &[f64]) -> f64 {
    let larger = |a: f64, b: f64| if a >= b || a.is_nan() { a } else { b };
    numbers.iter().copied().reduce(larger).unwrap_or(f64::NAN)
}
