//! What `--json` prints: one object for every command, with the same beginning (`docs/json.md`).

use serde::Serialize;
use serde_json::Value;

use crate::cli::failure::Failure;

/// The version of the layout of all JSON of this command: that on stdout and that of files.
pub const SCHEMA: u32 = 1;

/// The fields with which every command's JSON begins.
#[derive(Serialize)]
struct Envelope<'a, T> {
    schema: u32,
    crate_version: &'static str,
    command: &'a str,
    #[serde(flatten)]
    content: &'a T,
}

/// An answer in its envelope.
pub fn object<T: Serialize>(command: &str, content: &T) -> Result<Value, Failure> {
    let envelope = Envelope { schema: SCHEMA, crate_version: env!("CARGO_PKG_VERSION"), command, content };
    Ok(serde_json::to_value(envelope)?)
}

/// Prints an answer in its envelope.
pub fn print<T: Serialize>(command: &str, content: &T) -> Result<(), Failure> {
    say!("{}", serde_json::to_string_pretty(&object(command, content)?)?);
    Ok(())
}
