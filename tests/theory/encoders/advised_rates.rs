//! A learning rate from one step (statement S9).

use super::cuts::{networks, rules as optimizers};
use crate::support;

use embedding_norms::encoder::Network;
use embedding_norms::loss::{Loss, NegativeCosine, NtXent};
use embedding_norms::optimizer::{HeavyBall, Optimizer};
use embedding_norms::random::generator;
use embedding_norms::sphere::{Directions, angle as angle_between, norm_of, normalize};
use embedding_norms::statistics::Estimate;
use embedding_norms::theory::encoders::{
    LARGEST_TURN, NoRate, Rotation, SMALLEST_ANGLE, SMALLEST_TURN, cut_for, independent_steps, lasting_steps,
    over_steps,
};
use embedding_norms::training::{Method, Trainer, Views};
use ndarray::{Array1, Array2};
use rand::Rng;
use support::training::batch;

/// A pair of equal norms in the plane after one plain step on −cos φ: what both members turned by, and the angle left.
fn step_of_pair(norm: f64, angle: f64, rate: f64) -> (f64, f64) {
    let at = |angle: f64| Array1::from(vec![norm * angle.cos(), norm * angle.sin()]);
    let pair = [at(0.3), at(0.3 + angle)];
    let moved = [0, 1].map(|member| {
        let (own, other) = (&pair[member] / norm, &pair[1 - member] / norm);
        let tangent = &other - &own * own.dot(&other);
        &pair[member] + &(tangent * (rate / norm))
    });
    let between = |x: &Array1<f64>, y: &Array1<f64>| {
        let (x, y) = (x / norm_of(x.view()), y / norm_of(y.view()));
        angle_between(x.view(), y.view())
    };
    (between(&pair[0], &moved[0]), between(&moved[0], &moved[1]))
}

#[test]
fn s9_one_step_aligns_a_pair_at_the_rate_that_any_small_step_advises() {
    let mut numbers = generator(15, b"encoders/advice", 0);
    for _ in 0..200 {
        let norm = 10_f64.powf(numbers.random_range(-3.0..3.0));
        let angle: f64 = numbers.random_range(SMALLEST_ANGLE..3.0);
        // A member turns by a, tan a = γ sin φ/ρ², from a millionth of a radian to the largest turn that is taken.
        let turn = LARGEST_TURN * 10_f64.powf(numbers.random_range(-5.5..0.0));
        let rate = turn.tan() * norm * norm / angle.sin();
        let (turned, _) = step_of_pair(norm, angle, rate);
        let step = Rotation { positives: &[angle; 20], turned: &[turned; 20], steps: 1, memory: 0.0 };
        let Ok(factor) = step.rate_factor(1.0) else { panic!("{angle} {turned}: {:?}", step.rate_factor(1.0)) };
        let left = |factor: f64| step_of_pair(norm, angle, rate * factor).1;
        assert!(left(factor.value) < 1e-8, "{norm} {angle} {turn}: {} left", left(factor.value));
        // Controls: the root and the square of it, and half as much again.
        for wrong in [factor.value.sqrt(), factor.value * factor.value, 1.5 * factor.value] {
            let is_other = (wrong / factor.value).ln().abs() > 0.1;
            assert!(!is_other || left(wrong) > 1e-3, "{norm} {angle} {turn}: {wrong} aligns too");
        }
    }
}

