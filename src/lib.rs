//! Why the *length* of an embedding matters when a model trains with cosine similarity.
//!
//! The gradient of every loss of cosine similarities is scaled by 1/‖z‖ (statement G1), so norms govern how fast
//! embeddings converge, and training encodes the model's confidence in the norms. This crate holds the analytic
//! gradients, the exact dynamics and the laws behind that sentence, and the simulations that verify them.
//!
//! The modules, in the order in which data flows:
//!
//! | module | holds |
//! |---|---|
//! | [`sphere`] | directions, angles, geodesics, sampling |
//! | [`theory`] | closed forms: what should happen |
//! | [`field`] | the arithmetic of the closed forms: written once, for f64 and for exact numbers |
//! | [`loss`] | losses on unit vectors: value and Euclidean gradient |
//! | [`normalization`] | G1, the pullback through z ↦ z/‖z‖: the one place where the norm enters |
//! | [`optimizer`] | update rules and their degrees |
//! | [`simulation`] | the descent loop, stop rules, records: what does happen |
//! | [`encoder`] | networks and tables with analytic backpropagation |
//! | [`training`] | the loop that trains encoders |
//! | [`data`] | data sets, and readers of a user's own embeddings |
//! | [`confidence`] | what norms say about neighbourhoods, classes, unseen data |
//! | [`statistics`] | means of replicates, with intervals |
//! | [`diagnosis`] | answers about a user's own embeddings, each with its evidence and its limits |
//! | [`catalogue`] | names of losses and optimizers as people write them, and how known implementations differ |
//! | [`check`] | one call that checks a loss of your own: gradient, tangency, scaling |
//! | [`rules`] | the optimizers of the catalogue as theory sees them |
//! | [`random`] | streams of random numbers by name |
//! | [`setting`] | checked settings: a value that exists is valid |
//! | [`matrix`] | products of matrices, and the directions in which vectors extend most |
//! | [`words`] | numbers in sentences |
//! | [`instructions`] | the vector instructions that all of it uses; they never change a result |
//!
//! What the simulations of the command are made of is a crate of its own, `embedding-norms-lab`, which may change in any release.

#![forbid(unsafe_code)]
#![warn(missing_docs)]
#![warn(clippy::disallowed_methods)]

pub mod catalogue;
pub mod check;
pub mod confidence;
pub mod data;
pub mod diagnosis;
pub mod encoder;
pub mod field;
pub mod instructions;
pub mod loss;
pub mod matrix;
pub mod normalization;
mod numerics;
pub mod optimizer;
pub mod random;
pub mod rules;
pub mod setting;
pub mod simulation;
pub mod sphere;
pub mod statistics;
pub mod theory;
pub mod training;
pub mod words;

/// The examples of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
