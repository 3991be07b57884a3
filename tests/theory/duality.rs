//! Chapter 5: duality (L7) and the best norm (L8), for closed forms, counts and real vectors, each with a control that
//! must be rejected.

use crate::support;

use std::f64::consts::{FRAC_PI_2, PI};

use embedding_norms::loss::NegativeCosine;
use embedding_norms::random::generator;
use embedding_norms::simulation::{PairDescent, Start, StopRules};
use embedding_norms::sphere::{norm_of, uniform};
use embedding_norms::theory::convergence::{half_tangent_at, next_order_steps};
use embedding_norms::theory::duality::{best_norm, both_need_a_step, dual, one_step_band};
use embedding_norms::theory::map::{Agreement, Grid, Map, Tally};
use embedding_norms::theory::one_step::{EqualPair, Pair, sine};
use embedding_norms::theory::pair::{Count, steps_of_pair, steps_of_pairs};
use ndarray::{Array2, Axis};
use proptest::prelude::*;
use support::seeds::seeded;

const BUDGET: u64 = 10_000_000;

/// A pair in the coordinates of the chapter: leg ratios a and b, and the angle.
fn pair(a: f64, b: f64, angle: f64) -> Pair {
    let half_tangent = libm::tan(0.5 * angle);
    let s = sine(half_tangent);
    Pair { half_tangent, first: a / s, second: b / s }
}

fn steps(pair: Pair, epsilon: f64) -> Option<u64> {
    steps_of_pair(pair, epsilon, BUDGET).unwrap().steps()
}

/// Leg ratios over eight decades, half of the pairs of equal norms.
fn leg_ratios() -> impl Strategy<Value = (f64, f64)> {
    let decades = |range: f64| (-range..range).prop_map(|power| libm::pow(10.0, power));
    (decades(2.0), decades(2.0), any::<bool>())
        .prop_map(|(mean, ratio, equal)| if equal { (mean, mean) } else { (mean * ratio, mean / ratio) })
}

/// A tolerance below 1, and an angle of which both sides of the mirror need a step: down to 10⁻⁶ of the room from its ends.
fn tolerance_and_angle() -> impl Strategy<Value = (f64, f64)> {
    let place = prop_oneof![0.0..1.0_f64, (-6.0..-1.0_f64).prop_map(|power| libm::pow(10.0, power))];
    (-8.0..-0.05_f64, place, any::<bool>()).prop_map(|(power, place, far)| {
        let epsilon = libm::pow(10.0, power);
        let end = 2.0 * libm::atan(half_tangent_at(epsilon));
        let place = place.clamp(1e-6, 1.0 - 1e-6);
        (epsilon, end + (PI - 2.0 * end) * if far { 1.0 - place } else { place })
    })
}

/// The largest relative difference of two states.
fn difference(one: Pair, other: Pair) -> f64 {
    let relative = |x: f64, y: f64| (x - y).abs() / x.abs().max(y.abs()).max(1e-300);
    relative(one.first, other.first).max(relative(one.second, other.second))
}

