//! The map of L7 and L8: steps of a pair over the plane of leg ratio us and initial angle φ0, and whether they are where the
//! closed forms put them.
//!
//! ```
//! use embedding_norms::theory::map::{Grid, Map};
//! let (grid, tolerance) = (Grid::new(41, 100.0), 1e-3);
//! let counts: Vec<_> = (0..41).map(|row| grid.steps(row, tolerance, 100_000)).collect::<Result<_, _>>()?;
//! let map = Map { grid: &grid, counts: counts.iter().map(Vec::as_slice).collect(), tolerance };
//! // A right angle: each cell takes the steps of its mirror image, and one step suffices where L8 says so.
//! let found = map.agreement(20);
//! assert_eq!((found.inside.cells, found.inside.exceptions, found.band.exceptions), (41, 0, 0));
//! # Ok::<(), embedding_norms::setting::SettingError>(())
//! ```

use std::f64::consts::PI;

use crate::setting::SettingError;
use crate::theory::convergence::second_order_steps;
use crate::theory::duality::{both_need_a_step, one_step_band};
use crate::theory::pair::steps_of_pairs;

/// The largest u, on either flank, at which L1 is compared with the counts.
const SMALL_STEP: f64 = 0.01;
/// How close to a whole number a prediction is not decided: what L1 with both orders neglects at that u.
const UNDECIDED: f64 = 0.002;

/// The places of the cells: tan(φ0/2) and us, each with the reciprocal of every value at the mirrored index, so that every
/// cell has its mirror image (1/us, π − φ0) in floating-point numbers.
#[derive(Clone, Debug)]
pub struct Grid {
    /// φ0 in the middle of each row, from 0 to π.
    pub angles: Vec<f64>,
    /// tan(φ0/2) of each row.
    pub half_tangents: Vec<f64>,
    /// us of each column, evenly spaced in the logarithm.
    pub leg_ratios: Vec<f64>,
}

impl Grid {
    /// So many cells along each axis, at least one; us from 1/`range` to `range`, which is above 1.
    pub fn new(cells: usize, range: f64) -> Self {
        let middle = |index: usize| (index as f64 + 0.5) / cells as f64;
        let angle = |index: usize| PI * middle(index);
        let leg_ratio = |index: usize| libm::exp(libm::log(range) * (2.0 * middle(index) - 1.0));
        Self {
            angles: (0..cells).map(angle).collect(),
            half_tangents: reciprocal(cells, |index| libm::tan(0.5 * angle(index))),
            leg_ratios: reciprocal(cells, leg_ratio),
        }
    }

    /// Cells along each axis.
    pub fn cells(&self) -> usize {
        self.angles.len()
    }

    /// u = us/s of a cell.
    ///
    /// # Panics
    /// Unless the grid has the cell.
    pub fn step_size(&self, row: usize, column: usize) -> f64 {
        let k = self.half_tangents[row];
        self.leg_ratios[column] * (1.0 + k * k) / (2.0 * k)
    }

    /// The steps of every cell of a row until 1 − cos φ is at most `epsilon`; none where the budget was spent.
    ///
    /// # Errors
    /// As for [`steps_of_pairs`].
    ///
    /// # Panics
    /// Unless the grid has the row.
    pub fn steps(&self, row: usize, epsilon: f64, budget: u64) -> Result<Vec<Option<u64>>, SettingError> {
        let step_sizes: Vec<f64> = (0..self.cells()).map(|column| self.step_size(row, column)).collect();
        steps_of_pairs(&vec![self.half_tangents[row]; self.cells()], &step_sizes, epsilon, budget)
    }
}

/// Values below 1 from `value`, then 1 if their number is odd, then their reciprocals in reverse.
fn reciprocal(cells: usize, value: impl Fn(usize) -> f64) -> Vec<f64> {
    let lower: Vec<f64> = (0..cells / 2).map(value).collect();
    let middle = (cells % 2 == 1).then_some(1.0);
    let upper: Vec<f64> = lower.iter().rev().map(|value| 1.0 / value).collect();
    lower.into_iter().chain(middle).chain(upper).collect()
}

