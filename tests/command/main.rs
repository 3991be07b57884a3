//! The command: what it answers, refuses, prints and writes.

mod answers;
mod command_line;
mod contrastive_losses;
mod diagnose_command;
mod digits;
mod explore;
mod figure_numbers;
#[path = "../files_support/mod.rs"]
mod files_support;
mod gallery;
mod gradient_command;
mod headlines;
mod mixtures;
mod optimizer_laws;
mod output;
mod photos;
mod redraw;
#[path = "../rendering/mod.rs"]
mod rendering;
mod report;
#[path = "../support/repository.rs"]
mod repository;
mod simulate_command;
mod whole_range_command;
