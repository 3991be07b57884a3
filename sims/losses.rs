//! `embedding-norms losses`: every loss, what it takes and where it comes from.

use std::process::ExitCode;

use clap::Command;
use embedding_norms::loss::{Entry, catalogue};

use crate::failure::Failure;

/// The command.
pub fn command() -> Command {
    Command::new("losses")
        .about("List the losses with formula, parameters, what they are given, and source")
        .after_help("Example:\n  embedding-norms losses")
}

/// Prints the list.
pub fn run() -> Result<ExitCode, Failure> {
    for entry in catalogue() {
        say!("{:<22} {}", entry.name, entry.formula);
        say!("{:22}   parameters  {}", "", parameters(entry));
        say!("{:22}   needs       {}", "", entry.needs);
        say!("{:22}   source      {}\n", "", entry.source);
    }
    say!("Derivations: docs/01-gradient.md. Descents of all of them: embedding-norms contrastive-losses");
    say!("A loss of your own: docs/writing-a-loss.md");
    Ok(ExitCode::SUCCESS)
}

fn parameters(entry: &Entry) -> String {
    let one = |(parameter, default): &(embedding_norms::loss::Parameter, f64)| {
        format!("{parameter} {} = {default}", parameter.symbol())
    };
    let all: Vec<String> = entry.parameters.iter().map(one).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}
