//! The grid of the map, in which every cell has its mirror image in floating-point numbers.

use std::f64::consts::PI;

/// The places of the cells: tan(φ0/2) and us, each with the reciprocal of every value at the mirrored index.
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
    /// So many cells along each axis; us from 1/`range` to `range`.
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
    pub fn step_size(&self, row: usize, column: usize) -> f64 {
        let k = self.half_tangents[row];
        self.leg_ratios[column] * (1.0 + k * k) / (2.0 * k)
    }

    /// At most so many indices, from the first to the last, as evenly spaced as whole numbers can be.
    pub fn sample(&self, at_most: usize) -> Vec<usize> {
        let (cells, wanted) = (self.cells(), at_most.min(self.cells()));
        if wanted < 2 {
            return vec![cells / 2];
        }
        (0..wanted).map(|part| (part * (cells - 1) + (wanted - 1) / 2) / (wanted - 1)).collect()
    }
}

/// Values below 1 from `value`, then 1 if their number is odd, then their reciprocals in reverse.
fn reciprocal(cells: usize, value: impl Fn(usize) -> f64) -> Vec<f64> {
    let lower: Vec<f64> = (0..cells / 2).map(value).collect();
    let middle = (cells % 2 == 1).then_some(1.0);
    let upper: Vec<f64> = lower.iter().rev().map(|value| 1.0 / value).collect();
    lower.into_iter().chain(middle).chain(upper).collect()
}
