//! Ctrl-C and termination: a flag that the sweep and its units poll, and the exit status that names the signal.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// The signals that end a run: from the user, from a scheduler that reclaims the machine, from a terminal that is
/// closed.
const SIGNALS: &[i32] = &[
    SIGINT,
    SIGTERM,
    #[cfg(unix)]
    signal_hook::consts::SIGHUP,
];

static REQUESTED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);
static SIGNAL: LazyLock<Arc<AtomicUsize>> = LazyLock::new(Arc::default);

/// Raises the flag at the first signal; a second one ends the process at once.
pub fn install() -> io::Result<()> {
    for &signal in SIGNALS {
        // In this order: at the first signal the flag is not set yet, so that only a second one ends the process.
        flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&REQUESTED))?;
        flag::register_usize(signal, Arc::clone(&SIGNAL), signal.unsigned_abs() as usize)?;
        flag::register(signal, Arc::clone(&REQUESTED))?;
    }
    Ok(())
}

/// The flag.
pub fn flag() -> &'static AtomicBool {
    &REQUESTED
}

/// The exit status of a command that ended early: 128 plus the signal, as shells and schedulers count.
pub fn status() -> u8 {
    u8::try_from(128 + SIGNAL.load(Ordering::Relaxed)).unwrap_or(u8::MAX)
}
