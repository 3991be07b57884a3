//! Trainings with and without a lever: what is learned by which step, and the checkpoints that are diagnosed.

use embedding_norms::encoder::{Encoder, Network};
use embedding_norms::normalization::GradScale;
use embedding_norms::optimizer::entry;
use embedding_norms::rules::pieces;
use embedding_norms::theory::encoders::Cut;
use embedding_norms::training::{Method, Trainer};
use ndarray::Array2;

use super::cell::Cell;
use super::task::Task;

/// What is done to a training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lever {
    None,
    /// The learning rate times this.
    Rate(f64),
    /// Every parameter divided by this.
    Cut(f64),
    /// The cut that keeps proportions: tensors divided by powers of this, biases trained at rates of their own.
    CutByLayer(f64),
    GradScale(f64),
}

/// What is known after some steps.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    pub step: u64,
    pub loss: f64,
    pub accuracy: f64,
}

/// What a training leaves.
pub struct Run {
    pub records: Vec<Record>,
    /// The probes' embeddings before and after the first step, and the positives' before.
    pub checkpoints: [Array2<f64>; 3],
}

/// How the model scales, from its layers.
pub fn scaling(network: &Network) -> Cut {
    Cut::of(&pieces(network.layers())).unwrap()
}

/// Trains a network of a seed.
pub fn train(task: &Task, cell: &Cell, lever: Lever, rate: f64, seed: u64) -> Run {
    let mut network = cell.draw(seed);
    let entry = entry(cell.rule).unwrap();
    let (loss, rule) = (task.loss(), entry.with_defaults());
    let rate = if let Lever::Rate(factor) = lever { rate * factor } else { rate };
    let mut method = Method::new(&*loss, &*rule, rate).unwrap();
    let mut factors = vec![1.0; network.groups().len()];
    match lever {
        Lever::None | Lever::Rate(_) => {}
        Lever::Cut(c) => network.cut(c).unwrap(),
        Lever::CutByLayer(c) => {
            let cut = scaling(&network);
            let divisors: Vec<f64> = cut.powers.iter().map(|&power| c.powi(power as i32)).collect();
            network.cut_each(&divisors).unwrap();
            let same = cut.equivalent(&embedding_norms::rules::scaling(entry), 0.0, None);
            factors = cut.powers.iter().map(|&power| c.powf(same.rate_exponent_of(power))).collect();
        }
        Lever::GradScale(power) => method = method.grad_scale(GradScale::new(power).unwrap()),
    }
    let [probes, positives] = task.probes();
    let before = network.embed_batch(probes.view());
    let partners = network.embed_batch(positives.view());
    let mut after = before.clone();
    let record = |step: u64, network: &Network| {
        let (loss, accuracy) = (task.held_out_loss(network)?, task.accuracy(network)?);
        loss.is_finite().then_some(Record { step, loss, accuracy })
    };
    let mut records = vec![record(0, &network).unwrap()];
    let mut trainer = Trainer::new(network, method).unwrap().rate_factors(&factors).unwrap();
    let mut next = 1.0_f64;
    for views in &task.batches {
        if trainer.step(views).is_err() {
            break;
        }
        let steps = trainer.steps();
        if steps == 1 {
            after = trainer.encoder().embed_batch(probes.view());
        }
        if steps as f64 >= next.round() {
            let Some(now) = record(steps, trainer.encoder()) else { break };
            records.push(now);
            next = (next * std::f64::consts::SQRT_2).max(next + 1.0);
        }
    }
    Run { records, checkpoints: [before, after, partners] }
}

impl Run {
    /// The first step by which a value has fallen to a target, between two records in proportion to the logarithm of the
    /// step; from where it stays there at the next record too, so that a lucky one does not count.
    pub fn steps_to(&self, target: f64, value: impl Fn(&Record) -> f64) -> Option<f64> {
        let records = &self.records[1..];
        let stays = |at: usize| records[at..].iter().take(2).all(|record| value(record) <= target);
        let at = (0..records.len()).find(|&at| stays(at))?;
        let (step, reached) = (records[at].step as f64, value(&records[at]));
        if at == 0 || value(&records[at - 1]) <= target {
            return Some(step);
        }
        let (earlier, higher) = (records[at - 1].step as f64, value(&records[at - 1]));
        let share = (higher - target) / (higher - reached);
        Some((earlier.ln() + share * (step.ln() - earlier.ln())).exp())
    }

    /// The lowest value from which it does not rise at once again.
    pub fn lowest(&self, value: impl Fn(&Record) -> f64) -> f64 {
        let values: Vec<f64> = self.records.iter().map(value).collect();
        let kept = values.windows(2).map(|pair| pair[0].max(pair[1]));
        kept.fold(values[0], f64::min)
    }
}
