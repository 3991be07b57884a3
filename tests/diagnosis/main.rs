//! Answers where the truth is planted: norms, angles, classes, steps, relations - and controls in which there is nothing to
//! find.

mod answer;
mod confidence;
mod course;
mod equilibrium;
mod forecast;
mod ledger;
mod norms;
mod record;
mod specificity;
mod steps;
#[path = "../support/mod.rs"]
mod support;

use embedding_norms::diagnosis::{
    Answer, Classes, Collector, Diagnosis, DiagnosisError, Options, Parameters, Quantity, Sample, Snapshot, Subject,
    UpdateRule, diagnose,
};
use embedding_norms::optimizer::Parameters as Settings;
use embedding_norms::random::generator;
use embedding_norms::sphere::{exponential, norm_of, tangent, uniform};
use ndarray::Array2;

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
    named("gradient-descent")
}

fn named(name: &str) -> Option<UpdateRule> {
    Some(UpdateRule::named(name, &Settings::defaults(), false).unwrap())
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
fn parts_that_are_done_are_told_up_to_the_last() {
    let z = rows(&[1.0, 2.0, 3.0, 4.0], 4, 21);
    let mut told = Vec::new();
    diagnose(&subject(&[&z, &z, &z]), &Options::default(), &mut |done, of| told.push((done, of))).unwrap();
    assert_eq!(told, [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]);
}

#[test]
fn what_is_trained_is_told_in_words() {
    let words = [Parameters::Free, Parameters::Shared, Parameters::Unknown].map(Parameters::words);
    assert_eq!(words, ["free embeddings", "shared parameters", "unknown"]);
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