proptest! {
    #![proptest_config(seeded(512))]

    #[test]
    fn l7_the_dual_reaches_the_same_state_and_is_its_own_dual((a, b) in leg_ratios(), angle in 1e-3..PI - 1e-3) {
        let here = pair(a, b, angle);
        let there = dual(here).unwrap();
        let back = dual(there).unwrap();
        prop_assert!(difference(here, back) < 1e-14 && (back.half_tangent / here.half_tangent - 1.0).abs() < 1e-15);
        let (here_after, there_after) = (here.step(), there.step());
        prop_assert!(difference(here_after, there_after) < 1e-13);
        // The angle to rounding of what was turned: k' = 0 is where both land, and has no relative error.
        let (k, mirrored) = (here_after.half_tangent, there_after.half_tangent);
        prop_assert!((k - mirrored).abs() <= 1e-13 * (1.0 + k * k) / half_cosine_squared(here), "{k} {mirrored}");
    }

    #[test]
    fn l7_counts_are_equal_wherever_both_need_a_step((a, b) in leg_ratios(), (epsilon, angle) in tolerance_and_angle()) {
        let here = pair(a, b, angle);
        prop_assert!(both_need_a_step(here.half_tangent, epsilon));
        let count = steps(here, epsilon);
        prop_assert!(count.is_some_and(|count| count > 0));
        prop_assert_eq!(count, steps(dual(here).unwrap(), epsilon));
    }

    #[test]
    fn l7_everywhere_else_exactly_one_side_needs_no_step(
        (a, b) in leg_ratios(), power in -8.0..-0.05_f64, place in 0.0..0.999_f64, near_opposite: bool,
    ) {
        let epsilon = libm::pow(10.0, power);
        let k = half_tangent_at(epsilon) * place.max(1e-6);
        let here = pair(a, b, 2.0 * libm::atan(if near_opposite { 1.0 / k } else { k }));
        prop_assert!(!both_need_a_step(here.half_tangent, epsilon));
        let (here, there) = (steps(here, epsilon), steps(dual(here).unwrap(), epsilon));
        prop_assert_eq!(here == Some(0), !near_opposite);
        prop_assert_eq!(there == Some(0), near_opposite);
    }

    /// The steps of a pair of vectors are a pair themselves, whose own steps are the vectors: z + G(z) is the same for both.
    #[test]
    fn l7_the_pair_of_the_steps_is_the_dual_in_any_dimension(
        d in 2_usize..60, log_norms in (-2.0..2.0_f64, -2.0..2.0_f64), log_rate in -3.0..2.0_f64, seed: u64,
    ) {
        let start = vectors(d, log_norms, seed);
        let rate = libm::pow(10.0, log_rate);
        let moved = after_one_step(&start, rate);
        let steps = &moved - &start;
        let steps_of_steps = after_one_step(&steps, rate) - &steps;
        // A step much shorter than its member, or much longer, is not recovered to all digits by the subtractions.
        let apart = |member: usize| norm(&start, member) / norm(&steps, member);
        let rounding = (0..2).map(|member| 1.0 + apart(member) + 1.0 / apart(member)).fold(0.0, f64::max);
        let lost = 1e-14 * rounding / sine_of(&start);
        prop_assume!(lost < 1e-3);
        for member in 0..2 {
            prop_assert!(norm(&(&steps_of_steps - &start), member) <= lost * norm(&start, member), "member {member}");
            let expected = rate * sine_of(&start) / norm(&start, member);
            prop_assert!((norm(&steps, member) / expected - 1.0).abs() <= lost);
        }
    }

    #[test]
    fn l8_one_step_aligns_at_the_best_norm_alone(angle in 0.01..PI - 0.01, log_rate in -4.0..2.0_f64, off in 0.01..0.5_f64) {
        let rate = libm::pow(10.0, log_rate);
        let k = libm::tan(0.5 * angle);
        let at = |norm: f64| EqualPair { half_tangent: k, step_size: rate / (norm * norm) }.step();
        let best = best_norm(rate, angle).unwrap();
        let aligned = at(best);
        prop_assert!(aligned.half_tangent < 1e-13 * (k + 1.0 / k));
        // Both norms become √(2γ): u' = ½.
        prop_assert!((aligned.step_size - 0.5).abs() < 1e-12);
        // A norm that is off by a share leaves an angle of that share, to first order.
        for norm in [best * (1.0 + off), best * (1.0 - off)] {
            prop_assert!(at(norm).half_tangent > 0.5 * off * sine(k));
        }
    }

    #[test]
    fn l8_counts_do_not_grow_with_the_step_above_the_root_of_two_gamma(
        angle in 0.01..PI - 1e-6, low in -2.5..-0.31_f64, share in 0.0..1.0_f64, power in -6.0..-1.0_f64,
    ) {
        // u from 0.003 to ½, in pairs.
        let high = low + share * (-0.302 - low);
        let (k, epsilon) = (libm::tan(0.5 * angle), libm::pow(10.0, power));
        let count = |u: f64| steps(Pair { half_tangent: k, first: u, second: u }, epsilon);
        let (slow, fast) = (count(libm::pow(10.0, low)), count(libm::pow(10.0, high)));
        prop_assert!(fast <= slow, "{angle} {low} {high}: {slow:?} {fast:?}");
    }

    #[test]
    fn l8_the_one_step_band_ends_where_counts_do(
        power in -8.0..-0.3_f64, place in 1e-4..0.9999_f64, off in -9.0..-0.5_f64, upper: bool, outwards: bool,
    ) {
        let epsilon = libm::pow(10.0, power);
        let end = 2.0 * libm::atan(half_tangent_at(epsilon));
        let angle = end + (PI - 2.0 * end) * place;
        let k = libm::tan(0.5 * angle);
        let (low, high) = one_step_band(k, epsilon);
        // Outwards by a share of the edge, inwards by a share of the band.
        let off = libm::pow(10.0, off);
        let shift = if outwards { off } else { -off * (1.0 - low / high) };
        let us = if upper { high * (1.0 + shift) } else { low / (1.0 + shift) };
        // Where rounding of the angle could carry the pair across the edge, nothing is decided.
        prop_assume!(shift.abs() * sine(k) > 1e-13 / half_tangent_at(epsilon));
        prop_assert_eq!(steps(pair(us, us, angle), epsilon) == Some(1), !outwards);
    }

    #[test]
    fn l8_unequal_norms_align_where_the_turned_angles_add_up(angle in 0.05..PI - 0.05, share in 0.02..0.98_f64) {
        let (a, b) = (libm::tan(share * angle), libm::tan((1.0 - share) * angle));
        // A member turns less than a right angle.
        prop_assume!(a > 0.0 && b > 0.0 && share.max(1.0 - share) * angle < 0.49 * PI);
        let start = pair(a, b, angle);
        prop_assert!(start.step().half_tangent < 1e-12 * (1.0 + a + b) * (1.0 + 1.0 / sine(start.half_tangent)));
        let identity = (start.first + start.second) * libm::cos(angle)
            - (1.0 - start.first * start.second * libm::pow(libm::sin(angle), 2.0));
        prop_assert!(identity.abs() < 1e-11 * (1.0 + start.first * start.second + start.first + start.second));
        prop_assert_eq!(a * b < 1.0, angle < FRAC_PI_2);
    }

    #[test]
    fn counting_many_pairs_at_once_is_counting_each(
        pairs in prop::collection::vec((-4.0..4.0_f64, -3.0..3.0_f64), 1..80), power in -8.0..0.2_f64, budget in 0_u64..3000,
    ) {
        let (ks, us): (Vec<f64>, Vec<f64>) =
            pairs.into_iter().map(|(k, u)| (libm::pow(10.0, k), libm::pow(10.0, u))).unzip();
        let epsilon = libm::pow(10.0, power);
        let one_by_one: Vec<Option<u64>> = ks
            .iter()
            .zip(&us)
            .map(|(&half_tangent, &u)| steps_of_pair(Pair { half_tangent, first: u, second: u }, epsilon, budget))
            .map(|count| count.unwrap().steps())
            .collect();
        prop_assert_eq!(steps_of_pairs(&ks, &us, epsilon, budget).unwrap(), one_by_one);
    }
}

