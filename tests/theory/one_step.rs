//! Chapter 2: one step, exactly (statements D1, D2, D3): the closed forms against 32 digits and against real vectors.

use crate::support;

use std::f64::consts::PI;

use embedding_norms::loss::{Batch, Loss, NegativeCosine};
use embedding_norms::normalization::pullback;
use embedding_norms::optimizer::{GradientDescent, WeightDecay};
use embedding_norms::simulation::{Cadence, Descent, Start, StopRules};
use embedding_norms::sphere::{Cosine, norm_of, normalize};
use embedding_norms::theory::one_step::{EqualPair, Pair, bound_excess, cosine_after, cosine_change, published_bound};
use embedding_norms::theory::pair::{EqualPopulation, FirstStep, steps_of_pair};
use ndarray::Array2;
use proptest::prelude::*;
use support::double_double::{cosine_complements, polar};
use support::embeddings::*;
use support::losses::SquaredCosines;
use support::pairs::{WidePair, out_of_plane, step_error};
use support::real_step::{as_pair, real_step};
use support::seeds::seeded;

/// Step sizes over nine decades, half of them within 10⁻¹⁶ to 10⁻¹ of `landing`, where the numerator of D1 vanishes.
fn step_size(landing: f64) -> impl Strategy<Value = f64> {
    prop_oneof![
        log_uniform(-6.0, 3.0),
        (log_uniform(-16.0, -1.0), any::<bool>())
            .prop_map(move |(off, above)| landing * (1.0 + if above { off } else { -off })),
    ]
}

/// The relative error of k' that roundings explain: a few EPS, times what the numerator k((1 − 2v) + k²), with v half the
/// sum of the step sizes or less, cancels where α + β > 1. (The problem itself is ill-conditioned there: the landing
/// angle is as sensitive to the starting one.)
fn allowed_half_tangent(before: Pair, after: f64) -> f64 {
    let Pair { half_tangent: k, first, second } = before;
    let sine = 2.0 * k / (1.0 + k * k);
    let (a, b) = (first * sine, second * sine);
    let v = (first + second) / (1.0 - a * b + ((1.0 + a * a) * (1.0 + b * b)).sqrt());
    let terms = k * (1.0 + 2.0 * v + k * k) / (1.0 + k * k + 2.0 * v * k * k);
    8.0 * EPS * if first + second <= 1.0 { 1.0 } else { 1.0 + terms / after }
}

fn is_step(before: Pair, after: Pair) -> bool {
    let exact = WidePair::new(before).step();
    let close = |found: f64, exact: f64, tolerance: f64| (found - exact).abs() <= tolerance * exact.abs();
    let k = exact.half_tangent.to_f64();
    close(after.half_tangent, k, allowed_half_tangent(before, k))
        && close(after.first, exact.first.to_f64(), 8.0 * EPS)
        && close(after.second, exact.second.to_f64(), 8.0 * EPS)
}

/// The step as the angle form suggests it: right in the middle, frozen near π.
fn step_by_arc_tangents(pair: Pair) -> f64 {
    let phi = 2.0 * pair.half_tangent.atan();
    let turned = (pair.first * phi.sin()).atan() + (pair.second * phi.sin()).atan();
    (0.5 * (phi - turned)).tan().abs()
}

proptest! {
    #![proptest_config(seeded(20_000))]

    #[test]
    fn d1_the_equal_pair_has_all_its_digits(k in log_uniform(-9.0, 9.0), u in step_size(0.5)) {
        let before = Pair { half_tangent: k, first: u, second: u };
        let after = as_pair(EqualPair { half_tangent: k, step_size: u }.step());
        let right = is_step(before, after);
        prop_assert!(right, "{before:?} {after:?}");
        // Controls: a step size off by 10⁻¹², and a half angle off by as much, where the landing is not that sensitive.
        let wrong = is_step(before, Pair { first: after.first * (1.0 + 1e-12), ..after });
        prop_assert!(!wrong);
        let wrong = is_step(before, Pair { half_tangent: after.half_tangent * (1.0 + 1e-12), ..after });
        prop_assert!(!wrong || allowed_half_tangent(before, after.half_tangent) > 1e-13);
    }

    #[test]
    fn d1_the_unequal_pair_has_all_its_digits(
        k in log_uniform(-9.0, 9.0), sum in step_size(1.0), share in log_uniform(-6.0, -0.001), swap: bool, held: bool,
    ) {
        // The shares add up to `sum` to rounding, so that a planted landing stays one.
        let second = if held { 0.0 } else { sum * share };
        let (first, second) = if swap && !held { (second, sum - second) } else { (sum - second, second) };
        let before = Pair { half_tangent: k, first, second };
        let right = is_step(before, before.step());
        prop_assert!(right, "{before:?} {:?}", before.step());
    }
}

