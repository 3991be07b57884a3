//! `embedding-norms explain ID`: a statement and everything about it.

use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command};
use embedding_norms::statement::{STATEMENTS, find};

use crate::config::suggestion;
use crate::failure::Failure;

/// The command.
pub fn command() -> Command {
    let ids: Vec<&str> = STATEMENTS.iter().map(|statement| statement.id).collect();
    Command::new("explain")
        .about("Explain a statement: formula, meaning, proof, test, figure")
        .arg(Arg::new("id").required(true).value_name("ID").help(format!("One of {}", ids.join(", "))))
        .after_help("Example:\n  embedding-norms explain L2")
}

/// Prints the statement.
pub fn run(matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let wanted = matches.get_one::<String>("id").map_or("", String::as_str);
    let ids = STATEMENTS.iter().map(|statement| statement.id);
    let statement = find(wanted)
        .ok_or_else(|| Failure::Refused(format!("there is no statement '{wanted}'{}", suggestion(wanted, ids))))?;
    say!("{}  {}\n", statement.id, statement.title);
    say!("  {}\n", statement.formula);
    say!("  {}\n", statement.meaning);
    say!("source   {}", statement.provenance.words());
    say!("proof    {}", statement.section());
    say!("test     {}", statement.test_command());
    if let Some(simulation) = statement.simulation {
        say!("figure   plots/{simulation}.svg");
        say!("run      embedding-norms {simulation}");
    }
    say!("report   plots/report.html#{}", statement.id.to_lowercase());
    Ok(ExitCode::SUCCESS)
}
