//! The room `confidence`: its measures against scikit-learn, SciPy and NumPy (`tests/reference/confidence/`), against
//! what is known without them, and against points among which nothing can be found.

use crate::support;

use embedding_norms::confidence::{
    ConfidenceError, Neighbours, Strata, auroc, bootstrap, effective_rank, group_means, mean_cosine, quantile_groups,
    shuffle_control, spearman, spearman_given, spearman_interval, spearman_within,
};
use embedding_norms::random::{Generator, StandardNormal};
use embedding_norms::sphere::SphereError;
use ndarray::{Array2, Axis, array, concatenate};
use ndarray_rand::RandomExt;
use proptest::prelude::*;
use rand::Rng;
use rand_distr::Distribution;
use serde::Deserialize;
use statrs::stats_tests::Alternative;
use statrs::stats_tests::mannwhitneyu::{MannWhitneyUMethod, mannwhitneyu};
use support::embeddings::random_numbers;
use support::seeds::seeded;

mod collapse;
mod correlations;
mod neighbours;
mod resampling;

#[derive(Deserialize)]
struct Reference {
    points: Vec<Vec<f64>>,
    labels: Vec<usize>,
    k: usize,
    x: Vec<f64>,
    y: Vec<f64>,
    covariates: Vec<Vec<f64>>,
    indices: Vec<Vec<usize>>,
    distances: Vec<Vec<f64>>,
    agreement: Vec<f64>,
    across_indices: Vec<Vec<usize>>,
    across_distances: Vec<Vec<f64>>,
    votes: std::collections::BTreeMap<String, f64>,
    spearman: f64,
    within: Vec<f64>,
    within_mean: f64,
    partial: [f64; 2],
    auroc: [f64; 2],
    effective_rank: f64,
    effective_rank_wide: f64,
    mean_cosine: f64,
    bootstrap: [f64; 2],
    few: usize,
    shuffle_p: f64,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../reference/confidence/values.json")).unwrap()
}

fn matrix(rows: &[Vec<f64>]) -> Array2<f64> {
    Array2::from_shape_fn((rows.len(), rows[0].len()), |(row, column)| rows[row][column])
}

/// No further apart than rounding.
fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() < 1e-13
}

fn normal(n: usize, numbers: &mut Generator) -> Vec<f64> {
    (0..n).map(|_| StandardNormal.sample(numbers)).collect()
}

#[test]
fn rank_correlations_are_those_of_scipy() {
    let reference = reference();
    let (x, y) = (&reference.x, &reference.y);
    assert!(close(spearman(x, y).unwrap(), reference.spearman));
    let within = spearman_within(x, y, &reference.labels).unwrap();
    assert!(close(within.mean, reference.within_mean));
    for (&(_, _, rho), expected) in within.groups.iter().zip(&reference.within) {
        assert!(close(rho.unwrap(), *expected));
    }
    let covariates = matrix(&reference.covariates);
    for (count, expected) in [1, 2].into_iter().zip(reference.partial) {
        let given = covariates.select(Axis(1), &(0..count).collect::<Vec<_>>());
        assert!((spearman_given(x, y, given.view()).unwrap() - expected).abs() < 1e-12, "{count}");
    }
    // Nothing given is the plain correlation.
    let nothing = spearman_given(x, y, Array2::zeros((60, 0)).view()).unwrap();
    assert!(close(nothing, reference.spearman));
}

