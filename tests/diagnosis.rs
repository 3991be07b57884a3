//! Answers where the truth is planted: norms, angles, classes, steps, relations - and controls in which there is nothing to
//! find.

use std::f64::consts::FRAC_PI_2;

use approx::assert_relative_eq;
use embedding_norms::diagnosis::{
    Answer, Classes, Collector, Diagnosis, DiagnosisError, Fault, Options, Parameters, Quantity, Sample, Shape, Side,
    Snapshot, Standing, Subject, UpdateRule, Worth, diagnose,
};
use embedding_norms::optimizer::Parameters as Settings;
use embedding_norms::random::generator;
use embedding_norms::sphere::{exponential, norm_of, tangent, uniform};
use embedding_norms::theory::convergence::next_order_steps;
use embedding_norms::theory::equilibrium::Persistent;
use ndarray::{Array2, array};
use proptest::prelude::*;
use rand::Rng;
use rand::seq::SliceRandom;

/// Directions uniform on the sphere, each with a norm.
fn rows(norms: &[f64], dimension: usize, seed: u64) -> Array2<f64> {
    let mut rows = uniform(norms.len(), dimension, &mut generator(seed, b"tests/diagnosis", 0)).unwrap();
    for (mut row, norm) in rows.rows_mut().into_iter().zip(norms) {
        row *= *norm;
    }
    rows
}

/// A subject of these checkpoints, looked at whole.
fn subject(checkpoints: &[&Array2<f64>]) -> Subject {
    let sample = Sample::draw(checkpoints[0].nrows(), 5_000, 1);
    let snapshots = checkpoints.iter().enumerate().map(|(place, rows)| shot(&format!("{place}.npy"), rows, &sample));
    let snapshots = snapshots.collect();
    Subject::new(sample, snapshots)
}

fn shot(name: &str, rows: &Array2<f64>, sample: &Sample) -> Snapshot {
    Snapshot::of(name, rows.view(), sample).unwrap()
}

fn with_positives(mut subject: Subject, positives: &Array2<f64>) -> Subject {
    subject.positives = vec![shot("positives.npy", positives, &subject.sample)];
    subject
}

fn ask(subject: &Subject, options: &Options) -> Diagnosis {
    diagnose(subject, options, &mut |_, _| ()).unwrap()
}

fn answer<'a>(diagnosis: &'a Diagnosis, key: &str) -> &'a Answer {
    diagnosis.find(key).unwrap_or_else(|| panic!("no answer {key}"))
}

fn quantity<'a>(diagnosis: &'a Diagnosis, key: &str, name: &str) -> &'a Quantity {
    let answer = answer(diagnosis, key);
    answer
        .quantities
        .iter()
        .find(|quantity| quantity.name == name)
        .unwrap_or_else(|| panic!("{name} not in {answer:?}"))
}

fn value(diagnosis: &Diagnosis, key: &str, name: &str) -> f64 {
    quantity(diagnosis, key, name).value.unwrap()
}

fn plain() -> Option<UpdateRule> {
    Some(UpdateRule::named("gradient-descent", &Settings::defaults(), false).unwrap())
}

fn free(learning_rate: f64) -> Options {
    Options { learning_rate: Some(learning_rate), rule: plain(), parameters: Parameters::Free, ..Options::default() }
}

/// Rows turned by an angle each, in random directions.
fn turned(rows: &Array2<f64>, angle: f64, seed: u64) -> Array2<f64> {
    let pulls = uniform(rows.nrows(), rows.ncols(), &mut generator(seed, b"tests/turned", 0)).unwrap();
    let mut turned = rows.clone();
    for (mut row, pull) in turned.rows_mut().into_iter().zip(pulls.rows()) {
        let norm = norm_of(row.view());
        let unit = &row / norm;
        let way = tangent(unit.view(), pull);
        let way = &way * (angle / norm_of(way.view()));
        row.assign(&(exponential(unit.view(), way.view()) * norm));
    }
    turned
}

