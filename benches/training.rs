//! What the training of an encoder costs: one training of the class imbalance, as the paper has it, and with batch
//! normalization.

use criterion::{Criterion, criterion_group, criterion_main};
use embedding_norms::data::mixture::Mixture;
use embedding_norms::encoder::{Network, Perceptron};
use embedding_norms::loss::SupervisedInfoNce;
use embedding_norms::optimizer::GradientDescent;
use embedding_norms::random::{Generator, generator};
use embedding_norms::training::{Labelled, Method, Trainer};

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

criterion_group!(benches, class_imbalance);
criterion_main!(benches);
