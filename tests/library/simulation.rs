//! The descent loop: the fused kernel against the generic path, stop rules, records.

use embedding_norms::loss::NegativeCosine;
use embedding_norms::optimizer::GradientDescent;
use embedding_norms::random::generator;
use embedding_norms::simulation::{Cadence, Descent, Outcome, PairDescent, Start, Stop, StopRules};
use embedding_norms::sphere::{cosines, normalize, uniform};
use embedding_norms::theory::pair::FirstStep;
use ndarray::{Array2, array};
use proptest::prelude::*;

use crate::support;

fn random_pairs(n: usize, d: usize, norm: f64, seed: u64) -> Start {
    let mut generator = generator(seed, b"tests/simulation", 0);
    let first = uniform(n, d, &mut generator).unwrap() * norm;
    let second = uniform(n, d, &mut generator).unwrap() * norm;
    Start::pairs(first, second)
}

fn right_angle(norm: f64) -> Start {
    Start::pairs(array![[norm, 0.0]], array![[0.0, norm]])
}

fn bits(matrix: &Array2<f64>) -> Vec<u64> {
    matrix.iter().map(|value| value.to_bits()).collect()
}

fn assert_same(fused: &Outcome, generic: &Outcome) {
    assert_eq!((fused.stop, fused.steps), (generic.stop, generic.steps));
    assert_eq!(fused.records, generic.records);
    assert_eq!(bits(&fused.first), bits(&generic.first));
    assert_eq!(bits(fused.second.as_ref().unwrap()), bits(generic.second.as_ref().unwrap()));
}

proptest! {
    #![proptest_config(support::seeds::seeded(256))]

    #[test]
    fn the_fused_kernel_is_the_generic_path_bit_for_bit(
        n in 1_usize..40, d in 2_usize..40, log_norm in -2.0..2.0_f64, log_rate in -3.0..1.0_f64,
        seed: u64, stop_gradient: bool, published: bool,
    ) {
        let loss = if stop_gradient { NegativeCosine::with_stop_gradient() } else { NegativeCosine::symmetric() };
        let first_step = if published { FirstStep::DotProduct } else { FirstStep::Cosine };
        let start = random_pairs(n, d, 10_f64.powf(log_norm), seed);
        let rate = 10_f64.powf(log_rate);
        let stops = StopRules::budget(50).mean_cosine(1e-2).unwrap();
        let cadence = Cadence::every(7).unwrap();
        let fused = PairDescent::new(loss, rate).unwrap().first_step(first_step).records(cadence).record_positions();
        let generic =
            Descent::new(&loss, &GradientDescent, rate).unwrap().first_step(first_step).records(cadence).record_positions();
        assert_same(&fused.run(start.clone(), &stops).unwrap(), &generic.run(start, &stops).unwrap());
    }
}

#[test]
fn every_stop_rule_is_named_by_the_run_it_ends() {
    let run = |start: Start, stops: StopRules<'_>| {
        let outcome = PairDescent::new(NegativeCosine::symmetric(), 0.02).unwrap().run(start, &stops).unwrap();
        (outcome.stop, outcome.steps)
    };
    let tolerant = || StopRules::budget(10_000).mean_cosine(1e-3).unwrap();
    assert_eq!(run(right_angle(1.0), tolerant()), (Stop::MeanCosine, 95));
    assert_eq!(run(right_angle(1.0), StopRules::budget(10_000).every_pair(1e-3).unwrap()), (Stop::EveryPair, 95));
    assert_eq!(run(right_angle(1.0), StopRules::budget(10_000).loss_level(-0.999)), (Stop::LossLevel, 95));
    assert_eq!(run(right_angle(1.0), StopRules::budget(5)), (Stop::Budget, 5));
    let antipodal = || Start::pairs(array![[1.0, 0.0]], array![[-2.0, 0.0]]);
    assert_eq!(run(antipodal(), tolerant()), (Stop::Stationary, 0));
    assert_eq!(run(antipodal(), tolerant().never_stationary()), (Stop::Budget, 10_000));
    assert_eq!(run(right_angle(1.0), tolerant().cancelled_by(&|| true)), (Stop::Cancelled, 0));
}

