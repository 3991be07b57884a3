//! `embedding-norms explore`: a page on which a reader moves a pair of embeddings, the convergence map and the laws.
//!
//! [`page`] puts one file together from the sources in `page/`: plain JavaScript modules, style and text. [`facts`] is what
//! the library knows of optimizers, networks and statements, as the page reads it; [`figure`] is what a reader sees without
//! JavaScript. The closed forms in `page/numerics.js` and `page/descent.js` are held against the library by
//! `tests/command/explore.rs`.

mod facts;
mod figure;
mod page;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::cli::failure::Failure;
use crate::cli::output::Folder;
use crate::commands::report::TO_PLAY_WITH as FILE;

/// The command.
pub fn command() -> Command {
    let out = Arg::new("out").long("out").value_name("DIR").default_value("plots").value_parser(value_parser!(PathBuf));
    let quiet = Arg::new("quiet").long("quiet").action(ArgAction::SetTrue);
    Command::new("explore")
        .about("Write a page on which to move a pair, the convergence map and the laws by hand")
        .arg(out.help("Where explore.html goes"))
        .arg(quiet.help("Nothing on the terminal but errors"))
        .after_help(
            "The page is one file that needs no network and no server: open it in any browser. It is the same wherever it is \
             written; embedding-norms all writes it too. What it shows and how to read it: docs/explore.md

Examples:
  embedding-norms explore                 plots/explore.html
  embedding-norms explore --out results   the same page elsewhere",
        )
}

/// Writes the page and says where.
pub fn run(matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let folder = matches.get_one::<PathBuf>("out").map_or(Path::new("plots"), PathBuf::as_path);
    let file = write(folder)?;
    if !matches.get_flag("quiet") {
        say!("{}", file.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes `explore.html` into a folder; the file.
pub fn write(folder: &Path) -> Result<PathBuf, Failure> {
    let page = page::page()?.into_string();
    Folder::prepare(folder)?.write(FILE, page.as_bytes())?;
    Ok(folder.join(FILE))
}