/// cos²(φ/2), by which rounding of k' grows for nearly opposite starts.
fn half_cosine_squared(pair: Pair) -> f64 {
    1.0 / (1.0 + pair.half_tangent * pair.half_tangent)
}

/// Two vectors in random directions, as rows.
fn vectors(d: usize, log_norms: (f64, f64), seed: u64) -> Array2<f64> {
    let mut vectors = uniform(2, d, &mut generator(seed, b"tests/duality", 0)).unwrap();
    let norms = [log_norms.0, log_norms.1].map(|power| libm::pow(10.0, power));
    vectors.axis_iter_mut(Axis(0)).zip(norms).for_each(|(mut row, norm)| row *= norm);
    vectors
}

fn after_one_step(pair: &Array2<f64>, rate: f64) -> Array2<f64> {
    let member = |index: usize| pair.row(index).to_owned().insert_axis(Axis(0));
    let stops = StopRules::budget(1).never_stationary();
    let descent = PairDescent::new(NegativeCosine::symmetric(), rate).unwrap();
    let moved = descent.run(Start::pairs(member(0), member(1)), &stops).unwrap();
    ndarray::concatenate(Axis(0), &[moved.first.view(), moved.second.unwrap().view()]).unwrap()
}

fn norm(pair: &Array2<f64>, member: usize) -> f64 {
    norm_of(pair.row(member))
}

