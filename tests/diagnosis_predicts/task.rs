//! What is trained: data, views and loss, drawn once for a seed and shared by every training.

use embedding_norms::confidence::Neighbours;
use embedding_norms::data::augmentation::Augmentation;
use embedding_norms::data::digits::{Digits, SIDE};
use embedding_norms::data::mixture::Mixture;
use embedding_norms::encoder::Network;
use embedding_norms::loss::{Batch, Loss, NtXent, SupervisedInfoNce};
use embedding_norms::random::{Generator, generator};
use embedding_norms::sphere::normalize;
use embedding_norms::training::{Labelled, Source, TwoViews, Views, batches};
use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut1, Axis, s};

/// A kind of task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A spherical mixture of four classes, supervised InfoNCE with one positive.
    Mixture,
    /// Digits in two views, NT-Xent.
    Digits,
}

impl Kind {
    pub const ALL: [Self; 2] = [Self::Mixture, Self::Digits];

    pub fn name(self) -> &'static str {
        match self {
            Self::Mixture => "mixture",
            Self::Digits => "digits",
        }
    }
}

/// Samples to train on, and of the test.
const SAMPLES: (usize, usize) = (256, 128);

/// Rows of a batch.
const BATCH: usize = 64;

/// A task of one seed.
pub struct Task {
    pub kind: Kind,
    features: Array2<f64>,
    labels: Vec<usize>,
    /// The batches of all steps.
    pub batches: Vec<Views>,
    /// Fixed views of the test.
    pub held_out: Views,
}

impl Task {
    pub fn draw(kind: Kind, steps: usize, seed: u64) -> Self {
        let mut random = generator(seed, b"diagnosing/data", 0);
        let total = SAMPLES.0 + SAMPLES.1;
        let (features, labels) = match kind {
            Kind::Mixture => {
                let mixture = Mixture::new(&[1.0; 4], 0.5, 10).unwrap().observed(64, 1.0).unwrap();
                let drawn = mixture.draw(total, &mut random).unwrap();
                (drawn.features, drawn.labels)
            }
            Kind::Digits => {
                let digits = Digits::load().unwrap();
                let order = batches(digits.labels().len(), total, &mut random).remove(0);
                let images = digits.images().select(Axis(0), &order);
                let mean = images.mean_axis(Axis(0)).unwrap();
                (images - &mean, order.iter().map(|&image| digits.labels()[image]).collect())
            }
        };
        let (own, other) = (features.slice(s![..SAMPLES.0, ..]), features.slice(s![SAMPLES.0.., ..]));
        let mut random = generator(seed, b"diagnosing/batches", 0);
        let mut drawn = Vec::new();
        while drawn.len() < steps {
            for rows in batches(SAMPLES.0, BATCH, &mut random) {
                drawn.extend(views(kind, own, &labels[..SAMPLES.0], &rows, &mut random));
            }
        }
        drawn.truncate(steps);
        let rows: Vec<usize> = (0..SAMPLES.1).collect();
        let mut random = generator(seed, b"diagnosing/probes", 0);
        let held_out = views(kind, other, &labels[SAMPLES.0..], &rows, &mut random).unwrap();
        Self { kind, batches: drawn, held_out, features, labels }
    }

    pub fn loss(&self) -> Box<dyn Loss> {
        match self.kind {
            Kind::Mixture => Box::new(SupervisedInfoNce::one_positive(1.0).unwrap()),
            Kind::Digits => Box::new(NtXent::new(0.5).unwrap()),
        }
    }

    /// Fixed samples, and the positives of them, as features.
    pub fn probes(&self) -> [Array2<f64>; 2] {
        let Views { first, second, positives, .. } = &self.held_out;
        match (second, positives) {
            (Some(second), _) => [first.clone(), second.clone()],
            (None, Some(positives)) => [first.clone(), first.select(Axis(0), positives)],
            (None, None) => unreachable!("a task has positives"),
        }
    }

    /// The mean loss of the fixed views; none where embeddings have stopped being numbers.
    pub fn held_out_loss(&self, network: &Network) -> Option<f64> {
        let views = &self.held_out;
        let directions = |features: &Array2<f64>| normalize(network.embed_batch(features.view()).view()).ok();
        let first = directions(&views.first)?;
        let second = match &views.second {
            Some(second) => Some(directions(second)?),
            None => None,
        };
        let batch = match &second {
            Some(second) => Batch::two_views(&first, second).ok()?,
            None => Batch::one_view(&first).ok()?,
        };
        let batch = match (&views.labels, &views.positives) {
            (Some(labels), Some(positives)) => batch.with_labels(labels).ok()?.with_positives(positives).ok()?,
            _ => batch,
        };
        Some(self.loss().evaluate(&batch).ok()?.mean())
    }

    /// 10-NN accuracy of the test among the samples; none where embeddings have stopped being numbers.
    pub fn accuracy(&self, network: &Network) -> Option<f64> {
        let embed = |rows: ArrayView2<'_, f64>| network.embed_batch(rows);
        let queries = embed(self.features.slice(s![SAMPLES.0.., ..]));
        let base = embed(self.features.slice(s![..SAMPLES.0, ..]));
        normalize(queries.view()).ok()?;
        let (asked, own) = (&self.labels[SAMPLES.0..], &self.labels[..SAMPLES.0]);
        Neighbours::between(queries.view(), base.view(), 10).ok()?.accuracy(asked, own).ok()
    }
}

fn views(
    kind: Kind,
    features: ArrayView2<'_, f64>,
    labels: &[usize],
    rows: &[usize],
    random: &mut Generator,
) -> Option<Views> {
    if kind == Kind::Mixture {
        return Labelled::new(features, labels).views(rows, random);
    }
    let change = Augmentation::none(SIDE).unwrap().rotation(0.2).unwrap().shift(0.5).unwrap();
    let change = change.scale(0.1).unwrap().noise(0.1).unwrap();
    let view = |image: ArrayView1<'_, f64>, view: ArrayViewMut1<'_, f64>, numbers: &mut Generator| {
        change.view(image, view, numbers);
    };
    TwoViews::new(features, view).views(rows, random)
}
