//! The state of each checkpoint and what changed over them, where both are known in closed form.

use approx::assert_relative_eq;
use embedding_norms::diagnosis::{Options, Parameters, Sample, Subject, UpdateRule, diagnose};
use embedding_norms::optimizer::Parameters as Settings;
use ndarray::{Array2, array};

use super::{answer, ask, quantity, shot, subject, value, with_positives};

/// Rows in the plane at these angles, of norms 1, 1.5, 2, …
fn fan(angles: &[f64]) -> Array2<f64> {
    Array2::from_shape_fn((angles.len(), 2), |(row, column)| {
        let norm = 1.0 + 0.5 * row as f64;
        norm * if column == 0 { angles[row].cos() } else { angles[row].sin() }
    })
}

const PLACES: [f64; 3] = [0.1, 0.9, 2.0];

/// Three checkpoints after 0, 1 and 4 steps; embeddings turn by 0.02 and 0.03, by less and by more than that, and their positives
/// are 0.8, 0.7 and 0.6 away, and less and more than that.
fn turning() -> Subject {
    let turned = |by: f64| fan(&[PLACES[0] + 0.5 * by, PLACES[1] + by, PLACES[2] + 1.5 * by]);
    let checkpoints = [fan(&PLACES), turned(0.02), turned(0.05)];
    let mut subject = subject(&checkpoints.iter().collect::<Vec<_>>());
    subject.steps = Some(vec![0, 1, 4]);
    for (turn, apart) in [(0.0, 0.8), (0.02, 0.7), (0.05, 0.6)] {
        let own = [PLACES[0] + 0.5 * turn, PLACES[1] + turn, PLACES[2] + 1.5 * turn];
        let positives = fan(&[own[0] + 0.5 * apart, own[1] + apart, own[2] + 2.5 * apart]);
        let positives = shot("positives.npy", &positives, &subject.sample);
        subject.positives.push(positives);
    }
    subject
}

#[test]
fn each_checkpoint_is_told_its_alignment_and_its_turn() {
    let found = ask(&turning(), &Options { parameters: Parameters::Free, ..Options::default() });
    let one_minus = |angle: f64| 1.0 - angle.cos();
    for (state, apart) in found.course.iter().zip([0.8, 0.7, 0.6]) {
        assert_relative_eq!(state.positive_angle.unwrap(), apart, max_relative = 1e-12);
        let alignment = (one_minus(0.5 * apart) + one_minus(apart) + one_minus(2.5 * apart)) / 3.0;
        assert_relative_eq!(state.alignment.unwrap(), alignment, max_relative = 1e-12);
    }
    assert_eq!(found.course.iter().map(|state| state.step).collect::<Vec<_>>(), [Some(0), Some(1), Some(4)]);
    // 2.5·0.8 and 2.5·0.7 are above π/2, and 2.5·0.6 is below.
    assert_eq!(
        found.course.iter().map(|state| state.opposite).collect::<Vec<_>>(),
        [Some(1.0 / 3.0), Some(1.0 / 3.0), Some(0.0)]
    );
    let [first, second, third] = &found.course[..] else { panic!("{:?}", found.course) };
    assert_eq!((first.turned, first.best_turn, first.over_best), (None, None, None));
    assert_relative_eq!(second.turned.unwrap(), 0.02, max_relative = 1e-11);
    assert_relative_eq!(third.turned.unwrap(), 0.03, max_relative = 1e-11);
    // Half the angle of positives at the checkpoint before.
    assert_relative_eq!(second.best_turn.unwrap(), 0.4, max_relative = 1e-12);
    assert_relative_eq!(third.best_turn.unwrap(), 0.35, max_relative = 1e-12);
    let (low, high) = third.turned_per_step.unwrap();
    assert_relative_eq!(low, 0.01, max_relative = 1e-11);
    assert_relative_eq!(high, 0.03 / 3.0_f64.sqrt(), max_relative = 1e-11);
    let turn = quantity(&found, "course", "angle turned to 2.npy");
    assert_relative_eq!(turn.value.unwrap(), 0.03, max_relative = 1e-11);
    assert_eq!(turn.unit, "rad");
}

/// The first step under β = 0.9 from rest is a tenth of a lasting one; later ones are lasting steps themselves.
#[test]
fn momentum_builds_up_before_the_second_checkpoint_only() {
    let heavy_ball = Some(UpdateRule::named("heavy-ball", &Settings::defaults(), false).unwrap());
    let of = |rule, is_under_way| {
        let found =
            ask(&turning(), &Options { parameters: Parameters::Free, rule, is_under_way, ..Options::default() });
        [found.course[1].over_best.unwrap(), found.course[2].over_best.unwrap()]
    };
    let first = 0.02_f64.tan() / 0.4_f64.tan();
    let second = 0.03_f64.tan() / 0.35_f64.tan();
    for (rule, is_under_way, growth) in [(None, false, 1.0), (heavy_ball, false, 10.0), (heavy_ball, true, 1.0)] {
        let [after_one, after_three] = of(rule, is_under_way);
        assert_relative_eq!(after_one.0, growth * first, max_relative = 1e-10);
        assert_relative_eq!(after_one.1, growth * first, max_relative = 1e-10);
        assert_relative_eq!(after_three.0, second / 3.0, max_relative = 1e-10);
        assert_relative_eq!(after_three.1, second / 3.0_f64.sqrt(), max_relative = 1e-10);
    }
}

