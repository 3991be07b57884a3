//! `embedding-norms list`: the simulations with their statements.

use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command};
use embedding_norms_lab::statement::find;
use serde::Serialize;

use crate::cli::envelope;
use crate::cli::failure::Failure;
use crate::cli::wrapping::{labelled, width};
use crate::simulations::registry::SIMULATIONS;

/// The command.
pub fn command() -> Command {
    Command::new("list")
        .about("List the simulations with their statements")
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print the list as one JSON object"))
        .after_help("Examples:\n  embedding-norms list\n  embedding-norms list --json")
}

/// The list as JSON has it.
#[derive(Serialize)]
struct List {
    simulations: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    name: &'static str,
    about: &'static str,
    statements: Vec<Titled>,
}

#[derive(Serialize)]
struct Titled {
    id: &'static str,
    title: &'static str,
}

/// The column in which descriptions begin.
const COLUMN: usize = 24;

/// Prints the list.
pub fn run(matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let titled = |id: &&'static str| Titled { id, title: find(id).map_or("", |statement| statement.title) };
    let listed = SIMULATIONS.iter().map(|entry| Listed {
        name: entry.name(),
        about: entry.about(),
        statements: entry.statements().iter().map(titled).collect(),
    });
    let list = List { simulations: listed.collect() };
    if matches.get_flag("json") {
        envelope::print("list", &list)?;
    } else {
        say!("{}", text(&list, width()));
    }
    Ok(ExitCode::SUCCESS)
}

fn text(list: &List, width: usize) -> String {
    let mut text = String::new();
    for Listed { name, about, statements } in &list.simulations {
        text += &labelled(name, COLUMN, about, width);
        // Below the description where there is room for it, near the margin where there is none.
        let margin = if width < 2 * COLUMN + COLUMN { 4 } else { COLUMN + 2 };
        for Titled { id, title } in statements {
            text += &labelled(&format!("{:margin$}{id}", ""), margin + 4, title, width);
        }
    }
    text + "\nA simulation:  embedding-norms <simulation> --help\nA statement:   embedding-norms explain <id>"
}
