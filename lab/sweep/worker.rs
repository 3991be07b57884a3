//! The threads of a run: each takes the most costly unit that is left, works, and settles the result.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::identity::CellId;
use super::journal::{JournalError, Key};
use super::options::{Cause, Failure, Options, Progress};
use super::plan::{Cell, Sweep, Unit};
use super::store::{Store, prepare};
use embedding_norms::random::{Generator, generator};

/// What a unit of work is given.
pub struct UnitContext<'a, C> {
    /// The settings.
    pub cell: &'a C,
    /// Which unit this is.
    pub unit: Unit,
    /// The random numbers of this unit: a function of root seed, cell and replicate alone.
    pub generator: Generator,
    /// The root seed and the name of the cell, from which the generators of all its replicates follow.
    stream: (u64, CellId),
    requested: &'a AtomicBool,
    aborted: &'a AtomicBool,
    told: AtomicBool,
}

impl<C> UnitContext<'_, C> {
    /// The random numbers that another replicate of this cell has: with them a unit can do its work again by itself.
    pub fn generator_of(&self, replicate: u64) -> Generator {
        generator(self.stream.0, self.stream.1.as_bytes(), replicate)
    }

    /// Random numbers that this replicate has in common with that of every other cell: a function of root seed, name and
    /// replicate alone. Cells that draw data and start from them can be compared replicate by replicate.
    pub fn shared_generator(&self, name: &[u8]) -> Generator {
        generator(self.stream.0, name, self.unit.replicate)
    }

    /// Whether the unit should stop at once, because the run was cancelled or its journal cannot be written.
    ///
    /// Work that takes long asks at least once a second. Once the answer was yes, whatever the unit returns is thrown
    /// away; a unit that finished before it was told to stop counts.
    pub fn is_cancelled(&self) -> bool {
        let cancelled = self.requested.load(Ordering::Relaxed) || self.aborted.load(Ordering::Relaxed);
        if cancelled {
            self.told.store(true, Ordering::Relaxed);
        }
        cancelled
    }
}

/// What the threads of a run share and change.
pub(super) struct State<R, E> {
    pub(super) store: Store<R>,
    pub(super) progress: Progress,
    pub(super) failures: Vec<Failure<E>>,
    pub(super) broken: Option<JournalError>,
}

/// A run that threads work on.
pub(super) struct Workers<'a, C, R, E, W> {
    sweep: &'a Sweep<'a, C>,
    options: &'a Options<'a>,
    work: W,
    key: Option<Key>,
    /// Places of the units to do, most costly first.
    pending: Vec<usize>,
    next: AtomicUsize,
    /// No further unit begins.
    closed: AtomicBool,
    /// Units in progress should stop too.
    aborted: AtomicBool,
    state: Mutex<State<R, E>>,
}

impl<'a, C, R, E, W> Workers<'a, C, R, E, W>
where
    C: Cell,
    R: Serialize + DeserializeOwned,
    W: Fn(&mut UnitContext<'_, C>) -> Result<R, E>,
{
    /// Makes ready to do these units.
    pub(super) fn new(
        sweep: &'a Sweep<'a, C>,
        options: &'a Options<'a>,
        work: W,
        pending: Vec<usize>,
        state: State<R, E>,
    ) -> Self {
        let key = state.store.key();
        let (closed, aborted, next) = (AtomicBool::new(false), AtomicBool::new(false), AtomicUsize::new(0));
        Self { sweep, options, work, key, pending, next, closed, aborted, state: Mutex::new(state) }
    }

    /// Does units until none is left or the run ends for another reason; to be called on every thread.
    pub(super) fn work_on(&self) {
        let _guard = AbortOnPanic(&self.aborted);
        while let Some(place) = self.take() {
            let mut context = self.context(self.sweep.unit(place));
            let result = (self.work)(&mut context);
            if !context.told.into_inner() {
                self.settle(place, result);
            }
        }
    }

    /// What came of it.
    pub(super) fn into_state(self) -> State<R, E> {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<usize> {
        let ended = [self.options.cancelled, &self.closed, &self.aborted];
        if ended.iter().any(|flag| flag.load(Ordering::Relaxed)) {
            return None;
        }
        self.pending.get(self.next.fetch_add(1, Ordering::Relaxed)).copied()
    }

    fn context(&self, unit: Unit) -> UnitContext<'_, C> {
        UnitContext {
            cell: &self.sweep.cells[unit.cell],
            unit,
            generator: generator(self.sweep.root_seed, self.sweep.ids[unit.cell].as_bytes(), unit.replicate),
            stream: (self.sweep.root_seed, self.sweep.ids[unit.cell]),
            requested: self.options.cancelled,
            aborted: &self.aborted,
            told: AtomicBool::new(false),
        }
    }

    fn settle(&self, place: usize, result: Result<R, E>) {
        let unit = self.sweep.unit(place);
        let prepared = result.map_err(Cause::Work).and_then(|result| {
            // Serialized here, so that other threads do not wait for it.
            prepare(self.key, unit, result).map_err(Cause::Result)
        });
        let mut state = self.lock();
        if state.broken.is_some() {
            return;
        }
        match prepared {
            Ok(result) => {
                if let Err(error) = state.store.keep(place, result) {
                    state.broken = Some(error);
                    self.aborted.store(true, Ordering::Relaxed);
                    return;
                }
            }
            Err(cause) => {
                state.failures.push(Failure { unit, label: self.sweep.cells[unit.cell].label(), cause });
                state.progress.failed += 1;
                self.closed.fetch_or(!self.options.keep_going, Ordering::Relaxed);
            }
        }
        state.progress.finished += 1;
        state.progress.cost_finished += self.sweep.cost(unit);
        // Under the lock, so that reports never go backwards.
        (self.options.progress)(state.progress);
    }

    fn lock(&self) -> MutexGuard<'_, State<R, E>> {
        // A poisoned state is that of a run which ends with the panic anyway.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stops the other threads when work panics, so that the panic is not held back until all units are done.
struct AbortOnPanic<'a>(&'a AtomicBool);

impl Drop for AbortOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}
