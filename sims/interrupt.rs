//! Ctrl-C and termination: a flag that the sweep and its units look at.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::failure::Failure;

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Raises the flag at the first signal; a second one ends the process at once.
pub fn install() -> Result<(), Failure> {
    ctrlc::set_handler(|| {
        if REQUESTED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    })
    .map_err(Failure::from)
}

/// The flag.
pub fn flag() -> &'static AtomicBool {
    &REQUESTED
}
