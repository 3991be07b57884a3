//! What a loss is evaluated on, and what can be missing from it.

use ndarray::ArrayView2;

use crate::sphere::Directions;

/// What a loss is evaluated on: directions in one or two views, with what else a loss may need.
///
/// Row i of the second view is the positive of row i of the first. Labels and drawn positives are indexed by row.
/// Random choices, such as which positive, are made before and stand here as indices; a loss draws nothing.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    first: &'a Directions,
    second: Option<&'a Directions>,
    labels: Option<&'a [usize]>,
    positives: Option<&'a [usize]>,
}

/// A batch that a loss cannot be evaluated on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LossError {
    /// The views have different shapes.
    #[error(
        "the two views have shapes {first:?} and {second:?}; they need one shape, row i of one with row i of the other"
    )]
    Shape {
        /// Rows and columns of the first view.
        first: (usize, usize),
        /// Rows and columns of the second view.
        second: (usize, usize),
    },
    /// The loss compares two views.
    #[error("{loss} compares two views, and the batch has one; give a second view")]
    NeedsTwoViews {
        /// The loss.
        loss: &'static str,
    },
    /// An index list of the wrong length.
    #[error("{found} {what} for {expected} rows; there must be one per row")]
    Length {
        /// What the list holds.
        what: &'static str,
        /// The number of rows.
        expected: usize,
        /// The length of the list.
        found: usize,
    },
    /// The loss compares the rows of a single view.
    #[error(
        "{loss} compares the rows of one view, and the batch has two; give it one, with both views stacked if need be"
    )]
    NeedsOneView {
        /// The loss.
        loss: &'static str,
    },
    /// The loss compares a row with other rows.
    #[error("{loss} compares each row with others, and the batch has one row; give at least two")]
    NeedsTwoRows {
        /// The loss.
        loss: &'static str,
    },
    /// The loss needs a class per row.
    #[error("{loss} needs a class per row, and the batch has none; add labels")]
    NeedsLabels {
        /// The loss.
        loss: &'static str,
    },
    /// The loss needs a drawn positive per row.
    #[error("{loss} needs a drawn positive per row, and the batch has none; draw one of the same class for each")]
    NeedsPositives {
        /// The loss.
        loss: &'static str,
    },
    /// The only row of its class has no positive.
    #[error("{loss} needs a second row of class {label}, and row {row} is the only one; leave it out of the batch")]
    NoPositive {
        /// The loss.
        loss: &'static str,
        /// The row, counted from 0.
        row: usize,
        /// Its class.
        label: usize,
    },
    /// A row that was drawn as its own positive.
    #[error("row {row} is drawn as its own positive; draw another row of its class")]
    OwnPositive {
        /// The row, counted from 0.
        row: usize,
    },
    /// A drawn positive that is not a row of the batch.
    #[error("the positive of row {row} is row {positive}, and the batch has {rows} rows, counted from 0")]
    NoSuchPositive {
        /// The row, counted from 0.
        row: usize,
        /// Its drawn positive.
        positive: usize,
        /// The number of rows.
        rows: usize,
    },
    /// A value or a gradient that is beyond f64.
    #[error("{loss}: its {what} is beyond the largest number of f64{}", beyond(.settings))]
    NotFinite {
        /// The loss.
        loss: &'static str,
        /// What is not finite, the total or the gradient.
        what: &'static str,
        /// The settings of the loss.
        settings: Vec<(&'static str, f64)>,
    },
    /// There is nothing to evaluate.
    #[error("the batch has no rows")]
    Empty,
}

