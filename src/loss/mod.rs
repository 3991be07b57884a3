//! Losses on *unit* vectors: the value and its Euclidean gradient with respect to the directions. Norms are unknown
//! here; they enter through [`crate::normalization`] alone.
//!
//! Values and gradients are totals over the rows of a batch, beside the number of rows: the literature states means
//! (divide by the rows), simulations descend totals (so that the learning rate γ is per embedding, convention N1).

mod cosine;

pub use cosine::NegativeCosine;

use ndarray::{Array2, ArrayView2};

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
    /// There is nothing to evaluate.
    #[error("the batch has no rows")]
    Empty,
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
    /// [`LossError::Length`] unless there is one positive per row.
    pub fn with_positives(self, positives: &'a [usize]) -> Result<Self, LossError> {
        self.check_length("positives", positives)?;
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
}

/// A loss and its Euclidean gradient, as totals over the rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// How many terms the total has: the rows over which the literature takes the mean.
    pub rows: usize,
    /// The total of the loss over the rows.
    pub total: f64,
    /// ∂total/∂ẑ for the first view, (n × d).
    pub first: Array2<f64>,
    /// ∂total/∂ẑ for the second view, (n × d); zero where a stop-gradient holds it still, `None` without a second view.
    pub second: Option<Array2<f64>>,
}

impl Evaluation {
    /// The mean over the rows, as the literature states losses.
    pub fn mean(&self) -> f64 {
        self.total / self.rows as f64
    }
}

/// A loss of directions.
pub trait Loss: Send + Sync {
    /// The name of the loss on the command line.
    fn name(&self) -> &'static str;

    /// The loss and its Euclidean gradient ∂L/∂ẑ, as totals over the rows of the batch.
    ///
    /// # Errors
    /// A batch that lacks what the loss needs.
    fn evaluate(&self, batch: &Batch<'_>) -> Result<Evaluation, LossError>;
}
