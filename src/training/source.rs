//! Where batches come from: samples of a data set, in one view with drawn positives or in two random views.

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut1};

use super::batches::draw_positives;
use crate::random::Generator;

/// A batch to train on.
#[derive(Clone, Debug)]
pub struct Views {
    /// Which rows of the data set these are (n).
    pub rows: Vec<usize>,
    /// The features of the first view, (n × p).
    pub first: Array2<f64>,
    /// The features of the second view, (n × p): row i is the positive of row i of the first.
    pub second: Option<Array2<f64>>,
    /// A class per row.
    pub labels: Option<Vec<usize>>,
    /// A drawn positive per row.
    pub positives: Option<Vec<usize>>,
}

/// What makes batches of samples.
pub trait Source: Sync {
    /// The number of samples.
    fn samples(&self) -> usize;

    /// The batch of these samples; `None` if they hold nothing to compare.
    fn views(&self, rows: &[usize], generator: &mut Generator) -> Option<Views>;
}

/// Samples with classes, in one view; the positive of a row is a random other row of its class in the batch.
///
/// Rows that are alone in their class are left out of a batch, and so is the class then as a negative. Both the drawn
/// positives and the labels go with the batch, so that any supervised loss can be trained.
#[derive(Clone, Copy, Debug)]
pub struct Labelled<'a> {
    features: ArrayView2<'a, f64>,
    labels: &'a [usize],
}

impl<'a> Labelled<'a> {
    /// Samples with features (N × p) and their classes (N).
    ///
    /// # Panics
    /// Unless there is one class per sample.
    pub fn new(features: ArrayView2<'a, f64>, labels: &'a [usize]) -> Self {
        assert_eq!(features.nrows(), labels.len(), "one class per sample");
        Self { features, labels }
    }
}

impl Source for Labelled<'_> {
    fn samples(&self) -> usize {
        self.labels.len()
    }

    fn views(&self, rows: &[usize], generator: &mut Generator) -> Option<Views> {
        let classes: Vec<usize> = rows.iter().map(|&row| self.labels[row]).collect();
        let drawn = draw_positives(&classes, generator);
        let kept: Vec<usize> = (0..rows.len()).filter(|&row| drawn[row].is_some()).collect();
        if kept.is_empty() {
            return None;
        }
        let mut place = vec![0; rows.len()];
        for (new, &row) in kept.iter().enumerate() {
            place[row] = new;
        }
        let rows: Vec<usize> = kept.iter().map(|&row| rows[row]).collect();
        Some(Views {
            first: copies(self.features, &rows, |sample, mut copy| copy.assign(&sample)),
            second: None,
            labels: Some(kept.iter().map(|&row| classes[row]).collect()),
            positives: Some(drawn.into_iter().flatten().map(|positive| place[positive]).collect()),
            rows,
        })
    }
}

/// What `copy` makes of some rows, in a matrix of their own.
fn copies(
    features: ArrayView2<'_, f64>,
    rows: &[usize],
    mut copy: impl FnMut(ArrayView1<'_, f64>, ArrayViewMut1<'_, f64>),
) -> Array2<f64> {
    let mut copies = Array2::zeros((rows.len(), features.ncols()));
    for (place, &row) in copies.rows_mut().into_iter().zip(rows) {
        copy(features.row(row), place);
    }
    copies
}

/// Samples in two random views, each made from the sample by `view`, which writes the view's features.
#[derive(Clone, Copy, Debug)]
pub struct TwoViews<'a, F> {
    features: ArrayView2<'a, f64>,
    view: F,
}

impl<'a, F> TwoViews<'a, F>
where
    F: Fn(ArrayView1<'_, f64>, ArrayViewMut1<'_, f64>, &mut Generator) + Sync,
{
    /// Samples with features (N × p) and the random change that makes a view of one.
    pub fn new(features: ArrayView2<'a, f64>, view: F) -> Self {
        Self { features, view }
    }

    fn draw(&self, rows: &[usize], generator: &mut Generator) -> Array2<f64> {
        copies(self.features, rows, |sample, view| (self.view)(sample, view, generator))
    }
}

impl<F> Source for TwoViews<'_, F>
where
    F: Fn(ArrayView1<'_, f64>, ArrayViewMut1<'_, f64>, &mut Generator) + Sync,
{
    fn samples(&self) -> usize {
        self.features.nrows()
    }

    fn views(&self, rows: &[usize], generator: &mut Generator) -> Option<Views> {
        // A single row has no negatives.
        if rows.len() < 2 {
            return None;
        }
        let first = self.draw(rows, generator);
        let second = Some(self.draw(rows, generator));
        Some(Views { rows: rows.to_vec(), first, second, labels: None, positives: None })
    }
}
