//! Positives, where the step stands and what levers would do, against closed forms.

use approx::assert_relative_eq;
use embedding_norms::diagnosis::{
    Diagnosis, Lever, Names, Need, Network, Options, Parameters, Side, Standing, Topic, Trial, UpdateRule, Worth, aims,
    forecast_trial, trial,
};
use embedding_norms::theory::convergence::next_order_steps;
use proptest::prelude::*;

use super::support::seeds::seeded;
use super::{answer, ask, free, named, plain, quantity, rows, shot, subject, turned, value, with_positives};

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
    named("adam")
}

/// Two checkpoints a step apart, between which embeddings turned by an angle; positives are 0.8 apart.
fn a_step(turn: f64, options: Options) -> Diagnosis {
    let norms: Vec<f64> = (0..300).map(|row| 1.0 + 0.01 * row as f64).collect();
    let z = rows(&norms, 16, 10);
    let start = with_positives(subject(&[&z, &turned(&z, turn, 11)]), &turned(&z, 0.8, 10));
    ask(&start, &Options { steps_between: Some(1), parameters: Parameters::Shared, ..options })
}

#[test]
fn the_learning_rate_comes_first_and_goes_as_one_over_x() {
    for name in ["gradient-descent", "adamw", "lion"] {
        let found =
            a_step(0.02, Options { rule: named(name), network: Network::named("biases"), ..Options::default() });
        let of_step: Vec<&str> = found.answers.iter().filter(|it| it.topic == Topic::Step).map(|it| it.key).collect();
        assert_eq!(of_step[0], "learning-rate");
        let refused =
            trial(named(name).as_ref(), Network::named("biases").as_ref(), Lever::LargerRate) == Trial::Failed;
        if refused {
            assert_eq!(answer(&found, "learning-rate").worth, Worth::Unanswered);
            continue;
        }
        let factor = value(&found, "learning-rate", "factor of the learning rate");
        let (low, high) = aims(named(name).as_ref(), Network::named("biases").as_ref());
        assert_relative_eq!(factor, (low * high).sqrt() * 0.4_f64.tan() / 0.02_f64.tan(), max_relative = 1e-9);
        // "Tested" is said of what was tried.
        let expected = if name == "lion" { Worth::Untested } else { Worth::Tested };
        assert_eq!(answer(&found, "learning-rate").worth, expected, "{name}");
        assert!(answer(&found, "learning-rate").conditions.contains("schedule"));
    }
    // The first step under momentum from rest is a tenth of a lasting one, and no longer once it has built up.
    let of = |is_under_way| {
        let network = Network::named("no-biases");
        a_step(0.002, Options { rule: named("heavy-ball"), network, is_under_way, ..Options::default() })
    };
    let (rest, under_way) = (of(false).standing.unwrap(), of(true).standing.unwrap());
    assert_relative_eq!(rest.excess.1 - under_way.excess.1, 10.0_f64.ln(), max_relative = 1e-9);
    assert_relative_eq!(rest.excess.0 - under_way.excess.0, 10.0_f64.ln(), max_relative = 1e-9);
    // A step that is far too long does not tell by how much.
    let after = a_step(2.8, Options { rule: adam(), ..Options::default() });
    assert_eq!(answer(&after, "learning-rate").worth, Worth::Unanswered);
    // Nor does one whose turn does not go as the rate any more tell by how much it is too short.
    let kind = Network::named("batch-norm");
    for (turn, side) in [(0.29, Side::Short), (0.31, Side::Unclear)] {
        let found = a_step(turn, Options { rule: plain(), network: kind.clone(), ..Options::default() });
        assert_eq!(found.standing.unwrap().side(), side, "{turn}");
        let advice = answer(&found, "learning-rate");
        assert_eq!(advice.worth == Worth::Unanswered, side == Side::Unclear, "{}", advice.finding);
    }
}