#[test]
fn planted_norms_are_found() {
    let norms: Vec<f64> = (1..=101).map(f64::from).collect();
    let found = ask(&subject(&[&rows(&norms, 6, 1)]), &Options::default());
    let norm = |name: &str| value(&found, "norms", name);
    assert_relative_eq!(norm("mean"), 51.0, max_relative = 1e-12);
    assert_relative_eq!(norm("median"), 51.0, max_relative = 1e-12);
    assert_relative_eq!(norm("largest"), 101.0, max_relative = 1e-12);
    let deviation = (norms.iter().map(|norm| (norm - 51.0) * (norm - 51.0)).sum::<f64>() / 100.0).sqrt();
    assert_relative_eq!(norm("coefficient of variation"), deviation / 51.0, max_relative = 1e-12);
    let (low, high) = quantity(&found, "norms", "mean").interval.unwrap();
    assert!(low < 51.0 && 51.0 < high && high - low < 12.0);
    // G1: the gradient of the median row; L6: under plain descent twice the norm is four times the steps.
    assert_relative_eq!(value(&found, "gradient-scale", "1/‖z‖ at the median norm"), 1.0 / 51.0, max_relative = 1e-12);
    let ratio = norm("95 %") / 51.0;
    let slow = value(&found, "slow-down", "steps against the median, 95 % norm");
    assert_relative_eq!(slow, ratio * ratio, max_relative = 1e-12);
    assert_eq!(answer(&found, "slow-down").worth, Worth::Conditional);
}

#[test]
fn the_optimizer_sets_the_slow_down() {
    let start = subject(&[&rows(&[1.0, 2.0, 4.0, 8.0, 16.0], 4, 2)]);
    let slow = |name: &str| {
        let rule = Some(UpdateRule::named(name, &Settings::defaults(), false).unwrap());
        let options = Options { rule, parameters: Parameters::Free, ..Options::default() };
        let found = ask(&start, &options);
        assert_eq!(answer(&found, "slow-down").worth, Worth::Proved);
        let ratio = value(&found, "norms", "95 %") / 4.0;
        (value(&found, "slow-down", "steps against the median, 95 % norm"), ratio)
    };
    let ((descent, ratio), (adam, _), (lars, _)) = (slow("gradient-descent"), slow("adam"), slow("lars"));
    assert_relative_eq!(descent, ratio * ratio, max_relative = 1e-12);
    assert_relative_eq!(adam, ratio, max_relative = 1e-12);
    assert_eq!(lars, 1.0);
}

#[test]
fn rows_without_a_direction_are_listed_and_left_out() {
    let mut z = rows(&[1.0, 2.0, 3.0, 4.0, 5.0], 3, 3);
    z.row_mut(1).fill(0.0);
    z[[3, 2]] = f64::NAN;
    let start = subject(&[&z]);
    assert_eq!(start.last().left_out(), [(1, Fault::Zero), (3, Fault::NotFinite)]);
    let found = ask(&start, &Options::default());
    let says = &answer(&found, "rows-left-out").finding;
    assert!(says.contains("2 of 5") && says.contains("1 zero") && says.contains("3 non-finite"), "{says}");
    assert_relative_eq!(value(&found, "norms", "mean"), 3.0, max_relative = 1e-12);
    let whole = ask(&subject(&[&rows(&[1.0, 2.0], 3, 3)]), &Options::default());
    assert!(whole.find("rows-left-out").is_none());
    // Norms whose squares leave the range of numbers are norms all the same.
    let sample = Sample::draw(2, 2, 0);
    let far = shot("far", &array![[3e-200, 4e-200], [3e200, 4e200]], &sample);
    assert_relative_eq!(far.norms()[0], 5e-200, max_relative = 1e-12);
    assert_relative_eq!(far.norms()[1], 5e200, max_relative = 1e-12);
}

