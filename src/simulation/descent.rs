//! Descent with any loss and any optimizer, through the modules of this crate.

use ndarray::{Array2, ArrayView2};

use super::motion::Motion;
use super::record::Cadence;
use super::rows::step_rows;
use super::run::{Outcome, run};
use super::stop::StopRules;
use crate::loss::{Batch, Evaluation, Loss, LossError};
use crate::normalization::{GradScale, GradientError, finite_pullback, pullback, slopes, unprojected};
use crate::optimizer::{Optimizer, TwoDecays, Update, WeightDecay, check_decay};
use crate::setting::{FirstStep, SettingError, positive};
use crate::sphere::{Directions, SphereError, cosines, normalize};

/// A start from which no run is possible.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SimulationError {
    /// A row without a direction.
    #[error(transparent)]
    Sphere(#[from] SphereError),
    /// A batch that the loss cannot be evaluated on.
    #[error(transparent)]
    Loss(#[from] LossError),
    /// A first gradient that is beyond f64.
    #[error("{view} view: {error}")]
    Gradient {
        /// The view, first or second.
        view: &'static str,
        /// The row.
        error: GradientError,
    },
    /// Weight decay beside a rule that has its own.
    #[error(transparent)]
    Decay(#[from] TwoDecays),
    /// A setting outside its domain.
    #[error(transparent)]
    Setting(#[from] SettingError),
}

/// Where a run starts: raw embeddings, with what the loss needs beside them.
#[derive(Clone, Debug)]
pub struct Start {
    /// The first view, (n × d).
    pub first: Array2<f64>,
    /// The second view, (n × d): row i is the positive of row i of the first.
    pub second: Option<Array2<f64>>,
    /// A class per row, for losses that need it.
    pub labels: Option<Vec<usize>>,
    /// A drawn positive per row, for losses that need it.
    pub positives: Option<Vec<usize>>,
}

/// Raw embeddings, with what the loss needs beside them: a [`Start`] that is borrowed.
#[derive(Clone, Copy, Debug)]
pub struct StartView<'a> {
    /// The first view, (n × d).
    pub first: ArrayView2<'a, f64>,
    /// The second view, (n × d): row i is the positive of row i of the first.
    pub second: Option<ArrayView2<'a, f64>>,
    /// A class per row, for losses that need it.
    pub labels: Option<&'a [usize]>,
    /// A drawn positive per row, for losses that need it.
    pub positives: Option<&'a [usize]>,
}

impl Start {
    /// Pairs (z_i, w_i) of rows.
    pub fn pairs(first: Array2<f64>, second: Array2<f64>) -> Self {
        Self { first, second: Some(second), labels: None, positives: None }
    }

    /// One view.
    pub fn one_view(first: Array2<f64>) -> Self {
        Self { first, second: None, labels: None, positives: None }
    }

    /// The same, borrowed.
    pub fn views(&self) -> StartView<'_> {
        StartView {
            first: self.first.view(),
            second: self.second.as_ref().map(|second| second.view()),
            labels: self.labels.as_deref(),
            positives: self.positives.as_deref(),
        }
    }
}

/// Gradient descent of a loss on free embeddings: every embedding is a parameter of its own, a row is a group.
///
/// The loss's *total* over the rows is descended with the learning rate γ, so γ is per embedding (convention N1; a
/// framework's rate η on the mean over n rows is γ = η/n).
///
/// ```
/// use embedding_norms::{loss::NegativeCosine, optimizer::GradientDescent, simulation::*};
/// use ndarray::array;
/// let start = Start::pairs(array![[1.0, 0.0]], array![[0.0, 1.0]]);
/// let stops = StopRules::budget(1000).mean_cosine(1e-3)?;
/// let outcome = Descent::new(&NegativeCosine::symmetric(), &GradientDescent, 0.02)?.run(start, &stops)?;
/// assert_eq!(outcome.stop, Stop::MeanCosine);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct Descent<'a> {
    loss: &'a dyn Loss,
    optimizer: &'a dyn Optimizer,
    learning_rate: f64,
    grad_scale: Option<GradScale>,
    decay: Option<WeightDecay>,
    first_step: FirstStep,
    cadence: Cadence,
    positions: bool,
}

impl<'a> Descent<'a> {
    /// Descent of `loss` by `optimizer` with the learning rate γ per embedding.
    ///
    /// # Errors
    /// A learning rate that is not a finite number above 0.
    pub fn new(loss: &'a dyn Loss, optimizer: &'a dyn Optimizer, learning_rate: f64) -> Result<Self, SettingError> {
        Ok(Self {
            loss,
            optimizer,
            learning_rate: positive("the learning rate", learning_rate)?,
            grad_scale: None,
            decay: None,
            first_step: FirstStep::Cosine,
            cadence: Cadence::ends(),
            positions: false,
        })
    }

    /// With GradScale between the gradient and the optimizer.
    pub fn grad_scale(self, grad_scale: GradScale) -> Self {
        Self { grad_scale: Some(grad_scale), ..self }
    }

    /// With weight decay on the embeddings, beside a rule that has none inside.
    pub fn decay(self, decay: WeightDecay) -> Self {
        Self { decay: Some(decay), ..self }
    }

    /// With another gradient for the very first step.
    pub fn first_step(self, first_step: FirstStep) -> Self {
        Self { first_step, ..self }
    }

    /// With records at this cadence.
    pub fn records(self, cadence: Cadence) -> Self {
        Self { cadence, ..self }
    }

