//! What is asked for, in the words of the command line: one parser for both, with its defaults and its domains.

use clap::{ArgMatches, Command};
use embedding_norms_command::python::{Failure, taking_negative_numbers};
use pyo3::prelude::*;
use serde::Serialize;

use crate::errors::{failed, refused};

/// The arguments of a command, parsed.
pub fn parsed(command: Command, arguments: &[String]) -> PyResult<ArgMatches> {
    let name = command.get_name().to_owned();
    let all = std::iter::once(&name).chain(arguments);
    taking_negative_numbers(command).try_get_matches_from(all).map_err(|error| failed(Failure::Usage(error)))
}

/// A record of the command as dictionaries and lists of Python.
pub fn loaded<'py>(py: Python<'py>, record: &impl Serialize) -> PyResult<Bound<'py, PyAny>> {
    let text = serde_json::to_string(record).map_err(refused)?;
    py.import("json")?.call_method1("loads", (text,))
}