#[test]
fn normalized_input_is_detected_and_no_other() {
    let n = 400;
    let shape = |z: &Array2<f64>| ask(&subject(&[z]), &Options::default()).course[0].norms.shape;
    let unit = rows(&vec![1.0; n], 64, 4);
    assert_eq!(shape(&unit), Shape::Normalized);
    // bf16 keeps 8 bits of a coordinate.
    let rounded = unit.mapv(|value| f64::from(f32::from_bits((value as f32).to_bits() & 0xffff_0000)));
    assert_eq!(shape(&rounded), Shape::Normalized);
    assert_eq!(shape(&(&unit * 8.0)), Shape::Constant);
    let mut random = generator(1, b"tests/spread", 0);
    let spread: Vec<f64> = (0..n).map(|_| 1.0 + 0.02 * (random.random::<f64>() - 0.5)).collect();
    assert_eq!(shape(&rows(&spread, 64, 4)), Shape::Varied);
    let found = ask(&subject(&[&unit]), &Options::default());
    assert!(answer(&found, "normalized").finding.contains("normalize_embeddings=False"));
    for key in ["gradient-scale", "neighbour-distance"] {
        assert_eq!(answer(&found, key).worth, Worth::Unanswered, "{key}");
    }
}

#[test]
fn planted_classes_are_found_and_shuffled_ones_are_not() {
    let mut random = generator(5, b"tests/classes", 0);
    let labels: Vec<usize> = (0..900).map(|row| row % 3).collect();
    let norms: Vec<f64> = labels.iter().map(|&label| 1.0 + label as f64 + 0.1 * random.random::<f64>()).collect();
    let mut start = subject(&[&rows(&norms, 8, 5)]);
    let names = vec!["cat".to_owned(), "dog".to_owned(), "owl".to_owned()];
    start.classes = Some(Classes { of_rows: labels.clone(), names: names.clone() });
    let found = ask(&start, &Options::default());
    let means: Vec<f64> = found.classes.iter().map(|class| class.mean).collect();
    for (mean, expected) in means.iter().zip([1.05, 2.05, 3.05]) {
        assert!((mean - expected).abs() < 0.01, "{means:?}");
    }
    let says = &answer(&found, "class-norms").finding;
    assert!(says.contains("(cat)") && says.contains("(owl)") && says.contains("more than"), "{says}");
    let mut shuffled = labels;
    shuffled.shuffle(&mut random);
    start.classes = Some(Classes { of_rows: shuffled, names });
    let control = ask(&start, &Options::default());
    assert!(answer(&control, "class-norms").finding.contains("about what"));
}

#[test]
fn planted_angles_give_the_steps_of_l1() {
    let z = rows(&[2.0; 40], 12, 6);
    let (gamma, phi) = (0.02, 1.2);
    let start = with_positives(subject(&[&(&z * 1.0)]), &(turned(&z, phi, 6) * 1.5));
    // Norms that all are 2 would pass for the output of a layer that fixes them.
    let mut start = start;
    let mut varied = z.clone();
    varied.row_mut(0).mapv_inplace(|value| value * 4.0);
    start.checkpoints = vec![shot("z", &varied, &start.sample)];
    let found = ask(&start, &free(gamma));
    assert_relative_eq!(value(&found, "positives", "angle of a positive pair, median"), phi, max_relative = 1e-9);
    assert_eq!(value(&found, "positives", "share in opposite halves"), 0.0);
    let expected = next_order_steps((0.5 * phi).tan(), gamma / 4.0, gamma / 9.0, 1e-3).unwrap();
    let steps = value(&found, "steps", "steps to align, median");
    assert!((steps - expected).abs() < 0.05, "{steps} {expected}");
    assert_eq!(answer(&found, "steps").worth, Worth::Proved);
    // A control: the flow for equal norms is another number.
    let wrong = next_order_steps((0.5 * phi).tan(), gamma / 4.0, gamma / 4.0, 1e-3).unwrap();
    assert!((steps - wrong).abs() > 10.0);
    let unknown = ask(&start, &Options { learning_rate: Some(gamma), ..Options::default() });
    assert_eq!(answer(&unknown, "steps").worth, Worth::Conditional);
    for (parameters, rule) in [(Parameters::Shared, plain()), (Parameters::Free, adam())] {
        let options = Options { parameters, rule, ..free(gamma) };
        assert_eq!(answer(&ask(&start, &options), "steps").worth, Worth::Unanswered);
    }
}

