//! By how much squared norms grew, beside what rotations and S1 account for.

use approx::assert_relative_eq;
use embedding_norms::diagnosis::{DiagnosisError, check_shapes, check_steps};
use ndarray::Array2;

use super::{ask, free, shot, subject};

/// Rows in the plane of these norms at these angles.
fn at(places: [(f64, f64); 2]) -> Array2<f64> {
    Array2::from_shape_fn((2, 2), |(row, column)| {
        let (norm, angle) = places[row];
        norm * if column == 0 { angle.cos() } else { angle.sin() }
    })
}

/// Two pairs over three and then five steps; the sums are over their four members.
#[test]
fn the_ledger_adds_up_growth_rotations_and_the_fall_of_the_loss() {
    let own = [[(1.3, 0.1), (2.5, 1.0)], [(1.4, 0.15), (2.7, 1.07)], [(1.7, 0.24), (2.4, 1.1)]];
    let others = [[(0.7, 1.2), (1.9, 2.7)], [(0.9, 1.09), (2.2, 2.5)], [(1.1, 0.9), (2.3, 2.4)]];
    let checkpoints = own.map(at);
    let mut subject = subject(&checkpoints.iter().collect::<Vec<_>>());
    subject.positives = others.iter().map(|places| shot("positives.npy", &at(*places), &subject.sample)).collect();
    subject.steps = Some(vec![0, 3, 8]);
    let found = ask(&subject, &free(0.3));
    let members = |checkpoint: usize| [own[checkpoint], others[checkpoint]].concat();
    let squares = |checkpoint: usize| members(checkpoint).iter().map(|(norm, _)| norm * norm).sum::<f64>();
    let cosines =
        |checkpoint: usize| own[checkpoint].iter().zip(others[checkpoint]).map(|(z, w)| (z.1 - w.1).cos()).sum::<f64>();
    let (mut low, mut high) = (0.0, 0.0);
    for (checkpoint, steps) in [(0, 0.0), (1, 3.0_f64), (2, 5.0)] {
        if checkpoint > 0 {
            for ((norm, before), (_, after)) in members(checkpoint - 1).into_iter().zip(members(checkpoint)) {
                let turn = (after - before).abs();
                low += steps * (norm * (turn / steps).tan()).powi(2) / 4.0;
                high += steps * (norm * (turn / steps.sqrt()).tan()).powi(2) / 4.0;
            }
        }
        let ledger = found.course[checkpoint].ledger.unwrap();
        let rotations = ledger.rotations.unwrap();
        // Where nothing is added yet all are 0 without rounding.
        assert_relative_eq!(ledger.growth, (squares(checkpoint) - squares(0)) / 4.0, max_relative = 1e-12);
        assert_relative_eq!(rotations.0, low, max_relative = 1e-12);
        assert_relative_eq!(rotations.1, high, max_relative = 1e-12);
        let budget = 0.3 * (cosines(checkpoint) - cosines(0)) / 4.0;
        assert_relative_eq!(ledger.budget.unwrap(), budget, max_relative = 1e-12);
    }
}

#[test]
fn steps_rise_and_there_is_one_for_each_checkpoint() {
    assert_eq!(check_steps(&[3, 4, 9], 3), Ok(()));
    assert_eq!(check_steps(&[3, 4, 9], 2), Err(DiagnosisError::Steps { found: 3, expected: 2 }));
    for (next, steps) in [(4, [3, 4, 4]), (2, [3, 4, 2])] {
        assert_eq!(check_steps(&steps, 3), Err(DiagnosisError::Order { step: 4, next }));
    }
}

#[test]
fn sets_have_the_shape_of_the_first_and_a_reference_set_its_dimension() {
    let set = |rows, dimension| ("set".to_owned(), (rows, dimension));
    assert_eq!(check_shapes(5, &[], None), Err(DiagnosisError::NoCheckpoint));
    assert_eq!(check_shapes(5, &[set(5, 3), set(5, 3)], Some(&set(7, 3))), Ok(()));
    let rows = check_shapes(5, &[set(5, 3), set(6, 3)], None);
    assert!(matches!(rows, Err(DiagnosisError::Rows { found: 6, expected: 5, .. })));
    for (sets, reference) in [([set(5, 3), set(5, 4)], None), ([set(5, 3), set(5, 3)], Some(set(7, 4)))] {
        let wide = check_shapes(5, &sets, reference.as_ref());
        assert!(matches!(wide, Err(DiagnosisError::Dimensions { found: 4, expected: 3, .. })));
    }
}
