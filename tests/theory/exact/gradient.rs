//! G1 to G4 on rational vectors: closed forms against the derivative of the loss itself, by dual numbers.

use crate::exact::identity::{numbers, rational};
use crate::exact::numbers::dual::Dual;
use crate::exact::numbers::rational::Rational;
use crate::exact::vectors::{Coordinates, cosine_gradient, dot, on_sphere, plus, rational_root, scaled, square};

/// Embeddings of rational norms in rational directions.
fn embeddings(n: usize, d: usize, label: &str, index: u64) -> Vec<Coordinates> {
    let mut numbers = numbers(label, index);
    (0..n).map(|_| scaled(rational(&mut numbers), &on_sphere(d, &mut numbers))).collect()
}

/// Embeddings of which one moves along one axis.
fn moving(points: &[Coordinates], member: usize, axis: usize) -> Vec<Vec<Dual<Rational>>> {
    let dual = |(i, point): (usize, &Coordinates)| {
        let number = |(k, &x): (usize, &Rational)| match (i, k) == (member, axis) {
            true => Dual::variable(x),
            false => Dual::constant_of(x),
        };
        point.iter().enumerate().map(number).collect()
    };
    points.iter().enumerate().map(dual).collect()
}

fn inner(x: &[Dual<Rational>], y: &[Dual<Rational>]) -> Dual<Rational> {
    x.iter().zip(y).fold(Dual::constant_of(Rational::whole(0)), |sum, (&x, &y)| sum + x * y)
}

/// cos φ by its definition, with the norm as the root of a square.
fn cosine(x: &[Dual<Rational>], y: &[Dual<Rational>]) -> Dual<Rational> {
    let norm = |x: &[Dual<Rational>]| {
        let square = inner(x, x);
        square.root(rational_root(square.value))
    };
    inner(x, y) / (norm(x) * norm(y))
}

/// The gradient of a function of embeddings with respect to one of them, coordinate by coordinate.
fn derivative(
    points: &[Coordinates],
    member: usize,
    loss: impl Fn(&[Vec<Dual<Rational>>]) -> Dual<Rational>,
) -> Coordinates {
    (0..points[member].len()).map(|axis| loss(&moving(points, member, axis)).slope).collect()
}

fn unit(z: &[Rational]) -> (Coordinates, Rational) {
    let norm = rational_root(square(z));
    (scaled(Rational::whole(1) / norm, z), norm)
}

/// P_z g/‖z‖, statement G1.
fn pulled_back(z: &[Rational], g: &[Rational]) -> Coordinates {
    let (x, norm) = unit(z);
    scaled(Rational::whole(1) / norm, &plus(g, Rational::whole(0) - dot(g, &x), &x))
}

#[test]
fn g2_the_gradient_of_the_cosine_has_the_squared_length_s2_over_rho2() {
    for index in 0..20 {
        let points = embeddings(2, 2 + index as usize % 4, "g2", index);
        let [z, w] = &points[..] else { unreachable!() };
        let ((x, rho), (y, sigma)) = (unit(z), unit(w));
        let c = dot(&x, &y);
        // −(ŷ − c x̂)/ρ, its derivation by the quotient rule, and the derivative of −cos φ.
        let closed = scaled(Rational::whole(-1) / rho, &plus(&y, Rational::whole(0) - c, &x));
        assert_eq!(closed, cosine_gradient(z, w, rho * sigma));
        let minus =
            |points: &[Vec<Dual<Rational>>]| Dual::constant_of(Rational::whole(0)) - cosine(&points[0], &points[1]);
        assert_eq!(closed, derivative(&points, 0, minus));
        assert_eq!(square(&closed), (Rational::whole(1) - c * c) / (rho * rho));
        assert_ne!(square(&closed), (Rational::whole(1) - c * c) / rho);
    }
}

/// Σ w_ij c_ij³ over all pairs: a loss that couples every embedding with every other one.
fn coupled(points: &[Vec<Dual<Rational>>]) -> Dual<Rational> {
    let mut sum = Dual::constant_of(Rational::whole(0));
    for i in 0..points.len() {
        for j in 0..i {
            let (c, weight) = (cosine(&points[i], &points[j]), Rational::whole((2 * i + 3 * j) as i64 - 4));
            sum = sum + Dual::constant_of(weight) * c * c * c;
        }
    }
    sum
}