proptest! {
    #![proptest_config(seeded(64))]

    #[test]
    fn rank_correlations_see_the_order_alone(n in 5_usize..80, seed: u64) {
        let mut numbers = random_numbers("order", seed);
        let (x, y) = (normal(n, &mut numbers), normal(n, &mut numbers));
        let rho = spearman(&x, &y).unwrap();
        let other: Vec<f64> = x.iter().map(|value| (3.0 * value).exp()).collect();
        prop_assert_eq!(spearman(&other, &y).unwrap(), rho);
        let negated: Vec<f64> = y.iter().map(|value| -value).collect();
        prop_assert!(close(spearman(&x, &negated).unwrap(), -rho));
        // The textbook's form, for ranks without ties: 1 − 6Σd²/(n(n² − 1)).
        let rank = |values: &[f64], value: f64| values.iter().filter(|&&other| other < value).count() as f64;
        let squares: f64 = x.iter().zip(&y).map(|(a, b)| (rank(&x, *a) - rank(&y, *b)).powi(2)).sum();
        let n = n as f64;
        prop_assert!((rho - (1.0 - 6.0 * squares / (n * (n * n - 1.0)))).abs() < 1e-12);
    }

    #[test]
    fn areas_under_the_curve_are_those_of_statrs(n in 1_usize..30, m in 1_usize..30, seed: u64) {
        let mut numbers = random_numbers("areas", seed);
        let mut rounded = |n| normal(n, &mut numbers).into_iter().map(|value| (4.0 * value).round()).collect::<Vec<_>>();
        let (positives, negatives) = (rounded(n), rounded(m));
        let asymptotic = MannWhitneyUMethod::AsymptoticExclContinuityCorrection;
        let (u, _) = mannwhitneyu(&positives, &negatives, asymptotic, Alternative::Greater).unwrap();
        let area = auroc(&positives, &negatives).unwrap();
        prop_assert!(close(area, u / (n * m) as f64));
        prop_assert!(close(auroc(&negatives, &positives).unwrap(), 1.0 - area));
    }
}

#[test]
fn areas_under_the_curve_are_those_of_scikit_learn() {
    let reference = reference();
    for (values, expected) in [&reference.x, &reference.y].into_iter().zip(reference.auroc) {
        let of = |positive: bool| -> Vec<f64> {
            let points = values.iter().zip(&reference.labels);
            points.filter(|&(_, &label)| (label == 0) == positive).map(|(value, _)| *value).collect()
        };
        assert!(close(auroc(&of(true), &of(false)).unwrap(), expected));
    }
    assert_eq!(auroc(&[2.0, 3.0], &[0.0, 1.0]), Ok(1.0));
    assert_eq!(auroc(&[1.0; 4], &[1.0; 3]), Ok(0.5));
}

/// x and y that have nothing in common but the group.
fn groups_apart(n: usize, numbers: &mut Generator) -> (Vec<f64>, Vec<f64>, Vec<usize>) {
    let groups: Vec<usize> = (0..n).map(|point| point % 4).collect();
    let mut shifted = || groups.iter().map(|&g| 3.0 * g as f64 + numbers.sample(StandardNormal)).collect::<Vec<f64>>();
    let (x, y) = (shifted(), shifted());
    (x, y, groups)
}

#[test]
fn what_differs_between_groups_only_is_not_seen_within_them() {
    let (x, y, groups) = groups_apart(2_000, &mut random_numbers("groups", 0));
    assert!(spearman(&x, &y).unwrap() > 0.8);
    // The standard deviation is 1/√2000 = 0.022.
    assert!(spearman_within(&x, &y, &groups).unwrap().mean.abs() < 0.07);
    let given = Array2::from_shape_fn((2_000, 1), |(point, _)| groups[point] as f64);
    assert!(spearman_given(&x, &y, given.view()).unwrap().abs() < 0.07);
    // Negative control: another covariate explains nothing.
    let unrelated = Array2::random_using((2_000, 1), StandardNormal, &mut random_numbers("groups", 1));
    assert!(spearman_given(&x, &y, unrelated.view()).unwrap() > 0.8);
    // The shuffle control says the same: all points are more alike than shuffled ones, those of a group are not.
    let correlation = |places: &[usize]| spearman(&places.iter().map(|&p| x[p]).collect::<Vec<_>>(), &y);
    let mut numbers = random_numbers("groups", 2);
    let all = shuffle_control(&Strata::whole(2_000), 199, &mut numbers, correlation).unwrap();
    let within = shuffle_control(&Strata::groups(&groups), 199, &mut numbers, correlation).unwrap();
    assert_eq!(all.p, 2.0 / 200.0);
    assert!(all.mean.abs() < 0.01 && within.mean > 0.8 && within.p > 0.02, "{all:?} {within:?}");
}

