//! What the tests of encoders and of their training share: a loss, a batch, and a step's gradient.

use embedding_norms::encoder::Encoder;
use embedding_norms::loss::SupervisedInfoNce;
use embedding_norms::optimizer::GradientDescent;
use embedding_norms::random::generator;
use embedding_norms::training::{Method, Trainer, Views, draw_positives};

use super::embeddings::gaussian;

/// The loss that is trained.
pub fn supervised() -> SupervisedInfoNce {
    SupervisedInfoNce::one_positive(0.5).unwrap()
}

/// A batch of one view with drawn positives in three classes.
pub fn batch(rows: usize, features: usize, seed: u64) -> Views {
    let mut numbers = generator(seed, b"encoders/batch", 0);
    let labels: Vec<usize> = (0..rows).map(|row| row % 3).collect();
    let positives = draw_positives(&labels, &mut numbers).into_iter().map(Option::unwrap).collect();
    Views {
        rows: (0..rows).collect(),
        first: gaussian(rows, features, &mut numbers),
        second: None,
        labels: Some(labels),
        positives: Some(positives),
    }
}

/// The parameters of all groups, one after the other.
pub fn flat<E: Encoder>(encoder: &E) -> Vec<f64> {
    encoder.groups().concat()
}

/// The loss of a batch, and its gradient with respect to all parameters, from one step of plain descent.
pub fn loss_and_gradient<E: Encoder + Clone>(encoder: &E, views: &Views) -> (f64, Vec<f64>) {
    let loss = supervised();
    let mut trainer = Trainer::new(encoder.clone(), Method::new(&loss, &GradientDescent, 1.0).unwrap()).unwrap();
    let value = trainer.step(views).unwrap();
    let gradient = flat(encoder).iter().zip(flat(trainer.encoder())).map(|(before, after)| before - after).collect();
    (value, gradient)
}
