//! Errors of the library and of the command as exceptions of Python.

use std::error::Error;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use embedding_norms_command::python::Failure;
use pyo3::exceptions::{PyKeyboardInterrupt, PyValueError};
use pyo3::prelude::*;

/// A `ValueError` with the message of the library.
pub fn refused(error: impl Error) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// What ends a command, as an exception: a `ValueError`, or a `KeyboardInterrupt`.
pub fn failed(failure: Failure) -> PyErr {
    match failure {
        Failure::Interrupted(message) => PyKeyboardInterrupt::new_err(message),
        Failure::Usage(error) => PyValueError::new_err(explained(&error)),
        failure => PyValueError::new_err(in_keywords(&failure.to_string())),
    }
}

/// What the parser of arguments refuses, with the argument as it is called in Python.
fn explained(error: &clap::Error) -> String {
    let names = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(name)) => argument(name),
        Some(ContextValue::Strings(names)) => names.iter().map(|name| argument(name)).collect::<Vec<_>>().join(", "),
        _ => String::new(),
    };
    match (error.kind(), error.source(), error.get(ContextKind::ValidValue)) {
        (ErrorKind::ValueValidation, Some(source), _) => format!("{names}: {source}"),
        (ErrorKind::InvalidValue, _, Some(ContextValue::Strings(values))) => {
            format!("{names}: it must be one of {}", values.join(", "))
        }
        (ErrorKind::MissingRequiredArgument, ..) => format!("{names}: needed for what is asked, and not given"),
        _ => {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default();
            in_keywords(first.strip_prefix("error: ").unwrap_or(first))
        }
    }
}

/// A sentence of the command with its options as they are called in Python.
pub fn in_keywords(text: &str) -> String {
    let mut parts = text.split("--");
    let mut said = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|letter: char| !letter.is_ascii_lowercase() && letter != '-').unwrap_or(part.len());
        let (name, rest) = part.split_at(end);
        said += &argument(&format!("--{name}"));
        said += rest;
    }
    said
}

/// `--learning-rate <γ>` is `learning_rate` in Python, and the file `<W>` is the array `w`.
fn argument(option: &str) -> String {
    let name = option.split([' ', '=']).next().unwrap_or(option);
    match name.strip_prefix("--") {
        Some("set") => "settings".to_owned(),
        Some("steps-between") => "steps".to_owned(),
        Some(name) => name.replace('-', "_"),
        None => name.trim_matches(['<', '>', '[', ']', '.']).to_lowercase(),
    }
}
