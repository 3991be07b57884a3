//! Bootstrap and shuffles of statistics whose values are given one by one.

use embedding_norms::confidence::{ConfidenceError, ShuffleControl, Strata, bootstrap, shuffle_control};
use embedding_norms::setting::SettingError;

use super::close;
use crate::support::embeddings::random_numbers;

/// The shuffle control of a statistic that is `value` for the points as they are, and then each of the others.
fn control(value: f64, others: &[f64]) -> ShuffleControl {
    let mut values = std::iter::once(value).chain(others.iter().copied());
    let statistic = |_: &[usize]| Ok(values.next().expect("one value for each shuffle"));
    shuffle_control(&Strata::whole(2), others.len(), &mut random_numbers("given", 0), statistic).unwrap()
}

/// p is 2 (1 + m)/(1 + N), with m of the shuffles on the side where there are fewer, those that are equal to the points
/// as they are on both sides.
#[test]
fn p_counts_what_is_as_extreme_up_to_rounding() {
    for value in [0.02_f64, -0.02, 0.37, -3.5] {
        // Away from it by much, by a tenth of the rounding that is allowed for, and by ten times that rounding.
        let at = |relative: f64| value + relative * value.abs();
        let below = [at(-0.5), at(-0.7), at(-0.9)];
        let equal = [value, at(1e-13), at(-1e-13)];
        let just_above = [at(1e-11), at(1e-11)];
        let above: Vec<f64> = (1..=11).map(|place| at(0.25 * f64::from(place))).collect();
        let others = [&below[..], &equal, &just_above, &above].concat();
        // Six of nineteen are at most the value.
        assert_eq!(control(value, &others).p, 2.0 * 7.0 / 20.0, "{value}");
        let mirrored: Vec<f64> = others.iter().map(|other| 2.0 * value - other).collect();
        assert_eq!(control(value, &mirrored).p, 2.0 * 7.0 / 20.0, "{value}");
    }
    // All of them on both sides: p is at most 1. None on one side: it is not 0.
    assert_eq!(control(0.3, &[0.3; 5]).p, 1.0);
    assert_eq!(control(0.3, &[0.1; 7]).p, 2.0 / 8.0);
}

#[test]
fn a_shuffle_control_is_the_value_beside_mean_and_quantiles_of_the_others() {
    // Of 0, 1, …, 1000 in any order, 2.5 % are up to 25 and 97.5 % up to 975, wherever between two a quantile is put.
    let others: Vec<f64> = (0..1001).map(|place| f64::from(place * 376 % 1001)).collect();
    let found = control(310.0, &others);
    assert_eq!((found.value, found.mean), (310.0, 500.0));
    assert!((found.lower - 25.0).abs() <= 1.0 && (found.upper - 975.0).abs() <= 1.0, "{found:?}");
    // 0 to 310 are at most 310.
    assert!(close(found.p, 2.0 * 312.0 / 1002.0));
}

#[test]
fn a_bootstrap_is_the_value_beside_quantiles_of_the_others() {
    let others: Vec<f64> = (0..1001).map(|place| f64::from(place * 376 % 1001)).collect();
    let mut values = std::iter::once(-7.0).chain(others);
    let statistic = |_: &[usize]| Ok(values.next().expect("one value for each resample"));
    let found = bootstrap(&Strata::whole(9), 1001, 0.9, &mut random_numbers("given", 1), statistic).unwrap();
    assert_eq!((found.value, found.replicates), (-7.0, 9));
    assert!((found.lower - 50.0).abs() <= 1.0 && (found.upper - 950.0).abs() <= 1.0, "{found:?}");
}

#[test]
fn a_confidence_is_above_0_and_below_1() {
    let with = |confidence| {
        bootstrap(&Strata::whole(3), 5, confidence, &mut random_numbers("confidence", 0), |_| Ok(0.0)).map(|_| ())
    };
    assert_eq!((with(1e-9), with(1.0 - 1e-9)), (Ok(()), Ok(())));
    for outside in [0.0, 1.0, -0.5, 1.5, f64::NAN] {
        let refused = with(outside);
        let named = matches!(refused, Err(ConfidenceError::Setting(SettingError { name: "the confidence", .. })));
        assert!(named, "{outside}: {refused:?}");
    }
}

#[test]
fn strata_count_their_points() {
    let (none, three, groups) = (Strata::whole(0), Strata::whole(3), Strata::groups(&[4, 9, 4, 4, 7]));
    assert_eq!((none.len(), three.len(), groups.len()), (0, 3, 5));
    assert_eq!((none.is_empty(), three.is_empty(), groups.is_empty()), (true, false, false));
    assert!(Strata::groups(&[]).is_empty());
}

/// Two points are the fewest that can change places.
#[test]
fn a_shuffle_control_takes_two_points_and_one_shuffle() {
    let with = |points, shuffles| {
        shuffle_control(&Strata::whole(points), shuffles, &mut random_numbers("few", 0), |_| Ok(0.0))
            .map(|found| found.p)
    };
    assert_eq!(with(2, 1), Ok(1.0));
    let too_few = |what, found, needed| Err(ConfidenceError::TooFew { what, found, needed });
    assert_eq!(with(1, 1), too_few("a shuffle control", 1, 2));
    assert_eq!(with(2, 0), too_few("shuffles", 0, 1));
}
