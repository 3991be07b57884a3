//! L7 and L8, exactly.

use embedding_norms::theory::duality::{band_of, best_norm_of, dual_of};
use embedding_norms::theory::one_step::{equal_step, unequal_step};

use crate::exact::identity::{Identity, agree, numbers, prove, rational};
use crate::exact::numbers::Exact;
use crate::exact::numbers::dual::Dual;
use crate::exact::numbers::perturbed::library;
use crate::exact::numbers::quadratic::Quadratic;
use crate::exact::numbers::rational::Rational;
use crate::exact::one_step::cosine_and_sine;
use crate::exact::vectors::{PlanarPair, descend, plus};

/// L7 for equal norms: the step of the dual is the step of the pair, with the angle's sign turned.
struct EqualDual;

impl Identity for EqualDual {
    const ARGUMENTS: usize = 2;

    fn formula<F: Exact>(arguments: &[F]) -> Vec<F> {
        let [k, u] = *arguments else { unreachable!() };
        let [k, u, v] = library(|| dual_of(k, [u, u]));
        [equal_step(k, u), equal_step(k, v)].concat()
    }

    fn expected<F: Exact>(arguments: &[F]) -> Vec<F> {
        let [k, u] = equal_step(arguments[0], arguments[1]);
        [[k.constant(0.0) - k, u]; 2].concat()
    }
}

/// L7 for any norms, over numbers with R adjoined: R of the dual is R/(ab).
struct UnequalDual;

impl UnequalDual {
    /// a, b and R.
    fn legs<F: Exact>(k: F, [alpha, beta]: [F; 2]) -> ([F; 2], Quadratic<F>) {
        let [_, s] = cosine_and_sine(k);
        let (one, [a, b]) = (k.constant(1.0), [alpha * s, beta * s]);
        let radicand = (one + a * a) * (one + b * b);
        ([a, b], Quadratic::plain(one, radicand).square_root())
    }

    fn step<F: Exact>(k: F, steps: [F; 2], root: Quadratic<F>) -> Vec<Quadratic<F>> {
        let lift = |number| root.lift(number);
        let less = k.constant(1.0) - steps[0] - steps[1];
        unequal_step(lift(k), steps.map(lift), lift(less), |_| root).to_vec()
    }
}

fn parts<F>(numbers: Vec<Quadratic<F>>) -> Vec<F> {
    numbers.into_iter().flat_map(|number| [number.plain, number.root]).collect()
}

impl Identity for UnequalDual {
    const ARGUMENTS: usize = 3;

    fn formula<F: Exact>(arguments: &[F]) -> Vec<F> {
        let [k, alpha, beta] = *arguments else { unreachable!() };
        let ([a, b], root) = Self::legs(k, [alpha, beta]);
        let [k, alpha, beta] = library(|| dual_of(k, [alpha, beta]));
        let root = root.times_root(root.root / (a * b));
        parts(Self::step(k, [alpha, beta], root))
    }

    fn expected<F: Exact>(arguments: &[F]) -> Vec<F> {
        let [k, alpha, beta] = *arguments else { unreachable!() };
        let (_, root) = Self::legs(k, [alpha, beta]);
        let mut after = Self::step(k, [alpha, beta], root);
        after[0] = root.lift(k.constant(0.0)) - after[0];
        parts(after)
    }
}

/// The dual of the dual, and what L7 says of legs and angle: k ↦ 1/k, αs ↦ 1/(αs).
struct Involution;

impl Identity for Involution {
    const ARGUMENTS: usize = 3;

    fn formula<F: Exact>(arguments: &[F]) -> Vec<F> {
        let [k, alpha, beta] = *arguments else { unreachable!() };
        let there = library(|| dual_of(k, [alpha, beta]));
        let back = library(|| dual_of(there[0], [there[1], there[2]]));
        [there, back].concat()
    }

    fn expected<F: Exact>(arguments: &[F]) -> Vec<F> {
        let [k, alpha, beta] = *arguments else { unreachable!() };
        let (one, [_, s]) = (k.constant(1.0), cosine_and_sine(k));
        vec![one / k, one / (alpha * s * s), one / (beta * s * s), k, alpha, beta]
    }
}

/// L8: at u = (1 + k²)/2 = 1/(1 + cos φ) the step lands and leaves u' = ½, which is ρ'² = 2γ; the norm there is the best
/// norm. Arguments are k and r with γ = 2r², and cos(φ/2) as a number of its own.
struct BestNorm;

impl Identity for BestNorm {
    const ARGUMENTS: usize = 2;

    fn formula<F: Exact>(arguments: &[F]) -> Vec<F> {
        let [quarter, r] = *arguments else { unreachable!() };
        let (gamma, [half_cosine, half_sine]) = (r * r + r * r, cosine_and_sine(quarter));
        let norm = library(|| best_norm_of(half_cosine, gamma, |square| square / (r + r)));
        let [k, u] = equal_step(half_sine / half_cosine, gamma / (norm * norm));
        vec![norm * norm, k, u]
    }

    fn expected<F: Exact>(arguments: &[F]) -> Vec<F> {
        let [quarter, r] = *arguments else { unreachable!() };
        let (gamma, [half_cosine, _]) = (r * r + r * r, cosine_and_sine(quarter));
        // ρ² = γ(1 + cos φ0) = 2γ cos²(φ0/2).
        vec![(gamma + gamma) * half_cosine * half_cosine, r.constant(0.0), r.constant(0.5)]
    }
}

