//! Closed forms: what should happen. Scalars or populations of scalars go in and come out; losses, optimizers and
//! simulations are unknown here.
//!
//! One module per chapter of the documentation: [`one_step`] (D1-D3), [`convergence`] (L1-L5), [`scaling`] (L6),
//! [`duality`] (L7, L8), [`growth`] (S1, S2), [`equilibrium`] (S3),
//! [`encoders`] (S7).
//! [`pair`] iterates D1 and is the engine behind counts of steps that need no vectors.

pub mod convergence;
pub mod duality;
pub mod encoders;
pub mod equilibrium;
pub mod growth;
pub mod one_step;
pub mod pair;
pub mod scaling;