#[test]
fn a_tolerance_decides_to_the_last_bit_however_small_it_is() {
    let loss = NegativeCosine::symmetric();
    let fused = PairDescent::new(loss, 0.3).unwrap();
    let generic = Descent::new(&loss, &GradientDescent, 0.3).unwrap();
    for (n, d) in [(1, 2), (1, 30), (9, 3), (30, 20)] {
        let start = || random_pairs(n, d, 1.5, 7);
        let course = fused.records(Cadence::every(1).unwrap()).record_positions();
        let course = course.run(start(), &StopRules::budget(250).never_stationary()).unwrap();
        let one_minus: Vec<f64> =
            course.records.into_iter().map(|record| mean_one_minus(record.positions.unwrap())).collect();
        assert!(one_minus[0] > 0.1 && one_minus.iter().any(|&m| m < 1e-20), "from far to near: {one_minus:?}");
        for &m in one_minus.iter().filter(|&&m| m > 0.0 && m < 1.9) {
            for tolerance in [m.next_down(), m, m.next_up()] {
                let stops = StopRules::budget(250).never_stationary().mean_cosine(tolerance).unwrap();
                let (stop, steps) = ended(fused.run(start(), &stops).unwrap());
                assert_eq!((stop, steps), ended(generic.run(start(), &stops).unwrap()), "{n} pairs, {tolerance:e}");
                if n == 1 {
                    let expected = one_minus.iter().position(|&m| m <= tolerance);
                    assert_eq!((stop.is_goal(), steps as usize), (expected.is_some(), expected.unwrap_or(250)));
                }
            }
        }
    }
}

fn ended(outcome: Outcome) -> (Stop, u64) {
    (outcome.stop, outcome.steps)
}

fn mean_one_minus((first, second): (Array2<f64>, Option<Array2<f64>>)) -> f64 {
    let [first, second] = [first, second.unwrap()].map(|view| normalize(view.view()).unwrap());
    let pairs = cosines(first.units(), second.units());
    pairs.iter().map(|cosine| cosine.one_minus).sum::<f64>() / pairs.len() as f64
}

#[test]
fn one_straggler_holds_every_pair_but_not_the_mean() {
    let angle: f64 = 3.0;
    let mut first = Array2::zeros((1000, 2));
    let mut second = Array2::zeros((1000, 2));
    first.column_mut(0).fill(1.0);
    second.column_mut(0).fill(1.0);
    (second[(0, 0)], second[(0, 1)]) = (angle.cos(), angle.sin());
    let start = Start::pairs(first, second);
    let descent = PairDescent::new(NegativeCosine::symmetric(), 0.02).unwrap();
    let steps = |stops: StopRules<'_>| descent.run(start.clone(), &stops).unwrap().steps;
    let mean = steps(StopRules::budget(10_000).mean_cosine(1e-3).unwrap());
    let every = steps(StopRules::budget(10_000).every_pair(1e-3).unwrap());
    assert!(mean + 50 < every, "{mean} {every}");
}

#[test]
fn records_come_at_their_cadence_with_both_ends() {
    let steps = |cadence: Cadence| -> Vec<u64> {
        let descent = PairDescent::new(NegativeCosine::symmetric(), 0.02).unwrap().records(cadence);
        let stops = StopRules::budget(10_000).mean_cosine(1e-3).unwrap();
        descent.run(right_angle(1.0), &stops).unwrap().records.iter().map(|record| record.step).collect()
    };
    assert_eq!(steps(Cadence::ends()), [0, 95]);
    assert_eq!(steps(Cadence::every(40).unwrap()), [0, 40, 80, 95]);
    assert_eq!(steps(Cadence::per_decade(2.0).unwrap()), [0, 1, 4, 13, 42, 95]);
}