#[test]
fn a_cut_is_offered_where_it_is_a_learning_rate() {
    let of = |kind: &str, rule: &str| {
        a_step(0.02, Options { rule: named(rule), network: Network::named(kind), ..Options::default() })
    };
    for kind in ["no-biases", "batch-norm"] {
        let found = of(kind, "adamw");
        let factor = value(&found, "learning-rate", "factor of the learning rate");
        // c^h with h = 1 under AdamW, 2 under plain descent.
        assert_relative_eq!(value(&found, "cut", "best cut c (below 1: lengthen)"), factor, max_relative = 1e-9);
        let descent = of(kind, "gradient-descent");
        let factor = value(&descent, "learning-rate", "factor of the learning rate");
        assert_relative_eq!(
            value(&descent, "cut", "best cut c (below 1: lengthen)"),
            factor.sqrt(),
            max_relative = 1e-9
        );
        assert!(found.verdict.next.contains("or cut the initialization"), "{}", found.verdict.next);
        assert!(answer(&of(kind, "lars"), "cut").finding.contains("changes nothing"));
        assert_eq!(answer(&found, "cut").statement, Some("S7"));
    }
    for kind in ["biases", "simsiam", "layer-norm-biases", "batch-norm-last-linear"] {
        let found = of(kind, "adamw");
        let cut = answer(&found, "cut");
        assert!(cut.finding.starts_with("Do not cut the initialization"), "{kind}: {}", cut.finding);
        assert!(cut.finding.contains("one direction") && cut.finding.contains("by layer"), "{}", cut.finding);
        assert!(cut.quantities.is_empty() && !found.verdict.next.contains("or cut"), "{}", found.verdict.next);
    }
    // What is not known is asked.
    let found = a_step(0.02, Options { rule: adam(), ..Options::default() });
    assert_eq!(
        (answer(&found, "cut").worth, &answer(&found, "cut").needs[..]),
        (Worth::Unanswered, &[Need::Network][..])
    );
    assert!(!found.verdict.next.contains("cut"), "{}", found.verdict.next);
}

/// By layer a cut under LARS changes nothing, under other rules it is their power of the rate.
#[test]
fn a_cut_by_layer_is_told_with_what_it_changes() {
    for (rule, says) in [("lars", "it then changes nothing"), ("adamw", "it then is the learning rate times c^1")] {
        let options = Options { rule: named(rule), network: Network::named("biases"), ..Options::default() };
        let found = a_step(0.02, options);
        assert!(answer(&found, "cut").finding.ends_with(&format!("{says}.")), "{}", answer(&found, "cut").finding);
    }
}

/// Turns spread over a factor of three: the interval is that of their median, and the ledger adds what each of them adds.
#[test]
fn turns_that_differ_leave_their_median_open() {
    let norms: Vec<f64> = (0..300).map(|row| 1.0 + 0.01 * row as f64).collect();
    let z = rows(&norms, 16, 10);
    let turn = |row: usize| 0.02 * 3.0_f64.powf((row % 30) as f64 / 29.0);
    let mut after = z.clone();
    for row in 0..300 {
        let only = z.select(ndarray::Axis(0), &[row]);
        after.row_mut(row).assign(&turned(&only, turn(row), row as u64).row(0));
    }
    let start = with_positives(subject(&[&z, &after]), &turned(&z, 0.8, 10));
    let options = Options { steps_between: Some(1), parameters: Parameters::Shared, ..Options::default() };
    let found = ask(&start, &Options { rule: named("adamw"), network: Network::named("biases"), ..options });
    let over = quantity(&found, "step", "step over the good step, x/(x*/3)");
    let (lower, upper) = over.interval.unwrap();
    let value = over.value.unwrap();
    assert!(0.8 * value < lower && lower < 0.99 * value, "{over:?}");
    assert!(1.01 * value < upper && upper < 1.25 * value, "{over:?}");
    // What rotations add to the mean of ρ² in a single step, whichever way.
    let expected = (0..300).map(|row| (norms[row] * turn(row).tan()).powi(2)).sum::<f64>() / 300.0;
    let (one_way, independent) = found.course[1].ledger.unwrap().rotations.unwrap();
    assert_relative_eq!(one_way, expected, max_relative = 1e-6);
    assert_relative_eq!(independent, expected, max_relative = 1e-6);
}

/// Beyond a turn of 1.2 rad the way over the norm counts, ‖w − z‖/‖z‖ = √(1 + f² − 2f cos α), wherever the rows lie in f64.
#[test]
fn long_ways_count_in_norms_of_any_size() {
    let directions = rows(&[1.0; 20], 16, 12);
    let positives = turned(&directions, 0.8, 13);
    for (scale, factor) in [(1.0, 1.7), (3e-300, 1.7), (1e308, 1.7), (2.5, 1e200), (1e-250, 1e240), (1e200, 30.0)] {
        let z = &directions * &ndarray::Array2::from_shape_fn((20, 1), |(row, _)| scale * (1.0 - 0.02 * row as f64));
        let start = with_positives(subject(&[&z, &(&turned(&z, 3.1, 14) * factor)]), &positives);
        let options =
            Options { steps_between: Some(1), rule: plain(), parameters: Parameters::Free, ..Options::default() };
        let way = factor * (1.0 + factor.powi(-2) - 2.0 * 3.1_f64.cos() / factor).sqrt();
        let found = value(&ask(&start, &options), "step", "step over the best step, x");
        assert_relative_eq!(found, way / 0.4_f64.tan(), max_relative = 1e-9);
    }
}

