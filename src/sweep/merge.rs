//! Putting the shards of a sweep together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Value, json};

use super::journal::{Archive, Difference, FILE, Header, JournalError, Reader, known_header};
use super::plan::{Cell, Sweep, Unit};
use super::shard::Shard;

/// Why journals cannot be merged.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// A journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// No folder was given.
    #[error("there is nothing to merge: name the folders of all shards")]
    Nothing,
    /// Two journals belong to different sweeps, or to one sweep divided differently.
    #[error(
        "{second} does not go with {first}: {differences}; merge shards of one sweep", first = first.display(),
        second = second.display(), differences = Difference::list(differences)
    )]
    Different {
        /// The first journal.
        first: PathBuf,
        /// The journal that does not go with it.
        second: PathBuf,
        /// What differs: what the second holds, and what the first does.
        differences: Vec<Difference>,
    },
    /// Two journals are of the same shard.
    #[error(
        "{first} and {second} are both shard {shard}: leave one out", first = first.display(),
        second = second.display()
    )]
    DoubledShard {
        /// The shard.
        shard: Shard,
        /// A journal of it.
        first: PathBuf,
        /// Another one.
        second: PathBuf,
    },
    /// Some shards are not there.
    #[error("missing {}: add their folders", listed(missing))]
    MissingShards {
        /// The shards, in order.
        missing: Vec<Shard>,
    },
    /// A unit is in two journals.
    #[error(
        "{unit} is in {first} and in {second}: run one of the shards again from the start", first = first.display(),
        second = second.display()
    )]
    DoubledUnit {
        /// The unit.
        unit: Unit,
        /// A journal that holds it.
        first: PathBuf,
        /// Another one.
        second: PathBuf,
    },
    /// Some units are in no journal.
    #[error(
        "{} units are not finished, the first is {}: run {} again to finish them", units.len(), units[0],
        listed(shards)
    )]
    MissingUnits {
        /// The units, in canonical order.
        units: Vec<Unit>,
        /// The shards whose journals are not finished.
        shards: Vec<Shard>,
    },
    /// The journals belong to another sweep than the one that is merged.
    #[error(
        "{path} belongs to another sweep: {differences}; merge it with the settings it was run with",
        path = path.display(), differences = Difference::list(differences)
    )]
    OtherSweep {
        /// The first journal.
        path: PathBuf,
        /// What differs.
        differences: Vec<Difference>,
    },
}

/// The journals of all shards of a sweep, checked: each unit is there exactly once.
pub struct Merge {
    header: Header,
    archives: Vec<Archive>,
}

impl Merge {
    /// Opens the journals in these folders, in any order. Nothing is locked or changed; a shard that is still running
    /// is found unfinished.
    ///
    /// # Errors
    /// [`MergeError`]: journals that cannot be read or do not go together, missing and doubled shards and units.
    pub fn open<P: AsRef<Path>>(folders: &[P]) -> Result<Self, MergeError> {
        let parts = folders.iter().map(|folder| Part::read(folder.as_ref())).collect::<Result<Vec<_>, _>>()?;
        let first = parts.first().ok_or(MergeError::Nothing)?;
        parts.iter().try_for_each(|part| first.refuse_other(part))?;
        let header = first.header.clone();
        refuse_doubled_or_missing_shards(&parts, header.shard)?;
        refuse_doubled_or_missing_units(&parts, &header)?;
        Ok(Self { header, archives: parts.into_iter().map(|part| part.archive).collect() })
    }

    /// The header of the first journal, which says from which settings the sweep was made.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Checks that the journals are of this sweep.
    ///
    /// # Errors
    /// [`MergeError::OtherSweep`] with every field that differs.
    pub fn refuse_other<C: Cell>(&self, sweep: &Sweep<'_, C>) -> Result<(), MergeError> {
        let expected = sweep.header(self.header.shard);
        let differences = Difference::between(&shared(&self.header), &shared(&expected));
        if differences.is_empty() {
            return Ok(());
        }
        Err(MergeError::OtherSweep { path: self.archives[0].path.clone(), differences })
    }