#[test]
fn d1_the_digits_are_kept_where_arc_tangents_lose_them() {
    let near_pi = 1.0 / 0.5e-8_f64.tan();
    let mut frozen = 0;
    for (first, second) in [(0.01, 0.01), (0.01, 0.002), (1e-3, 0.0), (0.5 - 1e-12, 0.5), (0.3, 0.7 - 1e-12)] {
        for k in [near_pi, 1e-8, 1e-9, 0.3] {
            let before = Pair { half_tangent: k, first, second };
            let after = before.step();
            assert!(is_step(before, after), "{before:?}");
            let careless = Pair { half_tangent: step_by_arc_tangents(before), ..after };
            frozen += u32::from(!is_step(before, careless));
        }
    }
    // All five near π, and all small angles that nearly land.
    assert!(frozen >= 9, "{frozen}");
}

#[test]
fn d1_counts_of_steps_are_those_of_32_digits() {
    let mut numbers = random_numbers("d1 counts", 0);
    let mut draw = |low: f64, high: f64| low + (high - low) * rand::Rng::random::<f64>(&mut numbers);
    let budget = 100_000;
    for setting in 0..300 {
        let gap = 10.0_f64.powf(draw(-8.0, 0.19));
        let angle = Angle { gap, opposite: setting % 4 != 0 };
        let off = 10.0_f64.powf(draw(-12.0, -1.0));
        // Ordinary step sizes, and ones within 10⁻¹² to 10⁻¹ of the landing at ½.
        let u = if setting % 2 == 0 { 10.0_f64.powf(draw(-2.5, 1.0)) } else { 0.5 + off * draw(-1.0, 1.0).signum() };
        let epsilon = 10.0_f64.powf(draw(-12.0, -1.0));
        let second = if setting % 3 == 0 { u } else { u * draw(0.0, 1.0) };
        let pair = Pair { half_tangent: angle.half_tangent(), first: u, second };
        let exact = WidePair::new(pair).steps_until(epsilon, budget);
        assert!(exact.is_some());
        assert_eq!(steps_of_pair(pair, epsilon, budget).unwrap().steps(), exact, "{pair:?} {epsilon}");
        let equal = Pair { second: u, ..pair };
        let population = EqualPopulation::new(&[equal.half_tangent], u).unwrap();
        let counted = population.steps_until_mean(epsilon, FirstStep::Cosine, budget).unwrap().steps();
        assert_eq!(counted, WidePair::new(equal).steps_until(epsilon, budget), "{equal:?} {epsilon}");
    }
}

proptest! {
    #![proptest_config(seeded(500))]

    #[test]
    fn d1_real_vectors_follow_the_pair_in_any_dimension(
        d in dimension(), first in log_uniform(-6.0, 6.0), ratio in log_uniform(-2.0, 2.0), equal: bool, held: bool,
        angle in any_angle(), alpha in log_uniform(-6.0, 3.0), seed: u64,
    ) {
        let norms = [first, if equal { first } else { first * ratio }];
        let step = real_step(d, norms, angle, alpha, held, FirstStep::Cosine, seed);
        prop_assert!(step.agrees(step.start().step()), "{:?}", step.start());
        if equal && !held {
            // Turns change with ln u by a/(1 + a²), ρ'² by twice a²/(1 + a²), and β itself by 1.
            prop_assert!(step.agrees_as_equal(step.equal_start().step(), 3.0));
        }
        for vector in step.after() {
            let out = out_of_plane(&step.z, &step.w, &vector);
            prop_assert!(out <= step_error(step.before, d).plane, "{out}");
        }
    }

    #[test]
    fn d1_the_published_first_step_follows_its_closed_form(
        d in dimension(), norm in log_uniform(-3.0, 3.0), angle in any_angle(), u in log_uniform(-6.0, 1.0), seed: u64,
    ) {
        let step = real_step(d, [norm, norm], angle, u, false, FirstStep::DotProduct, seed);
        // z + γŷ/ρ shrinks to |1 − u| of its length near π, and its errors grow by as much. Elsewhere ln ρ'² changes with
        // ln u by at most 2u(1 + u)/(1 − u)² ≤ 30, and the angle by less.
        prop_assume!((1.0 - u).abs() > 0.5);
        prop_assert!(step.agrees_as_equal(step.equal_start().inner_product_step(), 32.0), "{:?}", step.start());
    }
}