/// L8: at the ends of the band us the step leaves tan(φ_ε/2), on one side and on the other.
struct Band;

impl Identity for Band {
    const ARGUMENTS: usize = 2;

    fn formula<F: Exact>(arguments: &[F]) -> Vec<F> {
        let [k, stop] = *arguments else { unreachable!() };
        library(|| band_of(k, stop)).map(|us| equal_step(k, us / cosine_and_sine(k)[1])[0]).to_vec()
    }

    fn expected<F: Exact>(arguments: &[F]) -> Vec<F> {
        vec![arguments[1], arguments[1].constant(0.0) - arguments[1]]
    }
}

/// L8: k' with its sign falls with u at the rate 2k(1 + k²)²/(1 + k² + 2uk²)², so |k'| falls up to the best u and grows
/// from there on.
struct Slope;

impl Identity for Slope {
    const ARGUMENTS: usize = 2;

    fn formula<F: Exact>(arguments: &[F]) -> Vec<F> {
        let [k, u] = *arguments else { unreachable!() };
        vec![equal_step(Dual::constant_of(k), Dual::variable(u))[0].slope]
    }

    fn expected<F: Exact>(arguments: &[F]) -> Vec<F> {
        let [k, u] = *arguments else { unreachable!() };
        let (sum, two) = (k.constant(1.0) + k * k, k.constant(2.0));
        let denominator = sum + two * u * k * k;
        vec![k.constant(0.0) - two * k * sum * sum / (denominator * denominator)]
    }
}

/// L8: how k' and u' change with k, and u' with u. For u ≤ ½ the first grows with k, u' falls with k below a right angle,
/// and grows with u: so a larger u leaves smaller angles after any number of steps.
struct Partials;

impl Identity for Partials {
    const ARGUMENTS: usize = 2;

    fn formula<F: Exact>(arguments: &[F]) -> Vec<F> {
        let [k, u] = *arguments else { unreachable!() };
        let along_k = equal_step(Dual::variable(k), Dual::constant_of(u));
        let along_u = equal_step(Dual::constant_of(k), Dual::variable(u));
        vec![along_k[0].slope, along_k[1].slope, along_u[1].slope]
    }

    fn expected<F: Exact>(arguments: &[F]) -> Vec<F> {
        let [k, u] = *arguments else { unreachable!() };
        let (one, two, square) = (k.constant(1.0), k.constant(2.0), k * k);
        let [cosine, s] = cosine_and_sine(k);
        let denominator = one + (one + two * u) * square;
        let less = one - two * u;
        let sum = less + (two + two * two * u * u) * square + (one + two * u) * square * square;
        // ds/dk = 2c/(1 + k²).
        let legs = u * u * s * s;
        let turn = (one + legs) * (one + legs);
        let of_sine = two * cosine / (one + square);
        vec![
            sum / (denominator * denominator),
            k.constant(0.0) - two * u * u * u * s * of_sine / turn,
            (one - legs) / turn,
        ]
    }
}

/// L8 for any norms: a pair lands where the turned angles add up to φ0, where (α + β)c = 1 − αβs². Arguments are the
/// tangents of a quarter of each turn, so that R is rational.
struct UnequalLanding;

impl Identity for UnequalLanding {
    const ARGUMENTS: usize = 2;

    fn formula<F: Exact>(arguments: &[F]) -> Vec<F> {
        let [m, n] = *arguments else { unreachable!() };
        let one = m.constant(1.0);
        // tan(φ/2) of the sum of both angles, and their own sines and cosines.
        let k = (m + n) / (one - m * n);
        let [[c, s], [d, t]] = [cosine_and_sine(m), cosine_and_sine(n)];
        let [_, sine] = cosine_and_sine(k);
        let [alpha, beta] = [s / c / sine, t / d / sine];
        let root = one / (c * d);
        let [landed, ..] = unequal_step(k, [alpha, beta], one - alpha - beta, |_| root);
        let [cosine, sine] = cosine_and_sine(k);
        vec![landed, (alpha + beta) * cosine + alpha * beta * sine * sine]
    }

    fn expected<F: Exact>(arguments: &[F]) -> Vec<F> {
        vec![arguments[0].constant(0.0), arguments[0].constant(1.0)]
    }
}

#[test]
fn l7_the_step_of_the_dual_is_the_step_of_the_pair() {
    prove::<EqualDual>("l7 equal norms");
    prove::<UnequalDual>("l7 any norms");
    prove::<Involution>("l7 involution");
}

#[test]
fn l7_rational_vectors_and_their_steps_reach_the_same_corner() {
    for index in 0..20 {
        let mut numbers = numbers("l7 vectors", index);
        let [gamma, first, second] = std::array::from_fn(|_| rational(&mut numbers));
        let pair = PlanarPair::draw(2 + index as usize % 5, [first, second], &mut numbers).vectors();
        let step = |pair: &[Vec<Rational>; 2]| {
            let after = descend(pair, gamma);
            [0, 1].map(|member| plus(&after[member], Rational::whole(-1), &pair[member]))
        };
        let steps = step(&pair);
        assert_eq!(step(&steps), pair);
        assert_eq!(descend(&steps, gamma), descend(&pair, gamma));
    }
}

#[test]
fn l8_the_best_norm_lands_and_the_angle_left_is_monotone_on_both_sides_of_it() {
    prove::<BestNorm>("l8 best norm");
    prove::<Band>("l8 one-step band");
    agree::<Slope>("l8 slope");
    agree::<Partials>("l8 partial derivatives");
    agree::<UnequalLanding>("l8 any norms");
}
