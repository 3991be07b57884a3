//! Frequency and agreement in the norms (S8): planted, permuted, and against the trials that the answer tells of.

use embedding_norms::diagnosis::{Classes, Options, Subject};
use embedding_norms::random::generator;
use ndarray::Array2;
use rand::Rng;
use rand::seq::SliceRandom;
use serde_json::Value;

use super::{answer, ask, quantity, rows, subject, with_positives};

const KEY: &str = "frequency-and-agreement";
const FREQUENCY: &str = "partial Spearman of norm and class frequency";
const AGREEMENT: &str = "partial Spearman of norm and cosine with the positive";
const ALONE: &str = "Spearman of norm and cosine with the positive";
const CLASSES: usize = 8;

/// Classes of different sizes, with positives at angles of their own; norms
/// ∝ f^¼ (sin²)^(power) with noise, in a permuted order if it is wanted.
fn planted(power: f64, permuted: bool) -> Subject {
    let mut random = generator(21, b"tests/specificity", 0);
    let labels: Vec<usize> = (0..CLASSES).flat_map(|class| vec![class; 10 * (1 + class * class % 7)]).collect();
    let counts: Vec<usize> = (0..CLASSES).map(|class| labels.iter().filter(|&&of| of == class).count()).collect();
    let angles: Vec<f64> = labels.iter().map(|_| 0.2 + random.random::<f64>()).collect();
    let norm = |(&class, angle): (&usize, &f64)| (counts[class] as f64).powf(0.25) * angle.sin().powf(2.0 * power);
    let mut norms: Vec<f64> = labels.iter().zip(&angles).map(norm).collect();
    norms.iter_mut().for_each(|norm| *norm *= 1.0 + 0.1 * random.random::<f64>());
    if permuted {
        norms.shuffle(&mut random);
    }
    let own = rows(&norms, 6, 22);
    let aside = rows(&vec![1.0; norms.len()], 6, 23);
    let mut positives = Array2::zeros(own.dim());
    for (((mut positive, z), other), angle) in
        positives.rows_mut().into_iter().zip(own.rows()).zip(aside.rows()).zip(&angles)
    {
        let unit = &z / z.dot(&z).sqrt();
        let tangent = &other - &(&unit * unit.dot(&other));
        let tangent = &tangent / tangent.dot(&tangent).sqrt();
        positive.assign(&(&unit * angle.cos() + &tangent * angle.sin()));
    }
    let mut subject = with_positives(subject(&[&own]), &positives);
    subject.classes = Some(Classes { names: (0..CLASSES).map(|class| class.to_string()).collect(), of_rows: labels });
    subject
}

#[test]
fn s8_frequency_and_agreement_are_found_where_they_were_planted() {
    let options = Options { resamples: 199, ..Options::default() };
    let sign = |name: &str, power: f64, permuted: bool| {
        let found = ask(&planted(power, permuted), &options);
        let (low, high) = quantity(&found, KEY, name).interval.unwrap();
        i32::from(low > 0.0) - i32::from(high < 0.0)
    };
    // As in free embeddings, and as in encoders.
    assert_eq!([FREQUENCY, AGREEMENT].map(|name| sign(name, 0.25, false)), [1, -1]);
    assert_eq!([FREQUENCY, AGREEMENT].map(|name| sign(name, -0.25, false)), [1, 1]);
    // Control: norms that belong to other rows.
    assert_eq!([FREQUENCY, AGREEMENT].map(|name| sign(name, 0.25, true)), [0, 0]);
    let says = answer(&ask(&planted(0.25, false), &options), KEY).finding.clone();
    assert!(says.starts_with("Given agreement, samples of frequent classes are longer"), "{says}");
    assert!(says.contains("samples that agree are shorter"), "{says}");
}

#[test]
fn s8_nothing_is_said_of_frequency_where_all_classes_are_of_one_size() {
    let mut even = planted(0.25, false);
    let n = even.classes.as_ref().unwrap().of_rows.len();
    assert_eq!(n % 2, 0);
    even.classes = Some(Classes { names: vec!["a".into(), "b".into()], of_rows: (0..n).map(|row| row % 2).collect() });
    let found = ask(&even, &Options::default());
    let names: Vec<&str> = answer(&found, KEY).quantities.iter().map(|quantity| quantity.name.as_str()).collect();
    assert_eq!(names, [ALONE]);
    even.positives.clear();
    assert!(ask(&even, &Options::default()).find(KEY).is_none());
}

#[test]
fn s8_positives_alone_tell_of_agreement() {
    let options = Options { resamples: 199, ..Options::default() };
    let sign = |power: f64, permuted: bool| {
        let mut planted = planted(power, permuted);
        planted.classes = None;
        let (low, high) = quantity(&ask(&planted, &options), KEY, ALONE).interval.unwrap();
        i32::from(low > 0.0) - i32::from(high < 0.0)
    };
    assert_eq!([sign(0.25, false), sign(-0.25, false), sign(0.25, true)], [-1, 1, 0]);
}

/// The answer says what trials showed: those of `embedding-norms specificity`.
#[test]
fn s8_the_trials_that_the_answer_tells_of_are_those_of_the_claims() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/plots/specificity.json");
    let record: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let sign = |says: &str| {
        let claims = record["claims"].as_array().unwrap();
        let claim = claims.iter().find(|claim| claim["says"].as_str().unwrap().starts_with(says)).unwrap();
        let ends: Vec<f64> = claim["interval"].as_array().unwrap().iter().map(|end| end.as_f64().unwrap()).collect();
        i32::from(ends[0] > 0.0) - i32::from(ends[1] < 0.0)
    };
    // With G², which falls with agreement.
    assert_eq!(sign("a row per class is a free embedding"), 1);
    assert_eq!(sign("sharing a linear map turns the sign"), -1);
    assert_eq!(sign("and in perceptrons"), -1);
    assert_eq!(sign("embedding the positives too takes part of that back"), 1);
}
