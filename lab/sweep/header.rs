//! The first line of a journal: which sweep it belongs to.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::sweep::shard::Shard;

/// The version of the journal's form. A journal of another version is refused.
pub const FORMAT: u32 = 1;

/// What a journal belongs to. Two runs may share a journal only if every field is the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the journal's form.
    pub format: u32,
    /// The version of this crate.
    pub crate_version: String,
    /// The name of the sweep.
    pub simulation: String,
    /// The seed from which all others follow.
    pub root_seed: u64,
    /// The number of cells.
    pub cells: usize,
    /// The replicates of each cell.
    pub replicates: u64,
    /// The hash of the names of all cells, in order.
    pub cells_hash: String,
    /// The hash of the division of units into shards, which follows from predicted costs.
    pub division_hash: String,
    /// The part of the sweep.
    pub shard: Shard,
    /// The number of units in this part.
    pub shard_units: usize,
    /// The settings from which the cells were made, `null` if not given.
    pub settings: Value,
}

impl Header {
    /// The number of units of the whole sweep; the largest number where another program wrote more.
    pub fn units(&self) -> usize {
        self.cells.saturating_mul(usize::try_from(self.replicates).unwrap_or(usize::MAX))
    }
}

/// A field in which a journal differs from what was expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The path to the field, for instance `settings.norms`.
    pub field: String,
    /// What the journal holds; `None` if it has no such field.
    pub found: Option<Value>,
    /// What was expected; `None` if there should be no such field.
    pub expected: Option<Value>,
}

impl Difference {
    /// The differences between two headers or other objects, in the order of their fields.
    pub fn between(found: &Value, expected: &Value) -> Vec<Self> {
        let mut differences = Vec::new();
        collect(String::new(), Some(found), Some(expected), &mut differences);
        differences
    }

    /// All differences in one sentence.
    pub(in crate::sweep) fn list(differences: &[Self]) -> String {
        differences.iter().map(Self::to_string).collect::<Vec<_>>().join("; ")
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { field, found, expected } = self;
        write!(formatter, "{field} is {} there, {} here", shown(found.as_ref()), shown(expected.as_ref()))
    }
}

fn collect(field: String, found: Option<&Value>, expected: Option<&Value>, differences: &mut Vec<Difference>) {
    if let (Some(Value::Object(found)), Some(Value::Object(expected))) = (found, expected) {
        let only_found = found.keys().filter(|key| !expected.contains_key(*key));
        for key in expected.keys().chain(only_found) {
            let inner = if field.is_empty() { key.clone() } else { format!("{field}.{key}") };
            collect(inner, found.get(key), expected.get(key), differences);
        }
    } else if found != expected {
        differences.push(Difference { field, found: found.cloned(), expected: expected.cloned() });
    }
}

/// A value for a message: long lists are cut.
fn shown(value: Option<&Value>) -> String {
    const LONGEST: usize = 80;
    let text = value.map_or_else(|| "absent".to_owned(), Value::to_string);
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
