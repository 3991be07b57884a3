//! The report: what was found, from the files of a folder alone.
//!
//! [`record`] reads what runs left, [`material`] adds figures, [`page`] writes them down, [`story`] says what each
//! simulation is about. The page is one file without scripts and without anything to fetch.

mod again;
mod figures;
mod formula;
mod found;
mod material;
mod page;
pub mod record;
mod section;
mod statements;
mod story;
mod terminal;
mod trial;
mod verdict;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::cli::failure::Failure;
use crate::cli::output::Folder;
pub use formula::scripts;
pub use page::STYLE;
pub use terminal::{Pages, conclude};

/// The name of the file.
pub const FILE: &str = "report.html";

/// The page to play with, which the report leads to where it lies beside it.
pub const TO_PLAY_WITH: &str = "explore.html";

/// The command.
pub fn command() -> Command {
    let folder = Arg::new("folder").value_name("DIR").default_value("plots").value_parser(value_parser!(PathBuf));
    let quiet = Arg::new("quiet").long("quiet").action(ArgAction::SetTrue);
    Command::new("report")
        .about("Write the report of a folder again, from the files in it")
        .arg(folder.help("The folder that simulations wrote into; report.html goes there too"))
        .arg(quiet.help("Nothing on the terminal but errors"))
        .after_help(
            "Examples:\n  embedding-norms report                 plots/report.html from what lies in plots/\n  \
             embedding-norms report results         the same for simulations of your own",
        )
}

/// Writes the report and says where.
pub fn run(matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let folder = matches.get_one::<PathBuf>("folder").map_or(Path::new("plots"), PathBuf::as_path);
    let file = write(folder)?;
    if !matches.get_flag("quiet") {
        say!("{}", file.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes `report.html` from what lies in a folder; the file.
pub fn write(folder: &Path) -> Result<PathBuf, Failure> {
    let materials = material::gather(folder)?;
    let page = page::page(&materials, folder.join(TO_PLAY_WITH).is_file())?.into_string();
    Folder::prepare(folder)?.write(FILE, page.as_bytes())?;
    Ok(folder.join(FILE))
}