#[test]
fn d1_wrong_predictions_of_a_step_of_vectors_are_refused() {
    let angle = Angle { gap: 1.2, opposite: false };
    let step = real_step(20, [2.0, 3.0], angle, 0.3, false, FirstStep::Cosine, 1);
    let right = step.start();
    assert!(step.agrees(right.step()));
    let sine = angle.sine();
    let euler = Pair { half_tangent: (0.5 * (1.2 - (right.first + right.second) * sine)).tan(), ..right.step() };
    assert!(!step.agrees(euler), "the flow's step, without arc tangents");
    assert!(!step.agrees(Pair { second: 0.0, ..right }.step()), "a member held still that moved");
    assert!(!step.agrees(Pair { first: right.second, second: right.first, ..right }.step()), "members exchanged");
    assert!(!step.agrees(Pair { first: right.first, second: right.second, ..right.step() }), "norms that stand still");
    let equal = real_step(20, [2.0, 2.0], angle, 0.3, false, FirstStep::Cosine, 1);
    assert!(equal.agrees_as_equal(equal.equal_start().step(), 3.0));
    assert!(!equal.agrees_as_equal(equal.equal_start().inner_product_step(), 32.0), "the inner product's gradient");
    let held = real_step(20, [2.0, 3.0], angle, 0.3, true, FirstStep::Cosine, 1);
    assert!(held.agrees(held.start().step()) && !held.agrees(right.step()));
}

/// Opposite members that step along each other's direction are shortened to |1 − u| and stay opposite: the limit of the
/// closed form, on both sides of the guard.
#[test]
fn d1_the_published_first_step_of_an_opposite_pair_changes_its_norm_alone() {
    for u in [0.02, 0.3, 3.0] {
        let step = |half_tangent: f64| EqualPair { half_tangent, step_size: u }.inner_product_step();
        let opposite = step(f64::INFINITY);
        assert_eq!(opposite.half_tangent, f64::INFINITY);
        assert!((opposite.step_size * (1.0 - u) * (1.0 - u) / u - 1.0).abs() < 4.0 * EPS);
        assert!((step(1e20).step_size / opposite.step_size - 1.0).abs() < 4.0 * EPS);
        // Members that pass each other have an angle without a sign.
        let near = step(0.5);
        assert!((near.half_tangent - 0.5 * (1.0 - u).abs() / (1.0 + u)).abs() < EPS);
    }
}

#[test]
fn d1_a_third_embedding_pulls_the_pair_out_of_its_plane() {
    let points = embeddings(3, 20, (0.0, 0.0), &mut random_numbers("d1 plane", 0));
    let descent = Descent::new(&SquaredCosines, &GradientDescent, 0.1).unwrap();
    let outcome = descent.run(Start::one_view(points.clone()), &StopRules::budget(1)).unwrap();
    let [z, w, moved] = [points.row(0), points.row(1), outcome.first.row(0)].map(|row| row.to_vec());
    let before = WidePair::of_vectors(&z, &w, 0.1, false);
    assert!(out_of_plane(&z, &w, &moved) > 1e6 * step_error(before, 20).plane);
}

/// Up to 1e30 a half-tangent is that of an angle below π, and moves; beyond it pairs count as opposite, and stand.
#[test]
fn d1_pairs_stand_beyond_the_largest_half_tangent() {
    let (limit, beyond) = (1e30_f64, 1e30_f64.next_up());
    let equal = |half_tangent: f64| EqualPair { half_tangent, step_size: 0.5 };
    let unequal = |half_tangent: f64| Pair { half_tangent, first: 0.5, second: 0.25 };
    assert!(equal(limit).step().half_tangent < limit && equal(beyond).step() == equal(beyond));
    assert!(unequal(limit).step().half_tangent < limit && unequal(beyond).step() == unequal(beyond));
    assert!(equal(limit).inner_product_step().half_tangent < limit);
    assert_eq!(equal(beyond).inner_product_step().half_tangent, beyond);
}