#[test]
fn bootstrap_intervals_are_those_of_scipy() {
    let reference = reference();
    let of = |places: &[usize], values: &[f64]| places.iter().map(|&place| values[place]).collect::<Vec<_>>();
    let statistic = |places: &[usize]| spearman(&of(places, &reference.x), &of(places, &reference.y));
    let mut numbers = random_numbers("bootstrap", 0);
    let found = bootstrap(&Strata::whole(60), 20_000, 0.95, &mut numbers, statistic).unwrap();
    assert!(close(found.value, reference.spearman));
    // A quantile of 20,000 draws with a deviation of 0.1 wanders by about 0.002.
    let [lower, upper] = reference.bootstrap;
    assert!((found.lower - lower).abs() < 0.01 && (found.upper - upper).abs() < 0.01, "{found:?}");
    // Negative control: half the confidence is another interval.
    let narrow = bootstrap(&Strata::whole(60), 2_000, 0.5, &mut numbers, statistic).unwrap();
    assert!(narrow.lower > lower + 0.02 && narrow.upper < upper - 0.02);
    assert_eq!(
        bootstrap(&Strata::whole(60), 50, 0.95, &mut random_numbers("again", 0), statistic),
        bootstrap(&Strata::whole(60), 50, 0.95, &mut random_numbers("again", 0), statistic),
    );
}

#[test]
fn bootstrap_intervals_hold_a_mean_95_times_in_100() {
    let mut numbers = random_numbers("coverage", 0);
    let covered = (0..400).filter(|_| {
        let values = normal(50, &mut numbers);
        let mean = |places: &[usize]| Ok(places.iter().map(|&place| values[place]).sum::<f64>() / 50.0);
        let found = bootstrap(&Strata::whole(50), 400, 0.95, &mut numbers, mean).unwrap();
        found.lower <= 0.0 && 0.0 <= found.upper
    });
    // 400 trials: a standard deviation of 0.011; percentile intervals of 50 points are a little short.
    let share = covered.count() as f64 / 400.0;
    assert!((0.90..0.98).contains(&share), "{share}");
}

#[test]
fn strata_keep_the_number_of_points_of_each_group() {
    let labels = [2, 2, 2, 5, 5, 9];
    let counts = |places: &[usize]| {
        let of = |label| places.iter().filter(|&&place| labels[place] == label).count();
        assert_eq!((of(2), of(5), of(9)), (3, 2, 1));
        assert!(places.iter().zip(labels).all(|(&place, label)| labels[place] == label));
        Ok(0.0)
    };
    bootstrap(&Strata::groups(&labels), 50, 0.9, &mut random_numbers("strata", 0), counts).unwrap();
    let shuffled = |places: &[usize]| {
        let mut sorted = places.to_vec();
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2, 3, 4, 5]);
        counts(places)
    };
    shuffle_control(&Strata::groups(&labels), 50, &mut random_numbers("strata", 1), shuffled).unwrap();
}

#[test]
fn p_of_a_shuffle_is_that_of_all_orders() {
    let reference = reference();
    let (x, y) = (&reference.x[..reference.few], &reference.y[..reference.few]);
    let statistic = |places: &[usize]| spearman(&places.iter().map(|&place| x[place]).collect::<Vec<_>>(), y);
    let mut numbers = random_numbers("orders", 0);
    let found = shuffle_control(&Strata::whole(x.len()), 20_000, &mut numbers, statistic).unwrap();
    // A share of 20,000 draws wanders by up to 0.0035, twice that for p.
    assert!((found.p - reference.shuffle_p).abs() < 0.02, "{} {}", found.p, reference.shuffle_p);
    assert!(found.mean.abs() < 0.02 && found.lower < -0.5 && found.upper > 0.5);
}

#[test]
fn p_is_uniform_where_nothing_can_be_known_and_small_where_much_can() {
    let mut numbers = random_numbers("uniform", 0);
    let mut p_of = |share: f64| {
        let (x, noise) = (normal(30, &mut numbers), normal(30, &mut numbers));
        let y: Vec<f64> = x.iter().zip(noise).map(|(x, noise)| share * x + noise).collect();
        let statistic = |places: &[usize]| spearman(&places.iter().map(|&place| x[place]).collect::<Vec<_>>(), &y);
        shuffle_control(&Strata::whole(30), 99, &mut numbers, statistic).unwrap().p
    };
    let null: Vec<f64> = (0..300).map(|_| p_of(0.0)).collect();
    for level in [0.1, 0.5] {
        let share = null.iter().filter(|&&p| p <= level).count() as f64 / 300.0;
        assert!((share - level).abs() < 0.09, "{level}: {share}");
    }
    assert!((0..20).all(|_| p_of(2.0) <= 0.02));
}

