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

/// The floor is a share of the largest singular value, not a number: lengths up to √(2ε) of it count as nothing in a plane.
#[test]
fn singular_values_up_to_the_floor_count_as_nothing() {
    let of_lengths = |long: f64, short: f64| effective_rank(array![[long, 0.0], [0.0, short]].view()).unwrap();
    let floor = (2.0 * f64::EPSILON).sqrt();
    for long in [1.0, 0.125, 4096.0] {
        assert_eq!(of_lengths(long, 0.9 * floor * long), 1.0);
        assert_eq!(of_lengths(long, floor * long), 1.0, "at the floor itself");
        let above = 1.1 * floor;
        let expected = of_singular_values(&[1.0, above]);
        assert!(expected > 1.0 + 1e-7 && close(of_lengths(long, above * long), expected));
    }
    // The largest is 10 where a hundred points of length 1 lie side by side, and the floor ten times as much.
    let beside = |short: f64| {
        let row = |row: usize| if row < 100 { [1.0, 0.0] } else { [0.0, short] };
        effective_rank(Array2::from_shape_fn((101, 2), |(place, column)| row(place)[column]).view()).unwrap()
    };
    let (below, above) = (5.0 * floor, 11.0 * floor);
    assert!(close(beside(below), 1.0));
    assert!(close(beside(above), of_singular_values(&[10.0, above])) && beside(above) > 1.0 + 1e-7);
}

/// What rounding leaves of the singular values that a set of low rank does not have counts as nothing.
#[test]
fn rounding_adds_nothing_to_a_set_of_low_rank() {
    let mut numbers = random_numbers("a set of low rank", 0);
    for (n, low, d) in [(50, 1, 4), (300, 5, 200), (400, 40, 256)] {
        let points = Array2::random_using((n, low), StandardNormal, &mut numbers);
        // The columns of a Hadamard matrix, which keep all lengths but for one factor.
        let turned = Array2::from_shape_fn((n, d), |(row, column)| {
            let sign = |k: usize| if (k & column).count_ones().is_multiple_of(2) { 1.0 } else { -1.0 };
            (0..low).map(|k| sign(k) * points[[row, k]]).sum::<f64>()
        });
        let (flat, seen) = (effective_rank(points.view()).unwrap(), effective_rank(turned.view()).unwrap());
        // Columns are orthogonal where their number is a power of 2.
        if d.is_power_of_two() {
            assert!((seen - flat).abs() < 1e-12 * flat, "{low} in {d}: {seen} and {flat}");
        }
        assert!(seen <= low as f64 + 1e-9, "{low} in {d}: {seen}");
    }
}

#[test]
fn the_mean_cosine_is_that_of_every_pair() {
    // Directions at 0°, 90° and, twice, 60° from the first.
    let half = 3_f64.sqrt() / 2.0;
    let points = array![[5.0, 0.0], [0.0, 0.25], [0.5, half], [3.0, 6.0 * half]];
    let pairs = [0.0, 0.5, 0.5, half, half, 1.0];
    assert!(close(mean_cosine(points.view()).unwrap(), pairs.iter().sum::<f64>() / 6.0));
}
