//! What norms say of samples: planted relations are found, planted absences are not.

use std::f64::consts::FRAC_PI_2;

use embedding_norms::diagnosis::{Classes, Options, Sample, Subject};
use embedding_norms::random::generator;
use ndarray::{Array2, array};
use rand::Rng;
use rand::seq::SliceRandom;

use super::{answer, ask, quantity, rows, shot, subject, value};

/// Rows on an arc, crowded or not, with norms that follow the crowding to a degree.
pub fn arc(n: usize, strength: f64, seed: u64) -> Array2<f64> {
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

/// What was longer where it is empty at first and where it is crowded at last; and the same the other way round, weaker at last.
#[test]
fn a_relation_that_turned_round_or_faded_is_told_with_what_it_was() {
    let options = Options { resamples: 199, ..Options::default() };
    for (before, after, start) in [(-1.0, 1.0, "Yes"), (0.0, 1.0, "Yes"), (3.0, 0.3, "Perhaps"), (0.5, 0.5, "Perhaps")]
    {
        let found = ask(&subject(&[&arc(400, before, 12), &arc(400, after, 12)]), &options);
        let alone = ask(&subject(&[&arc(400, before, 12)]), &options);
        let was = value(&alone, "neighbour-distance", "Spearman of norm and neighbour distance");
        let finding = &answer(&found, "neighbour-distance").finding;
        if before == after {
            assert!(finding.ends_with("No change since the first checkpoint is shown."), "{finding}");
        } else {
            let said = finding.split_once(" In the first checkpoint the relation was ").expect("what it was").1;
            assert!((said.trim_end_matches('.').parse::<f64>().unwrap() - was).abs() < 1e-3, "{was}: {finding}");
        }
        assert!(found.verdict.norms.starts_with(start), "{before} {after}: {}", found.verdict.norms);
    }
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
    assert!(says.contains("do not tell") && (equal.value.unwrap() - 0.5).abs() < 0.01, "{says}");
}
