//! The room `law`: planted power laws come back with honest intervals, and what is no power law is refused.

use crate::support;

use embedding_norms::random::{Generator, StandardNormal};
use embedding_norms::statistics::{mean_with_interval, prediction_interval};
use embedding_norms_lab::law::{Observation, PowerLaw, Refusal, fit_power_law};
use proptest::prelude::*;
use rand_distr::Distribution;
use support::embeddings::{log_uniform, random_numbers};
use support::seeds::seeded;

const NORMS: [f64; 5] = [1.0, 2.0, 4.0, 8.0, 16.0];

/// Replicates of y = f(x) times a factor of log-normal noise.
fn measured(f: impl Fn(f64) -> f64, noise: f64, replicates: u64, numbers: &mut Generator) -> Vec<Observation> {
    let mut factor = || (noise * StandardNormal.sample(&mut *numbers)).exp();
    (0..replicates)
        .flat_map(|replicate| NORMS.map(|x| (x, replicate)))
        .map(|(x, replicate)| Observation { x, y: f(x) * factor(), replicate })
        .collect()
}

/// In how many of 400 trials the interval of a planted exponent holds `claimed` more than the planted one.
fn coverage(noise: f64, replicates: u64, claimed: f64) -> f64 {
    let mut numbers = random_numbers("coverage", replicates);
    let covered = (0..400).filter(|trial| {
        let k = f64::from(trial % 5) - 1.0;
        let fit = fit_power_law(&measured(|x| 7.0 * x.powf(k), noise, replicates, &mut numbers), 0.95);
        fit.is_ok_and(|law| law.exponent.lower <= k + claimed && k + claimed <= law.exponent.upper)
    });
    covered.count() as f64 / 400.0
}

#[test]
fn intervals_of_planted_exponents_hold_them_95_times_in_100() {
    for (noise, replicates) in [(0.01, 4), (0.01, 20), (0.05, 8), (0.2, 8)] {
        // 400 trials: a standard deviation of 0.011. Refused fits, of which noise causes a few, count as misses.
        let found = coverage(noise, replicates, 0.0);
        assert!((0.91..0.985).contains(&found), "{noise} {replicates}: {found}");
    }
    // Control: an exponent that was not planted, at an interval about 0.006 wide.
    assert!(coverage(0.01, 20, 0.05) < 0.01);
}

#[test]
fn a_fit_gives_exponent_prefactor_and_local_exponents_back() {
    let mut numbers = random_numbers("fit", 0);
    let law = fit_power_law(&measured(|x| 3.0 * x * x, 1e-6, 5, &mut numbers), 0.95).unwrap();
    let PowerLaw { exponent, prefactor, local_exponents, drift } = law;
    assert!((exponent.value - 2.0).abs() < 1e-5 && (prefactor - 3.0).abs() < 1e-4 && drift.abs() < 1e-4);
    assert_eq!((exponent.replicates, local_exponents.len()), (5, 4));
    for ((middle, slope), pair) in local_exponents.into_iter().zip(NORMS.windows(2)) {
        assert!((middle - (pair[0] * pair[1]).sqrt()).abs() < 1e-12 * middle && (slope - 2.0).abs() < 1e-4);
    }
}

#[test]
fn what_is_no_power_law_is_refused() {
    let mut numbers = random_numbers("non-law", 0);
    let mut fit = |law: &dyn Fn(f64) -> f64, noise: f64| fit_power_law(&measured(law, noise, 8, &mut numbers), 0.95);
    for (name, fit) in [
        ("x² + 30x", fit(&|x| x * x + 30.0 * x, 0.01)),
        ("an exponential", fit(&|x| (0.3 * x).exp(), 0.01)),
        ("a logarithm", fit(&|x| 1.0 + x.ln(), 0.01)),
        ("a floor", fit(&|x| x * x + 5.0, 0.01)),
    ] {
        assert!(matches!(fit, Err(Refusal::NotAPowerLaw { .. })), "{name}: {fit:?}");
    }
    // A bend that noise hides is no ground for refusal, nor one below 0.05.
    assert!(fit(&|x| x * x + 0.5 * x, 1.0).is_ok());
    assert!(fit(&|x| x * x + 0.01 * x, 1e-4).is_ok());
}

