//! Digits to train on, and the random changes that make views of them.

use embedding_norms::data::augmentation::Augmentation;
use embedding_norms::data::digits::{Digits, SIDE};
use embedding_norms::random::Generator;
use embedding_norms::training::{Source, TwoViews};
use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut1, Axis, s};
use rand::seq::SliceRandom;

use crate::cli::failure::Failure;

/// Images in random order with their labels, minus the mean of the first `samples`; as many as there are, if fewer than
/// `all`.
pub fn draw(samples: usize, all: usize, generator: &mut Generator) -> Result<(Array2<f64>, Vec<usize>), Failure> {
    let digits = Digits::load()?;
    let mut order: Vec<usize> = (0..digits.labels().len()).collect();
    order.shuffle(generator);
    order.truncate(all);
    let mut images = digits.images().select(Axis(0), &order);
    let mean = images.slice(s![..samples.min(order.len()), ..]).mean_axis(Axis(0)).unwrap_or_default();
    images -= &mean;
    Ok((images, order.iter().map(|&image| digits.labels()[image]).collect()))
}

/// Two views of images, each rotated, shifted, scaled and noisy at random.
pub fn two_views(images: ArrayView2<'_, f64>) -> Result<Box<dyn Source + '_>, Failure> {
    let change = Augmentation::none(SIDE)?.rotation(0.2)?.shift(0.5)?.scale(0.1)?.noise(0.1)?;
    let view = move |image: ArrayView1<'_, f64>, view: ArrayViewMut1<'_, f64>, numbers: &mut Generator| {
        change.view(image, view, numbers);
    };
    Ok(Box::new(TwoViews::new(images, view)))
}
