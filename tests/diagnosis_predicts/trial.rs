//! Trainings with and without a lever: how many steps to an accuracy, and the checkpoints that are diagnosed.

use embedding_norms::confidence::Neighbours;
use embedding_norms::encoder::{Encoder, Input, Network};
use embedding_norms::normalization::GradScale;
use embedding_norms::optimizer::GradientDescent;
use embedding_norms::random::generator;
use embedding_norms::sphere::normalize;
use embedding_norms::training::{Method, Trainer, batches};
use ndarray::Array2;

use super::task::Task;

/// What is done to a training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lever {
    None,
    Cut(f64),
    GradScale(f64),
}

impl Lever {
    pub fn name(self) -> String {
        match self {
            Self::None => "none".to_owned(),
            Self::Cut(c) => format!("cut {c:.3}"),
            Self::GradScale(p) => format!("GradScale {p}"),
        }
    }
}

/// What a training leaves.
pub struct Run {
    /// Accuracy by steps, from 0 on.
    pub accuracy: Vec<(u64, f64)>,
    /// The probes' embeddings before and after the first step, and the positives' before.
    pub checkpoints: [Array2<f64>; 3],
}

/// How long trainings are.
#[derive(Clone, Copy, Debug)]
pub struct Length {
    pub steps: u64,
    pub batch: usize,
}

fn embed(network: &Network, features: &Array2<f64>) -> Array2<f64> {
    let rows: Vec<usize> = (0..features.nrows()).collect();
    network.embed(Input { rows: &rows, features: features.view() })
}

/// 10-NN accuracy of the test among the samples; none where embeddings have stopped being numbers.
fn accuracy(task: &Task, network: &Network) -> Option<f64> {
    let [(training, own), (test, asked)] = task.parts();
    let (queries, base) = (embed(network, &test), embed(network, &training));
    normalize(queries.view()).ok()?;
    Neighbours::between(queries.view(), base.view(), 10).ok()?.accuracy(asked, own).ok()
}

pub fn train(task: &Task, lever: Lever, rate: f64, length: Length, seed: u64) -> Run {
    let mut network = task.network();
    let loss = task.loss();
    let mut method = Method::new(&*loss, &GradientDescent, rate).unwrap();
    match lever {
        Lever::None => {}
        Lever::Cut(c) => network.cut(c).unwrap(),
        Lever::GradScale(power) => method = method.grad_scale(GradScale::new(power).unwrap()),
    }
    let [probes, positives] = task.probes();
    let before = embed(&network, &probes);
    let mut after = before.clone();
    let partners = embed(&network, &positives);
    let mut trainer = Trainer::new(network, method).unwrap();
    let mut random = generator(seed, b"diagnosing/training", 0);
    let mut records = vec![(0, accuracy(task, trainer.encoder()).unwrap())];
    let mut next = 1.0_f64;
    'run: while trainer.steps() < length.steps {
        for rows in batches(task.parts()[0].1.len(), length.batch, &mut random) {
            let Some(views) = task.views(&rows, &mut random) else { continue };
            if trainer.step(&views).is_err() {
                break 'run;
            }
            let steps = trainer.steps();
            if steps == 1 {
                after = embed(trainer.encoder(), &probes);
            }
            if steps as f64 >= next.round() {
                let Some(accuracy) = accuracy(task, trainer.encoder()) else { break 'run };
                records.push((steps, accuracy));
                next = (next * std::f64::consts::SQRT_2).max(next + 1.0);
            }
            if steps >= length.steps {
                break 'run;
            }
        }
    }
    Run { accuracy: records, checkpoints: [before, after, partners] }
}

impl Run {
    pub fn untrained(&self) -> f64 {
        self.accuracy[0].1
    }

    pub fn best(&self) -> f64 {
        self.accuracy.iter().fold(0.0, |best, record| best.max(record.1))
    }

    /// Steps to an accuracy, between two measurements in proportion to the logarithm of the step; from where it stays
    /// reached at the next measurement too, so that a lucky one does not count.
    pub fn steps_to(&self, target: f64) -> Option<f64> {
        let records = &self.accuracy[1..];
        let stays = |at: usize| records[at..].iter().take(2).all(|record| record.1 >= target);
        let at = (0..records.len()).find(|&at| stays(at))?;
        let (step, accuracy) = records[at];
        if at == 0 || records[at - 1].1 >= target {
            return Some(step as f64);
        }
        let (earlier, lower) = records[at - 1];
        let share = (target - lower) / (accuracy - lower);
        let (low, high) = ((earlier as f64).ln(), (step as f64).ln());
        Some((low + share * (high - low)).exp())
    }
}
