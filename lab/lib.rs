//! The laboratory: what the simulations of the command need to claim, tabulate and draw. It may change in any release; the
//! crate `embedding-norms` below it is the stable part.
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
//! | [`figure`] | the house style of the figures |

#![forbid(unsafe_code)]
#![warn(missing_docs)]
#![warn(clippy::disallowed_methods)]

pub mod claim;
pub mod figure;
pub mod files;
pub mod law;
pub mod reference;
pub mod statement;
pub mod sweep;
pub mod table;
