//! One step of training, and an epoch of them.

use ndarray::{Array2, ArrayView2};

use super::batches::batches;
use super::source::{Source, Views};
use crate::encoder::{Encoder, Input, Network, Pass};
use crate::loss::{Batch, Loss, LossError};
use crate::normalization::{GradScale, pullback};
use crate::optimizer::{Optimizer, TwoDecays, Update, WeightDecay, check_decay};
use crate::random::Generator;
use crate::setting::{SettingError, positive};
use crate::sphere::{Directions, SphereError, normalize};

/// How an encoder is trained.
#[derive(Clone, Copy)]
pub struct Method<'a> {
    loss: &'a dyn Loss,
    optimizer: &'a dyn Optimizer,
    learning_rate: f64,
    decay: Option<WeightDecay>,
    grad_scale: Option<GradScale>,
    only_whole_batches: bool,
}

/// A training that cannot begin, or cannot go on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TrainingError {
    /// The rule moves directions on a sphere, and a group is a tensor.
    #[error(
        "{rule} turns the direction of an embedding and keeps its norm; a tensor of a network is not an embedding and \
         has no sphere to stay on: train free embeddings with it, or take another optimizer"
    )]
    NeedsEmbeddings {
        /// The rule.
        rule: &'static str,
    },
    /// An embedding without a direction.
    #[error("after {steps} steps the embeddings cannot be normalized: {problem}; a smaller learning rate may help")]
    NoDirection {
        /// The steps taken before.
        steps: u64,
        /// What is wrong, with the row of the batch.
        problem: SphereError,
    },
    /// Weight decay beside a rule that has its own.
    #[error(transparent)]
    Decay(#[from] TwoDecays),
    /// A setting outside its domain.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// A batch that the loss cannot be evaluated on.
    #[error(transparent)]
    Loss(#[from] LossError),
}

impl<'a> Method<'a> {
    /// Descent of the mean of `loss` over a batch by `optimizer`, with the learning rate η.
    ///
    /// # Errors
    /// A learning rate that is not a finite number above 0.
    pub fn new(loss: &'a dyn Loss, optimizer: &'a dyn Optimizer, learning_rate: f64) -> Result<Self, SettingError> {
        let learning_rate = positive("the learning rate", learning_rate)?;
        Ok(Self { loss, optimizer, learning_rate, decay: None, grad_scale: None, only_whole_batches: false })
    }

    /// With weight decay on the parameters.
    pub fn decay(self, decay: WeightDecay) -> Self {
        Self { decay: Some(decay), ..self }
    }

    /// With GradScale on the gradient with respect to what is normalized.
    pub fn grad_scale(self, grad_scale: GradScale) -> Self {
        Self { grad_scale: Some(grad_scale), ..self }
    }

    /// Without a step on the last batch of an epoch where fewer samples are left for it than for the others.
    ///
    /// Contrastive training often wants that: among a few rows each has few others to be told from, and at a large
    /// learning rate one such step can undo many. The views of that batch are drawn all the same, so that the epochs
    /// after it make the same random choices either way.
    pub fn only_whole_batches(self) -> Self {
        Self { only_whole_batches: true, ..self }
    }
}

/// An encoder in training.
///
/// With a predictor h (SimSiam, BYOL) the loss compares h(z) of each view with the other view's z, held still:
/// L = ½ ℓ(h(z_1), z_2) + ½ ℓ(h(z_2), z_1). Then ℓ must be a loss of two views that holds the second still.
///
/// ```
/// use embedding_norms::{encoder::*, loss::SupervisedInfoNce, optimizer::GradientDescent, random::generator, training::*};
/// use ndarray::array;
/// let features = array![[1.0, 0.2], [0.9, 0.1], [-0.3, 1.0], [0.0, 1.1]];
/// let source = Labelled::new(features.view(), &[0, 0, 1, 1]);
/// let mut random = generator(0, b"example", 0);
/// let loss = SupervisedInfoNce::one_positive(1.0)?;
/// let method = Method::new(&loss, &GradientDescent, 0.1)?;
/// let mut trainer = Trainer::new(Network::draw(&[2, 8, 3], true, &mut random), method)?;
/// let before = trainer.epoch(&source, 4, &mut random)?.unwrap();
/// for _ in 0..100 {
///     trainer.epoch(&source, 4, &mut random)?;
/// }
/// assert!(trainer.epoch(&source, 4, &mut random)?.unwrap() < before);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Trainer<'a, E> {
    encoder: E,
    predictor: Option<Network>,
    method: Method<'a>,
    update: Box<dyn Update>,
    gradients: Vec<Vec<f64>>,
    steps: u64,
}

impl<'a, E: Encoder> Trainer<'a, E> {
    /// Training of this encoder.
    ///
    /// # Errors
    /// [`TrainingError::NeedsEmbeddings`] for a rule that moves directions on a sphere, if a group is a tensor;
    /// [`TrainingError::Decay`] for two weight decays above 0, inside the rule and beside it.
    pub fn new(encoder: E, method: Method<'a>) -> Result<Self, TrainingError> {
        Self::start(encoder, None, method)
    }

    /// Training of this encoder with a predictor, from embeddings to embeddings.
    ///
    /// # Errors
    /// As [`Trainer::new`]; the predictor's groups are tensors.
    pub fn with_predictor(encoder: E, predictor: Network, method: Method<'a>) -> Result<Self, TrainingError> {
        Self::start(encoder, Some(predictor), method)
    }

