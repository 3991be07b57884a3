//! Which format a file has: by its first bytes where they are distinctive, else by the extension of its name.

use super::error::Problem;
use super::storage::Opened;
use super::{foreign, npy, npz};

/// A format that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Npy,
    Npz,
    Safetensors,
    /// Lines of fields with this byte between them.
    Table(u8),
    /// One label a line.
    Lines,
}

/// The format of a file of embeddings.
pub(super) fn of_embeddings(opened: &mut Opened) -> Result<Format, Problem> {
    match of(opened)? {
        Format::Lines => Err(foreign::text()),
        format => Ok(format),
    }
}

/// The format of a file of labels or embeddings.
pub(super) fn of(opened: &mut Opened) -> Result<Format, Problem> {
    let first = opened.first_bytes()?;
    if first.starts_with(npy::MAGIC) {
        return Ok(Format::Npy);
    }
    if first.starts_with(npz::MAGIC) || first.starts_with(b"PK\x05\x06") {
        return Ok(Format::Npz);
    }
    // The header of safetensors begins with its length, which may look like anything.
    let is_safetensors = opened.extension == "safetensors" && first.get(8) == Some(&b'{');
    if let Some(problem) = foreign::by_content(&first).filter(|_| !is_safetensors) {
        return Err(problem);
    }
    match opened.extension.as_str() {
        name @ ("npy" | "npz") => {
            let what = format!("it does not begin as a .{name} file does, but with '{}'", beginning(&first));
            Err(Problem::corrupt("the beginning", what))
        }
        "safetensors" => Ok(Format::Safetensors),
        "csv" => Ok(Format::Table(b',')),
        "tsv" => Ok(Format::Table(b'\t')),
        "txt" => Ok(Format::Lines),
        extension => Err(foreign::by_name(extension).unwrap_or(Problem::UnknownFormat)),
    }
}

/// The first few bytes as an error shows them.
fn beginning(first: &[u8]) -> String {
    first.iter().take(20).copied().flat_map(std::ascii::escape_default).map(char::from).collect()
}
