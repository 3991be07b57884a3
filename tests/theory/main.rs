//! The statements: property tests against full simulations, numbers of the documentation, and proofs in exact arithmetic.

mod convergence;
mod convergence_numbers;
mod counts;
mod duality;
mod encoders;
mod equilibrium;
mod exact;
mod gradient;
mod growth;
mod one_step;
mod scaling;
mod scaling_laws;
mod specificity;
#[path = "../support/mod.rs"]
mod support;
mod whole_range;
