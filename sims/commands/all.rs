//! `embedding-norms all`, and what the command prints without arguments.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, Command};

use crate::cli::arguments::Common;
use crate::cli::failure::Failure;
use crate::commands::report::Pages;
use crate::commands::{explore, report};

/// What the command is about.
pub const ABOUT: &str = "Why the norm of an embedding governs how fast it trains under cosine similarity";

const EXAMPLES: &str = "\
It writes tables, figures, report.html and explore.html into plots/, and prints every claim with what was measured.

Examples:
  embedding-norms all                         the gallery: a minute or two
  embedding-norms all --quick --out results   the same in seconds, at small settings
  embedding-norms all --dry-run               the work that it would do";

/// Options that belong to the command as a whole.
const OF_THE_WHOLE: [&str; 4] = ["-h", "--help", "-V", "--version"];

/// The command.
pub fn command() -> Command {
    let command = Common::augment_args(Command::new("all")).about("Run every simulation, with a report, into plots/");
    let command = command.long_about(None).after_help(EXAMPLES).args_override_self(true);
    command.mut_args(|argument| argument.allow_negative_numbers(true))
}

/// Writes the pages of a complete run: the one to play with first, so that the report leads to it.
pub fn write_pages(folder: &Path) -> Result<Pages, Failure> {
    Ok(Pages { explore: explore::write(folder)?, report: report::write(folder)? })
}

/// Says how to start. Nothing runs unless it is asked for.
pub fn first_things_to_do() -> ExitCode {
    say!(
        "\
{}.

Three things to do first:

  embedding-norms norm-effect --quick
      a first simulation, in a second; its files go to results/
  embedding-norms diagnose z.npy --positives w.npy
      what the norms of your own embeddings say, and what they do to training
  embedding-norms all
      every simulation, with figures and a report, into plots/: a minute or two

Everything else: embedding-norms --help",
        ABOUT
    );
    ExitCode::SUCCESS
}

/// Refuses options in the place of a command.
pub fn refuse_options_without_command(arguments: &[OsString], whole: &mut Command) -> Result<(), Failure> {
    let Some(first) = arguments.get(1).map(|first| first.to_string_lossy()) else { return Ok(()) };
    if !first.starts_with('-') || OF_THE_WHOLE.contains(&&*first) {
        return Ok(());
    }
    let message = format!(
        "'{first}' stands before any command: write `embedding-norms all {first}` for every simulation, or put it after \
         the name of one"
    );
    Err(Failure::Usage(whole.error(ErrorKind::MissingSubcommand, message)))
}
