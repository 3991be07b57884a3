//! What stands between the user and the work: arguments, files, progress, failures.

#[macro_use]
pub mod terminal;
pub mod arguments;
pub mod arrays;
pub mod config;
pub mod dispatch;
pub mod earlier;
pub mod envelope;
pub mod failure;
pub mod instructions;
pub mod interrupt;
pub mod known;
pub mod output;
pub mod progress;
pub mod rates;
pub mod slurm;
pub mod suggestion;
pub mod tables;
pub mod usage;
pub mod values;
pub mod wrapping;

use std::ffi::OsString;
use std::process::ExitCode;

use failure::Failure;

/// The whole command: does what the arguments ask for, the name of the program first, and says what failed.
pub fn run(arguments: Vec<OsString>) -> ExitCode {
    let ended = dispatch::dispatch(arguments).or_else(Failure::shown);
    match ended.and_then(|code| terminal::finish().map_err(Failure::Refused).map(|()| code)) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}