fn sine_of(pair: &Array2<f64>) -> f64 {
    let cosine = pair.row(0).dot(&pair.row(1)) / (norm(pair, 0) * norm(pair, 1));
    ((1.0 - cosine) * (1.0 + cosine)).sqrt()
}

/// Cells of a grid, both members alike, whose counts differ from those of an image that is *not* the dual.
fn mismatches(image: impl Fn(Pair) -> Pair) -> (usize, usize) {
    let mut cells = 0;
    let mut different = 0;
    for part in 1..30 {
        for power in -20..=20 {
            let us = libm::pow(10.0, 0.1 * f64::from(power) + 0.03);
            let here = pair(us, 2.0 * us, PI * f64::from(part) / 30.0);
            if both_need_a_step(here.half_tangent, 1e-3) {
                cells += 1;
                different += usize::from(steps(here, 1e-3) != steps(image(here), 1e-3));
            }
        }
    }
    (different, cells)
}

#[test]
fn l7_controls_are_rejected() {
    let share = |(different, cells): (usize, usize)| different as f64 / cells as f64;
    assert_eq!(share(mismatches(|here| dual(here).unwrap())), 0.0);
    // Without the mirrored angle.
    let unmirrored = |here: Pair| Pair { half_tangent: here.half_tangent, ..dual(here).unwrap() };
    assert!(share(mismatches(unmirrored)) > 0.5);
    // With only one leg swapped.
    let half_swapped = |here: Pair| Pair { second: here.second, ..dual(here).unwrap() };
    assert!(share(mismatches(half_swapped)) > 0.5);
    // With norms γ/ρ instead of γs/ρ.
    let without_sine = |here: Pair| Pair { first: 1.0 / here.first, second: 1.0 / here.second, ..dual(here).unwrap() };
    assert!(share(mismatches(without_sine)) > 0.5);
}

#[test]
fn l7_a_stop_gradient_has_no_dual() {
    let held = pair(0.3, 0.0, 2.0);
    assert_eq!(dual(held).unwrap_err().name, "γ/ρ_j²");
    // Nor does the formula for the member that moves give one.
    let swapped = Pair { half_tangent: 1.0 / held.half_tangent, ..pair(1.0 / 0.3, 0.0, 2.0) };
    assert_ne!(steps(held, 1e-3), steps(swapped, 1e-3));
    // Aligned and opposite pairs have none either.
    assert!(
        dual(Pair { half_tangent: 0.0, ..held }).is_err()
            && dual(Pair { half_tangent: f64::INFINITY, ..held }).is_err()
    );
}

/// The end of the statement itself: with ≤ as stop rule φ_ε counts 0, its dual at least 1, so the interval is open.
#[test]
fn l7_the_interval_is_open() {
    let epsilon = 0.02;
    let stop = half_tangent_at(epsilon);
    let at = |half_tangent: f64| Pair { half_tangent, first: 0.3, second: 0.3 };
    assert!(!both_need_a_step(stop * (1.0 - 1e-15), epsilon) && both_need_a_step(stop * (1.0 + 1e-15), epsilon));
    assert!(!both_need_a_step((1.0 + 1e-15) / stop, epsilon) && both_need_a_step((1.0 - 1e-15) / stop, epsilon));
    let below = at(stop * (1.0 - 1e-12));
    assert_eq!(steps(below, epsilon), Some(0));
    assert!(steps(dual(below).unwrap(), epsilon).is_some_and(|steps| steps > 0));
    // From ε = 1 on there is no such angle.
    assert!((1..100).all(|part| !both_need_a_step(libm::tan(PI * f64::from(part) / 200.0), 1.0)));
}

