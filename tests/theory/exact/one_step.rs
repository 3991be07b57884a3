//! D1, D2 and D3, exactly.

use embedding_norms::theory::one_step::{
    Gain, advance, equal_inner_product_step, equal_step, one_minus_cosine_of, sine, unequal_step,
};

use crate::exact::identity::{Identity, numbers, prove, rational};
use crate::exact::numbers::Exact;
use crate::exact::numbers::perturbed::library;
use crate::exact::numbers::quadratic::Quadratic;
use crate::exact::numbers::rational::Rational;
use crate::exact::vectors::{PlanarPair, descend, dot, square};

/// cos φ and sin φ from tan(φ/2).
pub fn cosine_and_sine<F: Exact>(k: F) -> [F; 2] {
    let one = k.constant(1.0);
    [(one - k * k) / (one + k * k), (k + k) / (one + k * k)]
}

/// A pair after its step, in the coordinates of its plane and in units of its first norms: z' = (1, a) and
/// w' = (c, s) + b(s, −c). Inner product, oriented area, and the two squared lengths.
pub fn moved<F: Exact>([c, s]: [F; 2], [a, b]: [F; 2]) -> [F; 4] {
    let one = c.constant(1.0);
    let w = [c + b * s, s - b * c];
    [w[0] + a * w[1], w[1] - a * w[0], one + a * a, w[0] * w[0] + w[1] * w[1]]
}

/// D1 for equal norms from the vectors: tan(φ'/2) = sin φ'/(1 + cos φ').
struct EqualStep;

impl Identity for EqualStep {
    const ARGUMENTS: usize = 2;

    fn formula<F: Exact>(arguments: &[F]) -> Vec<F> {
        library(|| equal_step(arguments[0], arguments[1])).to_vec()
    }

    fn expected<F: Exact>(arguments: &[F]) -> Vec<F> {
        let (k, u) = (arguments[0], arguments[1]);
        let [c, s] = cosine_and_sine(k);
        let [inner, area, square, _] = moved([c, s], [u * s, u * s]);
        vec![area / (square + inner), u / square]
    }
}

/// The same in the coordinates of the pair engine: across and along the bisector, from which k = a/b and u = u₀/(a² + b²).
struct Coordinates;

impl Identity for Coordinates {
    const ARGUMENTS: usize = 6;

    fn formula<F: Exact>(arguments: &[F]) -> Vec<F> {
        let [a, b, c, d, u, v] = *arguments else { unreachable!() };
        let (both, halves) = library(|| advance([[a, b], [c, d]], [u, v]));
        [both.as_flattened(), &halves].concat()
    }

    fn expected<F: Exact>(arguments: &[F]) -> Vec<F> {
        let [a, b, c, d, u, v] = *arguments else { unreachable!() };
        // A member (across, along) steps by u (ŷ − cos φ x̂)/ρ with its mirror image y; `u` is twice the step size.
        let step = |[x, y]: [F; 2], u: F| {
            let norm = x * x + y * y;
            let cosine = (y * y - x * x) / norm;
            let factor = u * u.constant(0.5) / norm;
            let zero = u.constant(0.0);
            [x + factor * (zero - x - cosine * x), y + factor * (y - cosine * y), x * x / norm]
        };
        let ([x, y, p], [z, w, q]) = (step([a, b], u), step([c, d], v));
        vec![x, y, z, w, p, q]
    }
}

/// The published first step: z + γŷ/ρ.
struct InnerProductStep;

impl Identity for InnerProductStep {
    const ARGUMENTS: usize = 2;

    fn formula<F: Exact>(arguments: &[F]) -> Vec<F> {
        library(|| equal_inner_product_step(arguments[0], arguments[1])).to_vec()
    }

    fn expected<F: Exact>(arguments: &[F]) -> Vec<F> {
        let (k, u) = (arguments[0], arguments[1]);
        let one = k.constant(1.0);
        let [c, s] = cosine_and_sine(k);
        let (z, w) = ([one + u * c, u * s], [c + u, s]);
        let square = z[0] * z[0] + z[1] * z[1];
        let (inner, area) = (z[0] * w[0] + z[1] * w[1], z[0] * w[1] - z[1] * w[0]);
        vec![area / (square + inner), u / square]
    }
}

