//! Claims about the statements, from random pairs on the sphere.

use embedding_norms::lab::claim::{Claim, claim};

use super::trials::TrialsRow;

pub fn claims(rows: &[TrialsRow]) -> Vec<Claim> {
    let total = |count: fn(&TrialsRow) -> u64| rows.iter().map(count).sum::<u64>();
    let positions = total(|row| row.row_steps);
    let note = "random pairs, norms from a tenth of the best to ten times it, to rounding (1e-13)";
    let plane = "both members stay in the plane of the pair: positions outside";
    let norms = "no plain step shortens a free embedding: steps that did";
    let lands = "from the best norm √(γ(1 + cos φ0)) one step aligns a pair: pairs that were not aligned";
    vec![
        claim("D1", plane).note(note).no_exception(total(|row| row.off_plane), positions),
        claim("D2", norms).note(note).no_exception(total(|row| row.shortened), positions),
        claim("L8", lands)
            .note("random pairs, to rounding (1e-13 over sin φ0)")
            .no_exception(total(|row| row.not_aligned), total(|row| row.pairs)),
    ]
}