/// Steps of every cell of a grid. What is asked of a cell that is not in grid and counts panics.
#[derive(Clone, Debug)]
pub struct Map<'a> {
    /// The places of the cells.
    pub grid: &'a Grid,
    /// The steps of each row of the grid, one for each column; none where the budget was spent.
    pub counts: Vec<&'a [Option<u64>]>,
    /// A pair has converged when its 1 − cos φ is at most this.
    pub tolerance: f64,
}

/// Cells that were compared, and those among them that are not as stated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All that were compared.
    pub cells: u64,
    /// Those that are not as stated.
    pub exceptions: u64,
}

impl Tally {
    fn add(&mut self, as_stated: bool) {
        self.cells += 1;
        self.exceptions += u64::from(!as_stated);
    }
}

/// How the cells of one row agree with L1, L7 and L8. Cells that spent their budget are passed over if their mirror images
/// did too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// L7, φ_ε < φ0 < π − φ_ε: the count, of at least one step, is that of the mirror image.
    pub inside: Tally,
    /// L7, all other cells: exactly one of the two counts is 0.
    pub outside: Tally,
    /// L8, φ_ε < φ0 < π − φ_ε: one step suffices within the one-step band, and nowhere else.
    pub band: Tally,
    /// L1 with both orders, on the flank of large norms, u ≤ 0.01: rounded up it is the count. Predictions within 0.002 of a
    /// whole number are not compared.
    pub flank: Tally,
    /// The same of mirror images, on the flank of small norms.
    pub mirror_flank: Tally,
}

impl Map<'_> {
    /// Steps of a cell.
    pub fn steps(&self, row: usize, column: usize) -> Option<u64> {
        self.counts[row][column]
    }

    /// Steps of the mirror image of a cell: (us, φ0) ↦ (1/us, π − φ0).
    pub fn mirror_steps(&self, row: usize, column: usize) -> Option<u64> {
        let last = self.grid.cells() - 1;
        self.steps(last - row, last - column)
    }

    /// Compares one row with L1, L7 and L8.
    pub fn agreement(&self, row: usize) -> Agreement {
        let k = self.grid.half_tangents[row];
        let inside = both_need_a_step(k, self.tolerance);
        let band = one_step_band(k, self.tolerance);
        let mut found = Agreement::default();
        for column in 0..self.grid.cells() {
            let (here, there) = (self.steps(row, column), self.mirror_steps(row, column));
            match (inside, here.or(there)) {
                (_, None) => {}
                (false, Some(_)) => found.outside.add((here == Some(0)) != (there == Some(0))),
                (true, Some(_)) => {
                    found.inside.add(here == there && here != Some(0));
                    let us = self.grid.leg_ratios[column];
                    found.band.add((here == Some(1)) == (band.0 <= us && us <= band.1));
                    self.compare_with_l1(row, column, &mut found);
                }
            }
        }
        found
    }

    fn compare_with_l1(&self, row: usize, column: usize, found: &mut Agreement) {
        let (k, last) = (self.grid.half_tangents[row], self.grid.cells() - 1);
        let count = self.steps(row, column);
        let u = self.grid.step_size(row, column);
        if u <= SMALL_STEP {
            compare(k, u, self.tolerance, count, &mut found.flank);
        }
        let mirrored = self.grid.step_size(last - row, last - column);
        if mirrored <= SMALL_STEP {
            compare(1.0 / k, mirrored, self.tolerance, count, &mut found.mirror_flank);
        }
    }
}

/// Whether L1 with both orders, rounded up, is the count, where it decides.
fn compare(half_tangent: f64, step_size: f64, tolerance: f64, count: Option<u64>, found: &mut Tally) {
    match second_order_steps(half_tangent, step_size, step_size, tolerance) {
        Ok(predicted) if (predicted - predicted.round()).abs() < UNDECIDED => {}
        Ok(predicted) => found.add(count.map(|count| count as f64) == Some(predicted.ceil())),
        Err(_) => found.add(false),
    }
}
