//! Any text, as a file of settings: no panic.
#![no_main]
#![allow(dead_code, unused_macros)]

use libfuzzer_sys::fuzz_target;

/// The modules of the command that read settings.
#[macro_use]
#[path = "../../sims/cli"]
mod cli {
    #[macro_use]
    pub mod terminal;
    pub mod config;
    pub mod failure;
    pub mod interrupt;
    pub mod suggestion;
}
#[path = "../../tests/fuzz/settings.rs"]
mod settings;

fuzz_target!(|text: &str| settings::read(text));
