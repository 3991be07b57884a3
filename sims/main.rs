//! The command `embedding-norms`: every simulation, its tables, figures and claims.

#![warn(clippy::disallowed_methods)]

mod arguments;
mod config;
mod explain;
mod failure;
mod grouping;
mod interrupt;
mod list;
mod merge;
mod norm_effect;
mod norm_growth;
mod one_step_bound;
mod optimizers;
mod output;
mod predict;
mod progress;
mod rate_decay_equivalence;
mod registry;
mod run;
mod simulation;
mod sphere_trajectories;
mod unequal_norms;
mod values;
mod weight_decay;

use std::process::ExitCode;

fn main() -> ExitCode {
    match registry::dispatch(std::env::args_os().collect()) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}
