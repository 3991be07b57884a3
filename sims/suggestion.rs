//! What to say of a name that does not exist.

use embedding_norms::catalogue::{self, plain};
use embedding_norms::{loss, optimizer, statement};

use crate::registry;

/// How alike two names have to be for one to be meant by the other.
const ALIKE: f64 = 0.8;

/// The name that was probably meant, if one of them is close; case and punctuation do not count.
pub fn closest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = plain(wrong);
    let alike = |name: &str| strsim::jaro_winkler(&wrong, &plain(name));
    names.max_by(|a, b| alike(a).total_cmp(&alike(b))).filter(|name| alike(name) > ALIKE)
}

/// A suggestion in words, if one of the names is close; else the names.
pub fn suggestion<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    match closest(wrong, names.iter().copied()) {
        Some(name) => format!("did you mean '{name}'?"),
        None => format!("there are {}", names.join(", ")),
    }
}

/// What a name stands for that is asked for in the wrong place, and how to ask for it.
pub fn stands_for(name: &str) -> Option<String> {
    let same = |other: &str| plain(other) == plain(name);
    if let Some(entry) = registry::SIMULATIONS.iter().find(|entry| same(entry.name())) {
        let (name, ids) = (entry.name(), entry.statements());
        let first =
            ids.first().map_or(String::new(), |id| format!("; of {}: embedding-norms explain {id}", ids.join(", ")));
        return Some(format!("{name} is a simulation: embedding-norms {name} --help{first}"));
    }
    if let Some(command) = registry::command().get_subcommands().find(|command| same(command.get_name())) {
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
