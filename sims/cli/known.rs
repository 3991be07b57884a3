//! What is known of losses and optimizers beside their definitions, and names that were written in another way.

use embedding_norms::catalogue::{self, Entry, Kind, Known};
use embedding_norms::loss::{self, Loss};
use embedding_norms::optimizer::{self, Optimizer};
use serde::Serialize;

use crate::cli::failure::Failure;
use crate::cli::suggestion::suggested_entry;
use crate::cli::wrapping::wrapped;

/// How an implementation relates to an entry of a catalogue.
#[derive(Serialize)]
pub struct Implementation {
    name: &'static str,
    relation: &'static str,
}

impl Implementation {
    /// All that are known of an entry.
    pub fn all(known: &Known) -> Vec<Self> {
        known.relations.iter().map(|relation| Self { name: relation.of, relation: relation.says }).collect()
    }

    /// A paragraph for each.
    pub fn text(all: &[Self], width: usize) -> String {
        all.iter().map(|one| wrapped(&format!("{}: {}", one.name, one.relation), "    • ", "      ", width)).collect()
    }
}

/// An entry that was taken for a name.
pub struct Taken<T: ?Sized + 'static> {
    /// The entry.
    pub entry: &'static Entry<T>,
    /// What was taken for what, where the name may mean more than the entry.
    pub note: Option<String>,
}

/// The loss of this name, written in any way; a suggestion where there is none.
pub fn loss(name: &str) -> Result<Taken<dyn Loss>, Failure> {
    taken(name, loss::catalogue(), "losses")
}

/// The optimizer of this name, written in any way; a suggestion where there is none.
pub fn optimizer(name: &str) -> Result<Taken<dyn Optimizer>, Failure> {
    taken(name, optimizer::catalogue(), "optimizers")
}

fn taken<T: ?Sized + Kind>(written: &str, entries: &'static [Entry<T>], command: &str) -> Result<Taken<T>, Failure> {
    let Some(found) = catalogue::find(entries, written) else {
        let advice = suggested_entry(written, entries);
        return Err(Failure::Refused(format!(
            "there is no {} '{written}'; {advice} (embedding-norms {command})",
            T::NAME
        )));
    };
    let note =
        (!found.note.is_empty()).then(|| format!("'{written}' is taken as {}: {}", found.entry.name, found.note));
    Ok(Taken { entry: found.entry, note })
}

/// Says on stderr what was taken for names that may mean more, unless nothing is to be said.
pub fn tell<'a>(notes: impl IntoIterator<Item = &'a Option<String>>, quiet: bool) {
    for note in notes.into_iter().flatten().filter(|_| !quiet) {
        tell!("note: {note}");
    }
}
