//! One step of training, and an epoch of them.

use ndarray::Array2;

use super::batches::batches;
use super::method::{Method, TrainingError};
use super::objective::Context;
use super::source::{Source, Views};
use crate::encoder::{Encoder, Input, Network, Pass};
use crate::optimizer::{Update, check_decay};
use crate::random::Generator;
use crate::setting::{positive, within};

/// An encoder in training.
///
/// With a predictor h (SimSiam) the loss compares h(z) of each view with the other view's z, held still:
/// L = ½ ℓ(h(z_1), z_2) + ½ ℓ(h(z_2), z_1). Then ℓ must be a loss of two views that holds the second still. With a target
/// (BYOL) it compares h(z) with the other view's embedding by a second encoder, whose parameters ξ follow those of the
/// first: ξ ← mξ + (1 − m)θ after every step.
///
/// A step is one in training: batch normalizations use the statistics of each view's batch, and take them into their
/// running statistics. [`Encoder::embed`] uses these.
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
    target: Option<Target<E>>,
    method: Method<'a>,
    update: Box<dyn Update>,
    gradients: Vec<Vec<f64>>,
    /// By what the learning rate of each group is multiplied.
    rate_factors: Vec<f64>,
    steps: u64,
}

/// An encoder whose parameters are a moving average of another's.
struct Target<E> {
    encoder: E,
    /// The share m that stays at each step.
    momentum: f64,
}

impl<E: Encoder> Target<E> {
    /// ξ ← mξ + (1 − m)θ. Running statistics are the target's own.
    fn follow(&mut self, encoder: &E) {
        for (own, other) in self.encoder.groups_mut().into_iter().zip(encoder.groups()) {
            move_towards(own, other, self.momentum);
        }
    }
}

// Not generic, so that they are compiled with the library and not again with what trains an encoder of its own.

/// ξ ← mξ + (1 − m)θ.
fn move_towards(own: &mut [f64], other: &[f64], momentum: f64) {
    for (own, other) in own.iter_mut().zip(other) {
        *own = momentum * *own + (1.0 - momentum) * other;
    }
}

fn clear(gradients: &mut [Vec<f64>]) {
    gradients.iter_mut().for_each(|gradient| gradient.fill(0.0));
}

