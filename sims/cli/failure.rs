//! What ends a command early, and with which exit status.

use std::any::Any;
use std::process::ExitCode;

use embedding_norms_lab::table::TableError;

use crate::cli::interrupt;
use crate::cli::terminal;

/// Why a command cannot go on.
#[derive(Debug)]
pub enum Failure {
    /// Wrong usage, wrong input, or a place that cannot be written: exit status 2.
    Refused(String),
    /// A table that lacks something, refused like other input; typed, so that the file can be named.
    Table(TableError),
    /// Usage that the argument parser refused, or help that it printed.
    Usage(clap::Error),
    /// Interrupted by a signal, with a hint on how to continue: exit status 130, 143 if the signal asked for
    /// termination.
    Interrupted(String),
}

impl Failure {
    /// Prints help and version, which the argument parser returns as errors.
    pub fn shown(self) -> Result<ExitCode, Self> {
        match self {
            Self::Usage(error) if !error.use_stderr() => {
                terminal::attempt(|| error.print());
                Ok(ExitCode::SUCCESS)
            }
            other => Err(other),
        }
    }

    /// Says what happened on stderr; the exit status.
    pub fn report(self) -> ExitCode {
        match self {
            Self::Refused(message) => {
                tell!("error: {message}");
                ExitCode::from(2)
            }
            Self::Table(error) => Self::Refused(error.to_string()).report(),
            Self::Usage(error) => {
                // If writing to stderr fails, there is nobody to tell.
                let _ = error.print();
                ExitCode::from(2)
            }
            Self::Interrupted(message) => {
                tell!("{message}");
                ExitCode::from(interrupt::status())
            }
        }
    }

    /// The same failure with the place where it happened in front.
    pub fn at(self, place: &str) -> Self {
        match self {
            Self::Refused(message) => Self::Refused(format!("{place}: {message}")),
            Self::Table(error) => Self::Refused(format!("{place}: {error}")),
            other => other,
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(message) | Self::Interrupted(message) => formatter.write_str(message),
            Self::Table(error) => error.fmt(formatter),
            Self::Usage(error) => error.fmt(formatter),
        }
    }
}

/// Every error of the library ends a command as refused input.
impl<E: std::error::Error + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        let message = error.to_string();
        let boxed: Box<dyn Any> = Box::new(error);
        boxed.downcast::<TableError>().map_or(Self::Refused(message), |error| Self::Table(*error))
    }
}
