//! Other names of an entry, and how implementations relate to it.

/// Other names of an entry, and how implementations relate to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Other names that people write for it.
    pub aliases: &'static [Alias],
    /// How well-known implementations differ from it.
    pub relations: &'static [Relation],
}

/// Another name for an entry. Case and punctuation do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The name.
    pub name: &'static str,
    /// How it is interpreted, if the name is ambiguous; else empty.
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
pub const fn also(name: &'static str) -> Alias {
    Alias { name, note: "" }
}

/// An ambiguous name, with how it is interpreted.
pub const fn taken(name: &'static str, note: &'static str) -> Alias {
    Alias { name, note }
}

/// How an implementation relates to an entry.
pub const fn relation(of: &'static str, says: &'static str) -> Relation {
    Relation { of, says }
}
