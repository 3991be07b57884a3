//! Proved by machine: the library's own formulas over numbers that do not round.
//!
//! - *Exact rationals*: both sides of an identity are equal, with `==`, on vectors and on closed forms.
//! - *A prime field*: two rational functions that agree at random points of GF(2^61 − 1) are the same function, up to a
//!   probability that the test bounds.
//! - *Faults*: every constant off by one and every operation exchanged, one at a time, is refused.
//! - *Power series*: coefficients of expansions are those that the code uses.
//! - *Enclosures*: interval arithmetic decides inequalities on boxes that cover their domain.
//!
//! See `docs/testing.md`.

mod convergence;
mod duality;
mod enclosures;
mod gradient;
mod growth;
mod identity;
mod numbers;
mod one_step;
mod vectors;
