//! Parameters of losses and optimizers, and values for them.

use std::collections::BTreeMap;

/// A number that a loss or an optimizer takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    /// The name on the command line.
    pub name: &'static str,
    /// The symbol in the formula.
    pub symbol: &'static str,
    /// The value where none is given: that of PyTorch, or of the publication.
    pub default: f64,
    /// The values that it takes, in words.
    pub domain: &'static str,
}

/// Values for some parameters, by name; those left out have their defaults.
///
/// Values are checked by what takes them: only it knows their domain.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters {
    values: BTreeMap<String, f64>,
}

impl Parameters {
    /// No value: every parameter has its default.
    pub fn defaults() -> Self {
        Self::default()
    }

    /// With this value for the parameter `name`; the last of several counts.
    pub fn with(mut self, name: &str, value: f64) -> Self {
        self.values.insert(name.to_owned(), value);
        self
    }

    /// The value given for a parameter, if there is one.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.values.get(name).copied()
    }

    /// The names and values given, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.values.iter().map(|(name, value)| (name.as_str(), *value))
    }
}