/// One replicate for each of `bends`: points on the parabola log y = 1 + 2 X + bend X², X = log x, at uneven x, one of them twice.
fn parabolas(bends: &[f64]) -> Vec<Observation> {
    let y = |bend: f64, x: f64| (1.0 + 2.0 * x.ln() + bend * x.ln() * x.ln()).exp();
    let replicate =
        |(replicate, &bend)| [2.0, 3.0, 5.0, 10.0, 10.0, 40.0].map(|x| Observation { x, y: y(bend, x), replicate });
    (0..).zip(bends).flat_map(replicate).collect()
}

/// The slope of a parabola changes by twice its bend times the range of log x, whatever the places of the points.
#[test]
fn the_drift_is_that_of_the_parabola() {
    for bend in [-0.006, -0.001, 0.0, 0.002, 0.006] {
        let law = fit_power_law(&parabolas(&[bend; 3]), 0.95).unwrap();
        assert!((law.drift - 2.0 * bend * 20_f64.ln()).abs() < 1e-12, "{bend}: {}", law.drift);
    }
}

/// Four drifts with mean 0.2 and deviation s: what three standard errors, 1.5 s, do not reach is no power law.
#[test]
fn a_drift_is_refused_beyond_three_standard_errors() {
    let with_deviation = |deviation: f64| {
        let aside = deviation * 0.75_f64.sqrt();
        parabolas(&[0.2 - aside, 0.2 - aside, 0.2 + aside, 0.2 + aside].map(|drift| drift / (2.0 * 20_f64.ln())))
    };
    for (deviation, refused) in [(0.01, true), (0.12, true), (0.132, true), (0.135, false), (0.2, false)] {
        match fit_power_law(&with_deviation(deviation), 0.95) {
            Err(Refusal::NotAPowerLaw { drift, allowed }) if refused => {
                let expected = 0.05_f64.max(1.5 * deviation);
                assert!((drift - 0.2).abs() < 1e-12 && (allowed - expected).abs() < 1e-12, "{drift} {allowed}");
            }
            other => assert!(other.is_ok() && !refused, "{deviation}: {other:?}"),
        }
    }
}

proptest! {
    #![proptest_config(seeded(500))]

    #[test]
    fn equal_counts_have_the_exponent_0_exactly(count in 1_u64..1_000_000, replicates in 2_u64..6, same: bool) {
        // Each replicate has one count at all norms; the counts may differ between replicates.
        let count = |replicate: u64| if same { count } else { count + replicate } as f64;
        // Among the norms are some whose logarithms are not spread evenly and have no exact mean.
        for norms in [NORMS, [1.0, 3.0, 10.0, 17.0, 29.0]] {
            let all: Vec<_> = (0..replicates)
                .flat_map(|replicate| norms.map(|x| Observation { x, y: count(replicate), replicate }))
                .collect();
            let law = fit_power_law(&all, 0.95).unwrap();
            prop_assert_eq!((law.exponent.value, law.exponent.lower, law.exponent.upper), (0.0, 0.0, 0.0));
            prop_assert_eq!(law.drift, 0.0);
        }
    }

    #[test]
    fn the_exponent_does_not_depend_on_the_units(x_unit in log_uniform(-6.0, 6.0), y_unit in log_uniform(-6.0, 6.0)) {
        let mut numbers = random_numbers("units", 0);
        let all = measured(|x| x.powf(1.5), 0.05, 4, &mut numbers);
        let scaled: Vec<_> = all.iter().map(|o| Observation { x: o.x * x_unit, y: o.y * y_unit, ..*o }).collect();
        let [plain, scaled] = [all, scaled].map(|all| fit_power_law(&all, 0.95).unwrap().exponent);
        // Logarithms up to 17 round by 10⁻¹⁵, over a range of ln 16.
        prop_assert!((plain.value - scaled.value).abs() < 1e-13 && (plain.upper - scaled.upper).abs() < 1e-12);
    }
}

