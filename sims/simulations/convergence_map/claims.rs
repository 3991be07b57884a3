//! What the tables of the map say of the statements.

use embedding_norms::lab::claim::{Claim, Source};
use embedding_norms::lab::table::{Table, TableError};

use super::{ROWS, UNEQUAL};
use crate::cli::failure::Failure;
use crate::simulations::simulation::Tables;

pub fn claims(tables: &Tables) -> Result<Vec<Claim>, Failure> {
    let (rows, unequal) = (tables.get(ROWS)?, tables.get(UNEQUAL)?);
    let inside = "the count of a cell is that of its mirror image (1/us, π − φ0) wherever both need a step";
    let outside = "everywhere else exactly one of the two needs no step, so that the map ends where the statement does";
    let pairs = "a pair of unequal norms takes the steps of its dual, with norms γs/ρ and angle π − φ0";
    let band = "one step suffices exactly between us = tan((φ0 − φ_ε)/2) and tan((φ0 + φ_ε)/2)";
    let flank = "on the flank of long norms, γ/ρ² ≤ 0.01, the closed form, rounded up, is the count";
    let mirror = "on the flank of short norms, (ρ²/γ)/sin² φ0 ≤ 0.01, the closed form of the mirror image is the count";
    let undecided = "L1 with both orders of the step; predictions within 0.002 of a whole number are left out";
    Ok(vec![
        exceptions("L7", inside, rows, "mismatches", "inside")?,
        exceptions("L7", outside, rows, "outside_exceptions", "outside")?,
        exceptions("L7", pairs, unequal, "mismatches", "trials")?,
        landing(rows)?,
        exceptions("L8", band, rows, "band_exceptions", "inside")?,
        exceptions("L1", flank, rows, "flank_mismatches", "flank_decided")?.noting(undecided),
        exceptions("L7", mirror, rows, "mirror_mismatches", "mirror_decided")?.noting(undecided),
    ])
}

/// A claim without exception, from the sums of two columns.
fn exceptions(statement: &str, says: &str, table: &Table, exceptions: &str, trials: &str) -> Result<Claim, TableError> {
    let total = |column: &str| -> Result<u64, TableError> {
        Ok(table.numbers(column)?.into_iter().flatten().sum::<f64>() as u64)
    };
    let trials = total(trials)?;
    if trials == 0 {
        return Ok(Claim::not_tested(statement, Source::Ours, says, "the grid has no such cell"));
    }
    Ok(Claim::without_exception(statement, says, total(exceptions)?, trials))
}

fn landing(rows: &Table) -> Result<Claim, TableError> {
    let pairs = rows.pairs("best_leg_ratio", "predicted_best")?;
    let largest =
        pairs.iter().fold(0.0_f64, |largest, (found, predicted)| largest.max((found / predicted - 1.0).abs()));
    let says =
        "the us that leaves the least angle after one step, found by search, is tan(φ0/2): largest relative deviation";
    let claim = Claim::within("L8", says, 1e-12, largest).noting(&format!("{} angles", pairs.len()));
    Ok(Claim { predicted: "at most 1e-12".to_owned(), measured: format!("{largest:.1e}"), ..claim })
}
