//! The room `data`: what is drawn has the distribution that was asked for.

use crate::support;

use embedding_norms::data::mixture::{Drawn, Mixture};
use embedding_norms::sphere::{inner, norm_of};
use nalgebra::{DMatrix, DVector};
use ndarray::Array1;
use support::embeddings::random_numbers;

/// The paper's mixture.
fn published() -> Mixture {
    Mixture::new(&[1.0, 2.0, 4.0, 8.0], 1.0, 10).unwrap().observed(64, 10.0).unwrap()
}

fn draw(mixture: &Mixture, n: usize, replicate: u64) -> Drawn {
    mixture.draw(n, &mut random_numbers("mixture", replicate)).unwrap()
}

#[test]
fn a_draw_has_the_shapes_and_unit_lengths_that_it_says() {
    let drawn = draw(&published(), 500, 0);
    assert_eq!((drawn.centres.dim(), drawn.latent.dim(), drawn.features.dim()), ((4, 10), (500, 10), (500, 64)));
    assert_eq!((drawn.labels.len(), drawn.counts().iter().sum::<usize>()), (500, 500));
    for unit in drawn.centres.rows().into_iter().chain(drawn.latent.rows()) {
        assert!((norm_of(unit) - 1.0).abs() < 1e-14);
    }
    assert_eq!(drawn, draw(&published(), 500, 0));
    assert_ne!(drawn, draw(&published(), 500, 1));
}

#[test]
fn class_counts_are_multinomial() {
    // Pearson's χ² has the mean 3 and the variance 2·3 + O(1/n) for counts of four classes; over 400 draws the mean
    // wanders by 0.12. Equal counts, or counts rounded from the weights, would give 0.
    let weights = [1.0, 2.0, 4.0, 8.0];
    let squares = |drawn: &Drawn, weights: [f64; 4]| -> f64 {
        let expected = weights.map(|weight| 600.0 * weight / weights.iter().sum::<f64>());
        drawn.counts().iter().zip(expected).map(|(&count, e)| (count as f64 - e).powi(2) / e).sum()
    };
    let mixture = Mixture::new(&weights, 1.0, 3).unwrap();
    let draws: Vec<Drawn> = (0..400).map(|replicate| draw(&mixture, 600, replicate)).collect();
    let mean = |weights| draws.iter().map(|drawn| squares(drawn, weights)).sum::<f64>() / 400.0;
    assert!((mean(weights) - 3.0).abs() < 0.5, "{}", mean(weights));
    // Negative control: other weights.
    assert!(mean([1.2, 2.0, 4.0, 8.0]) > 4.0);
}

#[test]
fn an_even_draw_has_equally_many_points_of_each_class() {
    let even = |n| published().draw_evenly(n, &mut random_numbers("mixture", 0)).unwrap().counts();
    assert_eq!((even(400), even(402)), (vec![100; 4], vec![101, 100, 101, 100]));
}

#[test]
fn noise_spreads_a_class_about_its_centre() {
    // Without noise a point is its centre; with σ in d dimensions its cosine with the centre is about 1/√(1 + dσ²).
    let exact = draw(&Mixture::new(&[1.0, 1.0], 0.0, 7).unwrap(), 50, 0);
    let cosine = |drawn: &Drawn, point: usize| inner(drawn.latent.row(point), drawn.centres.row(drawn.labels[point]));
    assert!((0..50).all(|point| (cosine(&exact, point) - 1.0).abs() < 1e-14));
    for noise in [0.1, 1.0] {
        let drawn = draw(&Mixture::new(&[1.0], noise, 100).unwrap(), 2_000, 0);
        let mean = (0..2_000).map(|point| cosine(&drawn, point)).sum::<f64>() / 2_000.0;
        assert!((mean - 1.0 / (1.0 + 100.0 * noise * noise).sqrt()).abs() < 0.01, "{noise}: {mean}");
    }
}

#[test]
fn features_are_one_linear_map_of_the_points() {
    let drawn = draw(&published(), 200, 0);
    // E‖A x‖² = 64 for a unit vector x: features have lengths about 10 √64 = 80.
    let lengths: Array1<f64> = drawn.features.rows().into_iter().map(norm_of).collect();
    assert!((lengths.mean().unwrap() - 80.0).abs() < 12.0, "{lengths}");
    // Eleven points in ten dimensions depend on each other, and so do their features.
    let weights = dependency(&drawn);
    let sum = drawn.features.rows().into_iter().zip(&weights).fold(Array1::zeros(64), |sum, (row, w)| sum + &row * *w);
    assert!(norm_of(sum.view()) < 1e-9 * weights.iter().map(|w: &f64| w.abs()).sum::<f64>() * 80.0);
    // Negative control: other weights do not make them vanish.
    let other =
        drawn.features.rows().into_iter().zip(&weights).fold(Array1::zeros(64), |sum, (row, w)| sum + &row * (w + 0.1));
    assert!(norm_of(other.view()) > 1.0);
    // Without a matrix the features are the points.
    let plain = draw(&Mixture::new(&[1.0, 1.0], 0.3, 5).unwrap(), 20, 0);
    assert_eq!(plain.features, plain.latent);
}

/// Weights with which the first eleven points sum to nothing: the last one is written by the first ten.
fn dependency(drawn: &Drawn) -> Vec<f64> {
    let ten = DMatrix::from_fn(10, 10, |coordinate, point| drawn.latent[[point, coordinate]]);
    let eleventh = DVector::from_fn(10, |coordinate, _| drawn.latent[[10, coordinate]]);
    ten.lu().solve(&eleventh).unwrap().iter().copied().chain([-1.0]).collect()
}

#[test]
fn settings_outside_their_domain_are_refused_by_name() {
    let refused = [
        (Mixture::new(&[], 1.0, 10), "the number of classes"),
        (Mixture::new(&[1.0, 0.0], 1.0, 10), "a class weight"),
        (Mixture::new(&[1.0, f64::NAN], 1.0, 10), "a class weight"),
        (Mixture::new(&[f64::MAX, f64::MAX], 1.0, 10), "the sum of the class weights"),
        (Mixture::new(&[1.0], -0.1, 10), "the class noise"),
        (Mixture::new(&[1.0], f64::INFINITY, 10), "the class noise"),
        (Mixture::new(&[1.0], 1.0, 1), "the latent dimension"),
        (published().observed(0, 10.0), "the observed dimension"),
        (published().observed(64, 0.0), "the gain of the observation"),
    ];
    for (result, name) in refused {
        assert_eq!(result.unwrap_err().name, name);
    }
}
