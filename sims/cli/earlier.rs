//! What an earlier run left in a folder, and whether another run may replace it.
//!
//! The record of a run, `<name>.json`, says what it was. A run of the same settings may be made again, by any version of
//! this crate: it writes the same files. A run of other settings is not replaced without `--force`, since its tables,
//! figures and report would be mixed with those of the new one.

use std::path::Path;

use embedding_norms_lab::sweep::journal::Difference;
use serde_json::{Map, Value, json};

use crate::cli::envelope::SCHEMA;
use crate::cli::failure::Failure;
use crate::cli::output::{self, file_name};

/// How many differences are listed.
const TOLD: usize = 3;

/// What keeps a run from being written to a folder; nothing if there is no record, or one of the same run.
///
/// `run` holds the fields of the record that make it this run and no other.
pub fn conflict(folder: &Path, name: &str, run: &Map<String, Value>) -> Result<Option<String>, Failure> {
    let path = folder.join(file_name(name, "", "json"));
    let Some(bytes) = output::read(&path)? else { return Ok(None) };
    let place = path.display();
    let Ok(Value::Object(mut found)) = serde_json::from_slice(&bytes) else {
        return Ok(Some(format!("{place} exists and is not the record of a run")));
    };
    found.retain(|field, _| run.contains_key(field));
    // Read back as the found one was, so that equal records are equal values.
    let expected = serde_json::from_slice(&serde_json::to_vec(run)?)?;
    let differences = Difference::between(&Value::Object(found), &expected);
    if differences.is_empty() {
        return Ok(None);
    }
    let told: Vec<String> = differences.iter().take(TOLD).map(Difference::to_string).collect();
    let rest = match differences.len().saturating_sub(TOLD) {
        0 => String::new(),
        rest => format!("; and {rest} more"),
    };
    Ok(Some(format!("{place} holds another run: {}{rest}", told.join("; "))))
}

/// Whether a run replaces another one: only with force, otherwise an error. With force, anything in the place of the
/// record that is not a file is replaced too.
pub fn replaces(folder: &Path, name: &str, run: &Map<String, Value>, force: bool) -> Result<bool, Failure> {
    let found = conflict(folder, name, run);
    if force {
        return Ok(found.map_or(true, |conflict| conflict.is_some()));
    }
    found?.map_or(Ok(false), |conflict| refuse(&[conflict]).map(|()| false))
}

/// The fields of the record of a command that asks one question, which make it this one and no other.
pub fn question(settings: &Value) -> Map<String, Value> {
    [("schema".to_owned(), json!(SCHEMA)), ("settings".to_owned(), settings.clone())].into_iter().collect()
}

/// Refuses to replace an earlier run.
pub fn refuse(conflicts: &[String]) -> Result<(), Failure> {
    let Some(first) = conflicts.first() else { return Ok(()) };
    let others = match conflicts.len() - 1 {
        0 => String::new(),
        1 => " (and another simulation is in the way too)".to_owned(),
        others => format!(" (and {others} other simulations are in the way too)"),
    };
    Err(Failure::Refused(format!(
        "{first}{others}: write to another folder with --out, or replace what is there with --force"
    )))
}