/// The rate that one step of a network at a rate advises.
fn advised((encoder, predictor): (&Network, &Option<Network>), rule: &dyn Optimizer, rate: f64, memory: f64) -> f64 {
    let (contrastive, cosine) = (NtXent::new(0.5).unwrap(), NegativeCosine::with_stop_gradient());
    let loss: &dyn Loss = if predictor.is_some() { &cosine } else { &contrastive };
    let method = Method::new(loss, rule, rate).unwrap();
    let trainer = match predictor.clone() {
        None => Trainer::new(encoder.clone(), method),
        Some(predictor) => Trainer::with_predictor(encoder.clone(), predictor, method),
    };
    let [first, second] = [0, 100].map(|view| batch(12, 5, view).first);
    let views = Views { rows: (0..12).collect(), first, second: Some(second), labels: None, positives: None };
    let directions =
        |encoder: &Network, rows: &Array2<f64>| normalize(encoder.embed_batch(rows.view()).view()).unwrap();
    let angles = |x: &Directions, y: &Directions| -> Vec<f64> {
        x.units().rows().into_iter().zip(y.units().rows()).map(|(x, y)| angle_between(x, y)).collect()
    };
    let start = directions(encoder, &views.first);
    let positives = angles(&start, &directions(encoder, views.second.as_ref().unwrap()));
    let mut trainer = trainer.unwrap();
    trainer.step(&views).unwrap();
    let turned = angles(&start, &directions(trainer.encoder(), &views.first));
    rate * Rotation { positives: &positives, turned: &turned, steps: 1, memory }.rate_factor(1.0).unwrap().value
}

#[test]
fn s9_the_advised_rate_of_a_network_does_not_depend_on_the_rate_of_a_small_step() {
    for (kind, encoder, predictor) in networks() {
        for (name, rule, _) in optimizers() {
            let memory = if matches!(name, "heavy-ball" | "lars") { 0.9 } else { 0.0 };
            let advice = |rate: f64| advised((&encoder, &predictor), &*rule, rate, memory);
            // What turns embeddings by about 1e-2, 1e-3 and 1e-4 of the best.
            let unit = advice(if name == "lars" { 1e-3 } else { 1e-5 });
            let [coarse, middle, fine] = [1e-2, 1e-3, 1e-4].map(|share| advice(share * unit));
            let [first, second] = [(coarse / middle).ln().abs(), (middle / fine).ln().abs()];
            assert!(first < 0.05 && second < 0.005, "{kind} under {name}: {coarse} {middle} {fine}");
            // Control: with x proportional to the root or the square of the rate, advice would move by a decade's power.
            for power in [0.5, 2.0] {
                let other = |share: f64, advised: f64| share * unit * (advised / (share * unit)).powf(power);
                assert!((other(1e-2, coarse) / other(1e-3, middle)).ln().abs() > 1.0, "{kind} under {name}");
            }
        }
    }
}

#[test]
fn s9_a_step_that_tells_nothing_is_refused() {
    let factor = |positives: f64, turned: f64, samples: usize| {
        let (positives, turned) = (vec![positives; samples], vec![turned; samples]);
        Rotation { positives: &positives, turned: &turned, steps: 1, memory: 0.0 }.rate_factor(1.0).map(|x| x.value)
    };
    assert!((factor(1.0, 0.1, 30).unwrap() - 0.5_f64.tan() / 0.1_f64.tan()).abs() < 1e-12);
    assert_eq!(factor(1.0, 0.0, 30), Err(NoRate::Still { turned: 0.0 }));
    assert_eq!(factor(1.0, 1e-9, 30), Err(NoRate::Still { turned: 1e-9 }));
    assert_eq!(factor(1.0, 1.5, 30), Err(NoRate::Far { turned: 1.5 }));
    assert_eq!(factor(1e-5, 0.1, 30), Err(NoRate::Agreed { angle: 1e-5 }));
    assert_eq!(factor(1.0, 0.1, 4), Err(NoRate::Few { samples: 4 }));
    for wrong in [-0.1, 3.2, f64::NAN, f64::INFINITY] {
        assert!(matches!(factor(1.0, wrong, 30), Err(NoRate::Angle(_))), "{wrong}");
        assert!(matches!(factor(wrong, 0.1, 30), Err(NoRate::Angle(_))), "{wrong}");
    }
    let (positives, turned) = ([1.0; 30], [0.1; 30]);
    for (steps, memory) in [(0, 0.0), (1, 1.0), (1, -0.1), (1, f64::NAN)] {
        let refused = Rotation { positives: &positives, turned: &turned, steps, memory }.rate_factor(1.0);
        assert!(matches!(refused, Err(NoRate::Angle(_))), "{steps} {memory}");
    }
}

