//! Catalogues of losses and optimizers: entries with formula, source and parameters, names as people write them, and how
//! an entry relates to well-known implementations.
//!
//! ```
//! use embedding_norms::{catalogue, loss, optimizer};
//! let found = catalogue::find(loss::catalogue(), "NT_Xent").unwrap();
//! assert_eq!((found.entry.name, found.note), ("nt-xent", ""));
//! let found = catalogue::find(optimizer::catalogue(), "Momentum").unwrap();
//! assert_eq!(found.entry.name, "heavy-ball");
//! assert!(found.note.contains("PyTorch"));
//! ```

mod known;
mod parameter;

use std::fmt;

pub use known::{Alias, Known, Relation, also, relation, taken};
pub use parameter::{Parameter, Parameters};

use crate::setting::SettingError;

/// The kind of an entry: a loss, an optimizer.
pub trait Kind {
    /// The word for one.
    const NAME: &'static str;
}

/// A loss or an optimizer as its catalogue lists it; `T` is the trait that is built.
pub struct Entry<T: ?Sized> {
    /// The name on the command line.
    pub name: &'static str,
    /// The definition in one line of plain text.
    pub formula: &'static str,
    /// Where it was published, and where its conventions are taken from.
    pub source: &'static str,
    /// The parameters that it takes.
    pub parameters: &'static [Parameter],
    /// Other names, and how well-known implementations differ.
    pub known: Known,
    /// Builds it from a value for each parameter, in their order.
    pub build: fn(&[f64]) -> Result<Box<T>, SettingError>,
}

impl<T: ?Sized> fmt::Debug for Entry<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Entry")
            .field("name", &self.name)
            .field("formula", &self.formula)
            .finish_non_exhaustive()
    }
}

/// A request that a catalogue cannot meet.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogueError {
    /// There is no entry of this name.
    #[error("there is no {kind} called {name:?}; there are {}", there.join(", "))]
    Unknown {
        /// What was looked for.
        kind: &'static str,
        /// The name asked for.
        name: String,
        /// The names that there are.
        there: Vec<&'static str>,
    },
    /// The entry has no parameter of this name.
    #[error("{of} takes no {parameter}; it takes {}", if takes.is_empty() { "no parameters".to_owned() } else { takes.join(", ") })]
    Parameter {
        /// The entry.
        of: &'static str,
        /// The parameter asked for.
        parameter: String,
        /// The parameters that it has.
        takes: Vec<&'static str>,
    },
    /// A value outside its domain.
    #[error("{of}: {error}")]
    Setting {
        /// The entry.
        of: &'static str,
        /// What is wrong.
        error: SettingError,
    },
}

impl<T: ?Sized> Entry<T> {
    /// Builds the loss or optimizer with these parameters and defaults for the rest.
    ///
    /// # Errors
    /// A parameter that it does not take, or a value outside its domain.
    pub fn build(&self, parameters: &Parameters) -> Result<Box<T>, CatalogueError> {
        if let Some((unknown, _)) = parameters.iter().find(|(name, _)| !self.takes(name)) {
            let takes = self.parameters.iter().map(|parameter| parameter.name).collect();
            return Err(CatalogueError::Parameter { of: self.name, parameter: unknown.to_owned(), takes });
        }
        let values: Vec<f64> = self.values(parameters).map(|(_, value)| value).collect();
        (self.build)(&values).map_err(|error| CatalogueError::Setting { of: self.name, error })
    }

    /// Builds the loss or optimizer with its defaults.
    pub fn with_defaults(&self) -> Box<T> {
        self.build(&Parameters::defaults()).expect("every default is in its domain")
    }

    /// Whether it has a parameter of this name.
    pub fn takes(&self, name: &str) -> bool {
        self.parameters.iter().any(|parameter| parameter.name == name)
    }

    /// All its parameters with their values among these, or their defaults.
    pub fn values(&self, parameters: &Parameters) -> impl Iterator<Item = (&'static Parameter, f64)> {
        self.parameters.iter().map(|parameter| (parameter, parameters.get(parameter.name).unwrap_or(parameter.default)))
    }

    /// The value of a parameter among these, its default where none is given; `None` if there is no such parameter.
    ///
    /// ```
    /// use embedding_norms::{catalogue::Parameters, optimizer::entry};
    /// let adam = entry("adam")?;
    /// assert_eq!(adam.value("beta1", &Parameters::defaults()), Some(0.9));
    /// assert_eq!(adam.value("momentum", &Parameters::defaults()), None);
    /// # Ok::<(), embedding_norms::catalogue::CatalogueError>(())
    /// ```
    pub fn value(&self, name: &str, parameters: &Parameters) -> Option<f64> {
        self.values(parameters).find(|(parameter, _)| parameter.name == name).map(|(_, value)| value)
    }
}

/// An entry that was found by a name.
#[derive(Debug)]
pub struct Found<'a, T: ?Sized> {
    /// The entry.
    pub entry: &'a Entry<T>,
    /// How the name was interpreted, if it is ambiguous; else empty.
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
pub fn find<'a, T: ?Sized>(entries: &'a [Entry<T>], name: &str) -> Option<Found<'a, T>> {
    let wanted = plain(name);
    let shorter = ENDINGS.iter().find_map(|ending| wanted.strip_suffix(ending)).map(str::to_owned);
    std::iter::once(wanted).chain(shorter).find_map(|wanted| {
        entries.iter().find_map(|entry| {
            if plain(entry.name) == wanted {
                return Some(Found { entry, note: "" });
            }
            let alias = entry.known.aliases.iter().find(|alias| plain(alias.name) == wanted)?;
            Some(Found { entry, note: alias.note })
        })
    })
}

/// The entry of this name or alias, as [`find`] has it.
///
/// # Errors
/// [`CatalogueError::Unknown`].
pub fn entry<'a, T: ?Sized + Kind>(entries: &'a [Entry<T>], name: &str) -> Result<&'a Entry<T>, CatalogueError> {
    let there = || entries.iter().map(|entry| entry.name).collect();
    let unknown = || CatalogueError::Unknown { kind: T::NAME, name: name.to_owned(), there: there() };
    find(entries, name).map(|found| found.entry).ok_or_else(unknown)
}

/// Every name of every entry, for suggestions.
pub fn names<T: ?Sized>(entries: &[Entry<T>]) -> impl Iterator<Item = &'static str> {
    entries.iter().flat_map(|entry| {
        let aliases = entry.known.aliases.iter().map(|alias| alias.name);
        std::iter::once(entry.name).chain(aliases)
    })
}
