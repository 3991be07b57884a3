//! A file of settings, read as the command reads it.

use clap::{Arg, ArgAction, Command};

use crate::cli::config;

/// Reads a text as settings of a simulation, and what comes of it as its options.
pub fn read(text: &str) {
    let option = |name: &'static str| Arg::new(name).long(name).action(ArgAction::Set);
    let switch = Arg::new("quick").long("quick").action(ArgAction::SetTrue);
    let command = Command::new("norm-effect").args([option("norms"), option("seed"), option("config")]).arg(switch);
    let Ok(options) = config::options_of("config my.toml", text, &command, &["norm-effect", "gradscale"]) else {
        return;
    };
    assert!(options.iter().all(|option| option.starts_with("--")));
    let arguments = std::iter::once("norm-effect".to_owned()).chain(options);
    let _ = command.try_get_matches_from(arguments);
}
