//! Positives and steps: by what is known of the training.

use embedding_norms::diagnosis::{Classes, Network, Options, Parameters, Topic};
use ndarray::{Axis, array};

use super::super::{ask, free, named, rows, subject, turned, with_positives};
use super::{compare, record};

const TOPICS: [Topic; 4] = [Topic::Positives, Topic::Step, Topic::Equilibrium, Topic::Course];

#[test]
fn steps_by_norms_alone_are_told_as_they_were() {
    let norms: Vec<f64> = (0..40).map(|row| 1.0 + 0.05 * f64::from(row)).collect();
    let z = rows(&norms, 8, 30);
    let mut positives = &turned(&z, 0.8, 31) * 1.25;
    let far = turned(&z, 2.5, 32);
    (0..6).for_each(|row| positives.row_mut(row).assign(&far.row(row)));
    let alone = subject(&[&z]);
    let paired = with_positives(alone.clone(), &positives);
    let unknown = Options { learning_rate: Some(0.1), ..Options::default() };
    let shared = Options { parameters: Parameters::Shared, ..unknown.clone() };
    let with = |rule: &str| Options { rule: named(rule), ..free(0.1) };
    let mut text = String::new();
    for (name, start, options) in [
        ("nothing known", &alone, &Options::default()),
        ("a rate without positives", &alone, &unknown),
        ("free embeddings without positives", &alone, &free(0.1)),
        ("positives without a rate", &paired, &Options::default()),
        ("positives and a rate", &paired, &unknown),
        ("positives and a rate, shared parameters", &paired, &shared),
        ("free embeddings without a rate", &paired, &Options { learning_rate: None, ..free(0.1) }),
        ("free embeddings, short steps", &paired, &free(1e-3)),
        ("free embeddings, good steps", &paired, &free(2.0)),
        ("free embeddings, long steps", &paired, &free(60.0)),
        ("free embeddings, a rate that does nothing", &paired, &free(1e-9)),
        ("free embeddings, a rate beyond f64", &paired, &free(1e-308)),
        ("free embeddings, weight decay", &paired, &Options { weight_decay: Some(1e-3), ..free(0.1) }),
        ("free embeddings, Adam", &paired, &with("adam")),
        ("free embeddings, AdamW with decay", &paired, &Options { weight_decay: Some(0.01), ..with("adamw") }),
    ] {
        text += &record(name, &ask(start, options), &TOPICS);
    }
    compare("steps", &text);
}

/// The interval is that of the median over rows, from six rows on; rows that stay are left out, and nothing is said where
/// none turned or positives are no way apart.
#[test]
fn turns_of_few_rows_and_of_none_are_told_as_they_were() {
    let of = |rows_: usize, turn: &dyn Fn(usize) -> f64, apart: f64| {
        let z = rows(&(0..rows_).map(|row| 1.0 + 0.1 * row as f64).collect::<Vec<_>>(), 12, 33);
        let mut after = z.clone();
        for row in (0..rows_).filter(|&row| turn(row) > 0.0) {
            let only = z.select(Axis(0), &[row]);
            after.row_mut(row).assign(&turned(&only, turn(row), row as u64).row(0));
        }
        let positives = if apart > 0.0 { turned(&z, apart, 34) } else { &z * 2.0 };
        let start = with_positives(subject(&[&z, &after]), &positives);
        let options = Options { rule: named("adamw"), network: Network::named("biases"), ..Options::default() };
        ask(&start, &Options { steps_between: Some(1), resamples: 19, ..options })
    };
    let spread = |row: usize| 0.01 + 0.001 * row as f64;
    let mut text = String::new();
    for (name, found) in [
        ("five rows", of(5, &spread, 0.8)),
        ("six rows", of(6, &spread, 0.8)),
        ("a hundred rows", of(100, &spread, 0.8)),
        ("rows that stay", of(8, &|row| if row < 6 { spread(row) } else { 0.0 }, 0.8)),
        ("no row turns", of(8, &|_| 0.0, 0.8)),
        ("positives are no way apart", of(8, &spread, 0.0)),
    ] {
        text += &record(name, &found, &[Topic::Step]);
    }
    compare("turns", &text);
}

