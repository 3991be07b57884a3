//! What a run left behind: `<simulation>.json`.

use std::path::Path;

use embedding_norms_lab::claim::Claim;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::cli::envelope::SCHEMA;
use crate::cli::failure::Failure;
use crate::cli::output::{self, file_name};

/// The record of a run.
#[derive(Clone, Debug, Deserialize)]
pub struct Record {
    /// The version of the crate that ran.
    pub crate_version: String,
    /// The root of its random numbers.
    pub seed: u64,
    /// Repetitions of every setting.
    pub replicates: u64,
    /// The settings by the name of their field.
    pub settings: Map<String, Value>,
    /// What was predicted, what was measured, and the verdicts.
    pub claims: Vec<Claim>,
}

/// The part that says whether the rest can be read.
#[derive(Deserialize)]
struct Version {
    schema: u32,
}

/// The record of a simulation, if its file is in the folder.
pub fn read(folder: &Path, simulation: &str) -> Result<Option<Record>, Failure> {
    let path = folder.join(file_name(simulation, "", "json"));
    let Some(text) = output::read(&path)? else { return Ok(None) };
    let refuse = |why: String| Failure::Refused(format!("{}: {why}", path.display()));
    let unreadable = |error: serde_json::Error| refuse(format!("not the record of a run: {error}"));
    let version: Version = serde_json::from_slice(&text).map_err(unreadable)?;
    if version.schema != SCHEMA {
        let found = version.schema;
        return Err(refuse(format!(
            "its layout has version {found}, this command reads {SCHEMA}; run {simulation} again"
        )));
    }
    serde_json::from_slice(&text).map(Some).map_err(unreadable)
}