    /// Hands on the results one by one, in canonical order.
    ///
    /// # Errors
    /// [`MergeError::Journal`] if a result has another form than `R`, or a journal was changed meanwhile.
    pub fn each<R: DeserializeOwned>(&self, mut consume: impl FnMut(Unit, R)) -> Result<(), MergeError> {
        let mut readers = self.archives.iter().map(Archive::reader).collect::<Result<Vec<_>, _>>()?;
        for place in 0..self.header.units() {
            for (archive, reader) in self.archives.iter().zip(&mut readers) {
                if let Some(result) = archive.result(place, reader)? {
                    consume(Unit::at(place, self.header.replicates), result);
                }
            }
        }
        Ok(())
    }

    /// All results, in canonical order: what one run of the whole sweep returns.
    ///
    /// # Errors
    /// As for [`Merge::each`].
    pub fn results<R: DeserializeOwned>(&self) -> Result<Vec<(Unit, R)>, MergeError> {
        let mut results = Vec::new();
        self.each(|unit, result| results.push((unit, result)))?;
        Ok(results)
    }
}

/// The results of the sweep whose shards were run with journals in these folders, in canonical order.
///
/// # Errors
/// As for [`Merge::open`] and [`Merge::each`].
pub fn merge<R: DeserializeOwned>(folders: &[impl AsRef<Path>]) -> Result<Vec<(Unit, R)>, MergeError> {
    Merge::open(folders)?.results()
}

/// One journal.
struct Part {
    header: Header,
    archive: Archive,
    finished: usize,
}

impl Part {
    fn read(folder: &Path) -> Result<Self, JournalError> {
        let mut reader = Reader::open(&folder.join(FILE))?;
        let (header, mut archive) = known_header(&mut reader)?;
        let finished = archive.fill::<IgnoredAny>(&mut reader)?;
        Ok(Self { header, archive, finished })
    }

    fn refuse_other(&self, second: &Self) -> Result<(), MergeError> {
        let differences = Difference::between(&shared(&second.header), &shared(&self.header));
        if differences.is_empty() {
            return Ok(());
        }
        let (first, second) = (self.archive.path.clone(), second.archive.path.clone());
        Err(MergeError::Different { first, second, differences })
    }
}

/// What the headers of all shards of a sweep have in common.
fn shared(header: &Header) -> Value {
    let Header { format, crate_version, simulation, root_seed, cells, replicates, cells_hash, division_hash, .. } =
        header;
    json!({
        "format": format,
        "crate_version": crate_version,
        "simulation": simulation,
        "root_seed": root_seed,
        "cells": cells,
        "replicates": replicates,
        "cells_hash": cells_hash,
        "shards": header.shard.count(),
        "division_hash": division_hash,
        "settings": header.settings,
    })
}

fn refuse_doubled_or_missing_shards(parts: &[Part], division: Shard) -> Result<(), MergeError> {
    let mut paths = BTreeMap::new();
    for part in parts {
        if let Some(first) = paths.insert(part.header.shard, &part.archive.path) {
            let (first, second) = (first.clone(), part.archive.path.clone());
            return Err(MergeError::DoubledShard { shard: part.header.shard, first, second });
        }
    }
    let missing: Vec<Shard> = division.siblings().filter(|shard| !paths.contains_key(shard)).collect();
    if missing.is_empty() { Ok(()) } else { Err(MergeError::MissingShards { missing }) }
}

fn refuse_doubled_or_missing_units(parts: &[Part], header: &Header) -> Result<(), MergeError> {
    let mut units = Vec::new();
    for place in 0..header.units() {
        let unit = Unit::at(place, header.replicates);
        let mut holders = parts.iter().filter(|part| part.archive.contains(place)).map(|part| &part.archive.path);
        match (holders.next(), holders.next()) {
            (None, _) => units.push(unit),
            (Some(_), None) => {}
            (Some(first), Some(second)) => {
                return Err(MergeError::DoubledUnit { unit, first: first.clone(), second: second.clone() });
            }
        }
    }
    if units.is_empty() {
        return Ok(());
    }
    let unfinished = parts.iter().filter(|part| part.finished < part.header.shard_units);
    Err(MergeError::MissingUnits { units, shards: unfinished.map(|part| part.header.shard).collect() })
}

fn listed(shards: &[Shard]) -> String {
    let shards: Vec<String> = shards.iter().map(Shard::to_string).collect();
    format!("shard {}", shards.join(", "))
}
