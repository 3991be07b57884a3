//! The rows of the tables: a tidy one of few cells, a compact one of enough cells to draw, and what each φ0 shows.

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

/// One φ0 with the counts along us in one text, divided by spaces. us is evenly spaced in the logarithm from
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

/// Counts in one text, divided by spaces.
mod spaced {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    /// What stands for a missing count.
    const MISSING: &str = "-";

    pub fn serialize<S: Serializer>(steps: &[Option<u64>], serializer: S) -> Result<S::Ok, S::Error> {
        let text = |steps: &Option<u64>| steps.map_or_else(|| MISSING.to_owned(), |steps| steps.to_string());
        serializer.serialize_str(&steps.iter().map(text).collect::<Vec<_>>().join(" "))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Option<u64>>, D::Error> {
        let count =
            |text: &str| if text == MISSING { Ok(None) } else { text.parse().map(Some).map_err(D::Error::custom) };
        String::deserialize(deserializer)?.split(' ').map(count).collect()
    }
}

#[cfg(test)]
mod tests {
    use embedding_norms_lab::table::Table;

    use super::*;

    #[test]
    fn counts_come_back_from_the_file_with_those_that_are_missing() {
        let written = [vec![Some(3), None, Some(0)], vec![None], vec![Some(7)]];
        let mut table = Table::of_rows::<CountsRow>();
        table.extend(&written.clone().map(|steps| CountsRow { steps })).unwrap();
        let text = table.to_csv().unwrap();
        assert_eq!(text, "steps\n3 - 0\n-\n7\n");
        let read: Vec<CountsRow> = Table::read_csv(text.as_bytes()).unwrap().typed().unwrap();
        assert_eq!(read.into_iter().map(|row| row.steps).collect::<Vec<_>>(), written);
        let broken = Table::read_csv("steps\n3 x\n".as_bytes()).unwrap().typed::<CountsRow>().unwrap_err();
        assert!(broken.to_string().starts_with("row 1"), "{broken}");
    }
}