/// The numbers of docs/05-duality.md: the mirror law at us = 100.
#[test]
fn l7_the_mirror_law_of_the_chapter() {
    for (angle, law, next, counted) in [(1.0_f64, 185.3, 185.2, 186), (2.0, 152.6, 151.5, 152), (3.0, 8.1, 7.6, 8)] {
        let (k, s) = (libm::tan(0.5 * angle), libm::sin(angle));
        let u = 100.0 / s;
        let mirror = 0.5 * u * s * s * libm::log(1.0 / (k * half_tangent_at(1e-3)));
        assert!((mirror - law).abs() < 0.05, "{angle}: {mirror}");
        let other = dual(pair(100.0, 100.0, angle)).unwrap();
        let with_next = next_order_steps(other.half_tangent, other.first, other.second, 1e-3).unwrap();
        assert!((with_next - next).abs() < 0.05, "{angle}: {with_next}");
        assert_eq!(steps(pair(100.0, 100.0, angle), 1e-3), Some(counted));
    }
}

/// The table of docs/05-duality.md: counts at multiples of the best u.
#[test]
fn l8_the_counts_of_the_chapter() {
    let multiples = [0.01, 0.1, 0.25, 0.5, 0.7, 0.9, 1.0, 1.1, 1.5, 2.0, 4.0, 10.0, 100.0];
    let rows: [(f64, [u64; 13]); 6] = [
        (0.5, [228, 22, 8, 4, 2, 2, 1, 2, 3, 5, 3, 4, 33]),
        (1.0, [245, 24, 9, 4, 3, 2, 1, 2, 3, 2, 4, 10, 102]),
        (FRAC_PI_2, [190, 19, 7, 3, 2, 2, 1, 2, 2, 3, 7, 19, 190]),
        (2.0, [124, 13, 5, 2, 2, 2, 1, 2, 3, 4, 9, 23, 237]),
        (2.5, [50, 6, 3, 4, 3, 2, 1, 2, 3, 4, 9, 24, 242]),
        (3.0, [4, 7, 5, 10, 2, 1, 1, 1, 2, 2, 4, 11, 115]),
    ];
    for (angle, expected) in rows {
        let half_tangents = [libm::tan(0.5 * angle); 13];
        let best = 1.0 / (1.0 + libm::cos(angle));
        let found = steps_of_pairs(&half_tangents, &multiples.map(|multiple| multiple * best), 1e-3, BUDGET).unwrap();
        assert_eq!(found, expected.map(Some), "angle {angle}");
    }
}

/// The near misses of docs/05-duality.md: two steps leave ½η² sin φ0 |cos φ0|, and ⅜|η|³ from a right angle.
#[test]
fn l8_after_a_near_miss_the_norm_is_the_best_one() {
    let after_two = |angle: f64, eta: f64| {
        let half_tangent = libm::tan(0.5 * angle);
        EqualPair { half_tangent, step_size: (1.0 + eta) / (1.0 + libm::cos(angle)) }.step().step().half_tangent
    };
    assert!((after_two(1.0, 0.01) / 2.24e-5 - 1.0).abs() < 3e-3);
    assert!((after_two(FRAC_PI_2, 0.01) / 3.69e-7 - 1.0).abs() < 3e-3);
    let order = |angle: f64| libm::log2(after_two(angle, 2e-4) / after_two(angle, 1e-4));
    assert!((order(1.0) - 2.0).abs() < 1e-3 && (order(FRAC_PI_2) - 3.0).abs() < 1e-3);
}

#[test]
fn l8_controls_are_rejected() {
    for angle in [0.5, 1.0, 2.0, 2.5] {
        let k = libm::tan(0.5 * angle);
        let count =
            |norm: f64| steps(Pair { half_tangent: k, first: 1.0 / (norm * norm), second: 1.0 / (norm * norm) }, 1e-4);
        let best = best_norm(1.0, angle).unwrap();
        assert_eq!(count(best), Some(1));
        // √γ whatever the angle; the norm of the mirrored angle; the norm for a stop-gradient.
        for wrong in [1.0, best_norm(1.0, PI - angle).unwrap(), libm::cos(angle).abs().sqrt()] {
            assert_ne!(count(wrong), Some(1), "angle {angle}");
        }
    }
}

#[test]
fn l8_a_stop_gradient_lands_at_the_inverse_cosine() {
    let acute = Pair { half_tangent: libm::tan(0.5), first: 1.0 / libm::cos(1.0), second: 0.0 };
    assert!(acute.step().half_tangent < 1e-15);
    // No step size lands an obtuse pair: the member that moves turns less than a right angle.
    let least = (-600..600).map(|power| {
        let first = libm::pow(10.0, 0.01 * f64::from(power));
        Pair { half_tangent: libm::tan(1.0), first, second: 0.0 }.step().half_tangent
    });
    assert!(least.fold(f64::INFINITY, f64::min) > 0.99 * libm::tan(0.5 * (2.0 - FRAC_PI_2)));
}