fn adam() -> Option<UpdateRule> {
    Some(UpdateRule::named("adam", &Settings::defaults(), false).unwrap())
}

#[test]
fn opposite_halves_are_counted() {
    let norms: Vec<f64> = (0..200).map(|row| 1.0 + row as f64 / 100.0).collect();
    let z = rows(&norms, 10, 7);
    let mut positives = turned(&z, 0.3, 7);
    let opposite = turned(&z, 2.5, 8);
    for row in 0..50 {
        positives.row_mut(row).assign(&opposite.row(row));
    }
    let found = ask(&with_positives(subject(&[&z]), &positives), &Options::default());
    let share = quantity(&found, "positives", "share in opposite halves");
    assert_eq!(share.value, Some(0.25));
    let (low, high) = share.interval.unwrap();
    assert!(0.18 < low && low < 0.25 && 0.25 < high && high < 0.33, "{low} {high}");
}

#[test]
fn free_embeddings_are_told_their_best_norm() {
    let phi = 1.0;
    let norms: Vec<f64> = (0..100).map(|row| 1.0 + 0.01 * row as f64).collect();
    let z = rows(&norms, 8, 9);
    let start = with_positives(subject(&[&z]), &turned(&z, phi, 9));
    let at = |factor: f64, parameters| {
        // u = factor/(1 + cos φ) at the median norm.
        let gamma = factor * 1.495 * 1.495 / (1.0 + phi.cos());
        ask(&start, &Options { parameters, ..free(gamma) })
    };
    for (factor, side) in [(0.01, Side::Short), (1.0, Side::Near), (50.0, Side::Long)] {
        let found = at(factor, Parameters::Free);
        assert_relative_eq!(value(&found, "step", "step over the best step, x"), factor, max_relative = 0.01);
        assert_eq!(found.standing.unwrap().side(), side);
        assert_eq!(answer(&found, "cut").worth, Worth::Proved);
        assert_relative_eq!(
            value(&found, "cut", "best cut c (below 1: lengthen)"),
            (1.0 / factor).sqrt(),
            max_relative = 0.01
        );
    }
    // γ/ρ² alone gives a network no advice.
    for parameters in [Parameters::Shared, Parameters::Unknown] {
        let found = at(0.01, parameters);
        let advice = ["cut", "grad-scale"].iter().filter_map(|key| found.find(key));
        assert!(advice.clone().all(|answer| answer.worth == Worth::Unanswered), "{parameters:?}");
        assert!(found.standing.is_none());
    }
    assert_eq!(answer(&at(0.01, Parameters::Shared), "step").worth, Worth::Unanswered);
    assert_eq!(answer(&at(0.01, Parameters::Unknown), "step").worth, Worth::Conditional);
}

#[test]
fn the_turn_between_checkpoints_tells_a_network_where_it_stands() {
    let norms: Vec<f64> = (0..300).map(|row| 1.0 + 0.01 * row as f64).collect();
    let z = rows(&norms, 16, 10);
    let positives = turned(&z, 0.8, 10);
    let stand = |angle: f64, steps: u64| {
        let after = turned(&z, angle, 11);
        let start = with_positives(subject(&[&z, &after]), &positives);
        let options =
            Options { steps_between: Some(steps), parameters: Parameters::Shared, rule: plain(), ..Options::default() };
        ask(&start, &options)
    };
    for (angle, side) in [(0.02, Side::Short), (0.4, Side::Near), (1.1, Side::Long)] {
        let found = stand(angle, 1);
        let standing = found.standing.unwrap();
        assert_eq!(standing.side(), side, "{angle}");
        let expected = angle.tan() / 0.4_f64.tan();
        assert_relative_eq!(value(&found, "step", "step over the best step, x"), expected, max_relative = 1e-9);
        assert_eq!(answer(&found, "step").worth, Worth::Tested);
        assert_relative_eq!(found.course[1].turned.unwrap(), angle, max_relative = 1e-9);
    }
    // Ten steps turn 0.3 altogether: each at least 0.03, and 0.095 if they are independent.
    let several = stand(0.3, 10);
    let (low, high) = several.course[1].turned_per_step.unwrap();
    assert_relative_eq!(low, 0.03, max_relative = 1e-9);
    assert_relative_eq!(high, 0.3 / 10.0_f64.sqrt(), max_relative = 1e-9);
    let leg = several.standing.unwrap().leg;
    assert_relative_eq!(leg.0, 0.3_f64.tan() / 10.0, max_relative = 1e-9);
    // Beyond a right angle the way counts: here a chord, as norms are kept, but never less than tan 1.2.
    let far = stand(2.8, 1).standing.unwrap().leg.0;
    assert_relative_eq!(far, 1.2_f64.tan(), max_relative = 1e-9);
    assert!(stand(1.1, 20).standing.unwrap().side() == Side::Unclear);
    // Without the number of steps there is no advice.
    let start = with_positives(subject(&[&z, &turned(&z, 0.02, 11)]), &positives);
    let silent = ask(&start, &Options { parameters: Parameters::Shared, ..Options::default() });
    assert_eq!(answer(&silent, "step").worth, Worth::Unanswered);
    assert!(answer(&silent, "step").finding.contains("--steps-between"));
}

