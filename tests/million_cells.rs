//! A sweep of a million cells streams its table: results wait in the journal, rows go out one by one.

use std::convert::Infallible;
use std::io::{BufRead, BufReader};
use std::num::NonZeroU64;

use embedding_norms_lab::sweep::{Cell, Options, Sweep};
use peak_alloc::PeakAlloc;
use rand::Rng;
use serde::Serialize;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const CELLS: usize = 1_000_000;
const LIMIT: usize = 200 << 20;

#[derive(Serialize)]
struct Numbered(usize);

impl Cell for Numbered {
    fn label(&self) -> String {
        format!("cell {}", self.0)
    }

    fn cost(&self) -> f64 {
        1.0
    }
}

/// What a cell finds: alone, those of all cells would take more than the limit.
type Found = [f64; 27];

#[test]
fn a_million_cells_stream_their_table_within_200_mebibytes() {
    const { assert!(CELLS * size_of::<Found>() > LIMIT) };
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("table.csv");
    let journal = place.path().join("journal");
    let cells: Vec<Numbered> = (0..CELLS).map(Numbered).collect();
    let mut table = csv::Writer::from_path(&path).unwrap();
    MEMORY.reset_peak_usage();
    let sweep = Sweep::new("million", &cells, NonZeroU64::MIN, 1).unwrap();
    let options = Options { journal: Some(&journal), ..Options::default() };
    sweep
        .run_each(
            &options,
            |unit| Ok::<Found, Infallible>(std::array::from_fn(|_| f64::from(unit.generator.random::<u8>()))),
            |unit, found| table.serialize((unit.cell, found)).unwrap(),
        )
        .unwrap();
    table.flush().unwrap();
    let peak = MEMORY.peak_usage();
    println!("{CELLS} cells: {} MiB at most", peak >> 20);
    assert!(peak < LIMIT, "{} MiB", peak >> 20);
    // Every cell has its row, in its place.
    let rows = BufReader::new(std::fs::File::open(&path).unwrap()).lines();
    let mut count = 0;
    for (row, line) in rows.enumerate() {
        assert!(line.unwrap().starts_with(&format!("{row},")), "row {row}");
        count += 1;
    }
    assert_eq!(count, CELLS);
}
