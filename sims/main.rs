//! The command `embedding-norms`: every simulation, its tables, figures and claims.

#![warn(clippy::disallowed_methods)]

mod adam_epsilon;
mod arguments;
mod config;
mod explain;
mod failure;
mod gradscale;
mod interrupt;
mod list;
mod merge;
mod norm_effect;
mod one_step_bound;
mod optimizer_laws;
mod output;
mod predict;
mod progress;
mod registry;
mod run;
mod simulation;
mod values;

use std::process::ExitCode;

fn main() -> ExitCode {
    match registry::dispatch(std::env::args_os().collect()) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}