proptest! {
    #[test]
    fn a_lever_helps_exactly_where_it_brings_the_step_nearer_to_the_best(
        angle in 0.05..3.0_f64, turn in 0.001..1.4_f64, shift in -6.0..6.0_f64,
    ) {
        let standing = Standing::of_leg(angle, (turn.tan(), turn.tan()));
        let (low, high) = standing.speed_up(shift);
        prop_assert!((low - high).abs() < 1e-12);
        let nearer = (standing.middle() + shift).abs() < standing.middle().abs();
        prop_assert_eq!(low > 0.0, nearer);
        // No lever gains more than the way to the best step.
        prop_assert!(low <= standing.middle().abs() + 1e-12);
        let (best, _) = standing.best_cut(2.0).unwrap();
        prop_assert!((standing.speed_up(2.0 * best).0 - standing.middle().abs()).abs() < 1e-9);
        // Doing and undoing cancel.
        let moved = Standing { excess: (standing.excess.0 + shift, standing.excess.1 + shift), ..standing };
        prop_assert!((moved.speed_up(-shift).0 + low).abs() < 1e-9);
    }
}

/// Rows on an arc, crowded or not, with norms that follow the crowding to a degree.
fn arc(n: usize, strength: f64, seed: u64) -> Array2<f64> {
    let mut random = generator(seed, b"tests/arc", 0);
    let mut rows = Array2::zeros((n, 2));
    for mut row in rows.rows_mut() {
        let place: f64 = random.random();
        // The density of the angle falls with the place.
        let angle = FRAC_PI_2 * place * place;
        let norm = 1.0 + strength * (1.0 - place) + 0.2 * random.random::<f64>();
        row.assign(&array![norm * angle.cos(), norm * angle.sin()]);
    }
    rows
}

#[test]
fn a_planted_relation_is_found_and_a_planted_absence_is_not() {
    let options = Options { resamples: 199, ..Options::default() };
    let spearman = |strength: f64, seed: u64| {
        let found = ask(&subject(&[&arc(400, strength, seed)]), &options);
        let quantity = quantity(&found, "neighbour-distance", "Spearman of norm and neighbour distance");
        let (low, high) = quantity.interval.unwrap();
        (quantity.value.unwrap(), low, high, answer(&found, "neighbour-distance").finding.clone())
    };
    let (found, low, high, says) = spearman(1.0, 12);
    assert!(found < -0.7 && low < found && found < high && high < -0.5, "{found} [{low}, {high}]");
    assert!(says.starts_with("Longer embeddings lie in more crowded regions"), "{says}");
    assert!(spearman(-1.0, 12).3.starts_with("Longer embeddings lie in emptier regions"));
    let absent = (0..20).filter(|&seed| spearman(0.0, 100 + seed).3.starts_with("No relation")).count();
    assert!(absent >= 17, "{absent} of 20 absences are seen");
}

