//! The command `embedding-norms`: every simulation, its tables, figures and claims.

mod arguments;
mod completions;
mod config;
mod explain;
mod failure;
mod interrupt;
mod list;
mod merge;
mod norm_effect;
mod one_step_bound;
mod output;
mod predict;
mod progress;
mod redraw;
mod registry;
mod report;
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
