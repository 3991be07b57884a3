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