#[test]
fn a_covariate_that_explains_the_norm_leaves_nothing() {
    let n = 500;
    let mut random = generator(13, b"tests/covariate", 0);
    let lengths: Vec<f64> = (0..n).map(|_| random.random()).collect();
    // Both the norm and the crowding follow the length, and nothing else ties them.
    let mut z = Array2::zeros((n, 2));
    for (mut row, length) in z.rows_mut().into_iter().zip(&lengths) {
        let angle = FRAC_PI_2 * (length + 0.05 * random.random::<f64>()).powi(2);
        let norm = 2.0 - length + 0.3 * random.random::<f64>();
        row.assign(&array![norm * angle.cos(), norm * angle.sin()]);
    }
    let options = Options { resamples: 199, ..Options::default() };
    let mut start = subject(&[&z]);
    start.covariates = Some(Array2::from_shape_vec((n, 1), lengths.clone()).unwrap());
    let found = ask(&start, &options);
    assert!(value(&found, "neighbour-distance", "Spearman of norm and neighbour distance") < -0.7);
    let given = quantity(&found, "neighbour-distance", "the same given the covariates");
    assert!(given.value.unwrap().abs() < 0.2, "{given:?}");
    // A covariate that has nothing to do with it leaves everything.
    let mut others = lengths;
    others.shuffle(&mut random);
    start.covariates = Some(Array2::from_shape_vec((n, 1), others).unwrap());
    let control = ask(&start, &options);
    assert!(value(&control, "neighbour-distance", "the same given the covariates") < -0.7);
}

#[test]
fn label_agreement_is_tied_to_the_norm_where_that_was_planted() {
    let n = 600;
    let mut random = generator(14, b"tests/agreement", 0);
    let mut z = Array2::zeros((n, 2));
    let mut labels = Vec::new();
    for mut row in z.rows_mut() {
        // Two classes that mix at small angles, where norms are short.
        let angle: f64 = FRAC_PI_2 * random.random::<f64>();
        labels.push(usize::from(random.random::<f64>() < 0.5 + angle / 3.2));
        let norm = 1.0 + angle;
        row.assign(&array![norm * angle.cos(), norm * angle.sin()]);
    }
    let options = Options { resamples: 199, ..Options::default() };
    let mut start = subject(&[&z]);
    let names = vec!["a".to_owned(), "b".to_owned()];
    start.classes = Some(Classes { of_rows: labels.clone(), names: names.clone() });
    let found = ask(&start, &options);
    assert!(value(&found, "label-agreement", "Spearman of norm and label agreement") > 0.3);
    labels.shuffle(&mut random);
    start.classes = Some(Classes { of_rows: labels, names });
    let control = quantity(&ask(&start, &options), "label-agreement", "Spearman of norm and label agreement").clone();
    assert!(control.value.unwrap().abs() < 0.15, "{control:?}");
}

#[test]
fn a_reference_set_is_told_apart_by_its_norms() {
    let norms: Vec<f64> = (0..200).map(|row| 1.0 + row as f64 / 200.0).collect();
    let shorter: Vec<f64> = norms.iter().map(|norm| norm - 0.5).collect();
    let start = subject(&[&rows(&norms, 5, 15)]);
    let area = |norms: &[f64]| {
        let sample = Sample::draw(norms.len(), 50, 1);
        let reference = Some(shot("other", &rows(norms, 5, 16), &sample));
        let found = ask(&Subject { reference, ..start.clone() }, &Options { resamples: 199, ..Options::default() });
        let finding = answer(&found, "reference").finding.clone();
        (quantity(&found, "reference", "AUROC of the norm").clone(), finding)
    };
    let (told, says) = area(&shorter);
    // Two uniform norms of which one is half a width shorter: 1 − ½·¼.
    assert!((told.value.unwrap() - 0.875).abs() < 0.01, "{told:?}");
    assert!(says.contains("longer"), "{says}");
    let (equal, says) = area(&norms);
    assert!(says.contains("do not tell") && (equal.value.unwrap() - 0.5).abs() < 1e-9, "{says}");
}

