//! What is trained: data, views, loss and network, small enough to be trained many times.

use embedding_norms::data::augmentation::Augmentation;
use embedding_norms::data::digits::{Digits, SIDE};
use embedding_norms::data::mixture::Mixture;
use embedding_norms::encoder::Network;
use embedding_norms::loss::{Loss, NtXent, SupervisedInfoNce};
use embedding_norms::random::{Generator, generator};
use embedding_norms::training::{Labelled, Source, TwoViews, Views, batches, draw_positives};
use ndarray::{Array2, ArrayView1, ArrayViewMut1, Axis, s};

/// A kind of task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A spherical mixture of four classes, supervised InfoNCE with one positive.
    Mixture,
    /// Digits in two views, NT-Xent.
    Digits,
    /// The digits with PyTorch's biases.
    DigitsBiases,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Mixture => "mixture",
            Self::Digits => "digits",
            Self::DigitsBiases => "digits, biases",
        }
    }
}

/// A task of one seed.
pub struct Task {
    pub kind: Kind,
    features: Array2<f64>,
    labels: Vec<usize>,
    training: usize,
    seed: u64,
}

impl Task {
    pub fn draw(kind: Kind, training: usize, test: usize, seed: u64) -> Self {
        let mut random = generator(seed, b"diagnosing/data", 0);
        let (features, labels) = match kind {
            Kind::Mixture => {
                let mixture = Mixture::new(&[1.0; 4], 0.5, 10).unwrap().observed(64, 1.0).unwrap();
                let drawn = mixture.draw(training + test, &mut random).unwrap();
                (drawn.features, drawn.labels)
            }
            _ => {
                let digits = Digits::load().unwrap();
                let order = batches(digits.labels().len(), training + test, &mut random).remove(0);
                let images = digits.images().select(Axis(0), &order);
                let mean = images.mean_axis(Axis(0)).unwrap();
                (images - &mean, order.iter().map(|&image| digits.labels()[image]).collect())
            }
        };
        Self { kind, features, labels, training, seed }
    }

    pub fn network(&self) -> Network {
        let widths: &[usize] = if self.kind == Kind::Mixture { &[64, 32, 10] } else { &[64, 64, 16] };
        Network::draw(widths, self.kind == Kind::DigitsBiases, &mut generator(self.seed, b"diagnosing/network", 0))
    }

    pub fn loss(&self) -> Box<dyn Loss> {
        match self.kind {
            Kind::Mixture => Box::new(SupervisedInfoNce::one_positive(1.0).unwrap()),
            _ => Box::new(NtXent::new(0.5).unwrap()),
        }
    }

    /// Features and labels of the samples to train on, and of the test.
    pub fn parts(&self) -> [(Array2<f64>, &[usize]); 2] {
        let n = self.training;
        let part = |rows| self.features.slice(rows).to_owned();
        [(part(s![..n, ..]), &self.labels[..n]), (part(s![n.., ..]), &self.labels[n..])]
    }

    /// Test samples and positives of them, as features.
    pub fn probes(&self) -> [Array2<f64>; 2] {
        let mut random = generator(self.seed, b"diagnosing/probes", 0);
        let [_, (test, labels)] = self.parts();
        if self.kind == Kind::Mixture {
            let drawn = draw_positives(labels, &mut random);
            let rows: Vec<usize> = (0..labels.len()).filter(|&row| drawn[row].is_some()).collect();
            let partners: Vec<usize> = drawn.into_iter().flatten().collect();
            return [test.select(Axis(0), &rows), test.select(Axis(0), &partners)];
        }
        let rows: Vec<usize> = (0..labels.len()).collect();
        let views = self.augmented(&test).views(&rows, &mut random).unwrap();
        [views.first, views.second.unwrap()]
    }

    /// A batch to train on.
    pub fn views(&self, rows: &[usize], random: &mut Generator) -> Option<Views> {
        let [(features, labels), _] = self.parts();
        match self.kind {
            Kind::Mixture => Labelled::new(features.view(), labels).views(rows, random),
            _ => self.augmented(&features).views(rows, random),
        }
    }

    fn augmented<'a>(
        &self,
        features: &'a Array2<f64>,
    ) -> TwoViews<'a, impl Fn(ArrayView1<'_, f64>, ArrayViewMut1<'_, f64>, &mut Generator) + Sync + use<'a>> {
        let views = Augmentation::none(SIDE).unwrap().rotation(0.2).unwrap().shift(0.5).unwrap();
        let views = views.scale(0.1).unwrap().noise(0.1).unwrap();
        TwoViews::new(features.view(), move |image, view, random: &mut Generator| views.view(image, view, random))
    }
}
