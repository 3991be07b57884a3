//! Where results wait until they can be handed on in canonical order: in memory, or in a journal.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::encoding::{self, EncodeError};
use super::journal::{Journal, JournalError, Key, line_of};
use super::plan::Unit;

/// The results of a sweep so far.
pub(super) enum Store<R> {
    /// In memory, by place in the canonical order.
    Memory(Vec<Option<R>>),
    /// In a journal; memory holds only where.
    Journal(Box<Journal>),
}

/// A result in the form in which the store takes it, made before the store is locked.
pub(super) enum Prepared<R> {
    Value(R),
    Line(Vec<u8>),
}

/// Makes a result ready for the store of a run with this journal key, or without a journal.
///
/// A result that JSON cannot hold exactly is refused without a journal too, so that adding one changes nothing.
pub(super) fn prepare<R: Serialize>(key: Option<Key>, unit: Unit, result: R) -> Result<Prepared<R>, EncodeError> {
    match key {
        Some(key) => line_of(key, unit, &result).map(Prepared::Line),
        None => encoding::check(&result).map(|()| Prepared::Value(result)),
    }
}

impl<R: DeserializeOwned> Store<R> {
    /// What lines are keyed with, if this is a journal.
    pub(super) fn key(&self) -> Option<Key> {
        match self {
            Self::Memory(_) => None,
            Self::Journal(journal) => Some(journal.key),
        }
    }

    /// Whether the unit at this place of the canonical order is there.
    pub(super) fn contains(&self, place: usize) -> bool {
        match self {
            Self::Memory(results) => results[place].is_some(),
            Self::Journal(journal) => journal.archive.contains(place),
        }
    }

    /// Keeps the result of the unit at this place of the canonical order.
    pub(super) fn keep(&mut self, place: usize, result: Prepared<R>) -> Result<(), JournalError> {
        match (self, result) {
            (Self::Memory(results), Prepared::Value(result)) => results[place] = Some(result),
            (Self::Journal(journal), Prepared::Line(line)) => journal.append(place, &line)?,
            _ => unreachable!("results are prepared for the store of their run"),
        }
        Ok(())
    }

    /// Makes what is kept last.
    pub(super) fn flush(&mut self) -> Result<(), JournalError> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Journal(journal) => journal.flush(),
        }
    }

    /// Hands on every result with its place, in canonical order.
    pub(super) fn drain(self, mut consume: impl FnMut(usize, R)) -> Result<(), JournalError> {
        match self {
            Self::Memory(results) => {
                results
                    .into_iter()
                    .enumerate()
                    .filter_map(|(place, result)| Some((place, result?)))
                    .for_each(|(place, result)| consume(place, result));
            }
            Self::Journal(journal) => {
                let mut reader = journal.archive.reader()?;
                for place in 0..journal.archive.units() {
                    if let Some(result) = journal.archive.result(place, &mut reader)? {
                        consume(place, result);
                    }
                }
            }
        }
        Ok(())
    }
}