#[test]
fn deciles_are_of_equal_size_and_in_order() {
    let mut numbers = random_numbers("deciles", 0);
    let values = normal(1_797, &mut numbers);
    let groups = quantile_groups(&values, 10).unwrap();
    let counts: Vec<usize> = (0..10).map(|group| groups.iter().filter(|&&g| g == group).count()).collect();
    assert!(counts.iter().all(|&count| count == 179 || count == 180));
    let means = group_means(&groups, 10, &values).unwrap();
    assert!(means.windows(2).all(|pair| pair[0] < pair[1]));
    let largest = |group| (0..1_797).filter(|&p| groups[p] == group).map(|p| values[p]).fold(f64::MIN, f64::max);
    let smallest = |group| (0..1_797).filter(|&p| groups[p] == group).map(|p| values[p]).fold(f64::MAX, f64::min);
    assert!((0..9).all(|group| largest(group) <= smallest(group + 1)));
    assert_eq!(group_means(&[0, 0, 2], 3, &[1.0, 3.0, 7.0]), Ok(vec![Some(2.0), None, Some(7.0)]));
}

#[test]
fn collapse_is_seen() {
    let reference = reference();
    let points = matrix(&reference.points);
    assert!((effective_rank(points.view()).unwrap() - reference.effective_rank).abs() < 1e-10);
    let wide = points.select(Axis(0), &[0, 1, 2]);
    assert!((effective_rank(wide.view()).unwrap() - reference.effective_rank_wide).abs() < 1e-10);
    assert!(close(mean_cosine(points.view()).unwrap(), reference.mean_cosine));
    // Known without a reference: orthogonal points of one length, one line, and two opposite points.
    assert!(close(effective_rank(Array2::eye(8).view()).unwrap(), 8.0));
    let line = Array2::from_shape_fn((9, 4), |(row, _)| (row + 1) as f64);
    assert!(close(effective_rank(line.view()).unwrap(), 1.0) && close(mean_cosine(line.view()).unwrap(), 1.0));
    assert_eq!(mean_cosine(array![[1.0, 0.0], [-3.0, 0.0]].view()), Ok(-1.0));
    // Squares out of range, and a power of two changes nothing.
    assert_eq!(effective_rank((&points * 2_f64.powi(700)).view()), effective_rank(points.view()));
}

#[test]
fn what_has_no_value_is_refused_with_a_reason() {
    let points = array![[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]];
    let with_zero = concatenate![Axis(0), points, array![[0.0, 0.0]]];
    let (x, y) = ([1.0, 2.0, 3.0, 4.0], [1.0, 3.0, 2.0, f64::NAN]);
    let refused: Vec<(ConfidenceError, &str)> = vec![
        (Neighbours::among(points.view(), 3).unwrap_err(), "3 points are too few; at least 4"),
        (Neighbours::among(points.view(), 0).unwrap_err(), "neighbours, k: 0 points"),
        (Neighbours::among(with_zero.view(), 2).unwrap_err(), "row 3 is zero"),
        (Neighbours::of(&[0, 7], points.view(), 2).unwrap_err(), "no row 7"),
        (Neighbours::of(&[3, 0], with_zero.view(), 2).unwrap_err(), "row 3 is zero"),
        (Neighbours::between(array![[1.0]].view(), points.view(), 2).unwrap_err(), "1 coordinates, the base has 2"),
        (Neighbours::among(points.view(), 1).unwrap().agreement(&[0], &[0, 1, 2]).unwrap_err(), "1 values where 3"),
        (Neighbours::among(points.view(), 1).unwrap().classify(&[0]).unwrap_err(), "labels of the base"),
        (spearman(&x, &[1.0]).unwrap_err(), "the second measure: 1 values where 4"),
        (spearman(&x, &y).unwrap_err(), "the second measure: value 3 (counted from 0) is NaN"),
        (spearman(&[2.0; 4], &x).unwrap_err(), "the first measure: all values are the same"),
        (spearman(&[1.0, 2.0], &[1.0, 2.0]).unwrap_err(), "2 points are too few; at least 3"),
        (spearman_within(&x, &x, &[0, 1, 2, 3]).unwrap_err(), "the largest group"),
        (auroc(&[], &x).unwrap_err(), "positives: 0 points"),
        (quantile_groups(&x, 5).unwrap_err(), "4 points are too few; at least 5"),
        (group_means(&[0, 4], 2, &[1.0, 1.0]).unwrap_err(), "no row 4"),
        (effective_rank(with_zero.view()).unwrap_err(), "row 3 is zero"),
        (mean_cosine(array![[1.0, 0.0]].view()).unwrap_err(), "1 points are too few; at least 2"),
    ];
    for (error, part) in refused {
        assert!(error.to_string().contains(part), "{error} / {part}");
    }
    let infinite = Neighbours::among(array![[1.0, 0.0], [f64::INFINITY, 0.0]].view(), 1).unwrap_err();
    let place = SphereError::NotFinite { row: 1, column: 0, value: f64::INFINITY };
    assert_eq!(infinite, ConfidenceError::Direction(place));
}

