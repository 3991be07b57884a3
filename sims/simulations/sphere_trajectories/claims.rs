//! What random pairs on the sphere say of the statements.

use embedding_norms::lab::claim::Claim;
use embedding_norms::lab::table::{Table, TableError};

pub fn claims(trials: &Table) -> Result<Vec<Claim>, TableError> {
    let total = |column: &str| -> Result<u64, TableError> {
        Ok(trials.numbers(column)?.into_iter().flatten().sum::<f64>() as u64)
    };
    let (pairs, positions) = (total("pairs")?, total("row_steps")?);
    let note = "random pairs, norms from a tenth of the best to ten times it, to rounding (1e-13)";
    let plane = "both members stay in the plane of the pair: positions outside";
    let norms = "no plain step shortens a free embedding: steps that did";
    let lands = "from the best norm √(γ(1 + cos φ0)) one step aligns a pair: pairs that were not aligned";
    Ok(vec![
        Claim::without_exception("D1", plane, total("off_plane")?, positions).noting(note),
        Claim::without_exception("D2", norms, total("shortened")?, positions).noting(note),
        Claim::without_exception("L8", lands, total("not_aligned")?, pairs)
            .noting("random pairs, to rounding (1e-13 over sin φ0)"),
    ])
}
