//! Settings from a TOML file, turned into the options they stand for, so that one parser checks both.

use std::path::Path;

use clap::Command;
use toml::{Table, Value};

use crate::cli::failure::Failure;
use crate::cli::suggestion::suggestion;

/// The options that a file holds for one simulation: those of `[common]`, then those of `[<simulation>]`.
pub fn options(path: &Path, simulation: &Command, known: &[&str]) -> Result<Vec<String>, Failure> {
    let place = format!("config {}", path.display());
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::Refused(format!("{place}: {error}; give the path of a TOML file")))?;
    options_of(&place, &text, simulation, known)
}

/// The options that a text holds for one simulation; `place` names it in errors.
pub fn options_of(place: &str, text: &str, simulation: &Command, known: &[&str]) -> Result<Vec<String>, Failure> {
    let tables: Table = text.parse().map_err(|error: toml::de::Error| Failure::Refused(format!("{place}: {error}")))?;
    for (name, content) in &tables {
        if !content.is_table() {
            let belongs = "write it below [common] or below the name of a simulation, such as [norm-effect]";
            return Err(Failure::Refused(format!("{place}: '{name}' stands outside of a table; {belongs}")));
        }
        if name != "common" && !known.contains(&name.as_str()) {
            let tables = known.iter().copied().chain(["common"]);
            return Err(Failure::Refused(format!("{place}: there is no table [{name}]; {}", suggestion(name, tables))));
        }
    }
    let mut options = Vec::new();
    for name in ["common", simulation.get_name()] {
        let Some(Value::Table(settings)) = tables.get(name) else { continue };
        for (key, value) in settings {
            options
                .extend(option(simulation, key, value).map_err(|failure| failure.at(&format!("{place}, [{name}]")))?);
        }
    }
    Ok(options)
}

/// The option that one key stands for; none for a switch that is false.
fn option(simulation: &Command, key: &str, value: &Value) -> Result<Option<String>, Failure> {
    let shown = || simulation.get_arguments().filter(|argument| !argument.is_hide_set());
    let names = || shown().filter_map(|argument| argument.get_long());
    let argument = simulation.get_arguments().find(|argument| argument.get_long() == Some(key));
    let argument = argument
        .filter(|argument| argument.get_long() != Some("config"))
        .ok_or_else(|| Failure::Refused(format!("there is no setting '{key}'; {}", suggestion(key, names()))))?;
    match value {
        Value::Boolean(on) if !argument.get_action().takes_values() => Ok(on.then(|| format!("--{key}"))),
        _ if !argument.get_action().takes_values() => {
            Err(Failure::Refused(format!("'{key}' is a switch: write {key} = true")))
        }
        _ => Ok(Some(format!("--{key}={}", text(key, value)?))),
    }
}

fn text(key: &str, value: &Value) -> Result<String, Failure> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Float(number) => Ok(number.to_string()),
        Value::Array(values) => {
            Ok(values.iter().map(|value| text(key, value)).collect::<Result<Vec<_>, _>>()?.join(","))
        }
        Value::Boolean(_) | Value::Datetime(_) | Value::Table(_) => {
            Err(Failure::Refused(format!("'{key}' must be a number, a text or a list of them")))
        }
    }
}
