//! Formulas with one thing wrong: a constant that is off by one, or an operation that is another one.

use std::cell::Cell;

use embedding_norms::field::Field;

use super::{Exact, operators};

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// The constant of this number, counted from 0 as the formula asks for it, is this much larger.
    Constant(usize, f64),
    /// The sum of this number is a difference, the difference a sum, the product a quotient, the quotient a product.
    Operation(usize),
}

thread_local! {
    static FAULT: Cell<Option<Fault>> = const { Cell::new(None) };
    static CONSTANTS: Cell<usize> = const { Cell::new(0) };
    static OPERATIONS: Cell<usize> = const { Cell::new(0) };
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// A number in a formula with a fault.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Perturbed<F>(pub F);

/// Runs a formula of the library: only there is anything wrong, and in the same place each time.
pub fn library<T>(formula: impl FnOnce() -> T) -> T {
    CONSTANTS.set(0);
    OPERATIONS.set(0);
    INSIDE.set(true);
    let result = formula();
    INSIDE.set(false);
    result
}

/// The result of a calculation in which the formula of the library has this fault, or none.
pub fn with_fault<T>(fault: Option<Fault>, calculation: impl FnOnce() -> T) -> T {
    FAULT.set(fault);
    let result = calculation();
    FAULT.set(None);
    result
}

/// Every fault that the formula in a calculation can have, from a run of it without one.
pub fn faults<T>(calculation: impl FnOnce() -> T) -> Vec<Fault> {
    with_fault(None, calculation);
    let constants = (0..CONSTANTS.get()).flat_map(|place| [1.0, -1.0].map(|off| Fault::Constant(place, off)));
    constants.chain((0..OPERATIONS.get()).map(Fault::Operation)).collect()
}

/// The place of the next constant or operation, inside of a formula of the library.
fn next(counter: &'static std::thread::LocalKey<Cell<usize>>) -> Option<usize> {
    INSIDE.get().then(|| counter.replace(counter.get() + 1))
}

fn operation<F: Field>(right: fn(F, F) -> F, wrong: fn(F, F) -> F, x: Perturbed<F>, y: Perturbed<F>) -> Perturbed<F> {
    let is_wrong = next(&OPERATIONS).is_some_and(|place| FAULT.get() == Some(Fault::Operation(place)));
    Perturbed(if is_wrong { wrong(x.0, y.0) } else { right(x.0, y.0) })
}

operators!([F: Field] Perturbed<F>:
    |x, y| operation(F::add, F::sub, x, y),
    |x, y| operation(F::sub, F::add, x, y),
    |x, y| operation(F::mul, F::div, x, y),
    |x, y| operation(F::div, F::mul, x, y)
);

impl<F: Field> Field for Perturbed<F> {
    fn constant(self, value: f64) -> Self {
        match (next(&CONSTANTS), FAULT.get()) {
            (Some(place), Some(Fault::Constant(at, off))) if at == place => Self(self.0.constant(value + off)),
            _ => Self(self.0.constant(value)),
        }
    }
}

impl<F: Exact> Exact for Perturbed<F> {}