/// D1 for any norms, where R is rational: a = tan A and b = tan B with the tangents of A/2 and B/2 as arguments.
struct UnequalStep;

impl Identity for UnequalStep {
    const ARGUMENTS: usize = 3;

    fn formula<F: Exact>(arguments: &[F]) -> Vec<F> {
        let (k, [alpha, beta], root) = Self::setting(arguments);
        let less = k.constant(1.0) - alpha - beta;
        let step = library(|| unequal_step(k, [alpha, beta], less, |square| square / root));
        step.to_vec()
    }

    fn expected<F: Exact>(arguments: &[F]) -> Vec<F> {
        let (k, [alpha, beta], root) = Self::setting(arguments);
        let [c, s] = cosine_and_sine(k);
        let [inner, area, first, second] = moved([c, s], [alpha * s, beta * s]);
        vec![area / (root + inner), alpha / first, beta / second]
    }
}

impl UnequalStep {
    fn setting<F: Exact>(arguments: &[F]) -> (F, [F; 2], F) {
        let [k, m, n] = *arguments else { unreachable!() };
        let [cosine, sine] = cosine_and_sine(m);
        let [other_cosine, other_sine] = cosine_and_sine(n);
        let [_, s] = cosine_and_sine(k);
        let one = k.constant(1.0);
        (k, [sine / cosine / s, other_sine / other_cosine / s], one / (cosine * other_cosine))
    }
}

/// sin φ, 1 − cos φ.
struct Trigonometry;

impl Identity for Trigonometry {
    const ARGUMENTS: usize = 1;

    fn formula<F: Exact>(arguments: &[F]) -> Vec<F> {
        let square = arguments[0] * arguments[0];
        library(|| vec![sine(arguments[0]), one_minus_cosine_of(square)])
    }

    fn expected<F: Exact>(arguments: &[F]) -> Vec<F> {
        let [c, s] = cosine_and_sine(arguments[0]);
        vec![s, c.constant(1.0) - c]
    }
}

/// D3: the change of the cosine, and bound − change = u²s² cos φ', with cos φ' from the vectors.
struct Bound;

impl Identity for Bound {
    const ARGUMENTS: usize = 2;

    fn formula<F: Exact>(arguments: &[F]) -> Vec<F> {
        let gain = gain(arguments[0], arguments[1]);
        library(|| vec![gain.cosine_change(), gain.cosine_after(), gain.published_bound(), gain.bound_excess()])
    }

    fn expected<F: Exact>(arguments: &[F]) -> Vec<F> {
        let (k, u) = (arguments[0], arguments[1]);
        let [c, s] = cosine_and_sine(k);
        let [inner, _, square, _] = moved([c, s], [u * s, u * s]);
        let after = inner / square;
        let excess = u * u * s * s * after;
        vec![after - c, after, after - c + excess, excess]
    }
}

fn gain<F: Exact>(k: F, u: F) -> Gain<F> {
    let one = k.constant(1.0);
    let (square, sum) = (k * k, one + k * k);
    let (one_minus, one_plus) = ((square + square) / sum, (one + one) / sum);
    Gain { one_minus, one_plus, cosine: one_plus - one, step_size: u }
}

#[test]
fn d1_closed_forms_are_the_step_of_vectors() {
    prove::<EqualStep>("d1 equal norms");
    prove::<Coordinates>("d1 coordinates of the pair engine");
    prove::<InnerProductStep>("d1 inner product");
    prove::<UnequalStep>("d1 any norms");
    prove::<Trigonometry>("d1 sines and cosines");
}

#[test]
fn d3_the_bound_exceeds_the_change_by_u2_s2_times_the_cosine_after_the_step() {
    prove::<Bound>("d3");
}

/// The closed form for any norms, over numbers with R = √((1 + a²)(1 + b²)) adjoined; and R.
fn with_root(k: Rational, [alpha, beta]: [Rational; 2]) -> [Quadratic<Rational>; 4] {
    let (one, [_, s]) = (Rational::whole(1), cosine_and_sine(k));
    let (a, b) = (alpha * s, beta * s);
    let radicand = (one + a * a) * (one + b * b);
    // Where it is rational, as for equal norms, the root of another number is adjoined and not used.
    let rational_root = radicand.root();
    let field = if rational_root.is_some() { Rational::whole(2) } else { radicand };
    let [k, alpha, beta, less] = [k, alpha, beta, one - alpha - beta].map(|number| Quadratic::plain(number, field));
    let hypotenuses = rational_root.map_or(k.square_root(), |root| k.lift(root));
    let [k, alpha, beta] = unequal_step(k, [alpha, beta], less, |square| {
        assert_eq!(square, hypotenuses * hypotenuses);
        hypotenuses
    });
    [k, alpha, beta, hypotenuses]
}

