//! Whether embeddings use their space: small cases whose singular values are known.

use embedding_norms::confidence::{effective_rank, mean_cosine};
use embedding_norms::random::StandardNormal;
use ndarray::{Array2, Axis, array, concatenate};
use ndarray_rand::RandomExt;

use super::close;
use crate::support::embeddings::random_numbers;

/// e to the entropy of singular values as shares of their sum.
fn of_singular_values(values: &[f64]) -> f64 {
    let sum: f64 = values.iter().sum();
    values.iter().map(|value| value / sum).map(|share| share.powf(-share)).product()
}

#[test]
fn orthogonal_points_have_the_effective_rank_of_their_lengths() {
    let points = array![[3.0, 0.0, 4.0], [0.0, 7.0, 0.0], [-8.0, 0.0, 6.0]];
    let expected = of_singular_values(&[5.0, 7.0, 10.0]);
    assert!(close(effective_rank(points.view()).unwrap(), expected));
    // More coordinates than points, of no length, and fewer: each point twice lengthens all singular values alike.
    let wide = Array2::from_shape_fn((3, 5), |(row, column)| if column < 3 { points[[row, column]] } else { 0.0 });
    assert!(close(effective_rank(wide.view()).unwrap(), expected));
    let twice = concatenate![Axis(0), points, points];
    assert!(close(effective_rank(twice.view()).unwrap(), expected));
}

/// Two points have two singular values, whose squares are the eigenvalues of the 2 × 2 matrix of their products. That
/// of their 300 coordinates has 298 more, of nothing but rounding.
#[test]
fn two_points_of_many_coordinates_have_two_singular_values() {
    let points = Array2::random_using((2, 300), StandardNormal, &mut random_numbers("two points", 0));
    let product = |a, b| points.row(a).iter().zip(points.row(b)).map(|(x, y)| x * y).sum::<f64>();
    let (first, across, second) = (product(0, 0), product(0, 1), product(1, 1));
    let (middle, half) = ((first + second) / 2.0, ((first - second) / 2.0).hypot(across));
    let expected = of_singular_values(&[(middle + half).sqrt(), (middle - half).sqrt()]);
    assert!(close(effective_rank(points.view()).unwrap(), expected));
}

/// The floor is a share of the largest singular value, not a number: lengths up to 10⁻⁸ of it count as nothing.
#[test]
fn singular_values_up_to_the_floor_count_as_nothing() {
    let of_lengths = |long: f64, short: f64| effective_rank(array![[long, 0.0], [0.0, short]].view()).unwrap();
    for long in [1.0, 0.125, 4096.0] {
        assert_eq!(of_lengths(long, 0.9e-8 * long), 1.0);
        assert_eq!(of_lengths(long, 1e-8 * long), 1.0, "at the floor itself");
        let above = 1.1e-8;
        let expected = of_singular_values(&[1.0, above]);
        assert!(expected > 1.0 + 1e-7 && close(of_lengths(long, above * long), expected));
    }
    // The largest is 10 where a hundred points of length 1 lie side by side, and the floor 10⁻⁷.
    let beside = |short: f64| {
        let row = |row: usize| if row < 100 { [1.0, 0.0] } else { [0.0, short] };
        effective_rank(Array2::from_shape_fn((101, 2), |(place, column)| row(place)[column]).view()).unwrap()
    };
    assert!(close(beside(0.5e-7), 1.0));
    assert!(close(beside(2e-7), of_singular_values(&[10.0, 2e-7])) && beside(2e-7) > 1.0 + 1e-7);
}

#[test]
fn the_mean_cosine_is_that_of_every_pair() {
    // Directions at 0°, 90° and, twice, 60° from the first.
    let half = 3_f64.sqrt() / 2.0;
    let points = array![[5.0, 0.0], [0.0, 0.25], [0.5, half], [3.0, 6.0 * half]];
    let pairs = [0.0, 0.5, 0.5, half, half, 1.0];
    assert!(close(mean_cosine(points.view()).unwrap(), pairs.iter().sum::<f64>() / 6.0));
}
