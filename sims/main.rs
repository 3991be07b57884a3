//! The command `embedding-norms`: every simulation, its tables, figures and claims.

#![warn(clippy::disallowed_methods)]

#[macro_use]
mod terminal;

mod adam_epsilon;
mod arguments;
mod completions;
mod config;
mod contrastive_losses;
mod convergence_map;
mod explain;
mod failure;
mod gradscale;
mod grouping;
mod interrupt;
mod levers;
mod list;
mod losses;
mod merge;
mod norm_effect;
mod norm_growth;
mod one_step_bound;
mod opposite_halves;
mod optimizer_laws;
mod optimizers;
mod output;
mod pairs;
mod predict;
mod progress;
mod rate_decay_equivalence;
mod redraw;
mod registry;
mod report;
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