#[test]
fn bad_starts_are_refused_by_row() {
    let descent = PairDescent::new(NegativeCosine::symmetric(), 0.02).unwrap();
    let refused = |start: Start| descent.run(start, &StopRules::budget(1)).unwrap_err().to_string();
    let good = || array![[1.0, 0.0], [0.0, 1.0]];
    assert!(refused(Start::pairs(good(), array![[1.0, 0.0], [0.0, 0.0]])).contains("row 1 is zero"));
    assert!(refused(Start::pairs(array![[1.0, f64::NAN], [0.0, 1.0]], good())).contains("row 0 has NaN in column 1"));
    assert!(refused(Start::pairs(good(), array![[1.0, 0.0]])).contains("shapes (2, 2) and (1, 2)"));
    assert!(refused(Start::one_view(good())).contains("two views"));
    for norm in [1e-160, 1e160] {
        assert!(refused(Start::pairs(good(), array![[1.0, 0.0], [0.0, norm]])).contains("from 1e-150 to 1e150"));
    }
    // Squares of norms would leave the range of numbers after the first step.
    for (rate, norm) in [(1e300, 1.0), (1e300, 1e-20), (1.0, 1e-140)] {
        let far = PairDescent::new(NegativeCosine::symmetric(), rate).unwrap();
        let error = far.run(right_angle(norm), &StopRules::budget(10)).unwrap_err().to_string();
        assert!(error.contains("the learning rate over a norm must be at most 1e120"), "{error}");
    }
    // An unprojected step may take a norm down to rounding, a projected one never shortens.
    let near = PairDescent::new(NegativeCosine::symmetric(), 1e-30).unwrap();
    let unprojected = |norm: f64| near.first_step(FirstStep::DotProduct).run(right_angle(norm), &StopRules::budget(1));
    let error = unprojected(1e-130_f64.next_down()).unwrap_err().to_string();
    assert!(error.contains("a norm before an unprojected step must be at least 1e-130"), "{error}");
    assert!(unprojected(1e-130).is_ok() && near.run(right_angle(1e-140), &StopRules::budget(1)).is_ok());
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(PairDescent::new(NegativeCosine::symmetric(), rate).is_err());
    }
}

/// The first step along the inner product takes one of two opposite embeddings to zero and leaves the other.
#[test]
fn one_view_that_is_lost_ends_a_run() {
    let loss = NegativeCosine::symmetric();
    let descent = Descent::new(&loss, &GradientDescent, 1.0).unwrap().first_step(FirstStep::DotProduct);
    let stops = StopRules::budget(10).never_stationary();
    let (lost, kept) = (array![[1.0, 0.0]], array![[-2.0, 0.0]]);
    for start in [Start::pairs(lost.clone(), kept.clone()), Start::pairs(kept, lost)] {
        assert_eq!(ended(descent.run(start, &stops).unwrap()), (Stop::NotFinite, 1));
    }
}

#[test]
fn stops_have_names_of_their_own() {
    let stops = [
        Stop::MeanCosine,
        Stop::EveryPair,
        Stop::LossLevel,
        Stop::Stationary,
        Stop::Budget,
        Stop::NotFinite,
        Stop::Cancelled,
    ];
    let names: std::collections::BTreeSet<_> = stops.iter().map(|stop| stop.name()).collect();
    assert!(names.len() == 7 && names.contains("mean-cosine") && names.iter().all(|name| name.len() > 5), "{names:?}");
    assert_eq!(stops.map(Stop::is_goal), [true, true, true, false, false, false, false]);
}

/// Nothing counts as moving where ‖z‖·‖∇‖ = sin φ of every row is at most the threshold, which is looked at every 64 steps.
#[test]
fn a_threshold_of_stationarity_is_one_of_sines() {
    let start = |angle: f64| Start::pairs(array![[3.0, 0.0]], array![[2.0 * angle.cos(), 2.0 * angle.sin()]]);
    let run = |angle: f64, threshold: f64| {
        let stops = StopRules::budget(64).stationary(threshold).unwrap();
        let loss = NegativeCosine::symmetric();
        let generic = Descent::new(&loss, &GradientDescent, 1e-9).unwrap().run(start(angle), &stops).unwrap();
        let fused = PairDescent::new(loss, 1e-9).unwrap().run(start(angle), &stops).unwrap();
        assert_eq!(ended(fused), ended(generic.clone()));
        ended(generic)
    };
    for angle in [0.3, 1.2, 2.9_f64] {
        assert_eq!(run(angle, 1.001 * angle.sin()), (Stop::Stationary, 0), "{angle}");
        assert_eq!(run(angle, 0.999 * angle.sin()), (Stop::Budget, 64), "{angle}");
    }
    for threshold in [0.0, -1.0, f64::NAN] {
        assert!(StopRules::budget(1).stationary(threshold).is_err(), "{threshold}");
    }
}

#[test]
fn records_come_at_up_to_a_thousand_steps_for_each_factor_of_ten() {
    for records in [0.0, -1.0, 1000.1, f64::NAN] {
        assert!(Cadence::per_decade(records).is_err(), "{records}");
    }
    assert!(Cadence::per_decade(1000.0).is_ok() && Cadence::per_decade(0.1).is_ok());
}
