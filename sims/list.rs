//! `embedding-norms list`: what there is.

use std::process::ExitCode;

use clap::Command;
use embedding_norms::statement::find;

use crate::failure::Failure;
use crate::registry::SIMULATIONS;

/// The command.
pub fn command() -> Command {
    Command::new("list")
        .about("List the simulations with their statements")
        .after_help("Example:\n  embedding-norms list")
}

/// Prints the list.
pub fn run() -> Result<ExitCode, Failure> {
    for entry in SIMULATIONS {
        say!("{:<20} {}", entry.name(), entry.about());
        for id in entry.statements() {
            let title = find(id).map_or("", |statement| statement.title);
            say!("{:20}   {id:<3} {title}", "");
        }
    }
    say!("\nA simulation:  embedding-norms <simulation> --help\nA statement:   embedding-norms explain <id>");
    Ok(ExitCode::SUCCESS)
}
