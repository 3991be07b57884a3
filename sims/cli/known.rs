//! How known implementations relate to losses and optimizers, and look-up of names in any spelling.

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
    /// All known implementations of an entry.
    pub fn all(known: &Known) -> Vec<Self> {
        known.relations.iter().map(|relation| Self { name: relation.of, relation: relation.says }).collect()
    }

    /// A paragraph for each.
    pub fn text(all: &[Self], width: usize) -> String {
        all.iter().map(|one| wrapped(&format!("{}: {}", one.name, one.relation), "    • ", "      ", width)).collect()
    }
}

/// An entry that was found by a name.
pub struct Taken<T: ?Sized + 'static> {
    /// The entry.
    pub entry: &'static Entry<T>,
    /// How the name was interpreted, if it is ambiguous.
    pub note: Option<String>,
}

/// The loss of this name, in any spelling; a suggestion if there is none.
pub fn loss(name: &str) -> Result<Taken<dyn Loss>, Failure> {
    taken(name, loss::catalogue(), "losses")
}

/// The optimizer of this name, in any spelling; a suggestion if there is none.
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

/// Says on stderr how ambiguous names were interpreted, unless the command is quiet.
pub fn tell<'a>(notes: impl IntoIterator<Item = &'a Option<String>>, quiet: bool) {
    for note in notes.into_iter().flatten().filter(|_| !quiet) {
        tell!("note: {note}");
    }
}