#[test]
fn an_opposite_pair_is_stationary_in_every_engine() {
    let opposite = Pair { half_tangent: f64::INFINITY, first: 0.02, second: 0.02 };
    assert_eq!(steps_of_pair(opposite, 1e-3, 1000).unwrap(), Count::Stationary);
    // Beside a pair that arrives.
    let counts = steps_of_pairs(&[f64::INFINITY, 1.0, 1e200], &[0.02; 3], 1e-3, 1000).unwrap();
    assert_eq!(counts, [None, Some(95), None]);
    assert!(
        steps_of_pairs(&[1.0], &[0.02, 0.02], 1e-3, 10).is_err() && steps_of_pairs(&[-1.0], &[0.02], 1e-3, 10).is_err()
    );
}

/// Counts of a grid of 61 × 61 cells, us from 1/2000 to 2000, and one of them changed.
fn agreements(changed: Option<(usize, usize, u64)>) -> Vec<Agreement> {
    let (grid, tolerance) = (Grid::new(61, 2000.0), 1e-2);
    let mut counts: Vec<_> = (0..61).map(|row| grid.steps(row, tolerance, BUDGET).unwrap()).collect();
    if let Some((row, column, steps)) = changed {
        assert_ne!(counts[row][column].replace(steps), Some(steps));
    }
    let map = Map { grid: &grid, counts: counts.iter().map(Vec::as_slice).collect(), tolerance };
    (0..61).map(|row| map.agreement(row)).collect()
}

#[test]
fn l7_and_l8_hold_in_every_cell_of_a_map_and_one_wrong_count_is_noticed() {
    let exceptions = |agreements: &[Agreement]| {
        let of = |tally: fn(&Agreement) -> Tally| agreements.iter().map(|row| tally(row).exceptions).sum::<u64>();
        [
            of(|row| row.inside),
            of(|row| row.outside),
            of(|row| row.band),
            of(|row| row.flank),
            of(|row| row.mirror_flank),
        ]
    };
    let all = agreements(None);
    assert_eq!(exceptions(&all), [0; 5]);
    let cells = |tally: fn(&Agreement) -> Tally| all.iter().map(|row| tally(row).cells).sum::<u64>();
    assert_eq!(cells(|row| row.inside) + cells(|row| row.outside), 61 * 61);
    assert_eq!(cells(|row| row.band), cells(|row| row.inside));
    assert!(cells(|row| row.outside) >= 61 && cells(|row| row.flank) > 100);
    // Of the cells of the flank, few are too close to a whole number to be compared.
    let grid = Grid::new(61, 2000.0);
    let mirrored =
        |places: &[f64]| (0..30).all(|index| places[60 - index] == 1.0 / places[index] && places.len() == 61);
    assert!(mirrored(&grid.half_tangents) && mirrored(&grid.leg_ratios));
    let rows = (0..61).filter(|&row| both_need_a_step(grid.half_tangents[row], 1e-2));
    let flank = rows.flat_map(|row| (0..61).map(move |column| (row, column)));
    let flank = flank.filter(|&(row, column)| grid.step_size(row, column) <= 0.01).count() as u64;
    assert!(cells(|row| row.flank) < flank && cells(|row| row.flank) > flank * 98 / 100, "{flank}");
    assert_eq!(cells(|row| row.flank), cells(|row| row.mirror_flank));
    // Both a cell and its mirror image are compared with the wrong count; L1 and L8 with their own cell only.
    assert_eq!(exceptions(&agreements(Some((28, 30, 2)))), [2, 0, 1, 0, 0]);
    assert_eq!(exceptions(&agreements(Some((30, 0, 7)))), [2, 0, 0, 1, 0]);
    assert_eq!(exceptions(&agreements(Some((30, 60, 7)))), [2, 0, 0, 0, 1]);
    assert_eq!(exceptions(&agreements(Some((0, 30, 3)))), [0, 2, 0, 0, 0]);
}
