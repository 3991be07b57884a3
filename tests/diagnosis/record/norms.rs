//! What norms are, what they do to gradients, and what they mean: planted, absent, and where there is nothing to say.

use embedding_norms::diagnosis::{Classes, Options, Parameters, Sample, Subject, Topic};
use ndarray::Array2;

use super::super::confidence::arc;
use super::super::{ask, named, rows, shot, subject};
use super::{compare, record};

const TOPICS: [Topic; 5] = [Topic::Input, Topic::Norms, Topic::Collapse, Topic::Gradient, Topic::Confidence];

#[test]
fn norms_are_told_as_they_were() {
    let varied: Vec<f64> = (0..30).map(|row| 1.0 + f64::from(row * row) / 30.0).collect();
    let mut broken = rows(&varied, 6, 50);
    broken.row_mut(3).fill(0.0);
    broken.row_mut(5)[1] = f64::NAN;
    broken.row_mut(7).fill(1e308);
    let mut many = broken.clone();
    (10..20).for_each(|row| many.row_mut(row).fill(0.0));
    let collapsed = &rows(&varied, 6, 51) * 0.01 + Array2::<f64>::ones((30, 6));
    let leaning = &rows(&[1.0; 30], 6, 51) * 1.2 + Array2::from_elem((30, 6), 0.6);
    let flat = Array2::from_shape_fn(
        (30, 40),
        |(row, column)| {
            if column < 2 { rows(&varied, 2, 52)[(row, column)] } else { 0.0 }
        },
    );
    let rule = |name: &str, parameters| Options { rule: named(name), parameters, resamples: 49, ..Options::default() };
    let unknown = Options { resamples: 49, ..Options::default() };
    let mut text = String::new();
    for (name, rows, options) in [
        ("rows without a direction", &broken, &unknown),
        ("many of them", &many, &rule("adam", Parameters::Free)),
        ("collapsed", &collapsed, &rule("gradient-descent", Parameters::Shared)),
        ("leaning", &leaning, &Options { parameters: Parameters::Free, ..unknown.clone() }),
        ("few dimensions", &flat, &rule("lars", Parameters::Free)),
        ("unit norms", &rows(&[1.0; 30], 6, 53), &unknown),
        ("equal norms", &rows(&[3.0; 30], 6, 53), &unknown),
        ("as few rows as neighbours need", &rows(&varied[..12], 6, 54), &unknown),
        ("one row fewer", &rows(&varied[..11], 6, 54), &unknown),
        ("one row", &rows(&varied[..1], 6, 54), &unknown),
    ] {
        text += &record(name, &ask(&subject(&[rows]), options), &TOPICS);
    }
    let mut known = subject(&[&rows(&varied, 6, 55)]);
    for count in [20_usize, 25] {
        let names = (0..count).map(|class| format!("c{class}")).collect();
        known.classes = Some(Classes { of_rows: (0..30).map(|row| row * 7 % count).collect(), names });
        text += &record(&format!("{count} classes"), &ask(&known, &unknown), &[Topic::Norms]);
    }
    for count in [19_u8, 20, 39] {
        let norms: Vec<f64> = (0..count).map(|row| 1.0 + 0.1 * f64::from(row)).collect();
        let groups = ask(&subject(&[&rows(&norms, 6, 56)]), &unknown).groups;
        text += &format!("{count} rows by norm: {} groups\n", groups.len());
    }
    compare("norms", &text);
}

/// Longer, shorter or neither, in crowded regions or empty ones, by labels, given a covariate, beside a reference set.
#[test]
fn what_norms_mean_is_told_as_it_was() {
    let of = |strength: f64, seed: u64| arc(120, strength, seed);
    let labels = |by: &dyn Fn(usize) -> usize| {
        let names = ["few", "many"].map(str::to_owned).to_vec();
        Some(Classes { of_rows: (0..120).map(by).collect(), names })
    };
    let options = Options { resamples: 99, seed: 3, ..Options::default() };
    let mut text = String::new();
    for (name, strength) in [("crowded and long", 1.0), ("crowded and short", -1.0), ("no relation", 0.0)] {
        let z = of(strength, 60);
        let before = of(if strength == 1.0 { 0.0 } else { 1.0 }, 60);
        // The place on the arc decides on the label, so that neighbours agree more in the crowd.
        let angle = |row: usize| z[(row, 1)].atan2(z[(row, 0)]);
        let mut start = subject(&[&before, &z]);
        start.classes = labels(&|row| usize::from(angle(row) < 0.4 || row % 3 == 0));
        start.covariates = Some(Array2::from_shape_fn((120, 1), |(row, _)| angle(row)));
        start.reference =
            Some(shot("reference", &(&of(0.0, 61) * if strength > 0.0 { 0.8 } else { 1.5 }), &start.sample));
        text += &record(name, &ask(&start, &options), &[Topic::Norms, Topic::Confidence]);
        let mut alone = subject(&[&z]);
        alone.reference = Some(shot("like", &of(strength, 62), &alone.sample));
        alone.positives = vec![shot("positives", &of(strength, 63), &alone.sample)];
        text += &record(&format!("{name}, alone"), &ask(&alone, &options), &[Topic::Confidence]);
    }
    for (name, seed) in [("shown by the interval alone", 514), ("shown by the shuffle alone", 546)] {
        text += &record(name, &ask(&subject(&[&arc(60, 0.12, seed)]), &options), &[Topic::Confidence]);
    }
    // A covariate that has nothing to do with it, and embeddings that are free.
    let mut aside = subject(&[&of(1.0, 60)]);
    aside.covariates = Some(Array2::from_shape_fn((120, 1), |(row, _)| (row * 37 % 101) as f64));
    aside.classes = labels(&|row| usize::from(row % 4 == 0));
    let free = Options { parameters: Parameters::Free, ..options.clone() };
    let found = ask(&aside, &free);
    text += &record("a covariate aside", &found, &[Topic::Confidence]);
    for group in &found.groups {
        text += &format!("{}\n", super::rounded(serde_json::to_value(group).unwrap()));
    }
    let sample = Sample::draw(120, 60, 5);
    let part = Subject::new(sample.clone(), vec![shot("z", &of(1.0, 60), &sample)]);
    text += &record("a part of the rows", &ask(&part, &options), &[Topic::Confidence]);
    let mut even = subject(&[&of(1.0, 60)]);
    even.classes = labels(&|row| row % 2);
    even.covariates = Some(Array2::<f64>::ones((120, 1)));
    text += &record("classes of one size, a constant covariate", &ask(&even, &options), &[Topic::Confidence]);
    compare("meaning", &text);
}
