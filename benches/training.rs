//! What the training of an encoder costs: one training of the class imbalance, as the paper has it, and with batch
//! normalization; steps of SimCLR on images.

mod instructions;

use criterion::{Criterion, criterion_group};
use embedding_norms::data::mixture::Mixture;
use embedding_norms::data::photo::PhotoViews;
use embedding_norms::encoder::{Network, Perceptron, Precision};
use embedding_norms::loss::{NtXent, SupervisedInfoNce};
use embedding_norms::optimizer::{GradientDescent, HeavyBall};
use embedding_norms::random::{Generator, generator};
use embedding_norms::training::{Labelled, Method, Trainer, TwoViews};
use ndarray::{Array2, ArrayView1, ArrayViewMut1};
use rand::Rng;

const EPOCHS: usize = 100;

/// 2000 points in R^64 of four classes, a network with 64 hidden units and 10 outputs, 100 epochs of batches of 128.
fn class_imbalance(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("training");
    group.sample_size(10);
    let mixture = Mixture::new(&[1.0, 2.0, 4.0, 8.0], 1.0, 10).and_then(|mixture| mixture.observed(64, 10.0));
    let drawn = mixture.expect("a mixture").draw(2000, &mut generator(1, b"bench", 3)).expect("directions");
    let source = Labelled::new(drawn.features.view(), &drawn.labels);
    let loss = SupervisedInfoNce::one_positive(1.0).expect("a temperature");
    let widths = [64, 64, 10];
    let normalized = Perceptron::new(&widths).without_biases().batch_norm().normalized_outputs();
    let mut train = |name: &str, draw: &dyn Fn(&mut Generator) -> Network| {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut generator = generator(1, b"bench", 4);
                let method = Method::new(&loss, &GradientDescent, 0.01).expect("a learning rate");
                let network = draw(&mut generator);
                let mut trainer = Trainer::new(network, method).expect("tensors may be moved");
                (0..EPOCHS).for_each(|_| {
                    trainer.epoch(&source, 128, &mut generator).expect("embeddings have directions");
                });
                trainer
            });
        });
    };
    train("class imbalance", &|generator| Network::draw(&widths, true, generator));
    train("class imbalance, batch norm", &|generator| normalized.draw(generator));
    group.finish();
}

/// Images of 28 × 28 pixels in a tenth of an epoch of 60,000.
const IMAGES: usize = 12 * 512;

/// 12 steps of SimCLR on views of 512 images each: a perceptron 784-512-512-128 with batch normalization, NT-Xent,
/// its products of matrices in double and in single precision.
fn simclr(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("training");
    group.sample_size(10);
    let mut numbers = generator(1, b"bench", 5);
    let images = Array2::from_shape_fn((IMAGES, 784), |_| numbers.random::<f64>());
    let views =
        PhotoViews::none(1, 28, 28).and_then(|views| views.flip(true).crop(0.4)?.brightness(0.4)?.contrast(0.4));
    let views = views.and_then(|views| views.noise(0.1)).expect("strengths");
    let change = |image: ArrayView1<'_, f64>, view: ArrayViewMut1<'_, f64>, numbers: &mut Generator| {
        views.view(image, view, numbers);
    };
    let source = TwoViews::new(images.view(), change);
    let loss = NtXent::new(0.5).expect("a temperature");
    let plan = Perceptron::new(&[784, 512, 512, 128]).without_biases().batch_norm();
    let momentum = HeavyBall::new(0.9).expect("a momentum");
    let precisions = [
        ("simclr, 12 steps of 512 images", Precision::Double),
        ("simclr, 12 steps of 512 images, single precision", Precision::Single),
    ];
    for (name, precision) in precisions {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut generator = generator(1, b"bench", 6);
                let method = Method::new(&loss, &momentum, 0.05).expect("a learning rate");
                let network = plan.draw(&mut generator).in_precision(precision);
                let mut trainer = Trainer::new(network, method).expect("tensors may be moved");
                trainer.epoch(&source, 512, &mut generator).expect("embeddings have directions");
                trainer
            });
        });
    }
    group.finish();
}

criterion_group!(benches, class_imbalance, simclr);
fn main() {
    instructions::chosen();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
