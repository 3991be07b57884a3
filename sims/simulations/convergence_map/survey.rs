//! What a whole map shows: its mirror image, its flanks, its one-step band.

use embedding_norms::simulation::Stop;
use embedding_norms::theory::convergence::second_order_steps;
use embedding_norms::theory::duality::{both_need_a_step, one_step_band};

use super::grid::Grid;
use super::landing::best_leg_ratio;
use super::rows::{CountsRow, MapRow, SurveyRow, TidyRow};

/// The largest u, on either flank, at which L1 is compared with the counts.
const SMALL_STEP: f64 = 0.01;
/// How close to a whole number a prediction is not decided: what L1 with both orders neglects at that u.
const UNDECIDED: f64 = 0.002;

/// Steps of every cell (rows: φ0; columns: us).
pub struct Map<'a> {
    pub grid: &'a Grid,
    pub counts: &'a [CountsRow],
    pub tolerance: f64,
}

impl Map<'_> {
    /// Steps of a cell.
    fn steps(&self, row: usize, column: usize) -> Option<u64> {
        self.counts[row].steps[column]
    }

    /// Steps of the mirror image of a cell: (us, φ0) ↦ (1/us, π − φ0).
    fn mirror_steps(&self, row: usize, column: usize) -> Option<u64> {
        let last = self.grid.cells() - 1;
        self.steps(last - row, last - column)
    }

    /// One row for each of at most so many cells along each axis.
    pub fn tidy(&self, at_most: usize) -> Vec<TidyRow> {
        let sample = self.grid.sample(at_most);
        let cell = |row: usize, column: usize| TidyRow {
            leg_ratio: self.grid.leg_ratios[column],
            angle: self.grid.angles[row],
            steps: self.steps(row, column),
            mirror_steps: self.mirror_steps(row, column),
            stop: self.steps(row, column).map_or(Stop::Budget, |_| Stop::MeanCosine).name().to_owned(),
            tolerance: self.tolerance,
        };
        sample.iter().flat_map(|&row| sample.iter().map(move |&column| cell(row, column))).collect()
    }

    /// One row for each φ0, at most so many, with as many counts.
    pub fn compact(&self, at_most: usize) -> Vec<MapRow> {
        let sample = self.grid.sample(at_most);
        let row = |&row: &usize| MapRow {
            angle: self.grid.angles[row],
            least_leg_ratio: self.grid.leg_ratios[sample[0]],
            greatest_leg_ratio: self.grid.leg_ratios[sample[sample.len() - 1]],
            tolerance: self.tolerance,
            steps: sample.iter().map(|&column| self.steps(row, column)).collect(),
        };
        sample.iter().map(row).collect()
    }

    /// What each φ0 of the whole grid shows.
    pub fn survey(&self) -> Vec<SurveyRow> {
        (0..self.grid.cells()).map(|row| self.survey_row(row)).collect()
    }

    /// Compares one row with L1, L7 and L8. Cells that spent their budget are passed over if their mirror images did
    /// too.
    fn survey_row(&self, row: usize) -> SurveyRow {
        let k = self.grid.half_tangents[row];
        let inside = both_need_a_step(k, self.tolerance);
        let (angle, best_leg_ratio) = (self.grid.angles[row], best_leg_ratio(k));
        let mut found = SurveyRow { angle, best_leg_ratio, predicted_best: k, ..SurveyRow::default() };
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

    fn hold_against_l1(&self, row: usize, column: usize, found: &mut SurveyRow) {
        let (k, last) = (self.grid.half_tangents[row], self.grid.cells() - 1);
        let count = self.steps(row, column);
        let u = self.grid.step_size(row, column);
        if u <= SMALL_STEP {
            let (decided, mismatches) = compare(k, u, self.tolerance, count);
            found.flank_decided += decided;
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
