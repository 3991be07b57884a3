//! The gradient of a loss with respect to raw embeddings: what a framework's backward pass leaves in them.

use ndarray::Array2;

use super::descent::{SimulationError, StartView};
use crate::loss::{Batch, Loss};
use crate::normalization::{finite_pullback, pullback};
use crate::sphere::{Directions, normalize};

/// The mean of a loss with its gradients with respect to the raw embeddings.
#[derive(Clone, Debug)]
pub struct Gradient {
    /// The number of terms that the mean is over.
    pub terms: usize,
    /// The mean of the loss.
    pub value: f64,
    /// ∇ of the mean with respect to the first view, (n × d).
    pub first: Array2<f64>,
    /// The same with respect to the second view, if there is one.
    pub second: Option<Array2<f64>>,
    /// Notes on gradients that are 0 throughout, one for each view.
    pub notes: [Option<String>; 2],
}

/// ∇_z of the mean loss: the pullback of G1, over the number of terms.
///
/// ```
/// use embedding_norms::{loss::NegativeCosine, simulation::{StartView, gradient}};
/// use ndarray::array;
/// let (z, w) = (array![[4.0, 0.0]], array![[0.0, 1.0]]);
/// let views = StartView { first: z.view(), second: Some(w.view()), labels: None, positives: None };
/// let found = gradient(&NegativeCosine::symmetric(), views)?;
/// assert_eq!(found.first, array![[0.0, -0.25]]); // four times the norm: a quarter of the gradient
/// # Ok::<(), embedding_norms::simulation::SimulationError>(())
/// ```
///
/// # Errors
/// A zero or non-finite row, a batch that lacks what the loss needs, or a value or a gradient beyond f64.
pub fn gradient(loss: &dyn Loss, views: StartView<'_>) -> Result<Gradient, SimulationError> {
    let first = normalize(views.first)?;
    let second = views.second.map(normalize).transpose()?;
    let mut batch = match &second {
        Some(second) => Batch::two_views(&first, second)?,
        None => Batch::one_view(&first)?,
    };
    if let Some(labels) = views.labels {
        batch = batch.with_labels(labels)?;
    }
    if let Some(positives) = views.positives {
        batch = batch.with_positives(positives)?;
    }
    let evaluation = loss.evaluate(&batch)?;
    let terms = evaluation.rows as f64;
    let by_second = second.as_ref().zip(evaluation.second.as_ref());
    let by = |view: &'static str, directions: &Directions, euclidean: &Array2<f64>| {
        // The mean may be a number of f64 where the total is not.
        let mean = finite_pullback(directions, euclidean.view())
            .map(|total| total / terms)
            .or_else(|_| finite_pullback(directions, (euclidean / terms).view()));
        let gradient = mean.map_err(|error| SimulationError::Gradient { view, error })?;
        let note = gradient.iter().all(|slope| *slope == 0.0).then(|| why_zero(loss, view, directions, euclidean));
        Ok::<_, SimulationError>((gradient, note))
    };
    let (by_first, note) = by("first", &first, &evaluation.first)?;
    let (by_second, other) =
        by_second.map(|(directions, euclidean)| by("second", directions, euclidean)).transpose()?.unzip();
    Ok(Gradient {
        terms: evaluation.rows,
        value: evaluation.mean(),
        first: by_first,
        second: by_second,
        notes: [note, other.flatten()],
    })
}

/// A generous bound on the rounding error of a projection, relative to what is projected.
const ROUNDING: f64 = 1e-12;

/// Why a gradient is 0 throughout; it is called zero only if it is exactly zero.
fn why_zero(loss: &dyn Loss, view: &str, directions: &Directions, euclidean: &Array2<f64>) -> String {
    let unit = normalize(directions.units()).expect("directions have directions");
    let largest = euclidean.iter().fold(0.0_f64, |largest, slope| largest.max(slope.abs()));
    if loss.name() == "simsiam" && view == "second" {
        format!("is zero: {} holds it still", loss.name())
    } else if pullback(&unit, euclidean.view()).iter().any(|slope| slope.abs() > ROUNDING * largest) {
        "is not zero, but below 4.9e-324, the smallest number of f64: it falls as 1/‖z‖; scale the embeddings down"
            .to_owned()
    } else {
        "rounds to zero: nothing pulls, or all pulls are below 4.9e-324, the smallest number of f64, as e^(−1/τ) is at a \
         temperature τ near 0"
            .to_owned()
    }
}
