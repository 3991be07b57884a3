//! Batches of losses, what they lack, and values beyond f64: each is refused in words that name the cause.

use embedding_norms::loss::{Batch, Evaluation, InfoNce, List, Loss, LossError, Parameters, by_name, catalogue};
use embedding_norms::sphere::normalize;
use ndarray::array;

#[test]
fn lists_have_one_entry_for_each_row() {
    let rows = normalize(array![[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]].view()).unwrap();
    let batch = Batch::one_view(&rows).unwrap();
    for list in [&[0_usize, 1][..], &[0, 1, 0, 1], &[]] {
        let refused = |what| LossError::Length { what, expected: 3, found: list.len() };
        assert_eq!(batch.with_labels(list).unwrap_err(), refused("labels"));
        assert_eq!(batch.with_positives(list).unwrap_err(), refused("positives"));
    }
    assert!(batch.with_labels(&[0, 1, 0]).is_ok() && batch.with_positives(&[1, 2, 0]).is_ok());
}

#[test]
fn a_class_without_a_positive_is_named_if_it_has_a_name() {
    let error = |label| LossError::NoPositive { loss: "supcon", row: 4, label };
    let names = ["cat", "dog"].map(String::from);
    let named = error(1).with_names(&names);
    assert!(named.contains("class 'dog'") && named.contains("row 4") && named.starts_with("supcon"), "{named}");
    // A class past the names, and what is not about a class, keep their words.
    assert_eq!(error(2).with_names(&names), error(2).to_string());
    let other = LossError::NeedsLabels { loss: "supcon" };
    assert_eq!(other.with_names(&names), other.to_string());
}

#[test]
fn values_and_gradients_beyond_f64_name_what_and_which_setting() {
    let evaluation = |total, slope, other| Evaluation {
        rows: 2,
        total,
        first: array![[0.5, slope], [0.25, 1.0]],
        second: Some(array![[1.0, 0.0], [other, 2.0]]),
    };
    let refused = |evaluation: Evaluation, settings: &[(&'static str, f64)]| {
        evaluation.finite("a loss", settings).unwrap_err().to_string()
    };
    assert!(evaluation(1.0, 2.0, 3.0).finite("a loss", &[]).is_ok());
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(refused(evaluation(bad, 2.0, 3.0), &[]).contains("its total over the rows is beyond"));
        assert!(refused(evaluation(1.0, bad, 3.0), &[]).contains("its gradient is beyond"));
        assert!(refused(evaluation(1.0, 2.0, bad), &[]).contains("its gradient is beyond"));
    }
    let beyond = evaluation(f64::INFINITY, 2.0, 3.0);
    let small = refused(beyond.clone(), &[("scale", 3.0), ("temperature", 1e-200)]);
    assert!(small.contains("at scale 3e0, temperature 1e-200; raise the temperature"), "{small}");
    let large = refused(beyond.clone(), &[("scale", -1e250), ("temperature", 1e-200)]);
    assert!(large.contains("; lower the size of the scale"), "{large}");
    // One is no small setting.
    assert!(refused(beyond, &[("scale", 1.0)]).contains("; lower the size of the scale"));
}

#[test]
fn what_a_loss_needs_is_said_in_words() {
    for entry in catalogue() {
        let needs = by_name(entry.name, &Parameters::defaults()).unwrap().needs();
        let words = needs.to_string();
        assert!(words.contains("view"), "{}: {words}", entry.name);
        assert_eq!(words.contains("of at least two rows"), needs.rows > 1, "{}: {words}", entry.name);
        assert_eq!(words.contains("a class per row"), needs.list == Some(List::Labels), "{}: {words}", entry.name);
        assert_eq!(words.contains("drawn positive"), needs.list == Some(List::Positives), "{}: {words}", entry.name);
    }
}

/// At a temperature whose reciprocal is beyond f64 a far negative has no weight, and one as near as the positive has half.
#[test]
fn the_smallest_temperatures_tell_near_from_far() {
    let loss = InfoNce::new(3e-309).unwrap();
    // Rows 0 and 1 are each as near to the other's positive as to their own; row 2 is far from both.
    let rows = normalize(array![[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]].view()).unwrap();
    let total = loss.evaluate(&Batch::two_views(&rows, &rows).unwrap()).unwrap().total;
    assert!((total / (2.0 * std::f64::consts::LN_2) - 1.0).abs() < 1e-15, "{total}");
}
