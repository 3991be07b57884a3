//! The command that runs a simulation again, from the settings that it recorded.

use clap::Command;
use serde_json::Value;

use crate::commands::report::material::Material;

/// The command line: options that differ from their defaults, then what fixes the random numbers.
pub fn command_line(material: &Material) -> String {
    let command = material.entry.command();
    let mut words = vec!["embedding-norms".to_owned(), material.entry.name().to_owned()];
    words.extend(material.record.settings.iter().filter_map(|(key, value)| option(&command, key, value)));
    words.push(format!("--replicates {}", material.record.replicates));
    words.push(format!("--seed {}", material.record.seed));
    words.join(" ")
}

/// The option that a setting stands for; none where the default says the same.
fn option(command: &Command, key: &str, value: &Value) -> Option<String> {
    let argument = command.get_arguments().find(|argument| argument.get_id() == key)?;
    let name = argument.get_long()?;
    if let Value::Bool(on) = value {
        return on.then(|| format!("--{name}"));
    }
    let value = text(value);
    let defaults: Vec<_> = argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    (!value.is_empty() && !is_same(&value, &defaults.join(","))).then(|| format!("--{name} {value}"))
}

/// Whether two lists hold the same numbers, or the same words.
fn is_same(one: &str, other: &str) -> bool {
    let same = |(one, other): (&str, &str)| match (one.parse::<f64>(), other.parse::<f64>()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    };
    one.split(',').count() == other.split(',').count() && one.split(',').zip(other.split(',')).all(same)
}

/// A setting as it is written on the command line.
pub fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_f64() {
            Some(value) if number.is_f64() => plain(value),
            _ => number.to_string(),
        },
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// A number in short form, without long runs of zeros.
fn plain(value: f64) -> String {
    embedding_norms_lab::table::Value::from(value).field()
}
