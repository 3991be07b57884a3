//! The plan of a sweep: its cells, their names and costs, and the canonical order of its units.

use std::num::NonZeroU64;

use serde::Serialize;
use serde_json::Value;

use super::balance::balance;
use super::encoding::{EncodeError, canonical};
use super::header::{FORMAT, Header};
use super::identity::CellId;
use super::shard::Shard;

/// One set of resolved settings of a simulation.
///
/// What `Serialize` writes is the identity of the cell: everything that can change a result belongs in it, and nothing
/// else (no threads, paths or facts of the machine).
pub trait Cell: Serialize + Sync {
    /// A few words that distinguish this cell from the others of its sweep, for messages.
    fn label(&self) -> String;

    /// The predicted cost of one replicate, finite and at least 0, in any unit that is the same for all cells of the
    /// sweep, for instance predicted steps × pairs.
    ///
    /// Costs decide the order of work and the division into shards, never a result. Compute them with portable
    /// arithmetic if shards run on machines of different kinds, so that all divide alike; [`merge()`](super::merge())
    /// notices if they did not.
    fn cost(&self) -> f64;
}

/// A unit of work: one replicate of one cell.
///
/// Units are ordered by cell and then by replicate; that is the canonical order of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Unit {
    /// The place of the cell in the list of cells, from 0.
    pub cell: usize,
    /// The replicate, from 0.
    pub replicate: u64,
}

impl std::fmt::Display for Unit {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "replicate {} of cell {} (counted from 0)", self.replicate, self.cell)
    }
}

impl Unit {
    /// The unit at a place of the canonical order.
    pub(super) fn at(place: usize, replicates: u64) -> Self {
        let place = place as u64;
        Self { cell: (place / replicates) as usize, replicate: place % replicates }
    }

    /// The place in the canonical order of a sweep that holds this unit; `None` where it is no number, as of a unit that
    /// another program wrote.
    pub(super) fn place(self, replicates: u64) -> Option<usize> {
        let [replicate, replicates] = [self.replicate, replicates].map(|count| usize::try_from(count).ok());
        self.cell.checked_mul(replicates?)?.checked_add(replicate?)
    }
}

/// A unit as a listing shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlannedUnit {
    /// The place of the cell in the list of cells, from 0.
    pub cell: usize,
    /// The label of the cell.
    pub label: String,
    /// The replicate, from 0.
    pub replicate: u64,
    /// The predicted cost.
    pub cost: f64,
    /// The shard that takes the unit.
    pub shard: Shard,
}

/// What is wrong with the cells of a sweep.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The settings of a cell cannot be written as JSON, so the cell has no name.
    #[error("the settings of cell '{label}' have no exact JSON form: {source}")]
    Settings {
        /// The cell.
        label: String,
        /// Why not.
        source: EncodeError,
    },
    /// The settings that describe the sweep cannot be written as JSON.
    #[error("the settings of the sweep have no exact JSON form: {0}")]
    SweepSettings(EncodeError),
    /// The predicted cost of a cell is negative or not finite.
    #[error("the predicted cost of cell '{label}' is {cost}: it must be finite and at least 0")]
    Cost {
        /// The cell.
        label: String,
        /// Its cost.
        cost: f64,
    },
    /// Two cells have the same settings; their results would be copies that look like independent evidence.
    #[error(
        "cells {first} and {second} ('{label}', counted from 0) have the same settings: drop one, or ask for more \
         replicates"
    )]
    Duplicate {
        /// The place of the first.
        first: usize,
        /// The place of the second.
        second: usize,
        /// The label of the second.
        label: String,
    },
    /// More units than a machine can count.
    #[error("{cells} cells with {replicates} replicates each are too many: ask for fewer replicates")]
    TooMany {
        /// The number of cells.
        cells: usize,
        /// The replicates of each.
        replicates: u64,
    },
}

/// A sweep that can be run: cells with distinct names and valid costs.
#[derive(Clone, Debug)]
pub struct Sweep<'a, C> {
    name: String,
    settings: Value,
    pub(super) cells: &'a [C],
    pub(super) ids: Vec<CellId>,
    costs: Vec<f64>,
    pub(super) replicates: u64,
    pub(super) root_seed: u64,
}

impl<'a, C: Cell> Sweep<'a, C> {
    /// Plans `replicates` units for each cell. The names of all cells, and with them all seeds, exist from here on.
    ///
    /// # Errors
    /// [`PlanError`] if a cell has no exact JSON form or no valid cost, or two have the same settings.
    pub fn new(name: &str, cells: &'a [C], replicates: NonZeroU64, root_seed: u64) -> Result<Self, PlanError> {
        let replicates = replicates.get();
        let countable = usize::try_from(replicates).ok().and_then(|replicates| cells.len().checked_mul(replicates));
        if countable.is_none() {
            return Err(PlanError::TooMany { cells: cells.len(), replicates });
        }
        let ids = cells.iter().map(name_of).collect::<Result<Vec<_>, _>>()?;
        let costs = cells.iter().map(cost_of).collect::<Result<Vec<_>, _>>()?;
        refuse_duplicates(cells, &ids)?;
        Ok(Self { name: name.to_owned(), settings: Value::Null, cells, ids, costs, replicates, root_seed })
    }

