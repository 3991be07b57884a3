//! The numbers of docs/03-convergence.md (statements L1, L3, L4): deviations of the orders, populations on the sphere.

use crate::support;

use std::f64::consts::PI;

use embedding_norms::theory::convergence::{flow_steps, half_tangent_at, next_order_steps};
use embedding_norms::theory::one_step::Pair;
use embedding_norms_lab::reference::published;
use support::embeddings::Angle;

/// The paper's learning rate per pair and tolerance.
const GAMMA: f64 = 0.02;
const EPSILON: f64 = 1e-3;

/// N₁ of L1, the order after the one that the library takes.
fn second_order(pair: Pair, epsilon: f64) -> f64 {
    let (alpha, beta) = (pair.first, pair.second);
    let sum = alpha + beta;
    let (q, p) = ((alpha.powi(3) + beta.powi(3)) / sum.powi(3), (alpha.powi(5) + beta.powi(5)) / sum.powi(5));
    let (k, end) = (pair.half_tangent, half_tangent_at(epsilon));
    let (cosine, sine) = ((1.0 - k * k) / (1.0 + k * k), 2.0 * k / (1.0 + k * k));
    let (lambda, ell) = ((k / end).ln(), (sine / (2.0 * end / (1.0 + end * end))).ln());
    let delta = 1.0 - epsilon - cosine;
    let turning = cosine * ell - 0.5 * (1.0 + cosine * cosine) * lambda + 0.5 * delta;
    sum * (-lambda / 12.0
        + (1.0 - q) * delta / 6.0
        + 0.25 * q * (sine * sine * lambda - delta)
        + 3.0 * (p - q * q) * turning)
}

/// The largest deviations from the number of steps, over all steps of a run: of the flow, with N₀, with N₀ and N₁.
fn deviations(mut pair: Pair) -> [f64; 3] {
    let start = pair;
    let mut worst = [0.0_f64; 3];
    for steps in 1.. {
        pair = pair.step();
        let reached = pair.one_minus_cosine();
        if reached < EPSILON {
            break;
        } else if reached > 1.9 {
            continue; // as a tolerance it has lost the digits of the angle
        }
        let Pair { half_tangent: k, first, second } = start;
        let flow = flow_steps(k, first, second, reached).unwrap();
        let next = next_order_steps(k, first, second, reached).unwrap();
        for (worst, count) in worst.iter_mut().zip([flow, next, next + second_order(start, reached)]) {
            *worst = worst.max((count - f64::from(steps)).abs());
        }
    }
    worst
}

/// The table of docs/03-convergence.md, to the digits that it shows.
#[test]
fn l1_the_deviations_of_the_chapter() {
    for (alpha, beta, shown) in [
        (0.001, 0.001, [9.55, 0.0036, 0.000003]),
        (0.01, 0.01, [9.52, 0.035, 0.0003]),
        (0.01, 0.0025, [11.6, 0.039, 0.0003]),
        (0.01, 0.0, [15.2, 0.024, 0.0002]),
        (0.1, 0.1, [9.25, 0.32, 0.03]),
        (0.1, 0.025, [11.2, 0.36, 0.03]),
        (0.1, 0.0, [15.0, 0.22, 0.02]),
    ] {
        let starts = [0.15, 0.5, 1.0, 3.0, 48.0, 2e4, 2e8];
        let runs = starts.map(|half_tangent| deviations(Pair { half_tangent, first: alpha, second: beta }));
        let worst = [0, 1, 2].map(|order| runs.iter().fold(0.0, |worst: f64, run| worst.max(run[order])));
        let digits = [0.006, 0.03, 0.2];
        let right =
            worst.iter().zip(shown).zip(digits).all(|((worst, shown), digits)| (worst / shown - 1.0).abs() < digits);
        assert!(right, "{alpha} {beta}: {worst:?} {shown:?}");
    }
    // Where they come from: with N₀ alone, at α = 0.01.
    let at = |phi: f64, beta: f64| deviations(Pair { half_tangent: (0.5 * phi).tan(), first: 0.01, second: beta })[1];
    let far = |gap: f64, beta: f64| {
        let half_tangent = Angle { gap, opposite: true }.half_tangent();
        deviations(Pair { half_tangent, first: 0.01, second: beta })[1]
    };
    for beta in [0.01, 0.0025, 0.0] {
        assert!([0.3, 1.0, 1.6, 2.0, 2.5].iter().all(|&phi| at(phi, beta) < 0.015), "{beta}");
        assert!((0.016..0.030).contains(&far(1e-4, beta)) && (0.0235..0.0395).contains(&far(1e-8, beta)), "{beta}");
    }
}