#[test]
fn norms_are_held_against_their_equilibrium() {
    let norms: Vec<f64> = (0..100).map(|row| 1.0 + row as f64 / 100.0).collect();
    let start = subject(&[&rows(&norms, 32, 17)]);
    let options = Options { weight_decay: Some(0.01), ..free(0.1) };
    let found = ask(&start, &options);
    let expected = Persistent::new(0.1, 0.01).unwrap().gradient_descent(1.0 - 1.0 / 32.0).unwrap();
    assert_relative_eq!(value(&found, "equilibrium", "norm at equilibrium, ρ*"), expected.norm, max_relative = 1e-12);
    let shared = Options { parameters: Parameters::Shared, ..options.clone() };
    assert_eq!(answer(&ask(&start, &shared), "equilibrium").worth, Worth::Unanswered);
    assert!(ask(&start, &free(0.1)).find("equilibrium").is_none());
    let refused = diagnose(&start, &Options { weight_decay: Some(10.0), ..free(0.5) }, &mut |_, _| ());
    assert!(matches!(refused, Err(DiagnosisError::Setting(_))));
}

#[test]
fn collapse_is_seen_and_its_absence_too() {
    let norms: Vec<f64> = (0..300).map(|row| 1.0 + row as f64 / 300.0).collect();
    let spread = ask(&subject(&[&rows(&norms, 16, 18)]), &Options::default());
    assert!(answer(&spread, "collapse").finding.starts_with("No collapse"));
    assert!(spread.course[0].effective_rank > 15.0);
    let mut one = rows(&norms, 16, 18) * 0.01;
    one.column_mut(3).mapv_inplace(|value| value + 5.0);
    let collapsed = ask(&subject(&[&one]), &Options::default());
    assert!(answer(&collapsed, "collapse").finding.contains("collapsed"));
}

#[test]
fn a_sample_gives_the_same_answers_twice_and_others_by_another_seed() {
    let norms: Vec<f64> = (0..500).map(|row| 1.0 + row as f64 / 500.0).collect();
    let z = rows(&norms, 8, 19);
    let of = |seed: u64| {
        let sample = Sample::draw(500, 100, seed);
        assert_eq!(sample.rows().len(), 100);
        let snapshot = shot("z", &z, &sample);
        ask(&Subject::new(sample, vec![snapshot]), &Options::default()).course[0].effective_rank
    };
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
}

#[test]
fn what_does_not_fit_is_refused() {
    let z = rows(&[1.0, 2.0, 3.0], 4, 20);
    let sample = Sample::draw(3, 3, 0);
    let refused = |subject: &Subject| diagnose(subject, &Options::default(), &mut |_, _| ()).unwrap_err();
    assert!(matches!(Collector::new("one", 1, &sample), Err(DiagnosisError::OneDimension { .. })));
    let zeros = Snapshot::of("zeros", Array2::zeros((3, 4)).view(), &sample);
    assert!(matches!(zeros, Err(DiagnosisError::NoDirections { rows: 3, .. })));
    let short = Snapshot::of("short", z.view().split_at(ndarray::Axis(0), 2).0, &sample);
    assert!(matches!(short, Err(DiagnosisError::Rows { found: 2, expected: 3, .. })));
    assert_eq!(refused(&Subject::new(sample.clone(), Vec::new())), DiagnosisError::NoCheckpoint);
    let wide = subject(&[&z, &rows(&[1.0, 2.0, 3.0], 5, 20)]);
    assert!(matches!(refused(&wide), DiagnosisError::Dimensions { found: 5, expected: 4, .. }));
    let mut start = subject(&[&z, &z, &z]);
    start.positives = vec![start.checkpoints[0].clone(), start.checkpoints[1].clone()];
    assert!(matches!(refused(&start), DiagnosisError::Positives { found: 2, expected: 3 }));
    let mut start = subject(&[&z]);
    start.classes = Some(Classes { of_rows: vec![0, 1], names: vec!["a".to_owned(), "b".to_owned()] });
    assert!(matches!(refused(&start), DiagnosisError::Lengths { found: 2, .. }));
}
