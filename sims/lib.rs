//! The command `embedding-norms`: every simulation, its tables, figures and claims.

#![warn(clippy::disallowed_methods)]

#[macro_use]
mod cli;
mod commands;
mod simulations;

pub use cli::run;

/// What the Python package asks of the command: its words for arguments, its answers and its failures. No promise of
/// stability.
pub mod python {
    pub use crate::cli::failure::Failure;
    pub use crate::cli::known;
    pub use crate::cli::output::Folder;
    pub use crate::cli::usage::taking_negative_numbers;
    pub use crate::cli::wrapping::width;
    pub use crate::commands::embeddings::Chosen;
    pub use crate::commands::{diagnose, losses, optimizers, predict, simulate};
}
