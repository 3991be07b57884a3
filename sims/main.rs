//! The command `embedding-norms`: every simulation, its tables, figures and claims.

#![warn(clippy::disallowed_methods)]

#[macro_use]
mod terminal;

mod adam_epsilon;
mod all;
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
mod earlier;
mod elsewhere;
mod embeddings;
mod envelope;
mod explain;
mod failure;
mod gradient;
mod gradscale;
mod grouping;
mod instructions;
mod interrupt;
mod known;
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
mod stated;
mod suggestion;
mod tables;
mod unequal_norms;
mod usage;
mod values;
mod weight_decay;
mod wrapping;

use std::process::ExitCode;

use failure::Failure;

fn main() -> ExitCode {
    let ended = registry::dispatch(std::env::args_os().collect()).or_else(Failure::shown);
    match ended.and_then(|code| terminal::finish().map(|()| code)) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}
