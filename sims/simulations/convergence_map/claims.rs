//! Claims about the statements, from the tables of the map.

use embedding_norms_lab::claim::{Claim, Stating, claim};

use super::rows::{SurveyRow, UnequalRow};

pub fn claims(rows: &[SurveyRow], unequal: &[UnequalRow]) -> Vec<Claim> {
    let inside = "the count of a cell is that of its mirror image (1/us, π − φ0) wherever both need a step";
    let outside = "everywhere else exactly one of the two needs no step, so that the map ends where the statement does";
    let pairs = "a pair of unequal norms takes the steps of its dual, with norms γs/ρ and angle π − φ0";
    let band = "one step suffices exactly between us = tan((φ0 − φ_ε)/2) and tan((φ0 + φ_ε)/2)";
    let flank = "on the flank of long norms, γ/ρ² ≤ 0.01, the closed form, rounded up, is the count";
    let mirror = "on the flank of short norms, (ρ²/γ)/sin² φ0 ≤ 0.01, the closed form of the mirror image is the count";
    let undecided = "L1 with both orders of the step; predictions within 0.002 of a whole number are left out";
    vec![
        exceptions(claim("L7", inside), rows, |row| (row.mismatches, row.inside)),
        exceptions(claim("L7", outside), rows, |row| (row.outside_exceptions, row.outside)),
        exceptions(claim("L7", pairs), unequal, |row| (row.mismatches, row.trials)),
        landing(rows),
        exceptions(claim("L8", band), rows, |row| (row.band_exceptions, row.inside)),
        exceptions(claim("L1", flank).note(undecided), rows, |row| (row.flank_mismatches, row.flank_decided)),
        exceptions(claim("L7", mirror).note(undecided), rows, |row| (row.mirror_mismatches, row.mirror_decided)),
    ]
}

/// A claim without exception, from the exceptions and trials of each row.
fn exceptions<R>(stating: Stating, rows: &[R], counts: fn(&R) -> (u64, u64)) -> Claim {
    let any = rows.iter().any(|row| counts(row).1 > 0);
    stating.needs(any, "the grid has no such cell").no_exception_in(rows, counts)
}

fn landing(rows: &[SurveyRow]) -> Claim {
    let apart = rows.iter().map(|row| (row.best_leg_ratio / row.predicted_best - 1.0).abs());
    let largest = apart.fold(0.0, f64::max);
    let says =
        "the us that leaves the least angle after one step, found by search, is tan(φ0/2): largest relative deviation";
    let claim = claim("L8", says).note(format!("{} angles", rows.len())).within(1e-12, largest);
    Claim { measured: format!("{largest:.1e}"), ..claim }
}
