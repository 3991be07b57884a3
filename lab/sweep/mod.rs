//! Sweeps: many cells of settings, each simulated several times, on threads and machines, and put together again.
//!
//! The module knows nothing of what a cell computes. It knows that
//!
//! - a **cell** is a set of settings and is named by the hash of them ([`CellId`]);
//! - a **unit** of work is one replicate of one cell ([`Unit`]), and its random numbers follow from the root seed, the
//!   name of the cell and the replicate, so that neither threads, order, shards nor interruptions can change a result;
//! - a finished unit is written to a **journal** ([`journal`]) before it counts, so that a killed run goes on where it
//!   stopped;
//! - a **shard** ([`Shard`]) is the part of a sweep that one machine takes, and [`merge()`] puts shards together.
//!
//! ```
//! use embedding_norms::random::Generator;
//! use embedding_norms_lab::sweep::{Cell, Options, Sweep};
//! use rand::Rng;
//! use std::num::NonZeroU64;
//!
//! #[derive(serde::Serialize)]
//! struct Settings {
//!     norm: f64,
//! }
//! impl Cell for Settings {
//!     fn label(&self) -> String {
//!         format!("norm {}", self.norm)
//!     }
//!     fn cost(&self) -> f64 {
//!         self.norm * self.norm
//!     }
//! }
//!
//! let cells = [Settings { norm: 0.5 }, Settings { norm: 4.0 }];
//! let sweep = Sweep::new("example", &cells, NonZeroU64::new(3).unwrap(), 1)?;
//! let outcome = sweep.run(&Options::default(), |unit| {
//!     Ok::<f64, std::convert::Infallible>(unit.cell.norm * unit.generator.random::<f64>())
//! })?;
//! assert_eq!(outcome.results.len(), 6);
//! assert_eq!(outcome.results[5].0.cell, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod balance;
mod encoding;
mod finite;
mod header;
mod identity;
pub mod journal;
mod merge;
mod options;
mod plan;
mod run;
mod shard;
mod store;
mod worker;

pub use encoding::{EncodeError, check as exact};
pub use identity::CellId;
pub use merge::{Merge, MergeError, merge};
pub use options::{Cause, Failure, Options, Progress};
pub use plan::{Cell, PlanError, PlannedUnit, Sweep, Unit};
pub use run::{Outcome, Summary, SweepError};
pub use shard::{Shard, ShardError};
pub use worker::UnitContext;