#[test]
fn there_is_no_best_turn_of_pairs_that_are_aligned() {
    let z = fan(&PLACES);
    let mut start = with_positives(subject(&[&z, &fan(&[0.2, 1.0, 2.1])]), &z);
    start.steps = Some(vec![0, 1]);
    let found = ask(&start, &Options::default());
    assert_eq!(found.course[0].positive_angle, Some(0.0));
    assert_eq!((found.course[1].best_turn, found.course[1].over_best), (None, None));
    assert!(found.course[1].turned.is_some());
}

/// Of norms 1, 1.5 and 2 against 0.5, 1.25 and 1.75: 1 + 2 + 3 of nine pairs.
#[test]
fn the_last_checkpoint_alone_is_held_against_the_reference_set() {
    let z = fan(&PLACES);
    let mut start = subject(&[&(&z * 4.0), &(&z * 3.0), &z]);
    let other = array![[0.5, 0.0], [0.0, 1.25], [1.75, 0.0]];
    start.reference = Some(shot("other.npy", &other, &Sample::draw(3, 3, 0)));
    let found = ask(&start, &Options { resamples: 19, ..Options::default() });
    let areas: Vec<_> = found.course.iter().map(|state| state.auroc).collect();
    assert_eq!(areas[..2], [None, None]);
    assert_relative_eq!(areas[2].unwrap(), 6.0 / 9.0, max_relative = 1e-14);
}

/// The limits, a mean cosine of 0.9 or 0.5 and a tenth of the dimensions, belong to what is better.
#[test]
fn a_collapse_is_told_by_the_mean_cosine_and_the_share_of_dimensions() {
    let says = |rows: &Array2<f64>| {
        let found = ask(&subject(&[rows]), &Options::default());
        let cosine = value(&found, "collapse", "mean cosine of different rows");
        (cosine, answer(&found, "collapse").finding.split(':').next().unwrap().to_owned())
    };
    // Four equal directions and one with cosine ¾ to them: 6 + 4·¾ = 9 over ten pairs.
    let mut near = Array2::zeros((5, 5));
    for row in 0..4 {
        near[[row, 0]] = 1.0 + row as f64;
    }
    near.row_mut(4).assign(&array![3.0, 2.0, 1.0, 1.0, 1.0]);
    assert_eq!(says(&near), (0.9, "Embeddings share a direction; centring would show more".to_owned()));
    near.row_mut(4).assign(&array![3.1, 2.0, 1.0, 1.0, 1.0]);
    assert!(says(&near).1.starts_with("All embeddings point nearly the same way"));
    // Rows of ±½: a cosine of ½.
    let mut half = array![[0.5, 0.5, 0.5, 0.5], [1.0, 1.0, 1.0, -1.0]];
    assert_eq!(says(&half), (0.5, "No collapse".to_owned()));
    half[[1, 3]] = -0.9;
    assert!(says(&half).1.starts_with("Embeddings share a direction"));
    // Both ways along one line: an effective rank of 1, of as many dimensions or rows as there are fewer of.
    let line = |rows: usize, dimension: usize| {
        let place = |row: usize| if row.is_multiple_of(2) { 1.0 + row as f64 } else { -2.0 };
        Array2::from_shape_fn((rows, dimension), |(row, column)| if column == 0 { place(row) } else { 0.0 })
    };
    for (rows, dimension) in [(11, 11), (11, 40), (40, 11)] {
        assert_eq!(says(&line(rows, dimension)).1, "Embeddings use few of their dimensions", "{rows} {dimension}");
    }
    for (rows, dimension) in [(10, 10), (10, 40), (40, 10)] {
        assert_eq!(says(&line(rows, dimension)).1, "No collapse", "{rows} {dimension}");
    }
}

#[test]
fn rows_without_a_direction_are_none_of_those_that_a_rank_is_measured_on() {
    // Two directions apart, then rows of zeros.
    for (zeros, dimension) in [(0, 30), (28, 30)] {
        let mut z = Array2::zeros((2 + zeros, dimension));
        z[[0, 0]] = 2.0;
        z[[1, 1]] = 3.0;
        let found = ask(&subject(&[&z]), &Options::default());
        let collapse = answer(&found, "collapse");
        assert!(collapse.finding.starts_with("No collapse"), "{zeros}: {collapse:?}");
        assert!(collapse.conditions.starts_with("Measured on 2 rows;"), "{zeros}: {collapse:?}");
    }
}

#[test]
fn growth_is_told_of_two_checkpoints_or_more_and_where_it_is_beyond_f64_too() {
    let z = fan(&PLACES);
    let name = "growth of the median norm";
    assert!(ask(&subject(&[&z]), &Options::default()).find("course").is_none());
    let two = ask(&subject(&[&(&z * 0.4), &z]), &Options::default());
    assert_relative_eq!(value(&two, "course", name), 2.5, max_relative = 1e-14);
    assert!(answer(&two, "course").finding.contains("(times 2.5)"), "{}", answer(&two, "course").finding);
    let three = ask(&subject(&[&(&z * 5.0), &z, &(&z * 2.0)]), &Options::default());
    assert_relative_eq!(value(&three, "course", name), 0.4, max_relative = 1e-14);
    let far = diagnose(&subject(&[&(&z * 1e-200), &(&z * 1e200)]), &Options::default(), &mut |_, _| ()).unwrap();
    assert_eq!(quantity(&far, "course", name).value, None);
    assert!(answer(&far, "course").finding.contains("(times more than 1.8e308)"));
}