#[test]
fn covariates_that_say_nothing_new_are_refused() {
    let mut numbers = random_numbers("covariates", 0);
    let (x, y) = (normal(30, &mut numbers), normal(30, &mut numbers));
    let given = |columns: &dyn Fn(usize) -> f64, count| {
        spearman_given(
            &x,
            &y,
            Array2::from_shape_fn((30, count), |(row, column)| columns(row) * (1 + column) as f64).view(),
        )
    };
    assert_eq!(given(&|row| y[(row + 1) % 30], 2), Err(ConfidenceError::Collinear { covariate: 1 }));
    assert_eq!(given(&|_| 1.0, 1), Err(ConfidenceError::Collinear { covariate: 0 }));
    assert_eq!(given(&|row| y[row].exp(), 1), Err(ConfidenceError::Explained { what: "the second measure" }));
    assert!(given(&|row| y[(row + 1) % 30], 1).is_ok());
}

#[test]
fn resampling_refuses_what_it_cannot_do() {
    let nothing = |_: &[usize]| Ok(0.0);
    let mut numbers = random_numbers("refused", 0);
    assert!(bootstrap(&Strata::whole(0), 10, 0.95, &mut numbers, nothing).is_err());
    assert!(bootstrap(&Strata::whole(5), 0, 0.95, &mut numbers, nothing).is_err());
    let confidence = bootstrap(&Strata::whole(5), 10, 1.0, &mut numbers, nothing).unwrap_err();
    assert_eq!(confidence.to_string(), "the confidence must be above 0 and below 1, not 1");
    assert!(shuffle_control(&Strata::whole(1), 10, &mut numbers, nothing).is_err());
    assert!(shuffle_control(&Strata::whole(5), 0, &mut numbers, nothing).is_err());
    let passed_on = bootstrap(&Strata::whole(5), 10, 0.95, &mut numbers, |_| spearman(&[1.0; 5], &[1.0; 5]));
    assert_eq!(passed_on, Err(ConfidenceError::Constant { what: "the first measure" }));
}

/// Bonett and Wright's interval, its half-width on the scale of artanh squared: (1 + r²/2)/(n − 3) at 1.96 deviations.
#[test]
fn spearmans_interval_is_that_of_its_formula_at_any_correlation() {
    for (correlation, points) in [(-0.8_f64, 53), (0.1, 10), (0.95, 1000)] {
        let (lower, upper) = spearman_interval(correlation, points).unwrap();
        let [low, middle, high] = [lower, correlation, upper].map(f64::atanh);
        let squared = ((high - low) / 2.0 / 1.959_963_984_540_054).powi(2) * (points as f64 - 3.0);
        assert!(((low + high) / 2.0 - middle).abs() < 1e-12, "{correlation}");
        assert!((squared - (1.0 + correlation.powi(2) / 2.0)).abs() < 1e-12, "{correlation}: {squared}");
    }
    assert_eq!(spearman_interval(0.5, 3), None);
}
