//! The map as tables: a tidy one of few cells, a compact one of enough cells to draw, and what each row shows.

use embedding_norms::lab::table::{Table, TableError, Value};
use embedding_norms::simulation::Stop;

use super::survey::Map;

/// What stands for a missing count in the compact table.
const MISSING: &str = "-";

impl Map<'_> {
    /// One row for each of at most so many cells along each axis.
    pub fn tidy(&self, at_most: usize) -> Table {
        let mut table = Table::new(&["leg_ratio", "angle", "steps", "mirror_steps", "stop", "tolerance"]);
        let sample = self.grid.sample(at_most);
        for &row in &sample {
            for &column in &sample {
                let steps = self.steps(row, column);
                let stop = steps.map_or(Stop::Budget, |_| Stop::MeanCosine);
                table.push([
                    self.grid.leg_ratios[column].into(),
                    self.grid.angles[row].into(),
                    steps.into(),
                    self.mirror_steps(row, column).into(),
                    stop.name().into(),
                    self.tolerance.into(),
                ]);
            }
        }
        table
    }

    /// One row for each φ0, at most so many, with the counts along us in one text, divided by spaces. us is evenly spaced
    /// in the logarithm from `least_leg_ratio` to `greatest_leg_ratio`.
    pub fn compact(&self, at_most: usize) -> Table {
        let mut table = Table::new(&["angle", "least_leg_ratio", "greatest_leg_ratio", "tolerance", "steps"]);
        let sample = self.grid.sample(at_most);
        let Some((&first, &last)) = sample.first().zip(sample.last()) else { return table };
        let count = |row: usize, column: usize| match self.steps(row, column) {
            Some(steps) => steps.to_string(),
            None => MISSING.to_owned(),
        };
        for &row in &sample {
            let counts: Vec<String> = sample.iter().map(|&column| count(row, column)).collect();
            table.push([
                self.grid.angles[row].into(),
                self.grid.leg_ratios[first].into(),
                self.grid.leg_ratios[last].into(),
                self.tolerance.into(),
                counts.join(" ").into(),
            ]);
        }
        table
    }

    /// What each φ0 of the whole grid shows.
    pub fn rows(&self) -> Table {
        let mut table = Table::new(&[
            "angle",
            "inside",
            "mismatches",
            "outside",
            "outside_exceptions",
            "band_exceptions",
            "flank_decided",
            "flank_mismatches",
            "mirror_decided",
            "mirror_mismatches",
            "best_leg_ratio",
            "predicted_best",
        ]);
        for row in 0..self.grid.cells() {
            let found = self.survey(row);
            let counts = [
                found.inside,
                found.mismatches,
                found.outside,
                found.outside_exceptions,
                found.band_exceptions,
                found.decided,
                found.flank_mismatches,
                found.mirror_decided,
                found.mirror_mismatches,
            ];
            let angle: Value = self.grid.angles[row].into();
            let best = [found.found.into(), found.predicted.into()];
            table.push([angle].into_iter().chain(counts.map(Value::from)).chain(best));
        }
        table
    }
}

/// A compact table, read back.
pub struct Drawn {
    /// φ0 of each row.
    pub angles: Vec<f64>,
    /// The least and the greatest us.
    pub leg_ratios: (f64, f64),
    /// Cells in a row.
    pub columns: usize,
    /// Steps, row after row; not-a-number where the budget was spent.
    pub steps: Vec<f64>,
    /// The tolerance.
    pub tolerance: f64,
}

impl Drawn {
    /// Reads what [`Map::compact`] wrote.
    pub fn read(table: &Table) -> Result<Option<Self>, TableError> {
        let first = |column: &str| table.numbers(column).map(|values| values.into_iter().flatten().next());
        let ends = (first("least_leg_ratio")?, first("greatest_leg_ratio")?, first("tolerance")?);
        let (Some(least), Some(greatest), Some(tolerance)) = ends else { return Ok(None) };
        let texts = table.texts("steps")?;
        let row =
            |text: &String| -> Vec<f64> { text.split(' ').map(|count| count.parse().unwrap_or(f64::NAN)).collect() };
        let columns = texts.first().map_or(0, |text| row(text).len());
        Ok(Some(Self {
            angles: table.numbers("angle")?.into_iter().flatten().collect(),
            leg_ratios: (least, greatest),
            columns,
            steps: texts.iter().flat_map(row).collect(),
            tolerance,
        }))
    }

    /// us of a column.
    pub fn leg_ratio(&self, column: usize) -> f64 {
        let (least, greatest) = self.leg_ratios;
        let share = column as f64 / (self.columns.max(2) - 1) as f64;
        least * libm::pow(greatest / least, share)
    }
}
