//! The learning rate, a cut and GradScale: by optimizer, kind of network and side of the good step.

use embedding_norms::diagnosis::{Diagnosis, Network, Options, Parameters, Topic};

use super::super::{ask, named, rows, subject, turned, with_positives};
use super::{compare, record};

/// Norms about this one, positives 0.8 rad apart, a second checkpoint after `steps` steps that turned embeddings together.
fn a_turn(norm: f64, turn: f64, steps: u64, options: Options) -> Diagnosis {
    let norms: Vec<f64> = (0..40).map(|row| norm * (1.0 + 0.01 * f64::from(row))).collect();
    let z = rows(&norms, 16, 10);
    let start = with_positives(subject(&[&z, &turned(&z, turn, 11)]), &turned(&z, 0.8, 10));
    ask(&start, &Options { steps_between: Some(steps), resamples: 19, ..options })
}

#[test]
fn levers_of_networks_are_told_as_they_were() {
    let cases = [
        // Too short.
        ("gradient-descent", "no-biases", 0.02),
        ("gradient-descent", "biases", 0.02),
        ("heavy-ball", "batch-norm", 0.002),
        ("heavy-ball", "biases", 0.002),
        ("adamw", "biases", 0.002),
        ("lion", "simsiam", 0.002),
        ("lars", "no-biases", 0.002),
        ("lars", "biases", 0.002),
        // About right.
        ("gradient-descent", "batch-norm", 0.2),
        ("adamw", "no-biases", 0.05),
        // Too long.
        ("gradient-descent", "no-biases", 1.1),
        ("lars", "biases", 1.1),
        ("lars", "batch-norm", 1.0),
        ("lion", "batch-norm", 1.0),
        // Not told by the turn.
        ("gradient-descent", "batch-norm", 0.31),
        ("adam", "layer-norm-biases", 2.8),
    ];
    let mut text = String::new();
    for (rule, network, turn) in cases {
        let (rule_known, network_known) = (named(rule), Network::named(network));
        assert!(rule_known.is_some() && network_known.is_some(), "{rule} {network}");
        let options = Options {
            rule: rule_known,
            network: network_known,
            parameters: Parameters::Shared,
            weight_decay: Some(1e-4),
            ..Options::default()
        };
        let found = a_turn(2.0, turn, 1, options);
        text += &record(&format!("{rule}, {network}, a turn of {turn}"), &found, &[Topic::Step]);
    }
    compare("levers-of-networks", &text);
}

#[test]
fn levers_are_told_as_they_were_where_little_is_known() {
    let unknown = Options::default();
    let under_way = Options { rule: named("heavy-ball"), is_under_way: true, ..Options::default() };
    let shared =
        Options { network: Network::named("batch-norm"), parameters: Parameters::Shared, ..Options::default() };
    let mut text = String::new();
    for (name, options, turn, steps) in [
        ("nothing known, short", &unknown, 0.002, 1),
        ("nothing known, between the aims", &unknown, 0.06, 1),
        ("nothing known, on either side of the aims", &unknown, 0.25, 1),
        ("nothing known, long", &unknown, 1.1, 1),
        ("nothing known, saturated", &unknown, 2.8, 1),
        ("nothing known, sixteen steps", &unknown, 0.02, 16),
        ("heavy ball under way", &under_way, 0.002, 4),
        ("a kind of network alone", &shared, 0.02, 1),
    ] {
        text += &record(name, &a_turn(2.0, turn, steps, options.clone()), &[Topic::Step]);
    }
    compare("levers-where-little-is-known", &text);
}

#[test]
fn levers_of_free_embeddings_are_told_as_they_were() {
    let mut text = String::new();
    for (rule, norm, turn, steps) in [
        ("gradient-descent", 2.0, 0.02, 1),
        ("gradient-descent", 0.5, 0.02, 1),
        ("gradient-descent", 0.83, 0.02, 1),
        ("gradient-descent", 2.0, 0.4, 1),
        ("gradient-descent", 2.0, 1.1, 1),
        ("gradient-descent", 2.0, 2.8, 1),
        ("gradient-descent", 2.0, 1.0, 9),
        ("gradient-descent", 1.0, 0.561, 2),
        ("gradient-descent", 0.9435, 0.517, 2),
        ("adam", 2.0, 0.02, 1),
        ("lars", 2.0, 0.02, 1),
    ] {
        let options = Options { rule: named(rule), parameters: Parameters::Free, ..Options::default() };
        let name = format!("free embeddings, {rule}, norms from {norm}, a turn of {turn} in {steps}");
        text += &record(&name, &a_turn(norm, turn, steps, options), &[Topic::Step]);
    }
    compare("levers-of-free-embeddings", &text);
}
