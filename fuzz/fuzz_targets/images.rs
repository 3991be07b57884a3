//! Any bytes, as a file of images: no panic, and no more memory than the file can fill.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/fuzz/pictures.rs"]
mod pictures;

fuzz_target!(|input: &[u8]| {
    let Some((reading, bytes)) = input.split_first() else { return };
    let _ = pictures::read(*reading, bytes.to_vec());
});