    /// Describes the sweep by the settings from which its cells were made.
    ///
    /// They are written into the header of a journal, so that a run with other settings can be told field by field what
    /// differs, and a journal can be understood by itself. They change no result.
    ///
    /// # Errors
    /// [`PlanError::SweepSettings`] if the settings have no exact JSON form.
    pub fn with_settings(mut self, settings: &impl Serialize) -> Result<Self, PlanError> {
        self.settings = canonical(settings).map_err(PlanError::SweepSettings)?;
        Ok(self)
    }

    /// The listing of a dry run: every unit in canonical order, and which of `shards` shards takes it.
    ///
    /// Units go to shards from the most costly to the least, each to the shard that has the least predicted cost so
    /// far. No shard has more than the mean cost of a shard plus the cost of the most costly unit.
    pub fn plan(&self, shards: Shard) -> impl Iterator<Item = PlannedUnit> {
        self.assignment(shards).into_iter().enumerate().map(move |(place, index)| {
            let unit = self.unit(place);
            PlannedUnit {
                cell: unit.cell,
                label: self.cells[unit.cell].label(),
                replicate: unit.replicate,
                cost: self.cost(unit),
                shard: shards.sibling(index),
            }
        })
    }

    /// The header of the journal of one shard of this sweep.
    pub fn header(&self, shard: Shard) -> Header {
        let assignment = self.assignment(shard);
        Header {
            format: FORMAT,
            crate_version: env!("CARGO_PKG_VERSION").to_owned(),
            simulation: self.name.clone(),
            root_seed: self.root_seed,
            cells: self.cells.len(),
            replicates: self.replicates,
            cells_hash: hash_of(self.ids.iter().map(|id| *id.as_bytes())),
            division_hash: hash_of(assignment.iter().map(|index| index.to_le_bytes())),
            shard,
            shard_units: assignment.iter().filter(|&&index| index == shard.index()).count(),
            settings: self.settings.clone(),
        }
    }
}

impl<C> Sweep<'_, C> {
    /// The number of units: cells × replicates.
    pub fn units(&self) -> usize {
        self.ids.len() * self.replicates as usize
    }

    /// The unit at a place of the canonical order, from 0.
    pub fn unit(&self, place: usize) -> Unit {
        Unit::at(place, self.replicates)
    }

    /// The name of a cell, by its place.
    ///
    /// # Panics
    /// If there is no such cell.
    pub fn id(&self, cell: usize) -> CellId {
        self.ids[cell]
    }

    /// The predicted cost of a unit.
    ///
    /// # Panics
    /// If its cell is not one of this sweep.
    pub fn cost(&self, unit: Unit) -> f64 {
        self.costs[unit.cell]
    }

    /// The places of all units, most costly first, equal costs in canonical order.
    pub(super) fn costly_first(&self) -> Vec<usize> {
        let mut places: Vec<usize> = (0..self.units()).collect();
        // Stable, so that equal costs keep the canonical order.
        places.sort_by(|&a, &b| self.cost(self.unit(b)).total_cmp(&self.cost(self.unit(a))));
        places
    }

    /// The index (from 1) of the shard that takes each unit.
    pub(super) fn assignment(&self, shards: Shard) -> Vec<u32> {
        balance(self.costly_first().into_iter().map(|place| (place, self.cost(self.unit(place)))), shards.count())
    }
}

fn name_of<C: Cell>(cell: &C) -> Result<CellId, PlanError> {
    CellId::of(cell).map_err(|source| PlanError::Settings { label: cell.label(), source })
}

fn cost_of<C: Cell>(cell: &C) -> Result<f64, PlanError> {
    let cost = cell.cost();
    if cost.is_finite() && cost >= 0.0 { Ok(cost) } else { Err(PlanError::Cost { label: cell.label(), cost }) }
}

fn refuse_duplicates<C: Cell>(cells: &[C], ids: &[CellId]) -> Result<(), PlanError> {
    let mut places: Vec<usize> = (0..ids.len()).collect();
    places.sort_by_key(|&place| ids[place]);
    match places.windows(2).find(|pair| ids[pair[0]] == ids[pair[1]]) {
        Some(pair) => Err(PlanError::Duplicate { first: pair[0], second: pair[1], label: cells[pair[1]].label() }),
        None => Ok(()),
    }
}

fn hash_of<const BYTES: usize>(parts: impl Iterator<Item = [u8; BYTES]>) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&part);
    }
    hasher.finalize().to_hex().to_string()
}