#[test]
fn s9_steps_from_rest_under_momentum_come_to_fewer_lasting_ones() {
    for (beta, steps) in [(0.0, 1_u64), (0.0, 7), (0.5, 3), (0.9, 1), (0.9, 10), (0.99, 50)] {
        // Heavy ball under a gradient of −1 that stays.
        let rule = HeavyBall::new(beta).unwrap();
        let (mut update, mut place) = (rule.start(&[1]), [0.0]);
        (0..steps).for_each(|_| update.step(0, 1e-3, &mut place, &[-1.0]));
        let lasting = place[0] * (1.0 - beta) / 1e-3;
        assert!((lasting_steps(steps, beta) / lasting - 1.0).abs() < 1e-12, "{beta} {steps}: {lasting}");
        assert!(beta == 0.0 || lasting < 0.9 * steps as f64, "a control: momentum warms up");
    }
}

#[test]
fn s9_independent_steps_from_rest_come_to_the_root_of_the_sum_of_their_squares() {
    for (beta, steps) in [(0.0, 1_usize), (0.0, 9), (0.5, 3), (0.9, 1), (0.9, 10), (0.99, 50)] {
        // Heavy ball under gradients at right angles to each other.
        let rule = HeavyBall::new(beta).unwrap();
        let (mut update, mut place) = (rule.start(&[steps]), vec![0.0; steps]);
        for step in 0..steps {
            let mut gradient = vec![0.0; steps];
            gradient[step] = -1.0;
            update.step(0, 1e-3, &mut place, &gradient);
        }
        let way = place.iter().map(|x| x * x).sum::<f64>().sqrt() * (1.0 - beta) / 1e-3;
        assert!((independent_steps(steps as u64, beta) / way - 1.0).abs() < 1e-10, "{beta} {steps}: {way}");
        let one_way = lasting_steps(steps as u64, beta);
        assert!(steps == 1 || way < 0.9 * one_way, "a control: steps in one direction come further");
    }
}

#[test]
fn s9_intervals_hold_the_factor_as_often_as_they_say() {
    // Angles spread by a factor of e; the medians are 0.8 and 0.01.
    let mut numbers = generator(16, b"encoders/coverage", 0);
    let truth = 0.4_f64.tan() / 0.01_f64.tan();
    let (mut held, mut narrowed, draws) = (0, 0, 2000);
    for _ in 0..draws {
        let mut spread = |median: f64, n: usize| -> Vec<f64> {
            (0..n).map(|_| median * numbers.random_range(-1.0_f64..1.0).exp()).collect()
        };
        let (positives, turned) = (spread(0.8, 40), spread(0.01, 40));
        let found =
            Rotation { positives: &positives, turned: &turned, steps: 1, memory: 0.0 }.rate_factor(1.0).unwrap();
        held += usize::from((found.lower..=found.upper).contains(&truth));
        let third = |end: f64| found.value * (end / found.value).powf(1.0 / 3.0);
        narrowed += usize::from((third(found.lower)..=third(found.upper)).contains(&truth));
    }
    assert!(held >= 95 * draws / 100, "{held} of {draws}");
    assert!(narrowed < 95 * draws / 100, "a control: intervals of a third are too narrow, {narrowed} of {draws}");
}

