//! Lines on stdout and stderr, the only place that writes there: every write to stdout is checked, and so is the last
//! flush.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Prints a line on stdout. Should it fail, the command says so at its end ([`finish`]).
macro_rules! say {
    ($($part:tt)*) => {
        $crate::cli::terminal::print(format_args!("{}\n", format_args!($($part)*)))
    };
}

/// Prints a line on stderr. If that fails, there is nobody to tell.
macro_rules! tell {
    ($($part:tt)*) => {
        $crate::cli::terminal::print_aside(format_args!("{}\n", format_args!($($part)*)))
    };
}

/// The state of stdout so far.
enum State {
    /// Everything was written.
    Sound,
    /// The reader has closed the pipe: it has seen what it wanted.
    Unread,
    /// Something could not be written.
    Broken(io::Error),
}

static STATE: Mutex<State> = Mutex::new(State::Sound);

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Prints on stdout.
pub fn print(text: Arguments<'_>) {
    attempt(|| io::stdout().write_fmt(text));
}

/// Passes stdout to a writer. After a failure nothing more is written.
pub fn attempt(write: impl FnOnce() -> io::Result<()>) {
    let mut state = state();
    if !matches!(*state, State::Sound) {
        return;
    }
    match write() {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => *state = State::Unread,
        Err(error) => *state = State::Broken(error),
    }
}

/// Prints on stderr.
pub fn print_aside(text: Arguments<'_>) {
    let _ = io::stderr().write_fmt(text);
}

/// Flushes stdout, and says whether everything that was printed there has arrived.
pub fn finish() -> Result<(), String> {
    attempt(|| io::stdout().flush());
    match &*state() {
        State::Sound | State::Unread => Ok(()),
        State::Broken(error) => Err(format!(
            "cannot write to standard output: {error}; what was to be printed is lost or cut short, so make room or send \
             it elsewhere, and run the command again"
        )),
    }
}
