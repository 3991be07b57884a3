//! README and docs say what the project does: claims as the gallery has them, links that resolve, tables that GitHub
//! shows whole, numbers with what shows them beside them, commands that run.
//!
//! `UPDATE_DOCS=1 cargo test --release --test docs` writes what is generated: the table of claims and the outputs shown.

mod architecture;
mod claims;
mod commands;
mod evidence;
mod example;
mod links;
mod mutants;
mod numbers;
mod pages;
mod python;
#[path = "../support/repository.rs"]
mod repository;
mod results;
mod tables;