/// The settings that led beyond f64, and what to change: the one farthest from ordinary size.
fn beyond(settings: &[(&'static str, f64)]) -> String {
    let far = |value: f64| if value == 0.0 { 0.0 } else { libm::log(value.abs()).abs() };
    let Some((cause, _)) = settings.iter().max_by(|a, b| far(a.1).total_cmp(&far(b.1))) else { return String::new() };
    let list: Vec<String> = settings.iter().map(|(parameter, value)| format!("{parameter} {value:e}")).collect();
    let is_small = settings.iter().any(|(parameter, value)| parameter == cause && value.abs() < 1.0);
    let advice = if is_small { "raise" } else { "lower the size of" };
    format!(" at {}; {advice} the {cause}", list.join(", "))
}

impl LossError {
    /// The message, with the name of a class where it is about one; `names` are those of the classes, in their order.
    pub fn with_names(&self, names: &[String]) -> String {
        match self {
            Self::NoPositive { loss, row, label } if *label < names.len() => {
                let name = &names[*label];
                format!(
                    "{loss} needs a second row of class '{name}', and row {row} is the only one; leave it out of the batch"
                )
            }
            other => other.to_string(),
        }
    }
}

impl<'a> Batch<'a> {
    /// A batch of one view.
    ///
    /// # Errors
    /// [`LossError::Empty`] without rows.
    pub fn one_view(directions: &'a Directions) -> Result<Self, LossError> {
        if directions.norms().is_empty() {
            return Err(LossError::Empty);
        }
        Ok(Self { first: directions, second: None, labels: None, positives: None })
    }

    /// A batch of two views, row i of the second the positive of row i of the first.
    ///
    /// # Errors
    /// No rows, or views of different shapes.
    pub fn two_views(first: &'a Directions, second: &'a Directions) -> Result<Self, LossError> {
        if first.units().dim() != second.units().dim() {
            return Err(LossError::Shape { first: first.units().dim(), second: second.units().dim() });
        }
        Ok(Self { second: Some(second), ..Self::one_view(first)? })
    }

    /// The same batch with a class per row.
    ///
    /// # Errors
    /// [`LossError::Length`] unless there is one label per row.
    pub fn with_labels(self, labels: &'a [usize]) -> Result<Self, LossError> {
        self.check_length("labels", labels)?;
        Ok(Self { labels: Some(labels), ..self })
    }

    /// The same batch with one drawn positive per row.
    ///
    /// # Errors
    /// [`LossError::Length`] unless there is one positive per row, [`LossError::NoSuchPositive`] for one past the rows.
    pub fn with_positives(self, positives: &'a [usize]) -> Result<Self, LossError> {
        self.check_length("positives", positives)?;
        let rows = self.rows();
        if let Some((row, &positive)) = positives.iter().enumerate().find(|(_, positive)| **positive >= rows) {
            return Err(LossError::NoSuchPositive { row, positive, rows });
        }
        Ok(Self { positives: Some(positives), ..self })
    }

    fn check_length(&self, what: &'static str, list: &[usize]) -> Result<(), LossError> {
        if list.len() == self.rows() {
            Ok(())
        } else {
            Err(LossError::Length { what, expected: self.rows(), found: list.len() })
        }
    }

    /// The number of rows n of a view.
    pub fn rows(&self) -> usize {
        self.first.norms().len()
    }

    /// The first view, (n × d).
    pub fn first(&self) -> ArrayView2<'a, f64> {
        self.first.units()
    }

    /// The second view, (n × d), if there is one.
    pub fn second(&self) -> Option<ArrayView2<'a, f64>> {
        self.second.map(Directions::units)
    }

    /// The class of each row, if known.
    pub fn labels(&self) -> Option<&'a [usize]> {
        self.labels
    }

    /// The drawn positive of each row, if there is one.
    pub fn positives(&self) -> Option<&'a [usize]> {
        self.positives
    }

    /// Both views, for a loss that compares them.
    pub(super) fn views(&self, loss: &'static str) -> Result<[ArrayView2<'a, f64>; 2], LossError> {
        let second = self.second().ok_or(LossError::NeedsTwoViews { loss })?;
        Ok([self.first(), second])
    }

    /// Both views of at least two rows, for a loss that compares a row with others.
    pub(super) fn views_of_several_rows(&self, loss: &'static str) -> Result<[ArrayView2<'a, f64>; 2], LossError> {
        let views = self.views(loss)?;
        if self.rows() < 2 { Err(LossError::NeedsTwoRows { loss }) } else { Ok(views) }
    }
}
