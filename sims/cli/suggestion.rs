//! Suggestions for a name that does not exist.

use embedding_norms::catalogue::{self, Entry, plain};

/// How similar two names have to be for one to be suggested for the other.
const ALIKE: f64 = 0.8;

/// The name that was probably meant, if one of them is similar enough; case and punctuation do not count.
pub fn closest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = plain(wrong);
    let alike = |name: &str| strsim::jaro_winkler(&wrong, &plain(name));
    // The first of equally similar names.
    names.min_by(|a, b| alike(b).total_cmp(&alike(a))).filter(|name| alike(name) > ALIKE)
}

/// A suggestion in words, if one of the names is close; else the names.
pub fn suggestion<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    match closest(wrong, names.iter().copied()) {
        Some(name) => format!("did you mean '{name}'?"),
        None => format!("there are {}", names.join(", ")),
    }
}

/// The same among the entries of a catalogue: aliases can be suggested, but are not all listed.
pub fn suggested_entry<T: ?Sized>(wrong: &str, entries: &[Entry<T>]) -> String {
    match closest(wrong, catalogue::names(entries)) {
        Some(name) => format!("did you mean '{name}'?"),
        None => format!("there are {}", entries.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ")),
    }
}