#[test]
fn d1_equal_pairs_stay_and_antipodal_pairs_stand() {
    for alpha in [1e-3, 0.5, 10.0] {
        for half_tangent in [0.0, f64::INFINITY] {
            let pair = Pair { half_tangent, first: alpha, second: 0.5 * alpha };
            assert_eq!(pair.step(), pair);
            let equal = EqualPair { half_tangent, step_size: alpha };
            assert_eq!((equal.step(), equal.one_minus_cosine()), (equal, if half_tangent == 0.0 { 0.0 } else { 2.0 }));
        }
    }
    // Vectors with exact coordinates do not move at all.
    for sign in [1.0, -1.0] {
        let (z, w) = (Array2::from_elem((1, 4), 2.0), Array2::from_elem((1, 4), 4.0 * sign));
        let loss = NegativeCosine::symmetric();
        let stops = StopRules::budget(3).never_stationary();
        let descent = Descent::new(&loss, &GradientDescent, 1.0).unwrap();
        let outcome = descent.run(Start::pairs(z.clone(), w.clone()), &stops).unwrap();
        assert_eq!((outcome.steps, outcome.first, outcome.second), (3, z, Some(w)));
    }
}

/// Whether every norm grew as ρ'² = ρ² + γ²‖∇‖². The radial part of a gradient errs by d EPS of the Euclidean gradient
/// g, hence 2γ z·∇ by 2γ d EPS ‖g‖; sums and norms add a few EPS.
fn grows_by_pythagoras(points: &Array2<f64>, euclidean: &Array2<f64>, rate: f64, after: &Array2<f64>) -> bool {
    let gradient = pullback(&normalize(points.view()).unwrap(), euclidean.view());
    let d = points.ncols() as f64;
    (0..points.nrows()).all(|i| {
        let [before, after] = [points.row(i), after.row(i)].map(|row| polar(&row.to_vec()).norm.square());
        let grown = ((after - before) / before).to_f64();
        let (square, pull) = (before.to_f64(), norm_of(euclidean.row(i)));
        let expected = rate * rate * norm_of(gradient.row(i)).powi(2) / square;
        let error = EPS * (8.0 + 2.0 * (d + 8.0) * (expected + pull * rate / square));
        (grown - expected).abs() <= error
    })
}

proptest! {
    #![proptest_config(seeded(300))]

    #[test]
    fn d2_norms_of_pairs_grow_by_pythagoras(
        d in dimension(), log_norm in -6.0..6.0_f64, ratio in log_uniform(-1.0, 1.0), angle in any_angle(),
        alpha in log_uniform(-6.0, 2.0), seed: u64,
    ) {
        let norm = 10.0_f64.powf(log_norm);
        let step = real_step(d, [norm, norm * ratio], angle, alpha, false, FirstStep::Cosine, seed);
        let [z, w] = [&step.z, &step.w].map(|side| Array2::from_shape_vec((1, d), side.clone()).unwrap());
        let rate = alpha * norm * norm;
        let [x, y] = [&z, &w].map(|side| normalize(side.view()).unwrap().units().to_owned());
        prop_assert!(grows_by_pythagoras(&z, &-&y, rate, &step.outcome.first));
        prop_assert!(grows_by_pythagoras(&w, &-&x, rate, step.outcome.second.as_ref().unwrap()));
    }

    #[test]
    fn d2_norms_under_a_loss_that_couples_all_embeddings_grow_by_pythagoras(
        n in 2_usize..6, d in dimension(), log_rate in -6.0..2.0_f64, seed: u64
    ) {
        let points = embeddings(n, d, (-1.0, 1.0), &mut random_numbers("d2", seed));
        let rate = 10.0_f64.powf(log_rate);
        let directions = normalize(points.view()).unwrap();
        let euclidean = SquaredCosines.evaluate(&Batch::one_view(&directions).unwrap()).unwrap().first;
        let descent = Descent::new(&SquaredCosines, &GradientDescent, rate).unwrap();
        let run = |descent: Descent<'_>| {
            descent.run(Start::one_view(points.clone()), &StopRules::budget(1).never_stationary()).unwrap().first
        };
        prop_assert!(grows_by_pythagoras(&points, &euclidean, rate, &run(descent)));
        // Controls: the unprojected gradient, and decay that takes a millionth of the norm.
        prop_assert!(!grows_by_pythagoras(&points, &euclidean, rate, &run(descent.first_step(FirstStep::DotProduct))));
        let decayed = run(descent.decay(WeightDecay::decoupled(1e-6 / rate).unwrap()));
        prop_assert!(!grows_by_pythagoras(&points, &euclidean, rate, &decayed));
    }
}

