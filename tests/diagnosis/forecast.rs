//! The pace of a course, from the first part of its checkpoints.

use approx::assert_relative_eq;
use embedding_norms::diagnosis::{
    Forecast, Options, Pace, Parameters, Predicted, Unpredicted, Worth, alignment_progress,
};
use ndarray::Array2;

use super::{answer, ask, shot, subject, value};

/// In the first quarter κt is only about even: the rate is that of least squares through the start, Σ t p / Σ t².
#[test]
fn the_rate_of_an_uneven_course_is_that_of_least_squares_through_the_start() {
    let steps = [0, 4, 8, 12, 16, 20, 80];
    let progress = [0.0, 0.9, 1.5, 2.5, 3.1, 4.1, 9.0];
    let pace = Pace::of(&steps, &progress).unwrap();
    assert_eq!(pace.last, 5);
    let expected = 177.2 / 880.0;
    assert!((pace.rate - expected).abs() < 1e-14, "{}", pace.rate);
    // Controls: the end of the first part alone, and the mean of p/t.
    let quotients = [0.9 / 4.0, 1.5 / 8.0, 2.5 / 12.0, 3.1 / 16.0, 4.1 / 20.0];
    for other in [4.1 / 20.0, quotients.iter().sum::<f64>() / 5.0] {
        assert!((pace.rate - other).abs() > 1e-3);
    }
    // The middle of the interval goes on at this rate.
    let (lower, upper) = pace.at(80.0);
    assert!(((lower * upper).sqrt() / (80.0 * expected) - 1.0).abs() < 1e-12);
}

/// Steps since the first checkpoint are 3, 7, 11, 17 and 20 in the first quarter, of which 11 is nearest to 10; the checkpoint
/// after 24 steps lies beyond it.
#[test]
fn the_interval_opens_with_what_is_off_and_what_lies_ahead() {
    let steps = [10, 13, 17, 21, 27, 30, 34, 90];
    let progress = [0.0, 0.7, 1.9, 2.6, 4.3, 5.7, 6.0, 9.0];
    let pace = Pace::within(&steps, &progress, (0.23, 0.7)).unwrap();
    assert_eq!(pace.last, 5);
    let rate = (3.0 * 0.7 + 7.0 * 1.9 + 11.0 * 2.6 + 17.0 * 4.3 + 20.0 * 5.7) / (9.0 + 49.0 + 121.0 + 289.0 + 400.0);
    assert_relative_eq!(pace.rate, rate, max_relative = 1e-14);
    let power = (5.7_f64.ln() - 2.6_f64.ln()) / (20.0_f64.ln() - 11.0_f64.ln());
    let (off, open) = (5.7_f64.ln() - (20.0 * rate).ln(), 0.23 + 0.7 * (power - 1.0));
    assert!(off > 0.05 && power > 1.2, "{off} {power}");
    // Nothing lies ahead within the first part.
    for (at, ahead) in [(80.0, 4.0_f64), (31.0, 1.55), (20.0, 1.0), (7.0, 1.0)] {
        let (lower, upper) = pace.at(at);
        let half = off + open * (1.0 + ahead.ln());
        assert_relative_eq!(lower, rate * at * (-half).exp(), max_relative = 1e-12);
        assert_relative_eq!(upper, rate * at * half.exp(), max_relative = 1e-12);
    }
}

#[test]
fn a_first_part_of_four_checkpoints_after_the_first_is_enough_and_three_are_not() {
    let even = |steps: &[u64]| Pace::of(steps, &steps.iter().map(|step| 0.5 * *step as f64).collect::<Vec<_>>());
    // The last of the first part lies at a quarter exactly.
    assert_eq!(even(&[0, 3, 5, 8, 10, 40]).map(|pace| pace.last), Ok(4));
    assert_eq!(even(&[0, 3, 5, 8, 11, 40]), Err(Unpredicted::TooFew));
    assert_eq!(even(&[0, 3, 5, 8, 40, 50]), Err(Unpredicted::TooFew));
    assert_eq!(even(&[]), Err(Unpredicted::TooFew));
    // No step lies beyond the first part where all are one and the same.
    assert_eq!(Pace::of(&[7; 6], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]), Err(Unpredicted::TooFew));
}

/// The limits are a progress of 1 at the end of the first part, one above 0 at its half, and a power of the step of ½.
#[test]
fn a_first_part_without_enough_or_steady_progress_predicts_nothing() {
    let of = |half: f64, last: f64| Pace::of(&[0, 1, 2, 3, 4, 16, 64], &[0.0, 0.1, 0.2, 0.3, half, last, 9.0]);
    // After 4 and 16 steps: powers of a ratio of 4.
    assert_relative_eq!(of(0.25, 1.0).unwrap().rate, (0.1 + 0.4 + 0.9 + 1.0 + 16.0) / (30.0 + 256.0));
    assert_eq!(of(0.25, 0.999), Err(Unpredicted::TooLittle));
    assert_eq!(of(0.0, 4.0), Err(Unpredicted::TooLittle));
    assert_eq!(of(0.0, 0.5), Err(Unpredicted::TooLittle));
    assert!(of(2.0, 4.0).is_ok() && of(0.5, 4.0).is_ok());
    assert_eq!(of(2.01, 4.0), Err(Unpredicted::Uneven));
    assert_eq!(of(0.49, 4.0), Err(Unpredicted::Uneven));
}

