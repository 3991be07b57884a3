//! Any bytes, as a file of any format: no panic, and no more memory than the file can fill.
#![no_main]

use embedding_norms::data::embeddings::{Embeddings, Faults, Labels};
use libfuzzer_sys::fuzz_target;

#[path = "../../tests/fuzz/names.rs"]
mod names;

fuzz_target!(|input: &[u8]| {
    let Some((choice, bytes)) = input.split_first() else { return };
    let name = names::NAMES[usize::from(*choice) % names::NAMES.len()];
    if let Ok(mut source) = Embeddings::from_bytes(name, bytes.to_vec()) {
        let mut faults = Faults::default();
        for chunk in source.chunks(3).into_iter().flatten().flatten() {
            faults.look_at(chunk.first_row, chunk.rows.view());
        }
        if let Ok(rows) = source.read() {
            assert_eq!((rows.dim(), rows.nrows()), (source.shape(), faults.rows));
        }
    }
    if let Ok(labels) = Labels::from_bytes(name, bytes.to_vec()) {
        assert!(labels.classes().iter().all(|class| *class < labels.names().len()));
    }
});
