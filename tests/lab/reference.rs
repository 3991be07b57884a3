//! The published numbers compiled into the library.

use embedding_norms_lab::reference::{PUBLISHED_STEPS, published};

#[test]
fn the_published_counts_are_13_norms_and_49_angles() {
    assert_eq!(published("norm").unwrap().len(), 13);
    assert_eq!(published("angle").unwrap().len(), 49);
    let rows = PUBLISHED_STEPS.lines().filter(|line| line.starts_with("norm,") || line.starts_with("angle,"));
    assert_eq!(rows.count(), 62);
}

#[test]
fn the_published_counts_rise_with_the_norm_and_with_the_angle() {
    for sweep in ["norm", "angle"] {
        let counts = published(sweep).unwrap();
        assert!(counts.windows(2).all(|pair| pair[0].x < pair[1].x), "{sweep}: x");
        // The angle sweep has ties where neighbouring angles need the same number of steps.
        assert!(counts.windows(2).all(|pair| pair[0].steps <= pair[1].steps), "{sweep}: steps");
        assert!(counts.iter().all(|count| count.steps.fract() == 0.0 && count.steps >= 0.0), "{sweep}: whole numbers");
    }
}

#[test]
fn the_ends_of_both_sweeps_are_as_printed() {
    let norms = published("norm").unwrap();
    assert_eq!((norms[0].x, norms[0].steps), (0.25, 6.0));
    assert_eq!((norms[12].x, norms[12].steps), (10.0, 9662.0));
    let angles = published("angle").unwrap();
    assert_eq!((angles[0].x, angles[0].steps), (0.04061388, 0.0));
    assert_eq!((angles[48].x, angles[48].steps), (3.1010008, 187.0));
}

#[test]
fn a_sweep_that_was_not_published_has_no_rows() {
    assert!(published("temperature").is_ok_and(|rows| rows.is_empty()));
}