/// N₀ at a tolerance of 10⁻³ for equal norms.
fn next_order(phi: f64) -> f64 {
    let k = (0.5 * phi).tan();
    next_order_steps(k, 1e-3, 1e-3, EPSILON).unwrap() - flow_steps(k, 1e-3, 1e-3, EPSILON).unwrap()
}

#[test]
fn l1_the_next_order_of_the_chapter() {
    let angles = (1..3_000).map(|part| 0.05 + 0.001 * f64::from(part));
    let least = angles.min_by(|one, other| next_order(*one).total_cmp(&next_order(*other))).unwrap();
    assert!((least - 0.78).abs() < 0.005 && (next_order(least) + 1.21).abs() < 0.005, "{least} {}", next_order(least));
    assert!(next_order(2.25) < 0.0 && next_order(2.26) > 0.0);
}

#[test]
fn l3_the_numbers_of_the_chapter() {
    let k = half_tangent_at(EPSILON);
    assert!(((1.0 / k).ln() - 3.80).abs() < 0.005);
    assert!((Angle { gap: 1e-8, opposite: true }.half_tangent().ln() - 19.1).abs() < 0.05);
    for (phi, order) in [(0.5 * PI, -0.78), (2.0, -0.31), (3.10, 1.93)] {
        assert!((next_order(phi) - order).abs() < 0.005, "{phi}: {}", next_order(phi));
    }
}

/// κT of a population on the sphere in R^d at a tolerance: the root of r ₂F₁(1, (d + 1)/2; d; 1 − r) = ε, by its integral.
fn sphere_time(d: f64, epsilon: f64) -> f64 {
    // E[1 − cos φ] = 2r E[y/(1 − (1 − r)y)] with y = (1 − cos θ)/2, by Simpson's rule in θ, density sin^(d − 2) θ.
    let mean = |r: f64| {
        let cells = 200_000;
        let (mut sum, mut weights) = (0.0, 0.0);
        for cell in 0..=cells {
            let theta = PI * f64::from(cell) / f64::from(cells);
            let end = cell == 0 || cell == cells;
            let weight = if end {
                1.0
            } else if cell % 2 == 1 {
                4.0
            } else {
                2.0
            } * theta.sin().max(0.0).powf(d - 2.0);
            let weight = if end && d > 2.0 { 0.0 } else { weight };
            let y = (0.5 * theta).sin().powi(2);
            sum += weight * 2.0 * r * y / ((0.5 * theta).cos().powi(2) + r * y);
            weights += weight;
        }
        sum / weights
    };
    let (mut low, mut high) = (0.0_f64, 10.0_f64);
    for _ in 0..50 {
        let middle = 0.5 * (low + high);
        if mean((-2.0 * middle).exp()) > epsilon { low = middle } else { high = middle }
    }
    low
}

#[test]
fn l4_the_numbers_of_the_chapter() {
    for (d, time) in [(2.0, 7.600), (3.0, 4.886), (4.0, 4.332), (20.0, 3.856)] {
        let found = sphere_time(d, EPSILON);
        assert!((found - time).abs() < 6e-4, "{d}: {found}");
    }
    assert!(((1.0 / half_tangent_at(EPSILON)).ln() - 3.800).abs() < 5e-4);
    // In units of ρ²: κ = 2γ/ρ².
    let (kappa, d, n) = (2.0 * GAMMA, 20.0_f64, 500.0);
    let steps = sphere_time(d, EPSILON) / kappa;
    let deviation = ((d - 2.0) / ((d - 1.0) * (d - 5.0) * n)).sqrt() / kappa;
    assert!((steps - 96.4).abs() < 0.05 && (deviation - 0.28).abs() < 0.005, "{steps} {deviation}");
    for (norm, shown, spread) in [
        (0.25, 6.0, 0.02),
        (0.5, 24.1, 0.1),
        (1.0, 96.4, 0.3),
        (2.0, 385.6, 1.1),
        (4.0, 1542.0, 4.5),
        (8.0, 6169.0, 18.0),
        (10.0, 9639.0, 28.0),
    ] {
        let square: f64 = norm * norm;
        assert!((steps * square / shown - 1.0).abs() < 5e-3 && (steps * square - shown).abs() < 0.6, "{norm}: {steps}");
        assert!((deviation * square / spread - 1.0).abs() < 0.35, "{norm}: {deviation}");
    }
    for count in published("norm").unwrap() {
        let shown = [(0.25, 6.0), (0.5, 24.0), (1.0, 96.0), (2.0, 385.0), (4.0, 1547.0), (8.0, 6156.0), (10.0, 9662.0)];
        assert!(shown.iter().all(|(norm, steps)| *norm != count.x || *steps == count.steps));
    }
}