#[test]
fn s9_the_factor_is_a_quotient_of_tangents_times_the_lasting_steps_and_the_target() {
    let step = Rotation { positives: &[1.2; 20], turned: &[0.21; 30], steps: 3, memory: 0.5 };
    let lasting = 0.5 + 0.75 + 0.875;
    let factor = step.rate_factor(0.7).unwrap();
    let expected = 0.6_f64.tan() * lasting * 0.7 / 0.21_f64.tan();
    for end in [factor.value, factor.lower, factor.upper] {
        assert!((end / expected - 1.0).abs() < 1e-14, "{end} {expected}");
    }
    assert_eq!(factor.replicates, 20);
    // Short steps and near angles give the lower end, long ones and far angles the upper one.
    let [angles, turns] =
        [1.2, 0.01].map(|middle| (0..21).map(|k| middle * (0.8 + 0.02 * f64::from(k))).collect::<Vec<_>>());
    let spread = Rotation { positives: &angles, turned: &turns, steps: 1, memory: 0.0 }.rate_factor(1.0).unwrap();
    assert!(spread.lower < 0.95 * spread.value && spread.upper > 1.05 * spread.value, "{spread:?}");
}

#[test]
fn s9_turns_and_angles_are_taken_up_to_their_limits() {
    let told = |angle: f64, turn: f64, steps| {
        Rotation { positives: &[angle; 20], turned: &[turn; 20], steps, memory: 0.0 }.rate_factor(1.0)
    };
    assert!(told(1.0, LARGEST_TURN, 1).is_ok());
    assert!(matches!(told(1.0, LARGEST_TURN * (1.0 + 1e-12), 1), Err(NoRate::Far { .. })));
    assert!(told(1.0, SMALLEST_TURN, 1).is_ok());
    // The smallest turn is of each step.
    assert!(told(1.0, 3.01 * SMALLEST_TURN, 3).is_ok());
    assert!(matches!(told(1.0, 2.99 * SMALLEST_TURN, 3), Err(NoRate::Still { .. })));
    assert!(told(SMALLEST_ANGLE, 0.01, 1).is_ok());
    assert!(matches!(told(SMALLEST_ANGLE * (1.0 - 1e-12), 0.01, 1), Err(NoRate::Agreed { .. })));
}

#[test]
fn s9_several_steps_are_told_by_their_geometric_mean() {
    let step = |value: f64, lower: f64, upper: f64| Estimate { value, lower, upper, replicates: 50 };
    let found = over_steps(&[step(2.0, 1.7, 2.9), step(3.0, 2.2, 3.1), step(7.0, 5.0, 11.0)]).unwrap();
    let mean = |x: [f64; 3]| x.iter().map(|x| x.ln()).sum::<f64>() / 3.0;
    let middle = mean([2.0, 3.0, 7.0]);
    let square: f64 = [2.0_f64, 3.0, 7.0].iter().map(|x| (x.ln() - middle).powi(2)).sum();
    // Student's quantile for two degrees of freedom is (2p − 1)/√(2p(1 − p)); here 97.5 % lie in the middle.
    let quantile = 0.975 / (2.0 * 0.9875 * 0.0125_f64).sqrt();
    let half = quantile * (square / 2.0 / 3.0).sqrt();
    let expected = [middle, mean([1.7, 2.2, 5.0]) - half, mean([2.9, 3.1, 11.0]) + half];
    for (found, expected) in [found.value, found.lower, found.upper].into_iter().zip(expected) {
        assert!((found.ln() - expected).abs() < 1e-9, "{found} {}", expected.exp());
    }
    assert_eq!(found.replicates, 3);
    assert!(over_steps(&[step(2.0, 1.0, 3.0)]).is_none());
}

#[test]
fn s7_the_cut_to_the_power_of_the_degree_is_the_factor() {
    for (factor, degree) in [(9.0, 2.0), (5.0, 1.0), (0.3, 2.0), (7.0, 3.0)] {
        let cut: f64 = cut_for(factor, degree).unwrap();
        assert!((cut.powf(degree) / factor - 1.0).abs() < 1e-14, "{factor} {degree}: {cut}");
    }
    assert_eq!(cut_for(9.0, 0.0), None);
}
