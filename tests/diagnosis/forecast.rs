//! The pace of a course, from the first part of its checkpoints.

use embedding_norms::diagnosis::Pace;

/// In the first quarter κt is only about even: the rate is that of least squares through the start, Σ t p / Σ t².
#[test]
fn the_rate_of_an_uneven_course_is_that_of_least_squares_through_the_start() {
    let steps = [0, 4, 8, 12, 16, 20, 80];
    let progress = [0.0, 0.9, 1.5, 2.5, 3.1, 4.1, 9.0];
    let pace = Pace::of(&steps, &progress).unwrap();
    assert_eq!(pace.last, 5);
    let expected = 177.2 / 880.0;
    assert!((pace.rate - expected).abs() < 1e-14, "{}", pace.rate);
    // Controls: the end of the first part alone, and the mean of p/t.
    let quotients = [0.9 / 4.0, 1.5 / 8.0, 2.5 / 12.0, 3.1 / 16.0, 4.1 / 20.0];
    for other in [4.1 / 20.0, quotients.iter().sum::<f64>() / 5.0] {
        assert!((pace.rate - other).abs() > 1e-3);
    }
    // The middle of the interval goes on at this rate.
    let (lower, upper) = pace.at(80.0);
    assert!(((lower * upper).sqrt() / (80.0 * expected) - 1.0).abs() < 1e-12);
}
