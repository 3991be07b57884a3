//! The room `normalization`: powers of norms with every digit, and the penalty that holds norms together.

use embedding_norms::normalization::{GradScale, SphericalConstraint, pullback};
use embedding_norms::random::generator;
use embedding_norms::sphere::normalize;
use ndarray::array;
use rand::Rng;

/// What GradScale makes of a gradient of 1 at this norm.
fn factor(norm: f64, power: f64) -> f64 {
    let mut gradient = array![[1.0, 1.0]];
    GradScale::new(power).unwrap().apply(&normalize(array![[norm, 0.0]].view()).unwrap(), &mut gradient);
    gradient[(0, 1)]
}

/// Statement L6 is bit for bit because of it: under a power of four every half power scales by a power of two.
#[test]
fn half_powers_of_a_norm_scale_without_a_rounding() {
    let mut numbers = generator(1, b"half powers", 0);
    for power in [0.5, 1.0, 1.5, 2.0, 3.5, 7.0, -0.5, -1.0, -2.5] {
        assert_eq!(GradScale::new(power).unwrap().power(), power);
        for _ in 0..100 {
            let norm: f64 = numbers.random_range(0.3..3.0);
            let scaled = 4_f64.powi(numbers.random_range(-9..10));
            let ratio = scaled.sqrt().powi((2.0 * power) as i32);
            assert_eq!(factor(scaled * norm, power), ratio * factor(norm, power), "{norm}^{power}");
            assert!((factor(norm, power) / norm.powf(power) - 1.0).abs() < 1e-13, "{norm}^{power}");
        }
    }
    // A third is no half, and 33 is beyond the powers that are multiplied out.
    for power in [1.0 / 3.0, 32.5, 33.0, -33.0] {
        assert!((factor(1.7, power) / 1.7_f64.powf(power) - 1.0).abs() < 1e-13, "{power}");
    }
    assert_eq!(factor(9.0, 0.0), 1.0);
}

/// The power alone is beyond f64, the gradient times it is not.
#[test]
fn a_power_beyond_f64_scales_a_gradient_that_is_far_from_it() {
    let two = |exponent: i32| libm::scalbn(1.0, exponent);
    for (norm, power, gradient) in [(300, 4.0, -900), (-300, 4.0, 900), (400, -3.0, 900), (200, 6.0, -1000)] {
        let mut scaled = array![[two(gradient), 1.0]];
        let directions = normalize(array![[two(norm), 0.0]].view()).unwrap();
        GradScale::new(power).unwrap().apply(&directions, &mut scaled);
        assert_eq!(scaled[(0, 0)], two(gradient + norm * power as i32), "2^{norm} to the power {power}");
    }
}

/// Slopes near the smallest numbers of f64 keep their digits under a short embedding.
#[test]
fn gradients_of_short_embeddings_are_those_of_the_slopes_however_small_these_are() {
    let two = |exponent: i32| libm::scalbn(1.0, exponent);
    let direction = array![[0.6, 0.8], [0.0, 1.0]];
    let slopes = array![[3.0, 1.0], [5.0, 0.0]];
    let by = |norm: f64, size: f64| pullback(&normalize((&direction * norm).view()).unwrap(), (&slopes * size).view());
    let ordinary = by(1.0, 1.0);
    for (norm, size) in [(-600, -1060), (-600, -1070), (-400, -1074), (500, 1000)] {
        assert_eq!(by(two(norm), two(size)), &ordinary * two(size - norm), "2^{size} over 2^{norm}");
    }
}

/// λ Σ (‖z‖ − μ)² over both views, by hand: norms 3, 5 and 1, 7, whose mean is 4.
#[test]
fn the_penalty_of_a_spherical_constraint_pulls_norms_to_their_mean() {
    let constraint = SphericalConstraint::new(0.25).unwrap();
    assert_eq!(constraint.strength(), 0.25);
    let first = normalize(array![[3.0, 0.0], [0.0, 5.0]].view()).unwrap();
    let second = normalize(array![[0.0, 1.0], [-7.0, 0.0]].view()).unwrap();
    let (mut of_first, mut of_second) = (array![[1.0, 2.0], [3.0, 4.0]], array![[0.0, 0.0], [0.0, 0.0]]);
    let total = constraint.add_to(&[&first, &second], &mut [&mut of_first, &mut of_second]);
    assert_eq!(total, 0.25 * (1.0 + 1.0 + 9.0 + 9.0));
    assert_eq!(of_first, array![[1.0 - 0.5, 2.0], [3.0, 4.0 + 0.5]]);
    assert_eq!(of_second, array![[0.0, -1.5], [-1.5, 0.0]]);
    for strength in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(SphericalConstraint::new(strength).is_err(), "{strength}");
    }
}
