//! The command `embedding-norms`: every simulation, its tables, figures and claims.

#![warn(clippy::disallowed_methods)]

#[macro_use]
mod cli;
mod commands;
mod simulations;

use std::process::ExitCode;

use cli::failure::Failure;
use cli::terminal;

fn main() -> ExitCode {
    let ended = cli::dispatch::dispatch(std::env::args_os().collect()).or_else(Failure::shown);
    match ended.and_then(|code| terminal::finish().map_err(Failure::Refused).map(|()| code)) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}
