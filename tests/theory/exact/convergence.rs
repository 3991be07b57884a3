//! The next orders of L1 and L5, as exact power series in the step.
//!
//! With α = ah and β = bh every quantity of a step is a power series in h whose coefficients are rational functions of
//! a, b and k = tan(φ/2). Logarithms and angles are numbers of their own: a step changes them by ln(1 + …) and atan(…),
//! whose series are known. So an expansion is right to an order where coefficients vanish, and nothing is rounded.

use embedding_norms::field::Field;
use embedding_norms::theory::convergence::{Orders, turned_ratio_of};
use embedding_norms::theory::one_step::equal_step;

use crate::exact::identity::{Identity, prove};
use crate::exact::numbers::Exact;
use crate::exact::numbers::perturbed::{Perturbed, library};
use crate::exact::numbers::prime::Prime;
use crate::exact::numbers::rational::Rational;
use crate::exact::numbers::series::Series;
use crate::exact::one_step::{cosine_and_sine, moved};

/// A pair, as series in the size of its step.
#[derive(Clone, Copy)]
pub struct State<F> {
    pub steps: [Series<F>; 2],
    pub cosine: Series<F>,
    pub sine: Series<F>,
}

/// A pair before a step and after it, from the vectors; and how much each member turned.
pub struct SmallStep<F> {
    pub before: State<F>,
    pub after: State<F>,
    pub turned: [Series<F>; 2],
}

impl<F: Exact> SmallStep<F> {
    pub fn of(k: F, relative: [F; 2]) -> Self {
        let [cosine, sine] = cosine_and_sine(k).map(Series::of);
        let steps = relative.map(Series::linear);
        let legs = steps.map(|step| step * sine);
        let [inner, area, first, second] = moved([cosine, sine], legs);
        let norms = (first * second).root();
        let before = State { steps, cosine, sine };
        let steps = [steps[0] / first, steps[1] / second];
        let after = State { steps, cosine: inner / norms, sine: area / norms };
        Self { before, after, turned: legs.map(Series::atan) }
    }

    /// By how much ln tan(φ/2) and ln sin φ change: tan(φ/2) = sin φ/(1 + cos φ).
    fn logarithms(&self) -> [Series<F>; 2] {
        let sines = self.after.sine / self.before.sine;
        let one = sines.constant(1.0);
        [(sines * (one + self.before.cosine) / (one + self.after.cosine)).ln(), sines.ln()]
    }
}

/// The coefficients that an expansion says are zero.
pub fn vanishes<F: Exact>(series: Series<F>, powers: std::ops::Range<i32>) -> impl Iterator<Item = F> {
    powers.map(move |power| series.coefficient(power))
}

/// L1: N falls by 1 in each step, up to the third order; up to the second without its last order.
struct Counts<const SECOND: bool>;

impl<const SECOND: bool> Counts<SECOND> {
    /// N from Λ, ℓ and δ.
    fn count<F: Exact>(state: State<F>, [lambda, sines, delta]: [Series<F>; 3]) -> Series<F> {
        let State { steps: [alpha, beta], cosine, sine } = state;
        let [alpha, beta, cosine, sine] = [alpha, beta, cosine, sine].map(Perturbed);
        let [lambda, sines, delta] = [lambda, sines, delta].map(Perturbed);
        let orders = Orders { alpha, beta, cosine, sine, lambda, sines, delta };
        let count = || if SECOND { orders.to_next_order() + orders.second_order() } else { orders.to_next_order() };
        library(count).0
    }
}

impl<const SECOND: bool> Identity for Counts<SECOND> {
    const ARGUMENTS: usize = 6;

    fn formula<F: Exact>(arguments: &[F]) -> Vec<F> {
        vanishes(fall::<F, SECOND>(arguments), 0..if SECOND { 3 } else { 2 }).collect()
    }

    fn expected<F: Exact>(arguments: &[F]) -> Vec<F> {
        let number = |value| arguments[0].constant(value);
        [1.0, 0.0, 0.0][..if SECOND { 3 } else { 2 }].iter().map(|&value| number(value)).collect()
    }

    fn faulty(arguments: &[Prime]) -> Vec<Prime> {
        Self::formula(arguments)
    }
}

/// N before a step less N after it, from k, the ratio of the step sizes, Λ, ℓ and δ.
pub fn fall<F: Exact, const SECOND: bool>(arguments: &[F]) -> Series<F> {
    let [k, a, b, lambda, sines, delta] = *arguments else { unreachable!() };
    let step = SmallStep::of(k, [a, b]);
    let left = [lambda, sines, delta].map(Series::of);
    let [change, change_of_sines] = step.logarithms();
    let change_of_delta = step.before.cosine - step.after.cosine;
    let left_after = [left[0] + change, left[1] + change_of_sines, left[2] + change_of_delta];
    Counts::<SECOND>::count(step.before, left) - Counts::<SECOND>::count(step.after, left_after)
}

#[test]
fn l1_counts_fall_by_one_in_each_step_up_to_the_order_that_is_said() {
    prove::<Counts<false>>("l1 next order");
    prove::<Counts<true>>("l1 second order");
}

/// L5: what the first member has still to turn, A = Φ r/(1 + r) with the ratio r of the statement, falls in each step by
/// atan(αs), up to the third order. Φ = φ − φ_ε and S = sin φ − sin φ_ε are numbers of their own.
struct Turned;

