//! Closed forms: what should happen. Scalars or populations of scalars go in and come out; losses, optimizers and
//! simulations are unknown here.
//!
//! ```
//! use embedding_norms::theory::{convergence::flow_steps, duality::best_norm};
//! // Steps of a pair at a right angle (tan(φ/2) = 1) until 1 − cos φ = 0.001, at γ = 0.02 and norms ρ (statement L1).
//! let at_norm = |norm: f64| flow_steps(1.0, 0.02 / (norm * norm), 0.02 / (norm * norm), 1e-3);
//! assert!((at_norm(2.0)? / at_norm(1.0)? - 4.0).abs() < 1e-12);
//! // The norm at which one step is enough: √γ at a right angle (statement L8).
//! assert!((best_norm(0.02, std::f64::consts::FRAC_PI_2)? - 0.02_f64.sqrt()).abs() < 1e-15);
//! # Ok::<(), embedding_norms::setting::SettingError>(())
//! ```
//!
//! One module per chapter of the documentation: [`one_step`] (D1-D3), [`convergence`] (L1-L5), [`scaling`] (L6),
//! [`duality`] (L7, L8), [`growth`] (S1, S2), [`equilibrium`] (S3),
//! [`encoders`] (S7), [`specificity`] (S8).
//! [`pair`] iterates D1 and is the engine behind counts of steps that need no vectors, [`map`] counts them over the plane of
//! leg ratio and angle and compares them with L1, L7 and L8.

pub mod convergence;
pub mod duality;
pub mod encoders;
pub mod equilibrium;
pub mod growth;
pub mod map;
pub mod one_step;
pub mod pair;
pub mod scaling;
pub mod specificity;
