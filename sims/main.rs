//! The command `embedding-norms`: every simulation, its tables, figures and claims.

#![warn(clippy::disallowed_methods)]

#[macro_use]
mod cli;
mod commands;
mod simulations;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(std::env::args_os().collect())
}
