//! Mutated files and settings: no panic, and no more memory than the file can fill. A short round; `FUZZ_INPUTS` sets
//! the number of inputs, and fuzz/README.md tells of the coverage-guided rounds.
#![allow(dead_code, unused_macros)]

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
mod names;
mod pictures;
#[path = "../support/repository.rs"]
mod repository;
mod settings;

use std::fs;
use std::io::Write;
use std::path::Path;

use embedding_norms::data::embeddings::{Embeddings, Labels};
use embedding_norms::random::{Generator, generator};
use peak_alloc::PeakAlloc;
use rand::Rng;

use crate::repository::root;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Bytes that reading may take beyond what the file can fill.
const OVERHEAD: usize = 1 << 20;

/// The most that a byte of a file can become: deflated 1032 times, two bytes to a number of eight, twice over.
const GROWTH: usize = 1032 * 4 * 2;

/// Inputs of a short round.
const INPUTS: usize = 20_000;

fn inputs() -> usize {
    std::env::var("FUZZ_INPUTS").ok().map_or(INPUTS, |text| text.parse().expect("FUZZ_INPUTS is a number"))
}

/// Files that Python wrote, the good and the bad, each with the first of `NAMES` that has its format.
fn corpus() -> Vec<(usize, Vec<u8>)> {
    let folder = root().join("tests/readers/files");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension != "py"));
    paths.sort();
    let name = |path: &Path| {
        let ending = format!(".{}", path.extension().unwrap().to_str().unwrap());
        names::NAMES.iter().position(|name| name.ends_with(&ending)).unwrap()
    };
    paths.into_iter().map(|path| (name(&path), fs::read(path).unwrap())).collect()
}

/// Files of images in miniature, each with how it is read.
fn miniatures() -> Vec<(u8, Vec<u8>)> {
    let idx = [[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2].as_slice(), &[7; 8]].concat();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&idx).unwrap();
    let packed = encoder.finish().unwrap();
    let doubles = [[0, 0, 0x0e, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1].as_slice(), &[7; 16]].concat();
    let records = |labels: usize| [vec![7; labels], vec![9; 3072]].concat().repeat(2);
    vec![(0, idx.clone()), (0, packed.clone()), (1, idx), (1, packed), (1, doubles), (2, records(1)), (3, records(2))]
}

/// Bytes and words that decide something in one of the formats.
const TOKENS: [&[u8]; 18] = [
    b"\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x00\x00\x00\x00",
    b"\x7f",
    b"(",
    b"'",
    b"18446744073709551615",
    b"1000000000000",
    b"'|O'",
    b"True",
    b"PK\x01\x02",
    b"\"",
    b",",
    b"\n",
    b"nan",
    b"\"[0.5, 1]\"",
    b"#",
    b"0,5;",
    b"\xff\xfe",
];

fn mutate(bytes: &mut Vec<u8>, random: &mut Generator) {
    for _ in 0..random.random_range(1..6) {
        let place = random.random_range(0..=bytes.len());
        match random.random_range(0..5) {
            0 if place < bytes.len() => bytes[place] ^= 1 << random.random_range(0..8),
            1 if place < bytes.len() => bytes[place] = random.random(),
            2 => bytes.truncate(place),
            3 => {
                let token = TOKENS[random.random_range(0..TOKENS.len())];
                let end = (place + token.len()).min(bytes.len());
                bytes.splice(place..end, token.iter().copied());
            }
            _ => {
                let from = random.random_range(0..=place);
                let copied = bytes[from..place].to_vec();
                bytes.splice(place..place, copied.into_iter().take(64));
            }
        }
    }
}

/// One test, so that the peak of memory is that of one input.
#[test]
fn mutated_inputs_neither_panic_nor_fill_the_memory() {
    let (corpus, mut random) = (corpus(), generator(1, b"tests/fuzz", 0));
    let (mut read, mut refused) = (0, 0);
    for _ in 0..inputs() {
        let (fitting, mut bytes) = corpus[random.random_range(0..corpus.len())].clone();
        mutate(&mut bytes, &mut random);
        let any = random.random_range(0..names::NAMES.len());
        let name = names::NAMES[if random.random() { fitting } else { any }];
        let allowed = MEMORY.current_usage() + OVERHEAD + GROWTH * bytes.len();
        MEMORY.reset_peak_usage();
        match Embeddings::from_bytes(name, bytes.clone()).and_then(|mut source| source.read()) {
            Ok(_) => read += 1,
            Err(error) => {
                assert!(error.to_string().starts_with("z"), "{error}");
                refused += 1;
            }
        }
        let _ = Labels::from_bytes(name, bytes);
        assert!(MEMORY.peak_usage() <= allowed, "{name}: {} bytes", MEMORY.peak_usage());
    }
    // Both sides of every reader are reached.
    assert!(read * 50 > inputs() && refused * 2 > inputs(), "{read} read, {refused} refused");

    let (miniatures, mut read, mut refused) = (miniatures(), 0, 0);
    for _ in 0..inputs() {
        let (reading, mut bytes) = miniatures[random.random_range(0..miniatures.len())].clone();
        mutate(&mut bytes, &mut random);
        let allowed = MEMORY.current_usage() + OVERHEAD + 2 * GROWTH * bytes.len();
        MEMORY.reset_peak_usage();
        match pictures::read(reading, bytes) {
            Ok(_) => read += 1,
            Err(error) => {
                assert!(error.to_string().starts_with("z"), "{error}");
                refused += 1;
            }
        }
        assert!(MEMORY.peak_usage() <= allowed, "reading {reading}: {} bytes", MEMORY.peak_usage());
    }
    assert!(read * 50 > inputs() && refused * 2 > inputs(), "{read} images read, {refused} refused");

    let good = b"[common]\nseed = 3\nquick = true\n[norm-effect]\nnorms = [0.5, 1, 2]\n".to_vec();
    for _ in 0..inputs() / 4 {
        let mut text = good.clone();
        mutate(&mut text, &mut random);
        settings::read(&String::from_utf8_lossy(&text));
    }
}
