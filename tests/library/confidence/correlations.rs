//! Rank correlations at the edges of what they are defined for.

use embedding_norms::confidence::{ConfidenceError, spearman_given, spearman_interval};
use ndarray::{Array2, array, s};

use super::{close, normal};
use crate::support::embeddings::random_numbers;

#[test]
fn four_points_have_an_interval_and_three_have_none() {
    // With n − 3 = 1 the half-width on the scale of artanh is 1.96 √(1 + r²/2).
    let (lower, upper) = spearman_interval(0.4, 4).unwrap();
    let (middle, half) = (0.4_f64.atanh(), 1.959_963_984_540_054 * 1.08_f64.sqrt());
    assert!(close(lower, (middle - half).tanh()) && close(upper, (middle + half).tanh()));
    assert_eq!((spearman_interval(0.4, 3), spearman_interval(0.4, 0)), (None, None));
}

/// Each covariate takes one point more than the three of a plain correlation. With the fewest points, ranks about their
/// mean can be multiplied by hand, and correlations given covariates follow from plain ones, one covariate at a time.
#[test]
fn every_covariate_takes_one_point_more() {
    let (x, y) = ([1.0, 5.0, 2.0, 4.0, 3.0], [2.0, 1.0, 5.0, 3.0, 4.0]);
    let covariates = array![[3.0, 1.0], [1.0, 6.0], [6.0, 2.0], [2.0, 3.0], [5.0, 4.0]];
    let given = |points: usize, count: usize| {
        spearman_given(&x[..points], &y[..points], covariates.slice(s![..points, ..count]))
    };
    let without = |ab: f64, ac: f64, bc: f64| (ab - ac * bc) / ((1.0 - ac * ac) * (1.0 - bc * bc)).sqrt();
    // Ranks x: -1 1 0, y: 0 -1 1.
    assert!(close(given(3, 0).unwrap(), -0.5));
    // Twice the ranks x: -3 3 -1 1, y: -1 -3 3 1, covariate: 1 -3 3 -1.
    let four = without(-8.0 / 20.0, -16.0 / 20.0, 16.0 / 20.0);
    assert!(close(four, 2.0 / 3.0) && close(given(4, 1).unwrap(), four));
    // Ranks x: -2 2 -1 1 0, y: -1 -2 2 0 1, covariates: 0 -2 2 -1 1 and -2 2 -1 0 1.
    let first = without(-0.4, -0.7, 0.9);
    let five = without(first, without(0.9, -0.7, -0.5), without(-0.3, 0.9, -0.5));
    assert!(close(given(5, 2).unwrap(), five), "{five}");
    for (points, count) in [(2, 0), (3, 1), (4, 2)] {
        let what = if count == 0 { "a rank correlation" } else { "a partial rank correlation" };
        assert_eq!(given(points, count), Err(ConfidenceError::TooFew { what, found: points, needed: points + 1 }));
    }
}

/// What rounding leaves of many ranks is longer than of few, and nothing all the same: it is compared with the ranks.
#[test]
fn rounding_of_many_ranks_is_no_part_of_them() {
    let count = 4_001;
    let mut numbers = random_numbers("many ranks", 0);
    let (x, y, other) = (normal(count, &mut numbers), normal(count, &mut numbers), normal(count, &mut numbers));
    let given = |columns: [&[f64]; 2]| {
        spearman_given(&x, &y, Array2::from_shape_fn((count, 2), |(row, column)| columns[column][row]).view())
    };
    assert_eq!(given([&other, &y]), Err(ConfidenceError::Explained { what: "the second measure" }));
    assert_eq!(given([&x, &other]), Err(ConfidenceError::Explained { what: "the first measure" }));
    assert_eq!(given([&other, &other]), Err(ConfidenceError::Collinear { covariate: 1 }));
}
