//! Positives and steps: by what is known of the training.

use embedding_norms::diagnosis::{Classes, Options, Parameters, Topic};

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
    let mut text = String::new();
    for (name, start, options) in [
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