/// The steps of the checkpoints tell their number, and that momentum has built up before the first of them.
#[test]
fn steps_of_checkpoints_say_what_their_options_would() {
    let z = rows(&[1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6], 16, 15);
    let start = with_positives(subject(&[&z, &turned(&z, 0.01, 16)]), &turned(&z, 0.8, 17));
    let of = |steps: Option<Vec<u64>>, steps_between, is_under_way| {
        let mut start = start.clone();
        start.steps = steps;
        ask(&start, &Options { rule: named("heavy-ball"), steps_between, is_under_way, ..Options::default() }).standing
    };
    assert_eq!(of(Some(vec![10, 13]), None, false), of(None, Some(3), true));
    assert_eq!(of(Some(vec![0, 3]), None, false), of(None, Some(3), false));
    assert_ne!(of(None, Some(3), false), of(None, Some(3), true));
}

#[test]
fn the_trial_of_forecasts_is_one_of_optimizer_and_network() {
    let of = |rule: &str, network: &str| forecast_trial(named(rule).as_ref(), Network::named(network).as_ref());
    assert_eq!([of("adamw", "batch-norm"), of("lars", "batch-norm")], [Trial::Right, Trial::Failed]);
    assert_eq!([of("adamw", "biases"), of("lion", "batch-norm")], [Trial::NotTried; 2]);
    assert_eq!(forecast_trial(None, Network::named("batch-norm").as_ref()), Trial::NotTried);
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
    // Aims from 2.5/3 to 40/3 leave less to be said than one would.
    let sides = [(0.02, Side::Short), (0.2, Side::Unclear), (0.5, Side::Unclear), (2.8, Side::Unclear)];
    for (angle, side) in sides {
        let found = stand(angle, 1);
        let standing = found.standing.unwrap();
        assert_eq!(standing.side(), side, "{angle}");
        let expected = angle.min(1.2).tan() / 0.4_f64.tan() / (2.5_f64 * 40.0).sqrt() * 3.0;
        assert_relative_eq!(value(&found, "step", "step over the good step, x/(x*/3)"), expected, max_relative = 1e-9);
        // The kind of network is not known.
        assert_eq!(answer(&found, "step").worth, Worth::Untested);
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
    assert_eq!(answer(&silent, "step").needs, [Need::StepsBetween]);
    assert!(answer(&silent, "step").finding.contains("Options::steps_between"));
}

/// Every answer that is missing something says what, by the names of the caller; options of a command are none of the library.
#[test]
fn answers_name_what_is_missing_as_the_caller_does() {
    let z = rows(&[0.5, 1.0, 1.5, 2.0, 2.5], 6, 30);
    let later = turned(&z, 0.1, 31);
    let positives = turned(&z, 0.8, 32);
    let sparse = [
        (subject(&[&z]), Options { weight_decay: Some(0.1), ..Options::default() }),
        (with_positives(subject(&[&z]), &positives), Options { learning_rate: Some(0.1), ..Options::default() }),
        (with_positives(subject(&[&z, &later]), &positives), Options::default()),
        (
            with_positives(subject(&[&z, &later]), &positives),
            Options { steps_between: Some(1), rule: named("heavy-ball"), ..Options::default() },
        ),
        (with_positives(subject(&[&z]), &positives), Options { parameters: Parameters::Free, ..Options::default() }),
    ];
    let names = Names {
        steps_between: "[n]",
        positives: "[p]",
        learning_rate: "[g]",
        rule: "[o]",
        free: "[f]",
        network: "[k]",
        is_under_way: "[u]",
    };
    let mut asked = Vec::new();
    for (subject, options) in sparse {
        let of = |names: Names| {
            let found = ask(&subject, &Options { names, ..options.clone() });
            let answers =
                found.answers.iter().flat_map(|it| [it.finding.clone(), it.conditions.clone(), it.why.clone()]);
            answers.chain([found.verdict.next.clone()]).collect::<Vec<_>>().join("\n")
        };
        let (own, other) = (of(Names::default()), of(names));
        assert!(!own.contains("--"), "{own}");
        for field in ["Options::", "Subject::", "Parameters::"] {
            assert!(!other.contains(field), "{other}");
        }
        asked.extend(ask(&subject, &options).answers.into_iter().flat_map(|answer| answer.needs));
        // With other names nothing but the names differs.
        let own = Names::default();
        let pairs = [
            (names.positives, own.positives),
            (names.steps_between, own.steps_between),
            (names.learning_rate, own.learning_rate),
            (names.rule, own.rule),
            (names.free, own.free),
            (names.network, own.network),
            (names.is_under_way, own.is_under_way),
        ];
        let back = pairs.iter().fold(other, |text, (name, field)| text.replace(name, field));
        assert_eq!(back, of(own));
    }
    for need in [Need::Positives, Need::StepsBetween, Need::LearningRate, Need::Rule, Need::Parameters, Need::Network] {
        assert!(asked.contains(&need), "{need:?} is never asked for");
    }
}

proptest! {
    #![proptest_config(seeded(256))]

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
