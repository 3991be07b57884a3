//! What a whole map shows: its mirror image, its flanks, its one-step band.

use embedding_norms::theory::convergence::second_order_steps;
use embedding_norms::theory::duality::{both_need_a_step, one_step_band};

use super::grid::Grid;
use super::landing::best_leg_ratio;

/// The largest u, on either flank, at which L1 is held against the counts.
const SMALL_STEP: f64 = 0.01;
/// How close to a whole number a prediction is not decided: what L1 with both orders neglects at that u.
const UNDECIDED: f64 = 0.002;

/// Steps of every cell, row after row (rows: φ0; columns: us).
pub struct Map<'a> {
    pub grid: &'a Grid,
    /// None where the budget was spent.
    pub counts: &'a [Option<u64>],
    pub tolerance: f64,
}

/// What one row shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct RowSurvey {
    /// Cells with φ_ε < φ0 < π − φ_ε, and those among them whose mirror image has another count.
    pub inside: u64,
    pub mismatches: u64,
    /// The other cells, and those among them for which not exactly one of the two counts is 0.
    pub outside: u64,
    pub outside_exceptions: u64,
    /// Cells with a single step that lie outside the one-step band, or the reverse.
    pub band_exceptions: u64,
    /// Cells on the flank of large norms and on the mirror flank where L1 decides, and its mismatches.
    pub decided: u64,
    pub flank_mismatches: u64,
    pub mirror_decided: u64,
    pub mirror_mismatches: u64,
    /// The best us by search, and by the closed form tan(φ0/2).
    pub found: f64,
    pub predicted: f64,
}

impl Map<'_> {
    /// Steps of a cell.
    pub fn steps(&self, row: usize, column: usize) -> Option<u64> {
        self.counts[row * self.grid.cells() + column]
    }

    /// Steps of the mirror image of a cell: (us, φ0) ↦ (1/us, π − φ0).
    pub fn mirror_steps(&self, row: usize, column: usize) -> Option<u64> {
        let last = self.grid.cells() - 1;
        self.steps(last - row, last - column)
    }

    /// Holds one row against L1, L7 and L8. Cells that spent their budget are passed over if their mirror images did too.
    pub fn survey(&self, row: usize) -> RowSurvey {
        let k = self.grid.half_tangents[row];
        let inside = both_need_a_step(k, self.tolerance);
        let mut found = RowSurvey { found: best_leg_ratio(k), predicted: k, ..RowSurvey::default() };
        let band = one_step_band(k, self.tolerance);
        for column in 0..self.grid.cells() {
            let (here, there) = (self.steps(row, column), self.mirror_steps(row, column));
            match (inside, here.or(there)) {
                (_, None) => {}
                (false, Some(_)) => {
                    found.outside += 1;
                    found.outside_exceptions += u64::from((here == Some(0)) == (there == Some(0)));
                }
                (true, Some(_)) => {
                    found.inside += 1;
                    found.mismatches += u64::from(here != there || here == Some(0));
                    let us = self.grid.leg_ratios[column];
                    found.band_exceptions += u64::from((here == Some(1)) != (band.0 <= us && us <= band.1));
                    self.hold_against_l1(row, column, &mut found);
                }
            }
        }
        found
    }

    fn hold_against_l1(&self, row: usize, column: usize, found: &mut RowSurvey) {
        let (k, last) = (self.grid.half_tangents[row], self.grid.cells() - 1);
        let count = self.steps(row, column);
        let u = self.grid.step_size(row, column);
        if u <= SMALL_STEP {
            let (decided, mismatches) = compare(k, u, self.tolerance, count);
            found.decided += decided;
            found.flank_mismatches += mismatches;
        }
        let mirrored = self.grid.step_size(last - row, last - column);
        if mirrored <= SMALL_STEP {
            let (decided, mismatches) = compare(1.0 / k, mirrored, self.tolerance, count);
            found.mirror_decided += decided;
            found.mirror_mismatches += mismatches;
        }
    }
}

/// Whether L1 with both orders, rounded up, decides a count, and whether it differs.
fn compare(half_tangent: f64, step_size: f64, tolerance: f64, count: Option<u64>) -> (u64, u64) {
    match second_order_steps(half_tangent, step_size, step_size, tolerance) {
        Ok(predicted) if (predicted - predicted.round()).abs() < UNDECIDED => (0, 0),
        Ok(predicted) => (1, u64::from(count.map(|count| count as f64) != Some(predicted.ceil()))),
        Err(_) => (1, 1),
    }
}
