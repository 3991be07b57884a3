//! How a sweep is run, how far it is, and what can happen to a unit.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::encoding::EncodeError;
use super::plan::Unit;
use super::shard::Shard;

/// How a sweep is run. Nothing here changes a result, only which are computed, where they are kept and who is notified.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// The number of threads.
    pub threads: NonZeroUsize,
    /// The part of the sweep to do.
    pub shard: Shard,
    /// The folder of the journal; without one, an interrupted run starts over.
    pub journal: Option<&'a Path>,
    /// Start over: delete what the journal holds, whatever it is.
    pub force: bool,
    /// Continue after a unit has failed. Otherwise no further unit begins; those in progress are finished and kept.
    pub keep_going: bool,
    /// Called when the run begins and after each unit, from one thread at a time.
    pub progress: &'a (dyn Fn(Progress) + Sync),
    /// Set to true, at any time and from anywhere, to end the run early.
    pub cancelled: &'a AtomicBool,
}

impl Default for Options<'_> {
    /// One thread, the whole sweep, no journal, no reports, stopping at the first failure.
    fn default() -> Self {
        static NEVER: AtomicBool = AtomicBool::new(false);
        Self {
            threads: NonZeroUsize::MIN,
            shard: Shard::WHOLE,
            journal: None,
            force: false,
            keep_going: false,
            progress: &|_| {},
            cancelled: &NEVER,
        }
    }
}

/// How far a run is. The time left is about
/// elapsed · (cost_total − cost_finished) / (cost_finished − cost_skipped).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Units done, those skipped or failed included.
    pub finished: usize,
    /// Units of this shard.
    pub total: usize,
    /// Units whose results were in the journal already.
    pub skipped: usize,
    /// Units that failed.
    pub failed: usize,
    /// The predicted cost of the units done.
    pub cost_finished: f64,
    /// The predicted cost of all units of this shard.
    pub cost_total: f64,
    /// The predicted cost of the units skipped.
    pub cost_skipped: f64,
}

/// Why a unit has no result.
#[derive(Debug, thiserror::Error)]
pub enum Cause<E> {
    /// The work returned an error.
    #[error("{0}")]
    Work(E),
    /// The result has no exact JSON form.
    #[error("the result has no exact JSON form: {0}")]
    Result(EncodeError),
}

/// A unit that failed.
#[derive(Debug, thiserror::Error)]
#[error("cell '{label}', replicate {replicate}: {cause}", replicate = unit.replicate)]
pub struct Failure<E> {
    /// Which.
    pub unit: Unit,
    /// The label of its cell.
    pub label: String,
    /// Why.
    pub cause: Cause<E>,
}
