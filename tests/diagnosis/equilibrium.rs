//! Where norms settle under weight decay, and how far they are from there.

use approx::assert_relative_eq;
use embedding_norms::diagnosis::{Answer, Diagnosis, Options, Parameters, UpdateRule, Worth};
use embedding_norms::optimizer::Parameters as Settings;
use ndarray::Array2;

use super::{answer, ask, plain, subject, value};

const KEY: &str = "equilibrium";

/// Rows in the plane, of these norms exactly.
fn on_an_axis(norms: &[f64]) -> Array2<f64> {
    Array2::from_shape_fn((norms.len(), 2), |(row, column)| if column == 0 { norms[row] } else { 0.0 })
}

/// Under these settings ρ*⁴ = γ(1 − 1/d)/(2λ) is 625 in the plane, and without rounding.
fn settling_at_five() -> Options {
    Options {
        learning_rate: Some(2500.0 / 1024.0),
        weight_decay: Some(1.0 / 1024.0),
        rule: plain(),
        parameters: Parameters::Free,
        ..Options::default()
    }
}

fn normalized() -> Option<UpdateRule> {
    Some(UpdateRule::named("normalized-gradient", &Settings::defaults(), false).unwrap())
}

fn says(found: &Diagnosis) -> &Answer {
    answer(found, KEY)
}

#[test]
fn norms_are_held_against_the_equilibrium_of_descent_by_their_fourth_powers() {
    let (first, last) = (on_an_axis(&[6.0, 7.0, 9.0]), on_an_axis(&[3.0, 5.5, 6.5]));
    let found = ask(&subject(&[&first, &last]), &settling_at_five());
    let product = 2500.0 / 1024.0_f64.powi(2);
    assert_eq!(value(&found, KEY, "norm at equilibrium, ρ*"), 5.0);
    let fourth = |norms: [f64; 3]| norms.iter().map(|norm| norm.powi(4)).sum::<f64>() / 3.0;
    let here = value(&found, KEY, "norm here, the mean of the same power");
    assert_relative_eq!(here.powi(4), fourth([3.0, 5.5, 6.5]), max_relative = 1e-13);
    assert_relative_eq!(
        value(&found, KEY, "angle turned per step there, rms"),
        (2.0 * product).sqrt(),
        max_relative = 1e-14
    );
    let relaxation = 0.25 / product;
    assert_relative_eq!(value(&found, KEY, "steps of relaxation"), relaxation, max_relative = 1e-14);
    // What is above ρ*⁴ dies out at that rate, down to 1.05⁴ − 1.
    let until = relaxation * ((fourth([6.0, 7.0, 9.0]) / 625.0 - 1.0) / (1.05_f64.powi(4) - 1.0)).ln();
    let told = value(&found, KEY, "steps from the first checkpoint until within 5 %");
    assert_relative_eq!(told, until, max_relative = 1e-12);
    // γλ(κ − ½)/4 with κ = E[G⁴]/E[G²]²: G² = sin² in the plane, so κ = (3/8)/(1/4).
    let order = value(&found, KEY, "next order of ρ*, as a part of it");
    assert_relative_eq!(order, product * (1.5 - 0.5) / 4.0, max_relative = 1e-12);
    let settled = found.settled.unwrap();
    assert_eq!((settled.norm, settled.relaxation), (5.0, value(&found, KEY, "steps of relaxation")));
}

/// A rule of degree 1 settles by squares: ρ*² = γ/(2λ).
#[test]
fn norms_are_held_against_the_equilibrium_of_unit_steps_by_their_squares() {
    let options =
        Options { learning_rate: Some(0.7), weight_decay: Some(0.003), rule: normalized(), ..settling_at_five() };
    let found = ask(&subject(&[&on_an_axis(&[3.0, 5.5, 6.5])]), &options);
    let square = (9.0 + 5.5 * 5.5 + 6.5 * 6.5) / 3.0;
    let here = value(&found, KEY, "norm here, the mean of the same power");
    assert_relative_eq!(here * here, square, max_relative = 1e-14);
    let settled = value(&found, KEY, "norm at equilibrium, ρ*");
    assert_relative_eq!(settled * settled, 0.7 / 0.006, max_relative = 1e-14);
}

