//! Any text, as a file of settings: no panic.
#![no_main]
#![allow(dead_code, unused_macros)]

use libfuzzer_sys::fuzz_target;

#[macro_use]
#[path = "../../sims/terminal.rs"]
mod terminal;
#[path = "../../sims/config.rs"]
mod config;
#[path = "../../sims/failure.rs"]
mod failure;
#[path = "../../sims/interrupt.rs"]
mod interrupt;
#[path = "../../sims/suggestion.rs"]
mod suggestion;
#[path = "../../tests/fuzz/settings.rs"]
mod settings;

fuzz_target!(|text: &str| settings::read(text));