impl Turned {
    fn rest<F: Exact>(state: State<F>, angle: Series<F>, sines: Series<F>) -> Series<F> {
        let [mean_cosine, cosine] = [sines / angle, state.cosine].map(Perturbed);
        let ratio = library(|| turned_ratio_of(state.steps.map(Perturbed), mean_cosine, cosine)).0;
        angle * ratio / (angle.constant(1.0) + ratio)
    }
}

impl Identity for Turned {
    const ARGUMENTS: usize = 5;

    fn formula<F: Exact>(arguments: &[F]) -> Vec<F> {
        let [k, a, b, angle, sines] = *arguments else { unreachable!() };
        let step = SmallStep::of(k, [a, b]);
        let (angle, sines) = (Series::of(angle), Series::of(sines));
        let angle_after = angle - step.turned[0] - step.turned[1];
        let sines_after = sines + step.after.sine - step.before.sine;
        let rest = Self::rest(step.after, angle_after, sines_after);
        vanishes(rest - Self::rest(step.before, angle, sines) + step.turned[0], 0..3).collect()
    }

    fn expected<F: Exact>(arguments: &[F]) -> Vec<F> {
        vec![arguments[0].constant(0.0); 3]
    }

    fn faulty(arguments: &[Prime]) -> Vec<Prime> {
        Self::formula(arguments)
    }
}

#[test]
fn l5_the_first_correction_sums_what_the_members_turn() {
    prove::<Turned>("l5 ratio of turned angles");
}

/// The coefficients of the chapters, as fractions.
#[test]
fn d1_l1_coefficients_of_expansions_are_those_of_the_chapters() {
    let ratio = Rational::ratio;
    // Turned angles: atan(αs) = αs − (αs)³/3 + (αs)⁵/5; α' = α(1 − α²s² + α⁴s⁴).
    let step = SmallStep::of(ratio(1, 2), [ratio(1, 1), ratio(0, 1)]);
    let s = ratio(4, 5);
    for (power, coefficient) in [(1, s), (3, s * s * s * ratio(-1, 3)), (5, s * s * s * s * s * ratio(1, 5))] {
        assert_eq!(step.turned[0].coefficient(power), coefficient);
    }
    for (power, coefficient) in [(1, ratio(1, 1)), (3, ratio(-1, 1) * s * s), (5, s * s * s * s)] {
        assert_eq!(step.after.steps[0].coefficient(power), coefficient);
    }
    // Near the antipode a step divides k by 1 + 2u: 1/ln(1 + 2u) = 1/2u + 1/2 − u/6 + u²/6.
    let u = Series::linear(ratio(1, 1));
    let steps = u.constant(1.0) / (u.constant(1.0) + u.constant(2.0) * u).ln();
    let expected = [ratio(1, 2), ratio(1, 2), ratio(-1, 6), ratio(1, 6)];
    for (power, coefficient) in (-1..).zip(expected) {
        assert_eq!(steps.coefficient(power), coefficient, "u^{power}");
    }
}

/// N₁ of the chapter for equal norms and with a stop-gradient, and N₀ for equal norms.
#[test]
fn l1_orders_for_equal_norms_and_a_stop_gradient_are_those_of_the_chapter() {
    let ratio = Rational::ratio;
    let [cosine, sine] = cosine_and_sine(ratio(3, 7));
    let (alpha, lambda, sines, delta) = (ratio(1, 90), ratio(29, 7), ratio(11, 3), ratio(5, 8));
    let orders = |beta| Orders { alpha, beta, cosine, sine, lambda, sines, delta };
    let (equal, stopped) = (orders(alpha), orders(ratio(0, 1)));
    let next = lambda / (alpha + alpha) - ratio(1, 4) * (cosine * lambda + sines);
    assert_eq!(equal.to_next_order(), next);
    assert_eq!(equal.second_order(), alpha * ((sine * sine * lambda + delta) * ratio(1, 8) - lambda * ratio(1, 6)));
    assert_eq!(stopped.second_order(), alpha * ((sine * sine * lambda - delta) * ratio(1, 4) - lambda * ratio(1, 12)));
    assert_ne!(equal.second_order(), stopped.second_order());
}

/// L8: after a near miss of a share η the norm is nearly the best one: k'' = ½η² sin φ0 |cos φ0|, and ⅜|η|³ from a right
/// angle.
#[test]
fn l8_two_steps_around_the_best_norm_leave_the_chapters_coefficients() {
    let after_two = |k: Rational| {
        let one = Series::of(Rational::whole(1));
        let eta = Series::linear(Rational::whole(1));
        let best = Series::of((Rational::whole(1) + k * k) / Rational::whole(2));
        let [once, step] = equal_step(Series::of(k), best * (one + eta));
        [once, equal_step(once, step)[0]]
    };
    for (numerator, denominator) in [(1, 3), (2, 5), (7, 4), (9, 1)] {
        let k = Rational::ratio(numerator, denominator);
        let [once, twice] = after_two(k);
        let [c, s] = cosine_and_sine(k);
        assert_eq!(once.coefficient(1), Rational::ratio(-1, 2) * s);
        assert_eq!([0, 1].map(|power| twice.coefficient(power)), [Rational::whole(0); 2]);
        assert_eq!(twice.coefficient(2).magnitude(), Rational::ratio(1, 2) * s * c.magnitude());
    }
    let [_, twice] = after_two(Rational::whole(1));
    assert_eq!([0, 1, 2].map(|power| twice.coefficient(power)), [Rational::whole(0); 3]);
    assert_eq!(twice.coefficient(3).magnitude(), Rational::ratio(3, 8));
}
