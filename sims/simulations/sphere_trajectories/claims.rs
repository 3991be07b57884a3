//! Claims about the statements, from random pairs on the sphere.

use embedding_norms_lab::claim::{Claim, claim};

use super::trials::TrialsRow;

pub fn claims(rows: &[TrialsRow]) -> Vec<Claim> {
    let note = "random pairs, norms from a tenth of the best to ten times it, to rounding (1e-13)";
    let plane = "both members stay in the plane of the pair: positions outside";
    let norms = "no plain step shortens a free embedding: steps that did";
    let lands = "from the best norm √(γ(1 + cos φ0)) one step aligns a pair: pairs that were not aligned";
    vec![
        claim("D1", plane).note(note).no_exception_in(rows, |row| (row.off_plane, row.row_steps)),
        claim("D2", norms).note(note).no_exception_in(rows, |row| (row.shortened, row.row_steps)),
        claim("L8", lands)
            .note("random pairs, to rounding (1e-13 over sin φ0)")
            .no_exception_in(rows, |row| (row.not_aligned, row.pairs)),
    ]
}
