//! The loss of a batch, from embeddings, and its gradients with respect to them.

use ndarray::{Array2, ArrayView2};

use super::method::{Method, TrainingError};
use super::source::Views;
use crate::encoder::{Encoder, Input, Network, Pass};
use crate::loss::{Batch, LossError};
use crate::normalization::pullback;
use crate::sphere::{Directions, normalize};

/// What the gradient of a batch depends on beside the embeddings.
pub(super) struct Context<'a> {
    pub method: Method<'a>,
    pub views: &'a Views,
    pub steps: u64,
}

/// The loss of a batch with its gradients.
pub(super) struct Objective {
    pub loss: f64,
    /// ∂L/∂z of each view.
    pub upstream: Vec<Array2<f64>>,
    /// The passes through the predictor.
    pub predicted: Vec<Pass>,
}

impl Context<'_> {
    fn directions(&self, embeddings: &Array2<f64>) -> Result<Directions, TrainingError> {
        normalize(embeddings.view()).map_err(|problem| TrainingError::NoDirection { steps: self.steps, problem })
    }

    /// ∂(mean loss)/∂z of directions, through the norm.
    fn through_norm(&self, directions: &Directions, euclidean: ArrayView2<'_, f64>, weight: f64) -> Array2<f64> {
        let mut gradient = pullback(directions, euclidean);
        if let Some(grad_scale) = self.method.grad_scale {
            grad_scale.apply(directions, &mut gradient);
        }
        gradient *= weight;
        gradient
    }

    /// The loss of the embeddings themselves, and its gradients.
    pub fn compared(&self, embeddings: [Option<&Array2<f64>>; 2]) -> Result<Objective, TrainingError> {
        let directions: Vec<Directions> =
            embeddings.into_iter().flatten().map(|view| self.directions(view)).collect::<Result<_, _>>()?;
        let mut batch = match &directions[..] {
            [first, second] => Batch::two_views(first, second)?,
            only => Batch::one_view(&only[0])?,
        };
        if let Some(labels) = &self.views.labels {
            batch = batch.with_labels(labels)?;
        }
        if let Some(positives) = &self.views.positives {
            batch = batch.with_positives(positives)?;
        }
        let evaluation = self.method.loss.evaluate(&batch)?;
        let weight = 1.0 / evaluation.rows as f64;
        let slopes = std::iter::once(&evaluation.first).chain(&evaluation.second);
        let gradients = directions.iter().zip(slopes);
        let gradients = gradients.map(|(directions, slope)| self.through_norm(directions, slope.view(), weight));
        Ok(Objective { loss: evaluation.mean(), upstream: gradients.collect(), predicted: Vec::new() })
    }

    /// The loss of each view's prediction of the other's target, held still, and its gradients through the predictor.
    pub fn predicted(
        &self,
        predictor: &Network,
        embeddings: [Option<&Array2<f64>>; 2],
        targets: [Option<&Array2<f64>>; 2],
        gradients: &mut [Vec<f64>],
    ) -> Result<Objective, TrainingError> {
        let loss = self.method.loss;
        let ([Some(first), Some(second)], [Some(first_target), Some(second_target)]) = (embeddings, targets) else {
            return Err(LossError::NeedsTwoViews { loss: loss.name() }.into());
        };
        let (mut total, mut upstream, mut predicted) = (0.0, Vec::new(), Vec::new());
        for (own, other) in [(first, second_target), (second, first_target)] {
            let pass = predictor.forward(Input { rows: &self.views.rows, features: own.view() });
            let (prediction, target) = (self.directions(&pass.embeddings)?, self.directions(other)?);
            let evaluation = loss.evaluate(&Batch::two_views(&prediction, &target)?)?;
            let weight = 0.5 / evaluation.rows as f64;
            total += 0.5 * evaluation.mean();
            let slope = self.through_norm(&prediction, evaluation.first.view(), weight);
            upstream.push(predictor.backward_to_features(own.view(), &pass, slope.view(), gradients));
            predicted.push(pass);
        }
        Ok(Objective { loss: total, upstream, predicted })
    }
}
