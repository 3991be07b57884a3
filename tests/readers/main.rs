//! Readers of a user's own embeddings: what Python writes is read to the bit, and what is broken is refused by name.

mod build;
mod images;
mod labels;
mod memory;
mod refused;
mod remedies;
#[path = "../support/repository.rs"]
mod repository;
mod round_trips;
mod tables;

use std::path::PathBuf;

use crate::repository::root;

/// A file that numpy, safetensors or pandas wrote; see files/generate.py.
fn file(name: &str) -> PathBuf {
    root().join("tests/readers/files").join(name)
}