impl<'a, E: Encoder + Clone> Trainer<'a, E> {
    /// Training of this encoder with a predictor of what a target embeds: a copy of the encoder at the start, of whose
    /// parameters the share m stays at each step (BYOL's starts from m = 0.996).
    ///
    /// # Errors
    /// As [`Trainer::with_predictor`]; a share outside [0, 1].
    pub fn with_target(
        encoder: E,
        predictor: Network,
        momentum: f64,
        method: Method<'a>,
    ) -> Result<Self, TrainingError> {
        let valid = (0.0..=1.0).contains(&momentum);
        let momentum = within("the momentum of the target", momentum, valid, "from 0 to 1")?;
        let target = Some(Target { encoder: encoder.clone(), momentum });
        Ok(Self { target, ..Self::start(encoder, Some(predictor), method)? })
    }
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
        let rate_factors = vec![1.0; lengths.len()];
        let update = method.optimizer.start(&lengths);
        Ok(Self { update, encoder, predictor, target: None, method, gradients, rate_factors, steps: 0 })
    }

    /// With groups of their own learning rates: the rate of each group is multiplied by its factor. The groups are those of
    /// the encoder, then those of the predictor. Weight decay goes with the rate of its group, as in PyTorch.
    ///
    /// # Errors
    /// [`TrainingError::RateFactors`] unless there is one factor for each group; a factor that is not finite and above 0.
    pub fn rate_factors(self, factors: &[f64]) -> Result<Self, TrainingError> {
        if factors.len() != self.gradients.len() {
            return Err(TrainingError::RateFactors { factors: factors.len(), groups: self.gradients.len() });
        }
        let checked = factors.iter().map(|&factor| positive("a factor of the learning rate", factor));
        Ok(Self { rate_factors: checked.collect::<Result<_, _>>()?, ..self })
    }

    /// The encoder as it is now.
    pub fn encoder(&self) -> &E {
        &self.encoder
    }

    /// The predictor as it is now, if there is one.
    pub fn predictor(&self) -> Option<&Network> {
        self.predictor.as_ref()
    }

    /// The target as it is now, if there is one.
    pub fn target(&self) -> Option<&E> {
        self.target.as_ref().map(|target| &target.encoder)
    }

    /// Takes another learning rate from the next step on, as in a range test.
    ///
    /// # Errors
    /// A learning rate that is not a finite number above 0.
    pub fn set_learning_rate(&mut self, learning_rate: f64) -> Result<(), TrainingError> {
        self.method.learning_rate = positive("the learning rate", learning_rate)?;
        Ok(())
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
        let only_whole = self.method.only_whole_batches;
        let batches = batches(source.samples(), batch, generator).into_iter();
        let mut drawn = batches.map(|drawn| {
            let is_wanted = drawn.len() == batch || !only_whole;
            source.views(&drawn, generator).filter(|_| is_wanted)
        });
        let mut next = drawn.next();
        while let Some(views) = next {
            // The next batch is drawn beside the step.
            let step = || views.as_ref().map(|views| self.step(views)).transpose();
            let (loss, after) = rayon::join(step, || drawn.next());
            if let (Some(loss), Some(views)) = (loss?, &views) {
                total += loss * views.rows.len() as f64;
                rows += views.rows.len();
            }
            next = after;
        }
        Ok((rows > 0).then(|| total / rows as f64))
    }

    /// One step on one batch; the mean of the loss over it, before the step.
    ///
    /// # Errors
    /// Embeddings that cannot be normalized, which is where a training that diverges ends, or a batch that lacks what
    /// the loss needs. The parameters are then those of before the step.
    pub fn step(&mut self, views: &Views) -> Result<f64, TrainingError> {
        clear(&mut self.gradients);
        let inputs = |features| Input { rows: &views.rows, features };
        let first = inputs(views.first.view());
        let second = views.second.as_ref().map(|second| inputs(second.view()));
        let each: Vec<Input<'_>> = std::iter::once(first).chain(second).collect();
        let passes = through(&self.encoder, &each);
        let targets = self.target.as_ref().map(|target| through(&target.encoder, &each));
        let split = self.encoder.groups().len();
        let (own, predicted) = self.gradients.split_at_mut(split);
        let context = Context { method: self.method, views, steps: self.steps };
        let objective = match &self.predictor {
            None => context.compared(embeddings(&passes))?,
            Some(predictor) => {
                let targets = embeddings(targets.as_ref().unwrap_or(&passes));
                context.predicted(predictor, embeddings(&passes), targets, predicted)?
            }
        };
        for ((input, pass), upstream) in each.iter().zip(&passes).zip(&objective.upstream) {
            self.encoder.backward(*input, pass, upstream.view(), own);
        }
        self.remember(&passes, &objective.predicted, targets.as_deref().unwrap_or_default());
        self.update();
        if let Some(target) = &mut self.target {
            target.follow(&self.encoder);
        }
        Ok(objective.loss)
    }

    /// Takes the statistics of the batch into the running ones, in the order of the passes.
    fn remember(&mut self, own: &[Pass], predicted: &[Pass], targets: &[Pass]) {
        own.iter().for_each(|pass| self.encoder.remember(pass));
        if let Some(predictor) = &mut self.predictor {
            predicted.iter().for_each(|pass| predictor.remember(pass));
        }
        if let Some(target) = &mut self.target {
            targets.iter().for_each(|pass| target.encoder.remember(pass));
        }
    }

    fn update(&mut self) {
        let common = self.method.learning_rate * self.method.schedule.share(self.steps);
        if let Some(clipping) = self.method.clipping {
            clipping.apply(&mut self.gradients);
        }
        let predicted = self.predictor.iter_mut().flat_map(|predictor| predictor.groups_mut());
        let groups = self.encoder.groups_mut().into_iter().chain(predicted);
        for (group, (parameters, gradient)) in groups.zip(&mut self.gradients).enumerate() {
            let rate = common * self.rate_factors[group];
            if let Some(decay) = self.method.decay {
                decay.add_to_gradient(parameters, gradient);
                decay.shrink(rate, parameters);
            }
            self.update.step(group, rate, parameters, gradient);
        }
        self.steps += 1;
    }
}

impl Trainer<'_, Network> {
    /// The number of steps, and all other numbers that change in a step.
    pub(super) fn state_mut(&mut self) -> Result<(&mut u64, Vec<&mut [f64]>), TrainingError> {
        let rule = self.method.optimizer.name();
        let memory = self.update.memory_mut().ok_or(TrainingError::NoCheckpoints { rule })?;
        let target = self.target.as_mut().map(|target| &mut target.encoder);
        let networks = std::iter::once(&mut self.encoder).chain(&mut self.predictor).chain(target);
        Ok((&mut self.steps, networks.flat_map(Network::state_mut).chain(memory).collect()))
    }
}

/// The passes of the views of a batch, side by side.
fn through<E: Encoder>(encoder: &E, inputs: &[Input<'_>]) -> Vec<Pass> {
    let forward = |input: &Input<'_>| encoder.forward(*input);
    match inputs {
        [first, second] => {
            let (first, second) = rayon::join(|| forward(first), || forward(second));
            vec![first, second]
        }
        inputs => inputs.iter().map(forward).collect(),
    }
}

/// The embeddings of the views of a batch.
fn embeddings(passes: &[Pass]) -> [Option<&Array2<f64>>; 2] {
    [0, 1].map(|view| passes.get(view).map(|pass| &pass.embeddings))
}
