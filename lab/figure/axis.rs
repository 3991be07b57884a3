//! What an axis shows: its label, its scale and, if the data should not decide, its range and its ticks.

use super::number;

/// How values are laid along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences are equal lengths.
    Linear,
    /// Equal ratios are equal lengths; positive values only.
    Logarithmic,
}

impl Scale {
    /// The place of a value on the scale: itself, or its decimal logarithm. Not-a-number has no place.
    pub(crate) fn position(self, value: f64) -> Option<f64> {
        let position = match self {
            Self::Linear => value,
            Self::Logarithmic if value > 0.0 => libm::log10(value),
            Self::Logarithmic => f64::NAN,
        };
        position.is_finite().then_some(position)
    }

    /// The value at a place of the scale.
    pub(crate) fn value(self, position: f64) -> f64 {
        match self {
            Self::Linear => position,
            Self::Logarithmic => libm::pow(10.0, position),
        }
    }
}

/// One axis of a panel.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    pub(crate) label: String,
    pub(crate) scale: Scale,
    pub(crate) range: Option<(f64, f64)>,
    pub(crate) ticks: Option<Vec<(f64, String)>>,
    /// Whether the ticks have names, of which none may be left out for want of room.
    pub(crate) named: bool,
    pub(crate) shown: bool,
}

impl Axis {
    fn new(label: impl Into<String>, scale: Scale) -> Self {
        Self { label: label.into(), scale, range: None, ticks: None, named: false, shown: true }
    }

    /// A linear axis. The label names the quantity and its unit: `steps to cosine 0.999`.
    pub fn linear(label: impl Into<String>) -> Self {
        Self::new(label, Scale::Linear)
    }

    /// A logarithmic axis.
    pub fn logarithmic(label: impl Into<String>) -> Self {
        Self::new(label, Scale::Logarithmic)
    }

    /// An axis that is not drawn, for a picture (see [`super::Panel::picture`]).
    pub(crate) fn hidden(range: (f64, f64)) -> Self {
        Self { range: Some(range), shown: false, ..Self::new("", Scale::Linear) }
    }

    /// Shows exactly this range, whatever the data; what lies outside is cut off.
    #[must_use]
    pub fn range(self, from: f64, to: f64) -> Self {
        Self { range: Some((from, to)), ..self }
    }

    /// Puts ticks at these values with these names. Along x all are shown: broken into lines or upright where one line has no
    /// room.
    #[must_use]
    pub fn ticks(self, ticks: impl IntoIterator<Item = (f64, String)>) -> Self {
        Self { ticks: Some(ticks.into_iter().collect()), named: true, ..self }
    }

    /// Puts ticks at these values, labelled by themselves; a label that would touch its neighbour is left out.
    #[must_use]
    pub fn ticks_at(self, values: impl IntoIterator<Item = f64>) -> Self {
        let ticks = values.into_iter().map(|value| (value, number::significant(value, 4)));
        Self { named: false, ..self.ticks(ticks) }
    }

    /// Whether two axes show the same quantity in the same way, so that neighbours can share one set of labels.
    pub(crate) fn same_quantity(&self, other: &Self) -> bool {
        self.shown && other.shown && self.label == other.label && self.scale == other.scale
    }
}
