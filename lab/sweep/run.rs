//! Running a sweep: options in, results in canonical order out.

use std::num::NonZeroUsize;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::journal::{self, Journal, JournalError};
use super::options::{Failure, Options, Progress};
use super::plan::{Cell, Sweep, Unit};
use super::shard::Shard;
use super::store::Store;
use super::worker::{State, UnitContext, Workers};

/// Why a run has no outcome.
#[derive(Debug, thiserror::Error)]
pub enum SweepError<E> {
    /// The journal cannot be used, or could not be written further.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The first unit that failed, in a run that stops there.
    #[error("{0}")]
    Failed(Failure<E>),
    /// The threads could not be started.
    #[error("cannot start {threads} threads: {source}")]
    Threads {
        /// How many were asked for.
        threads: NonZeroUsize,
        /// The cause.
        source: rayon::ThreadPoolBuildError,
    },
}

/// The outcome of a run, apart from the results.
#[derive(Debug)]
pub struct Summary<E> {
    /// Counts and costs at the end; `skipped` says how many units a resumed run did not compute again.
    pub progress: Progress,
    /// The units that failed, in canonical order; empty unless the run was to keep going.
    pub failures: Vec<Failure<E>>,
    /// Bytes of a last line of the journal that was cut short and dropped; its unit was computed again. Usually 0.
    pub torn_bytes: u64,
}

impl<E> Summary<E> {
    /// Whether the run ended early because it was told to: some units are neither finished nor failed.
    pub fn is_cancelled(&self) -> bool {
        self.progress.finished < self.progress.total
    }
}

/// The outcome of a run.
#[derive(Debug)]
pub struct Outcome<R, E> {
    /// The results of this shard, in canonical order.
    pub results: Vec<(Unit, R)>,
    /// Everything else.
    pub summary: Summary<E>,
}

impl<C: Cell> Sweep<'_, C> {
    /// Runs the units of a shard and returns their results.
    ///
    /// Each unit is done by `work`, on one of the threads, most costly units first. The result of a unit must be the
    /// same after it was written as JSON and read back; the standard derives of serde see to that, and numbers keep
    /// every bit, but JSON has no not-a-number and no infinities: a result with one in it is a failure of its unit.
    ///
    /// # Errors
    /// [`SweepError`]: the journal, the first failure (unless `keep_going`), or the threads. Units finished by then are
    /// in the journal.
    ///
    /// # Panics
    /// When `work` does, after the other threads have finished or dropped the units that they were at.
    pub fn run<R, E, W>(&self, options: &Options<'_>, work: W) -> Result<Outcome<R, E>, SweepError<E>>
    where
        R: Serialize + DeserializeOwned + Send,
        E: Send,
        W: Fn(&mut UnitContext<'_, C>) -> Result<R, E> + Sync,
    {
        let mut results = Vec::new();
        let summary = self.run_each(options, work, |unit, result| results.push((unit, result)))?;
        Ok(Outcome { results, summary })
    }

    /// Like [`Sweep::run`], but hands the results on one by one, in canonical order, when all units are done.
    ///
    /// With a journal, results wait on the disk and not in memory: a sweep of a million cells needs tens of bytes for
    /// each, whatever its results are.
    ///
    /// # Errors
    /// As for [`Sweep::run`]. Should the journal become unreadable, some results may have been handed on before.
    ///
    /// # Panics
    /// As for [`Sweep::run`].
    pub fn run_each<R, E, W>(
        &self,
        options: &Options<'_>,
        work: W,
        mut consume: impl FnMut(Unit, R),
    ) -> Result<Summary<E>, SweepError<E>>
    where
        R: Serialize + DeserializeOwned + Send,
        E: Send,
        W: Fn(&mut UnitContext<'_, C>) -> Result<R, E> + Sync,
    {
        let threads = rayon::ThreadPoolBuilder::new().num_threads(options.threads.get()).build();
        let threads = threads.map_err(|source| SweepError::Threads { threads: options.threads, source })?;
        let (store, torn_bytes) = self.store(options)?;
        let (progress, pending) = self.pending(options.shard, &store);
        (options.progress)(progress);
        let state = State { store, progress, failures: Vec::new(), broken: None };
        let workers = Workers::new(self, options, work, pending, state);
        threads.broadcast(|_| workers.work_on());
        let State { mut store, progress, mut failures, broken } = workers.into_state();
        let flushed = store.flush();
        if let Some(error) = broken {
            return Err(error.into());
        }
        flushed?;
        if !options.keep_going && !failures.is_empty() {
            return Err(SweepError::Failed(failures.swap_remove(0)));
        }
        failures.sort_by_key(|failure| failure.unit);
        store.drain(|place, result| consume(self.unit(place), result))?;
        Ok(Summary { progress, failures, torn_bytes })
    }

    /// Whether the journal in a folder is one of this shard, so that a run without force would go on from it. None is
    /// there, or none with a whole header: it is not.
    ///
    /// # Errors
    /// [`JournalError`]: the journal of another run, or one that cannot be read.
    pub fn has_begun(&self, folder: &Path, shard: Shard) -> Result<bool, JournalError> {
        journal::has_begun(folder, &self.header(shard))
    }

    fn store<R: DeserializeOwned>(&self, options: &Options<'_>) -> Result<(Store<R>, u64), JournalError> {
        let Some(folder) = options.journal else {
            return Ok((Store::Memory((0..self.units()).map(|_| None).collect()), 0));
        };
        let journal = Journal::open::<R>(folder, &self.header(options.shard), options.force)?;
        let torn = journal.torn;
        Ok((Store::Journal(Box::new(journal)), torn))
    }

    /// Where the run stands at its beginning, and the places of the units that are left, most costly first.
    fn pending<R: DeserializeOwned>(&self, shard: Shard, store: &Store<R>) -> (Progress, Vec<usize>) {
        let assignment = self.assignment(shard);
        let mut progress = Progress::default();
        let mut pending = self.costly_first();
        pending.retain(|&place| {
            let (ours, done) = (assignment[place] == shard.index(), store.contains(place));
            let cost = self.cost(self.unit(place));
            if ours {
                progress.total += 1;
                progress.cost_total += cost;
            }
            if ours && done {
                progress.skipped += 1;
                progress.cost_skipped += cost;
            }
            ours && !done
        });
        progress.finished = progress.skipped;
        progress.cost_finished = progress.cost_skipped;
        (progress, pending)
    }
}
