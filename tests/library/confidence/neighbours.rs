//! Nearest neighbours: against scikit-learn, and against every pair compared by itself.

use embedding_norms::confidence::{ConfidenceError, Neighbours};
use embedding_norms::random::StandardNormal;
use embedding_norms::sphere::{SphereError, angle, normalize};
use ndarray::{Array2, Axis, array};
use ndarray_rand::RandomExt;
use proptest::prelude::*;

use super::{close, matrix, reference};
use crate::support::embeddings::random_numbers;
use crate::support::seeds::seeded;

#[test]
fn neighbours_are_those_of_scikit_learn() {
    let reference = reference();
    let points = matrix(&reference.points);
    let found = Neighbours::among(points.view(), reference.k).unwrap();
    assert_eq!(found.indices(), Array2::from_shape_fn((60, 7), |(row, place)| reference.indices[row][place]));
    // scikit-learn takes squares apart, ‖x‖² + ‖y‖² − 2x·y, which leaves 1e-16 over the distance.
    assert!((&found.distances() - &matrix(&reference.distances)).iter().all(|difference| difference.abs() < 1e-12));
    assert_eq!(found.farthest(), found.distances().column(6).to_vec());
    let agreement = found.agreement(&reference.labels, &reference.labels).unwrap();
    assert!(agreement.iter().zip(&reference.agreement).all(|(found, expected)| close(*found, *expected)));
}

#[test]
fn neighbours_from_training_to_test_are_those_of_scikit_learn() {
    let reference = reference();
    let points = matrix(&reference.points);
    let (train, test) = points.view().split_at(Axis(0), 40);
    let found = Neighbours::between(test, train, reference.k).unwrap();
    assert_eq!(found.indices(), Array2::from_shape_fn((20, 7), |(row, place)| reference.across_indices[row][place]));
    assert!((&found.distances() - &matrix(&reference.across_distances)).iter().all(|d| d.abs() < 1e-12));
    let two: Vec<usize> = reference.labels.iter().map(|label| label % 2).collect();
    for (k, expected) in &reference.votes {
        let found = Neighbours::between(test, train, k.parse().unwrap()).unwrap();
        assert!(close(found.accuracy(&two[40..], &two[..40]).unwrap(), *expected), "{k}");
    }
}

proptest! {
    #![proptest_config(seeded(40))]

    /// Every pair compared by its angle gives the same neighbours, whatever the size of blocks that n crosses.
    #[test]
    fn neighbours_are_those_of_the_smallest_angles(n in 2_usize..300, d in 2_usize..20, k in 1_usize..12, seed: u64) {
        let k = k.min(n - 1);
        let mut numbers = random_numbers("neighbours", seed);
        let points = Array2::random_using((n, d), StandardNormal, &mut numbers);
        let units = normalize(points.view()).unwrap();
        let found = Neighbours::among(points.view(), k).unwrap();
        for query in [0, n / 2, n - 1] {
            let mut others: Vec<(f64, usize)> = (0..n)
                .filter(|&other| other != query)
                .map(|other| (angle(units.units().row(query), units.units().row(other)), other))
                .collect();
            others.sort_by(|a, b| a.0.total_cmp(&b.0));
            for (place, (angle, _)) in others.into_iter().take(k).enumerate() {
                let chord = found.distances()[[query, place]];
                prop_assert!((chord - 2.0 * (angle / 2.0).sin()).abs() < 1e-12);
            }
        }
    }
}

#[test]
fn neighbours_are_told_apart_where_cosines_are_all_one() {
    // Points 1e-9 apart: their cosines differ by 1e-18, their chords by 1e-9.
    let points = Array2::from_shape_fn((40, 2), |(row, column)| if column == 0 { 1.0 } else { 1e-9 * row as f64 });
    let found = Neighbours::among(points.view(), 2).unwrap();
    assert_eq!(found.indices().row(0).to_vec(), [1, 2]);
    assert_eq!(found.indices().row(39).to_vec(), [38, 37]);
    assert!((found.distances()[[0, 1]] - 2e-9).abs() < 1e-17);
}