#[test]
fn every_reason_for_no_prediction_has_words_of_its_own() {
    let words = [Unpredicted::TooFew, Unpredicted::TooLittle, Unpredicted::Uneven].map(Unpredicted::words);
    assert!(words.iter().all(|words| !words.is_empty()));
    assert!(words[0] != words[1] && words[1] != words[2] && words[0] != words[2], "{words:?}");
}

#[test]
fn measured_alignments_on_the_ends_of_their_interval_lie_inside() {
    let measured = [0.1, 0.2, 0.3, 0.5, 0.6];
    let rest = measured.map(|measured| Predicted { checkpoint: 5, predicted: 0.4, interval: (0.2, 0.5), measured });
    let mut forecast = Forecast { last: 4, rate: 0.3, rest: rest.to_vec() };
    assert_eq!(forecast.inside(), 3);
    forecast.rest.clear();
    assert_eq!(forecast.inside(), 0);
}

/// Of pairs with one and the same half-tangent k the mean of 1 − cos φ is 2k²/(1 + k²), and k falls as e^(−κt).
#[test]
fn progress_is_that_of_the_closed_form() {
    let alignment = |k: f64| 2.0 * k * k / (1.0 + k * k);
    let ends = [1.7, 1.1, 0.6, 0.03, 1e-6];
    let mut course: Vec<f64> = ends.into_iter().map(alignment).collect();
    course.extend([2.0 - 1e-9, 1.9, 0.0]);
    let found = alignment_progress(&[1.7; 3], &course).unwrap();
    assert_eq!(found.len(), 8);
    for (found, end) in found.iter().zip(ends) {
        assert!((found - (1.7_f64 / end).ln()).abs() < 1e-12, "{found} {end}");
    }
    // Farther apart than at first: no progress; and aligned to the last digit: as far as numbers reach.
    assert_eq!(found[5..7], [0.0, 0.0]);
    assert!((found[7] - (1.7_f64.ln() - 0.5 * (0.5e-300_f64).ln())).abs() < 1e-9, "{}", found[7]);
    assert!(alignment_progress(&[], &[1.0]).is_err());
}

/// Positives that draw nearer at a steady rate are predicted to do so, at every checkpoint after the first quarter.
#[test]
fn a_course_that_follows_the_closed_form_is_predicted() {
    let (rate, half_tangents) = (0.11, [0.4, 0.9, 2.3, 5.0, 1.4]);
    let steps = [20, 25, 29, 34, 38, 41, 50, 81, 104];
    let z = Array2::from_shape_fn((5, 2), |(row, column)| if column == 0 { 1.0 + row as f64 } else { 0.0 });
    let half_tangent = |start: f64, step: u64| start * (-rate * (step - 20) as f64).exp();
    let mut start = subject(&[&z; 9]);
    start.steps = Some(steps.to_vec());
    for step in steps {
        let positives = Array2::from_shape_fn((5, 2), |(row, column)| {
            let angle = 2.0 * half_tangent(half_tangents[row], step).atan();
            if column == 0 { 3.0 * angle.cos() } else { 3.0 * angle.sin() }
        });
        let positives = shot("positives.npy", &positives, &start.sample);
        start.positives.push(positives);
    }
    let options = Options { parameters: Parameters::Free, ..Options::default() };
    let found = ask(&start, &options);
    let forecast = found.forecast.as_ref().unwrap();
    // A quarter of 84 steps is 21.
    assert_eq!(forecast.last, 5);
    assert_relative_eq!(forecast.rate, rate, max_relative = 1e-9);
    let alignment = |factor: f64, step: u64| {
        let squares = half_tangents.map(|start| (start * (-factor * rate * (step - 20) as f64).exp()).powi(2));
        squares.iter().map(|square| 2.0 * square / (1.0 + square)).sum::<f64>() / 5.0
    };
    assert_eq!(forecast.rest.iter().map(|it| it.checkpoint).collect::<Vec<_>>(), [6, 7, 8]);
    for it in &forecast.rest {
        let step = steps[it.checkpoint];
        assert_relative_eq!(it.predicted, alignment(1.0, step), max_relative = 1e-7);
        assert_relative_eq!(it.measured, alignment(1.0, step), max_relative = 1e-9);
        // The power of the step is left open by 0.3, more so the farther ahead.
        let half = 0.3 * (1.0 + ((step - 20) as f64 / 21.0).ln());
        assert_relative_eq!(it.interval.0, alignment(half.exp(), step), max_relative = 1e-6);
        assert_relative_eq!(it.interval.1, alignment((-half).exp(), step), max_relative = 1e-6);
    }
    let key = "alignment-forecast";
    assert_eq!(value(&found, key, "share of later checkpoints within their interval"), 1.0);
    let last = "mean 1 − cos of positives at the last step, measured";
    assert_relative_eq!(value(&found, key, last), alignment(1.0, 104), max_relative = 1e-9);
    assert_eq!(answer(&found, key).worth, Worth::Conditional);
}
