//! Which of several arrays of a file is meant.

use super::error::Problem;
use super::listing::{listed, shown};

/// How errors call an array with a name.
pub(super) fn place(key: &str) -> String {
    format!("array '{}'", shown(key))
}

/// The key asked for, or the only one.
pub(super) fn choose<'a>(
    keys: &'a [String],
    key: Option<&str>,
    file: &str,
    how: &'static str,
) -> Result<&'a String, Problem> {
    match (key, keys) {
        (_, []) => Err(Problem::NoArrays { how }),
        (Some(key), _) => {
            let found = keys.iter().find(|known| *known == key);
            found.ok_or_else(|| Problem::NoSuchKey { key: shown(key), there: listed(keys) })
        }
        (None, [only]) => Ok(only),
        (None, [first, ..]) => {
            Err(Problem::AmbiguousKey { example: format!("{file}:{}", shown(first)), there: listed(keys) })
        }
    }
}
