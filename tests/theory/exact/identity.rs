//! An identity: a formula of the library and what it has to be, both over any field.

use embedding_norms::random::generator;
use rand::Rng;

use crate::exact::numbers::Exact;
use crate::exact::numbers::degree::Degree;
use crate::exact::numbers::perturbed::{Perturbed, faults, with_fault};
use crate::exact::numbers::prime::{PRIME, Prime};
use crate::exact::numbers::rational::Rational;

/// What a formula of the library gives, and what it has to give by a calculation of another kind.
pub trait Identity {
    /// The number of arguments of both.
    const ARGUMENTS: usize;

    /// By the library.
    fn formula<F: Exact>(arguments: &[F]) -> Vec<F>;

    /// By the definition.
    fn expected<F: Exact>(arguments: &[F]) -> Vec<F>;

    /// [`Identity::formula`] in such a way that the library's part of it may have a fault.
    fn faulty(arguments: &[Prime]) -> Vec<Prime> {
        let arguments: Vec<Perturbed<Prime>> = arguments.iter().copied().map(Perturbed).collect();
        Self::formula(&arguments).into_iter().map(|number| number.0).collect()
    }
}

/// Points of the prime field at which every identity is tried.
const POINTS: u64 = 10;
/// Rational points.
const RATIONALS: u64 = 20;

pub fn numbers(label: &str, index: u64) -> impl Rng {
    generator(1, label.as_bytes(), index)
}

/// A fraction from 0 to 2 that is not 1, and not one over another of them: where angles of them add up to a right angle,
/// tangents have no value.
pub fn rational(numbers: &mut impl Rng) -> Rational {
    let numerator = numbers.random_range(1..120);
    Rational::ratio(if numerator == 61 { 60 } else { numerator }, 61)
}

fn residue(numbers: &mut impl Rng) -> Prime {
    Prime::new(numbers.random_range(1..PRIME))
}

/// Proves an identity, and that every fault of the library's formula is refused.
pub fn prove<I: Identity>(label: &str) {
    agree::<I>(label);
    let survivors = survivors::<I>(label);
    assert!(survivors.is_empty(), "{label}: not refused: {survivors:?}");
}

/// Proves an identity: equal over rationals, and over the prime field at points at which an identity that does not hold
/// would agree with a probability below 10^−100 altogether.
pub fn agree<I: Identity>(label: &str) {
    for index in 0..RATIONALS {
        let mut numbers = numbers(label, index);
        let arguments: Vec<Rational> = (0..I::ARGUMENTS).map(|_| rational(&mut numbers)).collect();
        assert_eq!(I::formula(&arguments), I::expected(&arguments), "{label} at {arguments:?}");
    }
    for index in 0..POINTS {
        let arguments = point::<I>(label, index);
        assert_eq!(I::formula(&arguments), I::expected(&arguments), "{label} at {arguments:?}");
    }
    let degree = degree::<I>(label);
    let chance = (degree as f64 / PRIME as f64).powi(POINTS as i32);
    println!("{label}: degree at most {degree}, chance of a false proof {chance:e}");
    assert!(chance < 1e-100, "{label}: degree {degree}");
}

fn point<I: Identity>(label: &str, index: u64) -> Vec<Prime> {
    let mut numbers = numbers(label, index + RATIONALS);
    (0..I::ARGUMENTS).map(|_| residue(&mut numbers)).collect()
}

/// A bound on the total degree of the numerators of the differences.
fn degree<I: Identity>(label: &str) -> u64 {
    let arguments: Vec<Degree> = point::<I>(label, 0).into_iter().map(Degree::argument).collect();
    let (formula, expected) = (I::formula(&arguments), I::expected(&arguments));
    formula.iter().zip(&expected).map(|(x, y)| x.of_difference(*y)).max().expect("something is compared")
}

/// The faults that change nothing.
fn survivors<I: Identity>(label: &str) -> Vec<String> {
    let arguments = point::<I>(label, 0);
    let right = I::expected(&arguments);
    let faults = faults(|| I::faulty(&arguments));
    assert!(faults.len() >= 2, "{label}: a formula without anything to be wrong");
    println!("{label}: {} faults", faults.len());
    let survives = |fault| with_fault(Some(fault), || I::faulty(&arguments)) == right;
    faults.into_iter().filter(|&fault| survives(fault)).map(|fault| format!("{fault:?}")).collect()
}