/// The mean of fourth powers of such norms is beyond f64, and its root is not.
#[test]
fn norms_whose_powers_leave_the_range_have_a_mean_of_powers() {
    let norms = [3e200, 5e200, 7e200];
    let found = ask(&subject(&[&on_an_axis(&norms)]), &settling_at_five());
    let here = value(&found, KEY, "norm here, the mean of the same power");
    let expected = ((81.0 + 625.0 + 2401.0) / 3.0_f64).powf(0.25) * 1e200;
    assert_relative_eq!(here, expected, max_relative = 1e-13);
}

/// The limits are 4/5 and 5/4 of the norm at equilibrium, and count as there themselves.
#[test]
fn norms_lie_below_above_or_about_at_the_equilibrium() {
    let sides = [
        (3.99, "would grow"),
        (4.0, "are about there"),
        (5.0, "are about there"),
        (6.25, "are about there"),
        (6.26, "would shrink"),
    ];
    for (norm, expected) in sides {
        let found = ask(&subject(&[&on_an_axis(&[norm; 4])]), &settling_at_five());
        for words in ["would grow", "are about there", "would shrink"] {
            assert_eq!(says(&found).finding.contains(words), words == expected, "{norm}: {}", says(&found).finding);
        }
    }
}

/// From the first checkpoint after which all lie within 5 % of it.
#[test]
fn the_step_from_which_norms_are_at_the_equilibrium_is_told() {
    let courses = [
        ([8.0, 5.1, 7.0, 5.2, 4.9], "they are from step 31 on"),
        ([2.0, 4.1, 4.7, 4.8, 4.8], "they are from step 31 on"),
        ([5.1, 4.9, 5.0, 5.2, 4.8], "they are from step 3 on"),
        ([8.0, 7.0, 5.1, 5.0, 5.3], "they are not yet"),
        ([2.0, 3.0, 5.1, 5.0, 4.7], "they are not yet"),
    ];
    for (norms, expected) in courses {
        let checkpoints = norms.map(|norm| on_an_axis(&[norm; 3]));
        let mut subject = subject(&checkpoints.iter().collect::<Vec<_>>());
        subject.steps = Some(vec![3, 10, 20, 31, 44]);
        let found = ask(&subject, &settling_at_five());
        assert!(says(&found).finding.contains(expected), "{norms:?}: {}", says(&found).finding);
    }
}

#[test]
fn the_answer_is_worth_what_is_known_of_the_training() {
    let subject = subject(&[&on_an_axis(&[3.0, 5.5, 6.5])]);
    let known = |parameters: Parameters, rule: Option<UpdateRule>| {
        let found = ask(&subject, &Options { parameters, rule, ..settling_at_five() });
        assert_eq!(says(&found).worth, Worth::Conditional);
        says(&found).why.starts_with("Free embeddings and a known rule")
    };
    assert!(known(Parameters::Free, plain()));
    assert!(!known(Parameters::Free, None));
    assert!(!known(Parameters::Unknown, plain()));
    assert!(!known(Parameters::Unknown, None));
    // A network is not what S3 speaks of, nor is a rule whose decay is part of what it normalizes.
    let shared = ask(&subject, &Options { parameters: Parameters::Shared, ..settling_at_five() });
    let coupled = UpdateRule::named("adamw", &Settings::defaults(), true).unwrap();
    let coupled = ask(&subject, &Options { rule: Some(coupled), ..settling_at_five() });
    for found in [shared, coupled] {
        assert_eq!(says(&found).worth, Worth::Unanswered);
        assert!(found.settled.is_none());
    }
}

/// The next order is γλ/4 under normalized gradients: above 0.05 at γλ above 0.2.
#[test]
fn a_next_order_above_five_percent_is_said_to_be_too_large() {
    for (learning_rate, is_large) in [(0.2, false), (0.4, false), (0.41, true)] {
        let options = Options {
            learning_rate: Some(learning_rate),
            weight_decay: Some(0.5),
            rule: normalized(),
            ..settling_at_five()
        };
        let found = ask(&subject(&[&on_an_axis(&[3.0, 5.5, 6.5])]), &options);
        assert_relative_eq!(
            value(&found, KEY, "next order of ρ*, as a part of it"),
            learning_rate / 8.0,
            max_relative = 1e-14
        );
        assert_eq!(says(&found).why.starts_with("The next order is above 5 %"), is_large, "{}", says(&found).why);
    }
}
