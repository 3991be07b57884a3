//! How an encoder is trained, and why it may not be.

use super::schedule::{Clipping, Schedule};
use crate::loss::{Loss, LossError};
use crate::normalization::GradScale;
use crate::optimizer::{Optimizer, TwoDecays, WeightDecay};
use crate::setting::{SettingError, positive};
use crate::sphere::SphereError;

/// How an encoder is trained.
#[derive(Clone, Copy)]
pub struct Method<'a> {
    pub(super) loss: &'a dyn Loss,
    pub(super) optimizer: &'a dyn Optimizer,
    pub(super) learning_rate: f64,
    pub(super) schedule: Schedule,
    pub(super) clipping: Option<Clipping>,
    pub(super) decay: Option<WeightDecay>,
    pub(super) grad_scale: Option<GradScale>,
    pub(super) only_whole_batches: bool,
}

/// A training that cannot begin, or cannot go on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
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
    /// Not one rate factor for each group.
    #[error("there are {factors} factors of the learning rate for {groups} groups of parameters: give one for each")]
    RateFactors {
        /// How many factors there are.
        factors: usize,
        /// How many groups there are.
        groups: usize,
    },
    /// A checkpoint of another training.
    #[error("the checkpoint holds {found} numbers, and this training has {needed}: it is of another training")]
    Checkpoint {
        /// How many numbers it holds.
        found: usize,
        /// How many change in this training.
        needed: usize,
    },
    /// A rule that cannot go on from a checkpoint.
    #[error("{rule} cannot go on from a checkpoint: take gradient-descent, heavy-ball or nesterov")]
    NoCheckpoints {
        /// The rule.
        rule: &'static str,
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
        Ok(Self {
            loss,
            optimizer,
            learning_rate,
            schedule: Schedule::constant(),
            clipping: None,
            decay: None,
            grad_scale: None,
            only_whole_batches: false,
        })
    }

    /// With a learning rate that changes over the steps; the one given before is the largest.
    pub fn schedule(self, schedule: Schedule) -> Self {
        Self { schedule, ..self }
    }

    /// With gradients clipped, before weight decay is added to them.
    pub fn clipping(self, clipping: Clipping) -> Self {
        Self { clipping: Some(clipping), ..self }
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
    /// Contrastive training often wants that: among a few rows each has few negatives, and at a large learning rate one
    /// such step can undo many. The views of that batch are drawn all the same, so that the epochs after it make the
    /// same random choices either way.
    pub fn only_whole_batches(self) -> Self {
        Self { only_whole_batches: true, ..self }
    }
}
