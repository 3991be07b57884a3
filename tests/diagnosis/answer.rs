//! What an answer is made of.

use std::collections::HashSet;

use embedding_norms::diagnosis::{Answer, Quantity, Topic, Worth};

#[test]
fn every_topic_and_every_worth_has_words_of_its_own() {
    use Topic::{Collapse, Confidence, Course, Equilibrium, Gradient, Input, Norms, Positives, Step};
    let topics = [Input, Norms, Collapse, Gradient, Positives, Step, Equilibrium, Confidence, Course];
    let titles: HashSet<&str> = topics.into_iter().map(Topic::title).collect();
    assert!(titles.len() == topics.len() && !titles.contains(""), "{titles:?}");
    use Worth::{Conditional, Measured, Proved, Tested, Unanswered, Untested};
    let worths = [Measured, Proved, Conditional, Tested, Untested, Unanswered];
    let words: HashSet<&str> = worths.into_iter().map(Worth::words).collect();
    assert!(words.len() == worths.len() && !words.contains(""), "{words:?}");
}

#[test]
fn a_number_without_a_value_says_why() {
    let finite = Quantity::new("a", 2.5);
    assert_eq!((finite.value, finite.missing), (Some(2.5), None));
    let reasons = [f64::NAN, f64::INFINITY].map(|value| {
        let quantity = Quantity::new("a", value);
        assert_eq!(quantity.value, None);
        quantity.missing.unwrap()
    });
    assert!(reasons[0].contains("not defined") && reasons[1].contains("1.8e308"), "{reasons:?}");
    let missing = Quantity::missing("a", "nobody counted");
    assert_eq!((missing.name.as_str(), missing.value, missing.missing), ("a", None, Some("nobody counted")));
}

#[test]
fn an_interval_has_two_finite_ends_and_a_unit_leaves_it_alone() {
    let of = |lower, upper| Quantity::new("a", 2.5).between(lower, upper).interval;
    assert_eq!(of(1.5, 3.0), Some((1.5, 3.0)));
    for (lower, upper) in [(1.5, f64::INFINITY), (f64::NEG_INFINITY, 3.0), (f64::NAN, 3.0), (1.5, f64::NAN)] {
        assert_eq!(of(lower, upper), None, "{lower} {upper}");
    }
    let turn = Quantity::new("a", 2.5).between(1.5, 3.0).unit("rad");
    assert_eq!((turn.value, turn.interval, turn.unit), (Some(2.5), Some((1.5, 3.0)), "rad"));
}

#[test]
fn an_answer_keeps_all_that_it_is_given() {
    let answer = Answer::measured("key", Topic::Norms, "found")
        .with([Quantity::new("a", 2.5)])
        .with([Quantity::new("b", 3.5)])
        .rests_on("S3", "a = b")
        .on("conditions")
        .worth(Worth::Proved, "because");
    assert_eq!((answer.key, answer.topic, answer.finding.as_str()), ("key", Topic::Norms, "found"));
    assert_eq!(answer.quantities, [Quantity::new("a", 2.5), Quantity::new("b", 3.5)]);
    assert_eq!((answer.statement, answer.formula), (Some("S3"), "a = b"));
    assert_eq!((answer.conditions.as_str(), answer.worth), ("conditions", Worth::Proved));
    assert_eq!(answer.why, "because");
    assert_eq!(Answer::none("key", Topic::Norms, "why").worth, Worth::Unanswered);
}
