//! The command `embedding-norms`: every simulation, its tables, figures and claims.

#![warn(clippy::disallowed_methods)]

#[macro_use]
mod terminal;

mod adam_epsilon;
mod arguments;
mod arrays;
mod class_imbalance;
mod completions;
mod confidence;
mod config;
mod contrastive_losses;
mod convergence_map;
mod cut_rate;
mod cutting;
mod diagnose;
mod embeddings;
mod explain;
mod failure;
mod gradient;
mod gradscale;
mod grouping;
mod instructions;
mod interrupt;
mod latent_space;
mod levers;
mod list;
mod local_density;
mod losses;
mod merge;
mod mixtures;
mod norm_effect;
mod norm_growth;
mod one_step_bound;
mod opposite_halves;
mod optimizer_laws;
mod optimizers;
mod orthogonality;
mod output;
mod pairs;
mod predict;
mod progress;
mod rate_decay_equivalence;
mod redraw;
mod registry;
mod report;
mod run;
mod simulate;
mod simulation;
mod slurm;
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
