//! `embedding-norms merge DIR…`: the shards of a run, put together.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, value_parser};
use embedding_norms_lab::files;
use embedding_norms_lab::sweep::journal::FILE;

use crate::cli::arguments::Common;
use crate::cli::earlier;
use crate::cli::failure::Failure;
use crate::cli::output::refused;
use crate::commands::all::write_pages;
use crate::commands::report;
use crate::simulations::registry::SIMULATIONS;
use crate::simulations::run::{self, JOURNALS};

/// Options of a run that its shards have already fixed.
const DECIDED_BY_THE_SHARDS: [&str; 9] =
    ["seed", "replicates", "threads", "quick", "full", "config", "shard", "dry_run", "keep_going"];

/// The command.
pub fn command() -> Command {
    let folders = Arg::new("folders").value_name("DIR").required(true).action(ArgAction::Append).num_args(1..);
    let folders = folders.value_parser(value_parser!(PathBuf)).help("Output folders of the shards, in any order");
    let command = Common::augment_args(Command::new("merge").arg(folders));
    let refuse = |command: Command, id: &str| command.mut_arg(id, |idle| idle.hide(true).conflicts_with("folders"));
    DECIDED_BY_THE_SHARDS
        .into_iter()
        .fold(command, refuse)
        .mut_arg("force", |force| force.help("Replace what the folder holds of a run of other settings"))
        .about("Put the shards of a run together, byte for byte as one run would have left them")
        .long_about(None)
        .after_help(
            "Example:\n  embedding-norms norm-effect --shard 1/2 --out part1   (on one machine)\n  \
         embedding-norms norm-effect --shard 2/2 --out part2   (on another)\n  \
         embedding-norms merge part1 part2 --out results",
        )
}

/// Merges every simulation that has journals in the folders.
pub fn run(matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let common = Common::from_arg_matches(matches).map_err(Failure::Usage)?;
    let folders: Vec<&PathBuf> = matches.get_many("folders").into_iter().flatten().collect();
    let mut journals: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for folder in &folders {
        let found = journals_in(folder)?;
        if found.is_empty() {
            return Err(Failure::Refused(format!(
                "{}: no journal of a shard in it; give the folders that were --out of the shards",
                folder.display()
            )));
        }
        for (simulation, journal) in found {
            journals.entry(simulation).or_default().push(journal);
        }
    }
    let known = |name: &&String| SIMULATIONS.iter().any(|entry| entry.name() == name.as_str());
    if let Some(unknown) = journals.keys().find(|name| !known(name)) {
        return Err(Failure::Refused(format!("there is no simulation '{unknown}' in this version")));
    }
    let out = common.out.clone().unwrap_or_else(|| PathBuf::from("results"));
    let conflicts = journals.iter().map(|(name, parts)| run::conflict_of_shards(name, parts, &common, &out));
    earlier::refuse(&conflicts.filter_map(Result::transpose).collect::<Result<Vec<_>, _>>()?)?;
    let mut all = Vec::new();
    for entry in SIMULATIONS {
        if let Some(parts) = journals.remove(entry.name()) {
            all.push((entry.name(), entry.merge(&parts, &common, &out).map_err(|failure| failure.at(entry.name()))?));
        }
    }
    let pages = (all.len() == SIMULATIONS.len()).then(|| write_pages(&out)).transpose()?;
    report::conclude("merge", &all, pages, &common)
}

/// The folders in a folder with their names; none if it is not there. A link in the place of one is refused.
fn folders_in(folder: &Path) -> Result<Vec<(String, PathBuf)>, Failure> {
    let is_folder = |path: &Path| files::is_folder(path).map_err(|error| refused(path, &error));
    let mut found = Vec::new();
    if is_folder(folder)? {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let is_file = entry.file_type()?.is_file();
            if !is_file && is_folder(&entry.path())? {
                found.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
            }
        }
    }
    Ok(found)
}

/// The journals below an output folder, with the simulation that each belongs to.
fn journals_in(folder: &Path) -> Result<Vec<(String, PathBuf)>, Failure> {
    let mut found = Vec::new();
    if !folder.is_dir() {
        return Err(Failure::Refused(format!("{}: no such folder", folder.display())));
    }
    for (name, simulation) in folders_in(&folder.join(JOURNALS))? {
        for (_, shard) in folders_in(&simulation)? {
            if files::is_there(&shard.join(FILE)) {
                found.push((name.clone(), shard));
            }
        }
    }
    found.sort();
    Ok(found)
}