#[test]
fn d2_norms_never_shrink_along_a_run_until_rounding_is_all_that_moves() {
    let mut numbers = random_numbers("d2 run", 0);
    let start =
        Start::pairs(embeddings(20, 8, (-1.0, 1.0), &mut numbers), embeddings(20, 8, (-1.0, 1.0), &mut numbers));
    let loss = NegativeCosine::symmetric();
    let descent = Descent::new(&loss, &GradientDescent, 0.02).unwrap().records(Cadence::every(1).unwrap());
    let shrinks = |descent: Descent<'_>| {
        let records = descent.run(start.clone(), &StopRules::budget(500)).unwrap().records;
        // A sum of d squares rounds by d EPS, and so may a norm that no longer grows.
        records.windows(2).any(|pair| {
            let norms = |at: usize| pair[at].first_norms.iter().chain(&pair[at].second_norms);
            norms(0).zip(norms(1)).any(|(before, after)| *after < before * (1.0 - 8.0 * EPS))
        })
    };
    assert!(!shrinks(descent));
    assert!(shrinks(descent.decay(WeightDecay::decoupled(1e-6).unwrap())));
}

/// 10⁶ draws of (c, u): c uniform in (−1, 1), u log-uniform in [10⁻⁴, 10].
fn bound_draws() -> Vec<(Cosine, f64)> {
    let mut numbers = random_numbers("d3", 0);
    let mut draw = || rand::Rng::random::<f64>(&mut numbers);
    (0..1_000_000)
        .map(|_| {
            let one_minus = 2.0 * draw();
            (Cosine { one_minus, one_plus: 2.0 - one_minus }, 10.0_f64.powf(5.0 * draw() - 4.0))
        })
        .collect()
}

/// What roundings can do to the bound and to the change, sums of terms of this size.
fn bound_rounding(cosine: Cosine, u: f64) -> f64 {
    8.0 * EPS * u * cosine.sine().powi(2) * (2.0 + u)
}

/// c' by D1 from the half angle: another way to the same number.
fn cosine_after_step(cosine: Cosine, u: f64) -> f64 {
    let after = EqualPair { half_tangent: cosine.half_tangent(), step_size: u }.step();
    1.0 - after.one_minus_cosine()
}

#[test]
fn d3_the_bound_exceeds_the_change_by_u2_s2_times_the_cosine_after_the_step() {
    let (mut identity, mut unmoved) = (0, 0);
    for (cosine, u) in bound_draws() {
        let difference = published_bound(cosine, u) - cosine_change(cosine, u);
        let square = (u * cosine.sine()).powi(2);
        let expected = square * cosine_after_step(cosine, u);
        // The cosine after the step rounds by a few EPS of 1.
        let rounding = bound_rounding(cosine, u) + 8.0 * EPS * square;
        identity += u32::from((difference - expected).abs() > rounding);
        assert!((bound_excess(cosine, u) - expected).abs() <= rounding, "{cosine:?} {u}");
        assert!(
            (cosine_after(cosine, u) - cosine_after_step(cosine, u)).abs() <= 16.0 * EPS * (1.0 + u),
            "{cosine:?} {u}"
        );
        // Control: the cosine before the step in place of the one after.
        unmoved += u32::from((difference - square * cosine.value()).abs() > rounding);
    }
    assert_eq!(identity, 0);
    assert!(unmoved > 990_000, "{unmoved}");
}

