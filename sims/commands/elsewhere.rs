//! Names that are asked for in the wrong place.

use std::path::PathBuf;

use clap::Command;
use embedding_norms::catalogue::{self, plain};
use embedding_norms::loss;
use embedding_norms::optimizer;
use embedding_norms_lab::statement;

use crate::cli::suggestion::suggestion;
use crate::simulations::registry::SIMULATIONS;

/// What a misplaced name stands for, and how to ask for it.
pub fn stands_for(name: &str, whole: &Command) -> Option<String> {
    let same = |other: &str| plain(other) == plain(name);
    if let Some(entry) = SIMULATIONS.iter().find(|entry| same(entry.name())) {
        let (name, ids) = (entry.name(), entry.statements());
        let of =
            ids.first().map_or(String::new(), |id| format!(" of {} (embedding-norms explain {id})", ids.join(", ")));
        return Some(format!("{name} is a simulation{of}: embedding-norms {name} --help"));
    }
    if let Some(command) = whole.get_subcommands().find(|command| same(command.get_name())) {
        let name = command.get_name();
        return Some(format!("{name} is a command: embedding-norms {name} --help"));
    }
    if let Some(statement) = statement::find(&plain(name)) {
        return Some(format!("{0} is a statement: embedding-norms explain {0}", statement.id));
    }
    if let Some(found) = catalogue::find(loss::catalogue(), name) {
        return Some(format!("{} is a loss: embedding-norms losses, and --loss of other commands", found.entry.name));
    }
    let found = catalogue::find(optimizer::catalogue(), name)?;
    Some(format!("{} is an optimizer: embedding-norms optimizers, and --optimizer of other commands", found.entry.name))
}

/// What to write instead of a command that does not exist.
pub fn no_command(name: &str, whole: &Command) -> String {
    if let Some(what) = stands_for(name, whole) {
        return what;
    }
    if PathBuf::from(name).is_file() {
        return format!("to diagnose a file of embeddings: embedding-norms diagnose {name}");
    }
    suggestion(name, whole.get_subcommands().map(Command::get_name))
}