    /// With the embeddings themselves in every record.
    pub fn record_positions(self) -> Self {
        Self { positions: true, ..self }
    }

    /// Runs until a rule ends it.
    ///
    /// # Errors
    /// A start with a zero or non-finite row, one that lacks what the loss needs, a value or a gradient of the start that
    /// is beyond f64, or two weight decays above 0, inside the rule and beside it. Whatever happens later is a
    /// [`super::Stop`], not an error.
    pub fn run(self, start: Start, stops: &StopRules<'_>) -> Result<Outcome, SimulationError> {
        check_decay(self.optimizer, self.decay)?;
        let first = normalize(start.first.view())?;
        let second = start.second.as_ref().map(|second| normalize(second.view())).transpose()?;
        let mut motion = FreeEmbeddings {
            settings: self,
            first: View::new(start.first, first, self.optimizer),
            second: start.second.zip(second).map(|(points, directions)| View::new(points, directions, self.optimizer)),
            labels: start.labels,
            positives: start.positives,
            evaluation: Evaluation { rows: 0, total: f64::NAN, first: Array2::zeros((0, 0)), second: None },
            steps: 0,
        };
        motion.evaluation = motion.evaluate()?;
        for (view, (directions, euclidean)) in ["first", "second"].into_iter().zip(motion.slopes()) {
            let gradient = finite_pullback(directions, euclidean);
            gradient.map_err(|error| SimulationError::Gradient { view, error })?;
        }
        Ok(run(motion, stops, self.cadence, self.positions))
    }
}

/// One view's embeddings with what belongs to them.
struct View {
    points: Array2<f64>,
    directions: Directions,
    update: Box<dyn Update>,
}

impl View {
    fn new(points: Array2<f64>, directions: Directions, optimizer: &dyn Optimizer) -> Self {
        let update = optimizer.start(&vec![points.ncols(); points.nrows()]);
        // Steps work on rows as slices.
        Self { points: points.as_standard_layout().into_owned(), directions, update }
    }

    fn step(&mut self, settings: &Descent<'_>, euclidean: ArrayView2<'_, f64>, steps: u64) {
        let mut gradient = if steps == 0 && settings.first_step == FirstStep::DotProduct {
            unprojected(&self.directions, euclidean)
        } else {
            pullback(&self.directions, euclidean)
        };
        if let Some(grad_scale) = settings.grad_scale {
            grad_scale.apply(&self.directions, &mut gradient);
        }
        step_rows(&mut *self.update, settings.learning_rate, settings.decay, &mut self.points, &mut gradient);
    }
}

struct FreeEmbeddings<'a> {
    settings: Descent<'a>,
    first: View,
    second: Option<View>,
    labels: Option<Vec<usize>>,
    positives: Option<Vec<usize>>,
    evaluation: Evaluation,
    steps: u64,
}

impl FreeEmbeddings<'_> {
    fn evaluate(&self) -> Result<Evaluation, LossError> {
        let mut batch = match &self.second {
            Some(second) => Batch::two_views(&self.first.directions, &second.directions)?,
            None => Batch::one_view(&self.first.directions)?,
        };
        if let Some(labels) = &self.labels {
            batch = batch.with_labels(labels)?;
        }
        if let Some(positives) = &self.positives {
            batch = batch.with_positives(positives)?;
        }
        self.settings.loss.evaluate(&batch)
    }

    /// The directions of each view that moves, with the Euclidean gradient by them.
    fn slopes(&self) -> impl Iterator<Item = (&Directions, ArrayView2<'_, f64>)> {
        let second = self.second.as_ref().zip(self.evaluation.second.as_ref());
        let views = std::iter::once((&self.first, &self.evaluation.first)).chain(second);
        views.map(|(view, euclidean)| (&view.directions, euclidean.view()))
    }

    /// Takes the embeddings apart into directions and norms again; whether all of them still have a direction.
    fn refresh(&mut self) -> bool {
        let first = self.first.directions.update(self.first.points.view());
        let second = self.second.as_mut().map(|view| view.directions.update(view.points.view()));
        first.is_ok() && second.is_none_or(|result| result.is_ok())
    }
}

impl Motion for FreeEmbeddings<'_> {
    fn loss(&self) -> f64 {
        self.evaluation.mean()
    }

    fn one_minus(&self) -> Vec<f64> {
        let pairs =
            self.second.as_ref().map(|second| cosines(self.first.directions.units(), second.directions.units()));
        pairs.iter().flatten().map(|cosine| cosine.one_minus).collect()
    }

    fn largest_slope(&self) -> f64 {
        let lengths = self.slopes().flat_map(|(directions, euclidean)| slopes(directions, euclidean));
        lengths.fold(0.0, f64::max)
    }

    fn advance(&mut self) {
        self.first.step(&self.settings, self.evaluation.first.view(), self.steps);
        if let (Some(view), Some(euclidean)) = (&mut self.second, &self.evaluation.second) {
            view.step(&self.settings, euclidean.view(), self.steps);
        }
        self.steps += 1;
        let total = if self.refresh() { self.evaluate().ok() } else { None };
        match total {
            Some(evaluation) => self.evaluation = evaluation,
            None => self.evaluation.total = f64::NAN,
        }
    }

    fn positions(&self) -> (Array2<f64>, Option<Array2<f64>>) {
        (self.first.points.clone(), self.second.as_ref().map(|view| view.points.clone()))
    }
}
