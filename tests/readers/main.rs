//! Readers of a user's own embeddings: what Python writes is read to the bit, and what is broken is refused by name.
#![cfg(feature = "readers")]

mod build;
mod images;
mod labels;
mod memory;
#[cfg(feature = "command")]
mod refused;
#[cfg(feature = "command")]
mod remedies;
mod round_trips;
mod tables;

use std::path::PathBuf;

/// A file that numpy, safetensors or pandas wrote; see files/generate.py.
fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/readers/files").join(name)
}
