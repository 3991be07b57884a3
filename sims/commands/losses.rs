//! `embedding-norms losses`: every loss, what it takes, where it comes from, and how known implementations differ.

use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command};
use embedding_norms::loss::{self, Entry};
use serde::Serialize;

use crate::cli::envelope;
use crate::cli::failure::Failure;
use crate::cli::known::Implementation;
use crate::cli::wrapping::{labelled, width, wrapped};

/// The command.
pub fn command() -> Command {
    Command::new("losses")
        .about("List the losses with formula, parameters, what they need, source, and known implementations")
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print the list as one JSON object"))
        .after_help(
            "Names are taken as people write them: NT-Xent, ntxent, SimCLR.\n\n\
             Examples:\n  embedding-norms losses\n  embedding-norms losses --json",
        )
}

/// The list as JSON has it.
#[derive(Serialize)]
pub struct List {
    losses: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    name: &'static str,
    aliases: Vec<&'static str>,
    formula: &'static str,
    parameters: Vec<Parameter>,
    needs: String,
    source: &'static str,
    implementations: Vec<Implementation>,
}

#[derive(Serialize)]
struct Parameter {
    name: &'static str,
    symbol: &'static str,
    default: f64,
}

impl Listed {
    fn of(entry: &Entry) -> Self {
        let parameter =
            |&loss::Parameter { name, symbol, default, .. }: &loss::Parameter| Parameter { name, symbol, default };
        Self {
            name: entry.name,
            aliases: entry.known.aliases.iter().map(|alias| alias.name).collect(),
            formula: entry.formula,
            parameters: entry.parameters.iter().map(parameter).collect(),
            needs: entry.with_defaults().needs().to_string(),
            source: entry.source,
            implementations: Implementation::all(&entry.known),
        }
    }

    fn text(&self, width: usize) -> String {
        let mut text = format!("{}\n{}", self.name, wrapped(self.formula, "    ", "      ", width));
        let mut line = |label: &str, content: &str| text += &labelled(&format!("    {label}"), 16, content, width);
        line("parameters", &parameters(&self.parameters));
        line("needs", &self.needs);
        line("source", self.source);
        if !self.aliases.is_empty() {
            text += &wrapped(&self.aliases.join(", "), "    also ", "      ", width);
        }
        text + &Implementation::text(&self.implementations, width)
    }
}

fn parameters(parameters: &[Parameter]) -> String {
    let one = |parameter: &Parameter| format!("{} {} = {}", parameter.name, parameter.symbol, parameter.default);
    let all: Vec<String> = parameters.iter().map(one).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

const CLOSING: &str = "L is the loss as it is defined here. Derivations: docs/01-gradient.md. Descents of all of them: \
                       embedding-norms contrastive-losses. A loss of your own: docs/writing-a-loss.md";

/// The list.
pub fn list() -> List {
    List { losses: loss::catalogue().iter().map(Listed::of).collect() }
}

/// Prints the list.
pub fn run(matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let list = list();
    if matches.get_flag("json") {
        envelope::print("losses", &list)?;
    } else {
        let width = width();
        let all: Vec<String> = list.losses.iter().map(|listed| listed.text(width)).collect();
        say!("{}\n{}", all.join("\n"), wrapped(CLOSING, "", "", width).trim_end());
    }
    Ok(ExitCode::SUCCESS)
}
