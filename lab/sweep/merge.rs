//! Putting the shards of a sweep together.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
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
    /// Where each unit is, in canonical order: sixteen bytes for a unit, however many shards there are.
    places: Vec<Option<Place>>,
}

/// Which journal holds a unit, and where its line begins.
type Place = (u32, NonZeroU64);

impl Merge {
    /// Opens the journals in these folders, in any order. Nothing is locked or changed; a shard that is still running
    /// is found unfinished.
    ///
    /// # Errors
    /// [`MergeError`]: journals that cannot be read or do not go together, missing and doubled shards and units.
    pub fn open<P: AsRef<Path>>(folders: &[P]) -> Result<Self, MergeError> {
        let parts = folders.iter().map(|folder| Part::open(folder.as_ref())).collect::<Result<Vec<_>, _>>()?;
        let first = parts.first().ok_or(MergeError::Nothing)?;
        parts.iter().try_for_each(|part| first.refuse_other(part))?;
        let header = first.header.clone();
        refuse_doubled_or_missing_shards(&parts, header.shard)?;
        let (mut archives, mut places) = (Vec::new(), vec![None; header.units()]);
        let mut unfinished = Vec::new();
        for part in parts {
            let (archive, finished) = part.read_into(&mut places, &archives, &header)?;
            archives.push(archive);
            if finished < part.header.shard_units {
                unfinished.push(part.header.shard);
            }
        }
        refuse_missing_units(&places, &header, unfinished)?;
        Ok(Self { header, archives, places })
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
        for (unit, place) in self.places.iter().enumerate() {
            let Some((holder, line)) = *place else { continue };
            let holder = holder as usize;
            let result = self.archives[holder].result_at(unit, line, &mut readers[holder])?;
            consume(Unit::at(unit, self.header.replicates), result);
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
    path: PathBuf,
}

impl Part {
    fn open(folder: &Path) -> Result<Self, JournalError> {
        let path = folder.join(FILE);
        let (header, _) = known_header(&mut Reader::open(&path)?)?;
        Ok(Self { header, path })
    }

    /// Notes where the units of this journal are, beside those of the journals before it; the journal without its own
    /// notes, and how many units it holds.
    fn read_into(
        &self,
        places: &mut [Option<Place>],
        before: &[Archive],
        sweep: &Header,
    ) -> Result<(Archive, usize), MergeError> {
        let mut reader = Reader::open(&self.path)?;
        let (_, mut archive) = known_header(&mut reader)?;
        let finished = archive.fill::<IgnoredAny>(&mut reader)?;
        let holder = before.len() as u32;
        for (index, (line, place)) in archive.take_places().into_iter().zip(places).enumerate() {
            let Some(line) = line else { continue };
            if let Some((first, _)) = place.replace((holder, line)) {
                let (first, second) = (before[first as usize].path.clone(), self.path.clone());
                return Err(MergeError::DoubledUnit { unit: Unit::at(index, sweep.replicates), first, second });
            }
        }
        Ok((archive, finished))
    }

    fn refuse_other(&self, second: &Self) -> Result<(), MergeError> {
        let differences = Difference::between(&shared(&second.header), &shared(&self.header));
        if differences.is_empty() {
            return Ok(());
        }
        let (first, second) = (self.path.clone(), second.path.clone());
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
        if let Some(first) = paths.insert(part.header.shard, &part.path) {
            let (first, second) = (first.clone(), part.path.clone());
            return Err(MergeError::DoubledShard { shard: part.header.shard, first, second });
        }
    }
    let missing: Vec<Shard> = division.siblings().filter(|shard| !paths.contains_key(shard)).collect();
    if missing.is_empty() { Ok(()) } else { Err(MergeError::MissingShards { missing }) }
}

fn refuse_missing_units(places: &[Option<Place>], header: &Header, unfinished: Vec<Shard>) -> Result<(), MergeError> {
    let missing = places.iter().enumerate().filter(|(_, place)| place.is_none());
    let units: Vec<Unit> = missing.map(|(index, _)| Unit::at(index, header.replicates)).collect();
    if units.is_empty() { Ok(()) } else { Err(MergeError::MissingUnits { units, shards: unfinished }) }
}

fn listed(shards: &[Shard]) -> String {
    let shards: Vec<String> = shards.iter().map(Shard::to_string).collect();
    format!("shard {}", shards.join(", "))
}