    fn start(encoder: E, predictor: Option<Network>, method: Method<'a>) -> Result<Self, TrainingError> {
        check_decay(method.optimizer, method.decay)?;
        let only_embeddings = encoder.groups_are_embeddings() && predictor.is_none();
        if method.optimizer.needs_embeddings() && !only_embeddings {
            return Err(TrainingError::NeedsEmbeddings { rule: method.optimizer.name() });
        }
        let predicted = predictor.iter().flat_map(|predictor| predictor.groups());
        let lengths: Vec<usize> = encoder.groups().into_iter().chain(predicted).map(<[f64]>::len).collect();
        let gradients = lengths.iter().map(|&length| vec![0.0; length]).collect();
        Ok(Self { update: method.optimizer.start(&lengths), encoder, predictor, method, gradients, steps: 0 })
    }

    /// The encoder as it is now.
    pub fn encoder(&self) -> &E {
        &self.encoder
    }

    /// The predictor as it is now, if there is one.
    pub fn predictor(&self) -> Option<&Network> {
        self.predictor.as_ref()
    }

    /// How many steps have been taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// One step on every batch of one epoch, as [`batches`] makes them; the mean of the loss over the rows of these
    /// steps, each before its step. `None` if no step was taken: no batch held anything to compare, or all were too
    /// short ([`Method::only_whole_batches`]).
    ///
    /// # Errors
    /// As [`Trainer::step`].
    pub fn epoch(
        &mut self,
        source: &dyn Source,
        batch: usize,
        generator: &mut Generator,
    ) -> Result<Option<f64>, TrainingError> {
        let (mut total, mut rows) = (0.0, 0);
        for drawn in batches(source.samples(), batch, generator) {
            let is_wanted = drawn.len() == batch || !self.method.only_whole_batches;
            if let Some(views) = source.views(&drawn, generator).filter(|_| is_wanted) {
                total += self.step(&views)? * views.rows.len() as f64;
                rows += views.rows.len();
            }
        }
        Ok((rows > 0).then(|| total / rows as f64))
    }

    /// One step on one batch; the mean of the loss over it, before the step.
    ///
    /// # Errors
    /// Embeddings that cannot be normalized, which is where a training that diverges ends, or a batch that lacks what
    /// the loss needs. The parameters are then those of before the step.
    pub fn step(&mut self, views: &Views) -> Result<f64, TrainingError> {
        self.gradients.iter_mut().for_each(|gradient| gradient.fill(0.0));
        let inputs = |features| Input { rows: &views.rows, features };
        let first = inputs(views.first.view());
        let second = views.second.as_ref().map(|second| inputs(second.view()));
        let first = (first, self.encoder.forward(first));
        let second = second.map(|second| (second, self.encoder.forward(second)));
        let split = self.encoder.groups().len();
        let (own, predicted) = self.gradients.split_at_mut(split);
        let embeddings = [Some(&first.1.embeddings), second.as_ref().map(|second| &second.1.embeddings)];
        let context = Context { method: self.method, views, steps: self.steps };
        let (loss, upstream) = match &self.predictor {
            None => context.compared(embeddings)?,
            Some(predictor) => context.predicted(predictor, embeddings, predicted)?,
        };
        for ((input, pass), upstream) in std::iter::once(&first).chain(&second).zip(&upstream) {
            self.encoder.backward(*input, pass, upstream.view(), own);
        }
        self.update();
        Ok(loss)
    }

    fn update(&mut self) {
        let rate = self.method.learning_rate;
        let predicted = self.predictor.iter_mut().flat_map(|predictor| predictor.groups_mut());
        let groups = self.encoder.groups_mut().into_iter().chain(predicted);
        for (group, (parameters, gradient)) in groups.zip(&mut self.gradients).enumerate() {
            if let Some(decay) = self.method.decay {
                decay.add_to_gradient(parameters, gradient);
                decay.shrink(rate, parameters);
            }
            self.update.step(group, rate, parameters, gradient);
        }
        self.steps += 1;
    }
}

/// What the gradient of a batch depends on beside the embeddings.
struct Context<'a> {
    method: Method<'a>,
    views: &'a Views,
    steps: u64,
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
    fn compared(&self, embeddings: [Option<&Array2<f64>>; 2]) -> Result<(f64, Vec<Array2<f64>>), TrainingError> {
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
        Ok((evaluation.mean(), gradients.collect()))
    }

    /// The loss of each view's prediction of the other, held still, and its gradients through the predictor.
    fn predicted(
        &self,
        predictor: &Network,
        embeddings: [Option<&Array2<f64>>; 2],
        gradients: &mut [Vec<f64>],
    ) -> Result<(f64, Vec<Array2<f64>>), TrainingError> {
        let loss = self.method.loss;
        let [Some(first), Some(second)] = embeddings else {
            return Err(LossError::NeedsTwoViews { loss: loss.name() }.into());
        };
        let (mut total, mut upstream) = (0.0, Vec::new());
        for (own, other) in [(first, second), (second, first)] {
            let pass: Pass = predictor.forward(Input { rows: &self.views.rows, features: own.view() });
            let (prediction, target) = (self.directions(&pass.embeddings)?, self.directions(other)?);
            let evaluation = loss.evaluate(&Batch::two_views(&prediction, &target)?)?;
            let weight = 0.5 / evaluation.rows as f64;
            total += 0.5 * evaluation.mean();
            let slope = self.through_norm(&prediction, evaluation.first.view(), weight);
            upstream.push(predictor.backward_to_features(own.view(), &pass, slope.view(), gradients));
        }
        Ok((total, upstream))
    }
}