#[test]
fn d1_rational_vectors_in_any_dimension_take_the_step_of_the_closed_form() {
    for index in 0..40 {
        let mut numbers = numbers("d1 vectors", index);
        let [gamma, norm, other] = std::array::from_fn(|_| rational(&mut numbers));
        let equal = index % 2 == 0;
        let pair = PlanarPair::draw(2 + index as usize % 5, [norm, if equal { norm } else { other }], &mut numbers);
        let after = descend(&pair.vectors(), gamma);
        // In the plane of the pair: nothing is left of them outside.
        let planar = after.clone().map(|vector| pair.coordinates(&vector));
        assert!(after.iter().zip(&planar).all(|(vector, &planar)| *vector == pair.at(planar)), "{pair:?}");
        let [z, w] = planar;
        let (inner, area) = (z[0] * w[0] + z[1] * w[1], z[0] * w[1] - z[1] * w[0]);
        let squares = after.each_ref().map(|vector| square(vector));
        let steps = pair.norms.map(|norm| gamma / (norm * norm));
        let [k, alpha, beta, hypotenuses] = with_root(pair.half_tangent, steps);
        assert_eq!([alpha.plain, beta.plain], squares.map(|square| gamma / square), "{pair:?}");
        // ‖z'‖‖w'‖ = ρ_i ρ_j √((1 + a²)(1 + b²)), times cos φ' and sin φ'.
        let product = hypotenuses * k.lift(pair.norms[0] * pair.norms[1]);
        let found = cosine_and_sine(k).map(|number| number * product);
        assert_eq!(found, [inner, area].map(|number| k.lift(number)), "{pair:?}");
        if equal {
            let [k, u] = equal_step(pair.half_tangent, steps[0]);
            assert_eq!([u, u], squares.map(|square| gamma / square));
            assert_eq!(cosine_and_sine(k).map(|number| number * squares[0]), [inner, area], "{pair:?}");
        }
    }
}

#[test]
fn d1_a_member_held_still_is_a_step_size_of_zero() {
    for index in 0..10 {
        let mut numbers = numbers("d1 held", index);
        let [gamma, norm, other] = std::array::from_fn(|_| rational(&mut numbers));
        let pair = PlanarPair::draw(3, [norm, other], &mut numbers);
        let [z, _] = descend(&pair.vectors(), gamma);
        let w = pair.vectors()[1].clone();
        let steps = [gamma / (norm * norm), Rational::whole(0)];
        let [k, alpha, beta, hypotenuse] = with_root(pair.half_tangent, steps);
        assert_eq!([alpha.plain, beta.plain], [gamma / square(&z), Rational::whole(0)]);
        let [c, _] = cosine_and_sine(k);
        let scaled = c * hypotenuse * k.lift(norm * other);
        assert_eq!(scaled, k.lift(dot(&z, &w)), "{pair:?}");
    }
}

#[test]
fn d3_the_sign_is_that_of_the_cosine_after_the_step() {
    let (mut acute, mut obtuse) = (0, 0);
    for index in 0..2000 {
        let mut numbers = numbers("d3 sign", index);
        let (k, u) = (rational(&mut numbers), rational(&mut numbers) * Rational::ratio(1, 1 + (index % 50) as i64));
        let gain = gain(k, u);
        let excess = gain.published_bound() - gain.cosine_change();
        let [after, _] = equal_step(k, u);
        // Acute after the step: |k'| < 1.
        assert_eq!(excess.sign(), (Rational::whole(1) - after.magnitude()).sign(), "{k:?} {u:?}");
        if excess.sign() > 0 { acute += 1 } else { obtuse += 1 }
    }
    assert!(acute > 300 && obtuse > 300, "{acute} {obtuse}");
}
