//! How networks of a task are trained: plain descent, or as the paper trains networks with batch normalization.

use embedding_norms::encoder::Network;
use embedding_norms::loss::Loss;
use embedding_norms::optimizer::{GradientDescent, HeavyBall, Optimizer, WeightDecay};
use embedding_norms::training::{Method, Schedule, Trainer};

use super::lever::Lever;
use super::task::Task;
use crate::cli::failure::Failure;

/// Momentum of heavy ball.
const MOMENTUM: f64 = 0.9;
/// Weight decay added to the gradient, the paper's.
const DECAY: f64 = 5e-4;
/// The share of the steps over which the learning rate rises.
const WARM_UP: f64 = 0.1;
/// The share of BYOL's target that stays at each step: short trainings need a shorter memory than the published 0.996.
const TARGET: f64 = 0.99;

/// A way of training.
pub struct Recipe {
    optimizer: Box<dyn Optimizer>,
    decay: Option<WeightDecay>,
    schedule: Schedule,
    /// The momentum of the target, if there is one.
    target: Option<f64>,
}

impl Recipe {
    /// That of a task, for a training of so many steps.
    pub fn new(task: Task, steps: u64) -> Result<Self, Failure> {
        if !task.is_normalized() {
            let schedule = Schedule::constant();
            return Ok(Self { optimizer: Box::new(GradientDescent), decay: None, schedule, target: None });
        }
        Ok(Self {
            optimizer: Box::new(HeavyBall::new(MOMENTUM)?),
            decay: Some(WeightDecay::coupled(DECAY)?),
            schedule: Schedule::constant().warm_up((WARM_UP * steps as f64) as u64).cosine(steps, 0.0)?,
            target: task.has_target().then_some(TARGET),
        })
    }

    /// A training under a lever.
    pub fn trainer<'a>(
        &'a self,
        lever: Lever,
        rate: f64,
        loss: &'a dyn Loss,
        (encoder, predictor): (Network, Option<Network>),
    ) -> Result<Trainer<'a, Network>, Failure> {
        let method = Method::new(loss, &*self.optimizer, rate)?.schedule(self.schedule);
        let method = lever.change(self.decay.map_or(method, |decay| method.decay(decay)))?;
        Ok(match (predictor, self.target) {
            (None, _) => Trainer::new(encoder, method)?,
            (Some(predictor), None) => Trainer::with_predictor(encoder, predictor, method)?,
            (Some(predictor), Some(momentum)) => Trainer::with_target(encoder, predictor, momentum, method)?,
        })
    }
}