/// Its Euclidean gradient at one unit vector: 3 Σ w_ij c_ij² ŷ_j.
fn coupled_euclidean(points: &[Coordinates], member: usize) -> Coordinates {
    let (x, _) = unit(&points[member]);
    let mut gradient = vec![Rational::whole(0); x.len()];
    for (j, other) in points.iter().enumerate().filter(|(j, _)| *j != member) {
        let (y, _) = unit(other);
        let (i, j) = (member.max(j), member.min(j));
        let c = dot(&x, &y);
        gradient = plus(&gradient, Rational::whole(3 * ((2 * i + 3 * j) as i64 - 4)) * c * c, &y);
    }
    gradient
}

#[test]
fn g1_g3_gradients_of_a_coupled_loss_are_pulled_back_and_orthogonal_without_any_rest() {
    for index in 0..5 {
        let points = embeddings(4, 3, "g3", index);
        for member in 0..4 {
            let gradient = derivative(&points, member, coupled);
            assert_eq!(gradient, pulled_back(&points[member], &coupled_euclidean(&points, member)));
            assert_eq!(dot(&points[member], &gradient), Rational::whole(0));
            // Of the unprojected gradient this cannot be said.
            assert_ne!(dot(&points[member], &coupled_euclidean(&points, member)), Rational::whole(0));
        }
    }
}

#[test]
fn d2_s1_every_step_adds_the_squared_step_to_the_squared_norm() {
    for index in 0..5 {
        let points = embeddings(4, 3, "d2", index);
        let gamma = rational(&mut numbers("d2 rate", index));
        let gradients: Vec<Coordinates> = (0..4).map(|member| derivative(&points, member, coupled)).collect();
        let (mut grown, mut budget) = (Rational::whole(0), Rational::whole(0));
        for (z, gradient) in points.iter().zip(&gradients) {
            let gain = square(&plus(z, Rational::whole(0) - gamma, gradient)) - square(z);
            assert_eq!(gain, gamma * gamma * square(gradient));
            assert!(gain.sign() > 0);
            (grown, budget) = (grown + gain, budget + gamma * gamma * square(gradient));
        }
        assert_eq!(grown, budget);
    }
}

/// InfoNCE without exponentials: whatever e^(c/τ) is at these points, say e_k, its derivative is e_k c'/τ. So the gradient
/// is that of −c_1/τ + ln Σ e_k with d ln x = dx/x.
fn info_nce(
    points: &[Vec<Dual<Rational>>],
    exponentials: &[Rational],
    tau: Rational,
    positive: bool,
) -> Dual<Rational> {
    let zero = Rational::whole(0);
    let mut sum = Dual::constant_of(zero);
    for (k, &e) in exponentials.iter().enumerate().filter(|(k, _)| positive || *k > 0) {
        let c = cosine(&points[0], &points[k + 1]);
        sum = sum + Dual { value: e, slope: e * c.slope / tau };
    }
    let c = cosine(&points[0], &points[1]);
    Dual { value: zero, slope: sum.slope / sum.value - c.slope / tau }
}

#[test]
fn g4_gradients_of_anchors_and_keys_are_the_closed_form_for_any_exponentials() {
    for index in 0..6 {
        let points = embeddings(5, 3, "g4", index);
        let mut numbers = numbers("g4 exponentials", index);
        let (tau, positive) = (rational(&mut numbers), index % 2 == 0);
        let exponentials: Vec<Rational> = (0..4).map(|_| rational(&mut numbers)).collect();
        let loss = |points: &[Vec<Dual<Rational>>]| info_nce(points, &exponentials, tau, positive);
        let in_sum = |k: usize| if positive || k > 0 { exponentials[k] } else { Rational::whole(0) };
        let total = (0..4).fold(Rational::whole(0), |sum, k| sum + in_sum(k));
        let weight = |k: usize| in_sum(k) / total;
        let units: Vec<Coordinates> = points.iter().map(|point| unit(point).0).collect();
        // −(1/τρ) P(ŷ_1 − Σ p_k ŷ_k) for the anchor, ((p_k − [k = 1])/τρ_k) P_k x̂ for a key.
        let pull = (0..4).fold(units[1].clone(), |pull, k| plus(&pull, Rational::whole(0) - weight(k), &units[k + 1]));
        let anchor = pulled_back(&points[0], &scaled(Rational::whole(-1) / tau, &pull));
        assert_eq!(derivative(&points, 0, loss), anchor);
        for k in 0..4 {
            let own = Rational::whole(i64::from(k == 0));
            let key = pulled_back(&points[k + 1], &scaled((weight(k) - own) / tau, &units[0]));
            assert_eq!(derivative(&points, k + 1, loss), key, "key {k}");
        }
    }
}