#[test]
fn too_little_to_fit_is_refused_by_name() {
    let point = |x: f64, y: f64, replicate: u64| Observation { x, y, replicate };
    let three = |replicate: u64| [1.0, 2.0, 4.0].map(|x| point(x, x, replicate)).to_vec();
    assert_eq!(fit_power_law(&three(0), 0.95), Err(Refusal::TooFewReplicates { found: 1 }));
    assert_eq!(fit_power_law(&[], 0.95), Err(Refusal::TooFewReplicates { found: 0 }));
    let two = [three(0), vec![point(1.0, 1.0, 7), point(2.0, 2.0, 7), point(2.0, 2.1, 7)]].concat();
    assert_eq!(fit_power_law(&two, 0.95), Err(Refusal::TooFewAbscissae { replicate: 7, found: 2 }));
    for (x, y) in [(0.0, 1.0), (-1.0, 1.0), (1.0, 0.0), (1.0, -3.0), (f64::INFINITY, 1.0)] {
        let with = [three(0), three(1), vec![point(x, y, 1)]].concat();
        assert_eq!(fit_power_law(&with, 0.95), Err(Refusal::NotPositive { x, y }));
    }
    let with_nan = [three(0), three(1), vec![point(1.0, f64::NAN, 1)]].concat();
    assert!(matches!(fit_power_law(&with_nan, 0.95), Err(Refusal::NotPositive { .. })));
    assert!(fit_power_law(&[three(0), three(1)].concat(), 0.95).is_ok());
}

/// Student's t at (1 + confidence)/2, from the tables.
const QUANTILES: [(usize, f64, f64); 5] = [
    (2, 0.95, 12.706204736432095),
    (3, 0.99, 9.924843200918291),
    (5, 0.95, 2.7764451051977934),
    (11, 0.9, 1.8124611228107335),
    (30, 0.95, 2.045229642132703),
];

#[test]
fn intervals_of_means_and_predictions_use_students_quantiles() {
    for (n, confidence, quantile) in QUANTILES {
        let values: Vec<f64> = (0..n).map(|i| i as f64 * i as f64).collect();
        let mean = values.iter().sum::<f64>() / n as f64;
        let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        let deviation = (squares / (n as f64 - 1.0)).sqrt();
        for (found, factor) in [
            (mean_with_interval(&values, confidence).unwrap(), 1.0 / (n as f64).sqrt()),
            (prediction_interval(&values, confidence).unwrap(), (1.0 + 1.0 / n as f64).sqrt()),
        ] {
            let half = quantile * deviation * factor;
            assert!((found.value - mean).abs() <= 1e-14 * mean && found.replicates == n);
            assert!(((found.upper - mean) / half - 1.0).abs() < 1e-9, "{n}: {found:?}");
            assert!(((mean - found.lower) / half - 1.0).abs() < 1e-9, "{n}: {found:?}");
            // Control: the normal quantile in the place of Student's.
            assert!((found.upper - mean) / (1.96 * deviation * factor) > 1.04 || confidence < 0.95);
        }
    }
}

#[test]
fn prediction_intervals_hold_one_further_draw_95_times_in_100() {
    for n in [2, 3, 5, 20] {
        let mut numbers = random_numbers("prediction", n as u64);
        let mut draw = || StandardNormal.sample(&mut numbers);
        let held = (0..4000).filter(|_| {
            let values: Vec<f64> = (0..n).map(|_| draw()).collect();
            let interval = prediction_interval(&values, 0.95).unwrap();
            let next: f64 = draw();
            interval.lower <= next && next <= interval.upper
        });
        // A standard deviation of 0.0034.
        let share = held.count() as f64 / 4000.0;
        assert!((share - 0.95).abs() < 5.0 * 0.0034, "n = {n}: {share}");
    }
}

#[test]
fn one_value_has_no_interval() {
    assert_eq!((mean_with_interval(&[1.0], 0.95), prediction_interval(&[], 0.95)), (None, None));
    let equal = mean_with_interval(&[2.0, 2.0, 2.0], 0.95).unwrap();
    assert_eq!((equal.lower, equal.value, equal.upper), (2.0, 2.0, 2.0));
}