/// More points side by side than single precision tells apart, beside others that it does tell apart.
#[test]
fn neighbours_in_a_crowd_are_those_of_the_smallest_chords() {
    let mut numbers = random_numbers("crowd", 0);
    let mut points = Array2::random_using((1_500, 6), StandardNormal, &mut numbers);
    for mut row in points.rows_mut().into_iter().step_by(2) {
        row.mapv_inplace(|offset| 1e-7 * offset);
        row[0] += 1.0;
    }
    let units = normalize(points.view()).unwrap().into_units();
    let found = Neighbours::among(points.view(), 3).unwrap();
    for query in [0, 1, 746, 747, 1_498, 1_499] {
        let squared = |other: usize| (&units.row(query) - &units.row(other)).mapv(|x| x * x).sum();
        let mut others: Vec<usize> = (0..points.nrows()).filter(|&other| other != query).collect();
        others.sort_by(|&a, &b| squared(a).total_cmp(&squared(b)));
        assert_eq!(found.indices().row(query).to_vec(), others[..3], "{query}");
        let nearest = squared(others[0]).sqrt();
        assert!((found.distances()[[query, 0]] / nearest - 1.0).abs() < 1e-8);
        assert_eq!(nearest < 1e-6, query % 2 == 0, "which are crowded");
    }
}

#[test]
fn equal_distances_are_ordered_by_place_and_a_twin_is_a_neighbour() {
    let one = array![[1.0, 2.0], [2.0, 4.0], [0.5, 1.0], [1.0, 2.0], [-1.0, 0.0]];
    let found = Neighbours::among(one.view(), 3).unwrap();
    assert_eq!(found.indices().row(1).to_vec(), [0, 2, 3]);
    assert_eq!(found.distances().row(1).to_vec(), [0.0; 3]);
    // Negative control: with itself among the base, every point is its own nearest neighbour.
    let with_itself = Neighbours::between(one.view(), one.view(), 1).unwrap();
    assert_eq!(with_itself.indices().column(0).to_vec(), [0, 0, 0, 0, 4]);
}

#[test]
fn a_sample_has_the_neighbours_that_all_have() {
    let mut numbers = random_numbers("sample", 0);
    // More than one block of queries, and of the base.
    let points = Array2::random_using((2_500, 6), StandardNormal, &mut numbers);
    let all = Neighbours::among(points.view(), 5).unwrap();
    let rows = [2_499, 3, 1_024, 1_023];
    let sample = Neighbours::of(&rows, points.view(), 5).unwrap();
    assert_eq!(sample.indices(), all.indices().select(Axis(0), &rows));
    assert_eq!(sample.distances(), all.distances().select(Axis(0), &rows));
    // Scale is no part of a direction.
    let longer = &points * &Array2::from_shape_fn((2_500, 1), |(row, _)| [0.25, 1.0, 8.0][row % 3]);
    assert_eq!(Neighbours::among(longer.view(), 5).unwrap(), all);
}

#[test]
fn votes_that_are_equal_go_to_the_nearest() {
    let base = array![[1.0, 0.0], [1.0, 0.2], [1.0, 0.4], [1.0, 0.6], [0.0, -1.0]];
    let found = Neighbours::between(array![[1.0, 0.01]].view(), base.view(), 4).unwrap();
    assert_eq!(found.classify(&[7, 3, 7, 3, 9]).unwrap(), [7]);
    assert_eq!(found.classify(&[3, 7, 7, 3, 9]).unwrap(), [3]);
    assert_eq!(found.classify(&[3, 7, 7, 7, 9]).unwrap(), [7]);
}

#[test]
fn labels_of_the_base_are_asked_for_up_to_the_last_neighbour() {
    let points = array![[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]];
    let found = Neighbours::between(points.view(), points.view(), 3).unwrap();
    assert!(found.agreement(&[0, 0, 1], &[0, 0, 1]).is_ok());
    let refused = found.agreement(&[0, 0, 1], &[0, 0]);
    assert!(matches!(refused, Err(ConfidenceError::Lengths { expected: 3, found: 2, .. })), "{refused:?}");
}

/// The base is taken in blocks of 1024 points, and a row is named by its place among all.
#[test]
fn a_row_without_a_direction_is_named_by_its_place_in_the_whole_base() {
    let base = Array2::from_shape_fn((1_030, 3), |(row, column)| (row + column + 1) as f64);
    let error_of = |row: usize, value: f64| {
        let mut base = base.clone();
        base.row_mut(row).fill(value);
        Neighbours::between(array![[1.0, 2.0, 3.0]].view(), base.view(), 2).unwrap_err()
    };
    for row in [3, 1_023, 1_024, 1_027] {
        assert_eq!(error_of(row, 0.0), ConfidenceError::Direction(SphereError::ZeroRow { row }));
        let ConfidenceError::Direction(SphereError::NotFinite { row: named, .. }) = error_of(row, f64::NAN) else {
            panic!("row {row}")
        };
        assert_eq!(named, row);
    }
}