#[test]
fn d3_the_bound_holds_exactly_where_the_pair_is_acute_after_the_step() {
    let (mut obtuse, mut acute, mut smallest) = (0, 0, f64::INFINITY);
    for (cosine, u) in bound_draws() {
        let excess = published_bound(cosine, u) - cosine_change(cosine, u);
        let (c, s) = (cosine.value(), cosine.sine());
        let phi = cosine.angle() - 2.0 * (u * s).atan();
        if excess.abs() > bound_rounding(cosine, u) {
            assert_eq!(excess > 0.0, phi.abs() < 0.5 * PI, "{cosine:?} {u}");
            // The two branches, as conditions on u.
            assert_eq!(excess < 0.0 && c < 0.0, c < 0.0 && u < -c / (s * (1.0 + s)), "{cosine:?} {u}");
            assert_eq!(excess < 0.0 && c > 0.0, c > 0.0 && u > (1.0 + s) / (s * c), "{cosine:?} {u}");
        }
        if excess < 0.0 && c < 0.0 {
            obtuse += 1;
        } else if excess < 0.0 {
            acute += 1;
            smallest = u.min(smallest);
        }
    }
    // The integrals of docs/02-one-step.md, within five standard deviations of 10⁶ draws.
    let close =
        |count: u32, share: f64| (f64::from(count) / 1e6 - share).abs() <= 5.0 * (share * (1.0 - share) / 1e6).sqrt();
    assert!(close(obtuse, 0.345020) && close(acute, 0.027296) && close(obtuse + acute, 0.372317), "{obtuse} {acute}");
    assert!(!close(obtuse, 0.372317), "both branches count");
    assert!((3.3301..3.5).contains(&smallest), "{smallest}");
}

#[test]
fn d3_acute_pairs_first_violate_the_bound_at_the_golden_ratio_to_the_power_five_halves() {
    let golden = 0.5 * (1.0 + 5.0_f64.sqrt());
    let first = golden.powf(2.5);
    let violated = |u: f64, phi: f64| {
        let half = (0.5 * phi).sin();
        let cosine = Cosine { one_minus: 2.0 * half * half, one_plus: 2.0 - 2.0 * half * half };
        published_bound(cosine, u) < cosine_change(cosine, u)
    };
    let anywhere = |u: f64| (1..10_000).any(|i| violated(u, 0.5 * PI * f64::from(i) / 1e4));
    assert!((first - 3.3302).abs() < 1e-4);
    for u in [0.01, 1.0, 3.0, 3.33, first * (1.0 - 1e-9)] {
        assert!(!anywhere(u), "{u}");
    }
    assert!(violated(first * (1.0 + 1e-9), (1.0 / golden).asin()) && anywhere(3.3303));
}

#[test]
fn d3_real_vectors_violate_the_bound_at_three_quarters_of_pi() {
    let gain = |phi: f64, u: f64| {
        let angle = Angle { gap: PI - phi, opposite: true };
        let step = real_step(20, [2.0, 2.0], angle, u, false, FirstStep::Cosine, 3);
        let [z, w] = step.after();
        let sum = |z: &[f64], w: &[f64]| {
            let (minus, plus) = cosine_complements(z, w);
            Cosine { one_minus: minus.to_f64(), one_plus: plus.to_f64() }
        };
        let (before, after) = (sum(&step.z, &step.w), sum(&z, &w));
        (after.value() - before.value(), published_bound(before, u), cosine_change(before, u))
    };
    for (phi, u, violates) in
        [(0.75 * PI, 0.01, true), (0.75 * PI, 10.0, false), (0.25 * PI, 0.01, false), (0.667, 4.0, true)]
    {
        let (change, bound, exact) = gain(phi, u);
        assert_eq!(change > bound, violates, "φ = {phi}, u = {u}");
        // d EPS from the inner product, times u, as in the error of a step.
        assert!((change - exact).abs() <= 100.0 * EPS * (1.0 + u));
    }
}

/// The fractions of docs/02-one-step.md: both ways to fail, for c uniform and u log-uniform in [10⁻⁴, 10].
#[test]
fn d3_the_fractions_of_the_chapter() {
    let (low, high) = (1e-4_f64.ln(), 10.0_f64.ln());
    let clipped = |x: f64| x.clamp(0.0, high - low) / (high - low);
    let cells = 100_000;
    let mean = |share: &dyn Fn(f64, f64) -> f64| {
        let cosines = (0..cells).map(|cell| (f64::from(cell) + 0.5) / f64::from(cells));
        0.5 * cosines.map(|c| share(c, (1.0 - c * c).sqrt())).sum::<f64>() / f64::from(cells)
    };
    let obtuse = mean(&|c, s| clipped((c / (s * (1.0 + s))).ln() - low));
    let acute = mean(&|c, s| clipped(high - ((1.0 + s) / (s * c)).ln()));
    assert!((obtuse - 0.3450).abs() < 5e-5 && (acute - 0.0273).abs() < 5e-5, "{obtuse} {acute}");
    assert!((obtuse + acute - 0.3723).abs() < 5e-5);
}
