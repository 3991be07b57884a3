//! The laboratory: what the simulations of the command need to claim, tabulate and draw. It comes with the feature `lab`
//! and may change in any release; everything else in this crate is the stable part.
//!
//! | module | holds |
//! |---|---|
//! | [`sweep`] | cells, seeds, threads, journal, shards |
//! | [`table`] | tidy rows, the wall between computing and showing |
//! | [`files`] | opening files of an output folder: regular ones that are not links |
//! | [`law`] | power-law fits with intervals |
//! | [`claim`] | predicted against measured, with a verdict |
//! | [`statement`] | the register of statements |
//! | [`reference`](mod@reference) | published numbers |
//! | `figure` | the house style of the figures (feature `figures`) |
//! | [`matrix`] | products of matrices, the directions in which vectors extend most |
//! | [`instructions`] | which vector instructions the kernels use; never changes a result |

pub mod claim;
#[cfg(feature = "figures")]
pub mod figure;
pub mod files;
pub mod law;
pub mod matrix;
pub mod reference;
pub mod statement;
pub mod sweep;
pub mod table;

pub use crate::numerics::instructions;
