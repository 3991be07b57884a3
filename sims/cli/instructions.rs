//! The environment variable that names the vector instructions to use.

use embedding_norms::instructions::{InstructionSet, choose};

use crate::cli::failure::Failure;

/// The name of the variable. It is not an option, since it belongs to a machine and never changes a result.
const VARIABLE: &str = "EMBEDDING_NORMS_INSTRUCTIONS";

/// Uses the vector instructions that the environment names, if it names any.
pub fn install() -> Result<(), Failure> {
    let Some(name) = std::env::var_os(VARIABLE).filter(|name| !name.is_empty()) else { return Ok(()) };
    let set = name.to_string_lossy().parse::<InstructionSet>();
    set.and_then(choose)
        .map_err(|error| Failure::Refused(format!("{VARIABLE}: {error}; name one of these, or unset it")))
}
