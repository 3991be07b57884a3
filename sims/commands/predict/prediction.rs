//! A prediction: a number, the statement that gives it, and whether it is exact.

use serde::Serialize;

use crate::cli::failure::Failure;
use crate::cli::wrapping::valued;

/// How a number comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// It holds as it stands, at any step size.
    Exact,
    /// The gradient flow's, or its first orders: right for small γ/ρ².
    Flow,
    /// The leading order of a statement whose conditions a note names.
    LeadingOrder,
}

impl Basis {
    /// The mark in front of a line.
    const fn mark(self) -> &'static str {
        match self {
            Self::Exact => "=",
            Self::Flow => "~",
            Self::LeadingOrder => "≈",
        }
    }
}

/// A number that a statement gives.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Prediction {
    /// The name in records.
    pub key: &'static str,
    /// The id of the statement.
    pub statement: &'static str,
    /// What it is.
    pub what: String,
    /// The number; `null` where there is none, as `text` says.
    pub value: Option<f64>,
    /// The unit; empty for a pure number.
    pub unit: &'static str,
    /// How it comes about.
    pub basis: Basis,
    /// The number as it is printed, or why there is none.
    pub text: String,
}

impl Prediction {
    /// An exact number.
    ///
    /// # Errors
    /// A number that is not finite, or so small that f64 holds few of its digits: the settings are too far apart for it.
    pub fn exact(
        key: &'static str,
        statement: &'static str,
        what: impl Into<String>,
        value: f64,
    ) -> Result<Self, Failure> {
        let what = what.into();
        if !value.is_finite() || value != 0.0 && !value.is_normal() {
            return Err(Failure::Refused(format!(
                "{statement}: {what} comes to {value}, beyond f64, which reaches from 2.2e-308 to 1.8e308; bring --norm, \
                 --learning-rate, --temperature, --grad-scale and --weight-decay nearer to ordinary sizes"
            )));
        }
        Ok(Self { key, statement, what, value: Some(value), unit: "", basis: Basis::Exact, text: shown(value) })
    }

    /// A line without a number, with the reason.
    pub fn none(key: &'static str, statement: &'static str, what: impl Into<String>, why: String) -> Self {
        Self { key, statement, what: what.into(), value: None, unit: "", basis: Basis::Exact, text: why }
    }

    /// On another basis.
    pub fn on(self, basis: Basis) -> Self {
        Self { basis, ..self }
    }

    /// As a number of an own format, in a unit.
    pub fn printed(self, text: String, unit: &'static str) -> Self {
        Self { text, unit, ..self }
    }

    /// In a unit.
    pub fn unit(self, unit: &'static str) -> Self {
        Self { unit, ..self }
    }

    /// A line of the page, or a few where it is narrow.
    pub fn line(&self, width: usize) -> String {
        let value = if self.unit.is_empty() { self.text.clone() } else { format!("{} {}", self.text, self.unit) };
        valued(&format!("{:<3} {} ", self.statement, self.basis.mark()), &self.what, COLUMN, &value, width)
    }
}

/// The column of the numbers.
const COLUMN: usize = 56;

/// Six decimals, or seven digits where these would say nothing.
fn shown(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude == 0.0 || (1e-3..1e9).contains(&magnitude) { format!("{value:.6}") } else { format!("{value:.6e}") }
}

/// A number of steps in the flow, to a thousandth of a step while that says something.
pub fn fractional(steps: f64) -> String {
    if steps < 1e12 { format!("{steps:.3}") } else { format!("{steps:.6e}") }
}

/// A whole number, in powers of ten where it has more digits than f64.
pub fn whole(number: f64) -> String {
    if number < 1e15 { format!("{number:.0}") } else { format!("{number:.6e}") }
}

/// What the marks mean, of those that are used.
pub fn legend(predictions: &[Prediction]) -> Vec<&'static str> {
    let used = |basis: Basis| predictions.iter().any(|prediction| prediction.basis == basis);
    let mut legend = Vec::new();
    if used(Basis::Exact) {
        legend.push("= exact at any step size, by the statement in front (embedding-norms explain ID).");
    }
    if used(Basis::Flow) {
        legend.push("~ of the gradient flow and its first orders, right for small γ/ρ²; not exact.");
    }
    if used(Basis::LeadingOrder) {
        legend.push("≈ to leading order, on the conditions of the note; not exact.");
    }
    legend
}
