//! `embedding-norms completions SHELL`: what a shell needs to complete commands and options.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, value_parser};
use clap_complete::Shell;

use crate::cli::failure::Failure;
use crate::cli::terminal;

const EXAMPLES: &str = "\
Examples:
  bash   embedding-norms completions bash > ~/.local/share/bash-completion/completions/embedding-norms
  zsh    embedding-norms completions zsh > ~/.zfunc/_embedding-norms
         with `fpath+=~/.zfunc; autoload -Uz compinit && compinit` in ~/.zshrc
  fish   embedding-norms completions fish > ~/.config/fish/completions/embedding-norms.fish
Then open a new shell.";

/// The command.
pub fn command() -> Command {
    let shell = Arg::new("shell").value_name("SHELL").required(true).value_parser(value_parser!(Shell));
    Command::new("completions").about("Print the completions of a shell").arg(shell).after_help(EXAMPLES)
}

/// Prints the completions of the whole command line.
pub fn run(matches: &ArgMatches, whole: &mut Command) -> Result<ExitCode, Failure> {
    if let Some(shell) = matches.get_one::<Shell>("shell") {
        let mut script = Vec::new();
        clap_complete::generate(*shell, whole, "embedding-norms", &mut script);
        terminal::attempt(|| io::stdout().write_all(&script));
    }
    Ok(ExitCode::SUCCESS)
}