/// Of pairs with norms of 1 and of 1e5 some need more than a million steps.
#[test]
fn steps_of_pairs_of_which_some_stay_are_told_as_they_were() {
    let mut text = String::new();
    for long in [2, 3, 5, 7, 10] {
        let norms: Vec<f64> = (0..12).map(|row| if row < long { 1e5 } else { 1.0 + 0.1 * row as f64 }).collect();
        let z = rows(&norms, 8, 35);
        let start = with_positives(subject(&[&z]), &turned(&z, 1.0, 36));
        text += &record(&format!("{long} of 12 pairs are long"), &ask(&start, &free(0.01)), &[Topic::Positives]);
    }
    // The others are aligned at once.
    let z = rows(&[1.0, 1.0, 1.0, 1.0, 1e5, 1e5, 1e5, 1e5, 1e5, 1e5], 8, 37);
    let mut positives = turned(&z, 1.0, 38);
    (0..4).for_each(|row| positives.row_mut(row).assign(&z.row(row)));
    let found = ask(&with_positives(subject(&[&z]), &positives), &free(0.01));
    text += &record("long pairs, and aligned ones", &found, &[Topic::Positives]);
    // A right angle is not in opposite halves.
    let (z, w) = (array![[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]], array![[0.0, 1.0], [1.0, -1.0], [1.0, 2.0]]);
    let found = ask(&with_positives(subject(&[&z]), &w), &free(0.01));
    text += &record("a right angle, an obtuse and an acute one", &found, &[Topic::Positives]);
    compare("stuck", &text);
}

/// Every checkpoint with its positives: what changed, what the ledger says, what was forecast.
#[test]
fn courses_are_told_as_they_were() {
    let norms: Vec<f64> = (0..60).map(|row| 1.0 + 0.02 * f64::from(row)).collect();
    let first = rows(&norms, 8, 40);
    let checkpoints: Vec<_> =
        (0..5_u8).map(|place| &turned(&first, 0.05 * f64::from(place), 41) * (1.0 + 0.02 * f64::from(place))).collect();
    let mut start = subject(&checkpoints.iter().collect::<Vec<_>>());
    let names = ["one", "two"].map(str::to_owned).to_vec();
    start.classes = Some(Classes { of_rows: (0..60).map(|row| usize::from(row % 3 == 0)).collect(), names });
    start.steps = Some(vec![0, 1, 4, 9, 30]);
    let angles = [1.2, 1.1, 0.9, 0.7, 0.4];
    let positives = checkpoints.iter().zip(angles).map(|(z, angle)| turned(z, angle, 43));
    let snapshots = positives.enumerate().map(|(place, z)| super::super::shot(&format!("w{place}"), &z, &start.sample));
    start.positives = snapshots.collect();
    let mut shrinking = subject(&[&first, &(&checkpoints[2] * 0.5)]);
    shrinking.steps = Some(vec![0, 3]);
    let known = Options { resamples: 49, ..free(0.02) };
    let shared = Options { parameters: Parameters::Shared, rule: named("adamw"), ..known.clone() };
    let plain = Options { rule: named("gradient-descent"), ..shared.clone() };
    // Swapped coordinates: a turn without growth.
    let (swapped, z) = (array![[1.0, 2.0], [3.0, 2.9], [1.0, 1.2]], array![[2.0, 1.0], [2.9, 3.0], [1.2, 1.0]]);
    let mut still = subject(&[&z, &swapped]);
    still.steps = Some(vec![0, 1]);
    let mut text = String::new();
    for (name, start, options) in [
        ("norms that stay", &still, &shared),
        ("five checkpoints of a network under plain descent", &start, &plain),
        ("five checkpoints of free embeddings", &start, &known),
        ("five checkpoints of a network", &start, &shared),
        ("norms that fall", &shrinking, &shared),
    ] {
        let found = ask(start, options);
        text += &record(name, &found, &TOPICS);
        for state in &found.course {
            text += &serde_json::to_string(&super::rounded(serde_json::to_value(state).unwrap())).unwrap();
            text += "\n";
        }
        text += "\n";
    }
    compare("courses", &text);
}
