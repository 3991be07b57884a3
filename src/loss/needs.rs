//! What a loss has to find in a batch.

use std::fmt;

use super::{Batch, LossError};

/// What a loss has to find in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// The views that it takes.
    pub views: Views,
    /// The least number of rows of a view.
    pub rows: usize,
    /// What it has to know of each row beside its direction.
    pub list: Option<List>,
    /// Whether it compares every row with all others, so that time and memory grow as the square of the rows.
    pub compares_rows: bool,
}

/// How many views a loss takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Views {
    /// One; a second one is refused.
    One,
    /// Two: row i of the second is the positive of row i of the first.
    Two,
    /// One, or two that are stacked.
    OneOrTwo,
}

/// What is known of each row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum List {
    /// Its class; every class has a second row.
    Labels,
    /// The index of a positive that was drawn for it.
    Positives,
}

impl Needs {
    /// Pairs of rows, each looked at by itself.
    pub const PAIRS: Self = Self { views: Views::Two, rows: 1, list: None, compares_rows: false };
    /// Two views in which every row is compared with all others.
    pub const TWO_VIEWS: Self = Self { views: Views::Two, rows: 2, list: None, compares_rows: true };
    /// A class per row.
    pub const LABELS: Self = Self { views: Views::OneOrTwo, rows: 1, list: Some(List::Labels), compares_rows: true };
    /// One view with a drawn positive per row.
    pub const POSITIVES: Self = Self { views: Views::One, rows: 1, list: Some(List::Positives), compares_rows: true };

    /// Passes if a batch has all of it.
    ///
    /// # Errors
    /// What is missing, as an error of the loss of this name. Whether every class has a second row, and whether drawn
    /// positives are other rows, is for the loss to check.
    pub fn check(&self, loss: &'static str, batch: &Batch<'_>) -> Result<(), LossError> {
        match (self.views, batch.second()) {
            (Views::Two, None) => return Err(LossError::NeedsTwoViews { loss }),
            (Views::One, Some(_)) => return Err(LossError::NeedsOneView { loss }),
            _ => {}
        }
        if batch.rows() < self.rows {
            return Err(LossError::NeedsTwoRows { loss });
        }
        match self.list {
            Some(List::Labels) if batch.labels().is_none() => Err(LossError::NeedsLabels { loss }),
            Some(List::Positives) if batch.positives().is_none() => Err(LossError::NeedsPositives { loss }),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Needs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let views = match self.views {
            Views::One => "one view",
            Views::Two => "two views",
            Views::OneOrTwo => "one view, or two that are stacked",
        };
        let rows = if self.rows > 1 { " of at least two rows" } else { "" };
        match (self.list, self.views) {
            (Some(List::Labels), _) => {
                write!(formatter, "a class per row and a second row in each class; {views}{rows}")
            }
            (Some(List::Positives), _) => write!(formatter, "{views}{rows} with a drawn positive per row"),
            (None, Views::Two) => {
                write!(formatter, "{views}{rows}, row i of the second the positive of row i of the first")
            }
            (None, _) => write!(formatter, "{views}{rows}"),
        }
    }
}
