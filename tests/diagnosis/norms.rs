//! Norms, classes, faults, collapse and equilibrium, planted and found.

use approx::assert_relative_eq;
use embedding_norms::diagnosis::{
    Classes, DiagnosisError, Fault, Options, Parameters, Sample, Shape, UpdateRule, Worth, diagnose,
};
use embedding_norms::optimizer::Parameters as Settings;
use embedding_norms::random::generator;
use embedding_norms::theory::equilibrium::Persistent;
use ndarray::{Array2, array};
use rand::Rng;
use rand::seq::SliceRandom;

use super::{answer, ask, free, quantity, rows, shot, subject, value};

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
    for name in &names {
        let shown = quantity(&found, "class-norms", &format!("mean of class {name}"));
        let (lower, upper) = shown.interval.unwrap();
        assert!(lower < shown.value.unwrap() && shown.value.unwrap() < upper && upper - lower < 0.02, "{shown:?}");
    }
    let says = &answer(&found, "class-norms").finding;
    assert!(says.contains("(cat)") && says.contains("(owl)") && says.contains("more than"), "{says}");
    let mut shuffled = labels;
    shuffled.shuffle(&mut random);
    start.classes = Some(Classes { of_rows: shuffled, names });
    let control = ask(&start, &Options::default());
    assert!(answer(&control, "class-norms").finding.contains("not clearly more than"));
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
    // A single row is no collapse.
    let single = ask(&subject(&[&rows(&[2.0], 16, 18)]), &Options::default());
    assert_eq!(answer(&single, "collapse").worth, Worth::Unanswered);
}

/// Two opposite directions of thirty: their mean cosine is about 0, and the share of dimensions tells.
#[test]
fn few_dimensions_are_told_where_no_direction_is_shared() {
    let mut z = Array2::from_elem((200, 30), 0.0);
    let noise = rows(&[1.0; 200], 30, 40);
    for (number, mut row) in z.rows_mut().into_iter().enumerate() {
        row.scaled_add(0.01, &noise.row(number));
        row[0] += if number % 2 == 0 { 1.0 + 0.001 * number as f64 } else { -1.0 };
    }
    let found = ask(&subject(&[&z]), &Options::default());
    assert!(answer(&found, "collapse").finding.starts_with("Embeddings use few of their dimensions"));
    // A control: all thirty.
    let spread = ask(&subject(&[&rows(&[1.0, 2.0].repeat(100), 30, 41)]), &Options::default());
    assert!(answer(&spread, "collapse").finding.starts_with("No collapse"));
}
