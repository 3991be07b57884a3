//! What the catalogues of losses and optimizers share: names as people write them, and how an entry relates to
//! well-known implementations.
//!
//! ```
//! use embedding_norms::{catalogue, loss, optimizer};
//! let found = catalogue::find(loss::catalogue(), "NT_Xent").unwrap();
//! assert_eq!((found.entry.name, found.note), ("nt-xent", ""));
//! let found = catalogue::find(optimizer::catalogue(), "Momentum").unwrap();
//! assert_eq!(found.entry.name, "heavy-ball");
//! assert!(found.note.contains("PyTorch"));
//! ```

/// What is known of an entry beside its definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Other names that people write for it.
    pub aliases: &'static [Alias],
    /// How well-known implementations differ from it.
    pub relations: &'static [Relation],
}

/// Another name of an entry. Case and punctuation do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The name.
    pub name: &'static str,
    /// What is taken for it, where the name may mean more than the entry; else empty.
    pub note: &'static str,
}

/// How an implementation relates to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relation {
    /// The implementation.
    pub of: &'static str,
    /// The relation; L is the loss as the entry defines it, z, g, γ and λ are those of the rule's formula.
    pub says: &'static str,
}

/// A name that means the same as the entry's.
pub(crate) const fn also(name: &'static str) -> Alias {
    Alias { name, note: "" }
}

/// A name that may mean more than the entry, with what is taken for it.
pub(crate) const fn taken(name: &'static str, note: &'static str) -> Alias {
    Alias { name, note }
}

/// How an implementation relates to an entry.
pub(crate) const fn relation(of: &'static str, says: &'static str) -> Relation {
    Relation { of, says }
}

/// An entry of a catalogue.
pub trait Named {
    /// The name on the command line.
    fn name(&self) -> &'static str;
    /// The other names.
    fn aliases(&self) -> &'static [Alias];
}

/// An entry that was found by a name.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a, E> {
    /// The entry.
    pub entry: &'a E,
    /// What was taken for the name, where that was a choice; else empty.
    pub note: &'static str,
}

/// Endings that add nothing to a name.
const ENDINGS: [&str; 2] = ["loss", "optimizer"];

/// A name without case and punctuation: its letters and digits, in lower case.
///
/// ```
/// assert_eq!(embedding_norms::catalogue::plain("NT-Xent"), "ntxent");
/// ```
pub fn plain(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The entry of this name or alias, whatever its case and punctuation, and with or without `loss` or `optimizer` at its
/// end; `None` if there is none.
pub fn find<'a, E: Named>(entries: &'a [E], name: &str) -> Option<Found<'a, E>> {
    let wanted = plain(name);
    let shorter = ENDINGS.iter().find_map(|ending| wanted.strip_suffix(ending)).map(str::to_owned);
    std::iter::once(wanted).chain(shorter).find_map(|wanted| {
        entries.iter().find_map(|entry| {
            if plain(entry.name()) == wanted {
                return Some(Found { entry, note: "" });
            }
            let alias = entry.aliases().iter().find(|alias| plain(alias.name) == wanted)?;
            Some(Found { entry, note: alias.note })
        })
    })
}

/// Every name of every entry, for suggestions.
pub fn names<E: Named>(entries: &[E]) -> impl Iterator<Item = &'static str> {
    entries.iter().flat_map(|entry| {
        let aliases = entry.aliases().iter().map(|alias| alias.name);
        std::iter::once(entry.name()).chain(aliases)
    })
}
