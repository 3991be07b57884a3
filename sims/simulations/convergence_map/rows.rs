//! The rows of the tables: a tidy one of few cells, a compact one of enough cells to draw, and what each φ0 shows.

use embedding_norms_lab::table::spaced;
use serde::{Deserialize, Serialize};

use crate::simulations::study::Row;

/// Steps of each cell of one row of the grid; none where the budget was spent.
#[derive(Debug, Serialize, Deserialize)]
pub struct CountsRow {
    #[serde(with = "spaced")]
    pub steps: Vec<Option<u64>>,
}

impl Row for CountsRow {
    const TABLE: &'static str = "counts";
}

/// One cell.
#[derive(Debug, Serialize, Deserialize)]
pub struct TidyRow {
    pub leg_ratio: f64,
    pub angle: f64,
    pub steps: Option<u64>,
    pub mirror_steps: Option<u64>,
    pub stop: String,
    pub tolerance: f64,
}

impl Row for TidyRow {
    const TABLE: &'static str = "";
}

/// One φ0 with the counts along us in one text, separated by spaces. us is evenly spaced in the logarithm from
/// `least_leg_ratio` to `greatest_leg_ratio`.
#[derive(Debug, Serialize, Deserialize)]
pub struct MapRow {
    pub angle: f64,
    pub least_leg_ratio: f64,
    pub greatest_leg_ratio: f64,
    pub tolerance: f64,
    #[serde(with = "spaced")]
    pub steps: Vec<Option<u64>>,
}

impl Row for MapRow {
    const TABLE: &'static str = "map";
}

impl MapRow {
    /// us of each column.
    pub fn leg_ratios(&self) -> impl Iterator<Item = f64> {
        let (least, greatest, columns) = (self.least_leg_ratio, self.greatest_leg_ratio, self.steps.len());
        (0..columns).map(move |column| least * libm::pow(greatest / least, column as f64 / (columns.max(2) - 1) as f64))
    }

    /// The counts as numbers; not-a-number where the budget was spent.
    pub fn counts(&self) -> impl Iterator<Item = f64> {
        self.steps.iter().map(|steps| steps.map_or(f64::NAN, |steps| steps as f64))
    }
}

/// What one φ0 of the whole grid shows.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct SurveyRow {
    pub angle: f64,
    /// Cells with φ_ε < φ0 < π − φ_ε, and those among them whose mirror image has another count.
    pub inside: u64,
    pub mismatches: u64,
    /// The other cells, and those among them for which not exactly one of the two counts is 0.
    pub outside: u64,
    pub outside_exceptions: u64,
    /// Cells with a single step that lie outside the one-step band, or the reverse.
    pub band_exceptions: u64,
    /// Cells on the flank of large norms and on the mirror flank where L1 decides, and its mismatches.
    pub flank_decided: u64,
    pub flank_mismatches: u64,
    pub mirror_decided: u64,
    pub mirror_mismatches: u64,
    /// The best us by search, and by the closed form tan(φ0/2).
    pub best_leg_ratio: f64,
    pub predicted_best: f64,
}

impl Row for SurveyRow {
    const TABLE: &'static str = "rows";
}

/// Pairs of unequal norms that, or whose duals, converge within the budget, and those with another count than their dual.
#[derive(Debug, Serialize, Deserialize)]
pub struct UnequalRow {
    pub replicate: u64,
    pub trials: u64,
    pub mismatches: u64,
}

impl Row for UnequalRow {
    const TABLE: &'static str = "unequal";
}
