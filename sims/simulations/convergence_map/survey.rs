//! The tables of a whole map: some of its cells, and what each φ0 shows.

use embedding_norms::simulation::Stop;
use embedding_norms::theory::map::{Agreement, Map};

use super::landing::best_leg_ratio;
use super::rows::{MapRow, SurveyRow, TidyRow};

/// At most so many indices of `cells`, from the first to the last, as evenly spaced as whole numbers can be.
fn sample(cells: usize, at_most: usize) -> Vec<usize> {
    let wanted = at_most.min(cells);
    if wanted < 2 {
        return vec![cells / 2];
    }
    (0..wanted).map(|part| (part * (cells - 1) + (wanted - 1) / 2) / (wanted - 1)).collect()
}

/// One row for each of at most so many cells along each axis.
pub fn tidy(map: &Map<'_>, at_most: usize) -> Vec<TidyRow> {
    let sample = sample(map.grid.cells(), at_most);
    let cell = |row: usize, column: usize| TidyRow {
        leg_ratio: map.grid.leg_ratios[column],
        angle: map.grid.angles[row],
        steps: map.steps(row, column),
        mirror_steps: map.mirror_steps(row, column),
        stop: map.steps(row, column).map_or(Stop::Budget, |_| Stop::MeanCosine).name().to_owned(),
        tolerance: map.tolerance,
    };
    sample.iter().flat_map(|&row| sample.iter().map(move |&column| cell(row, column))).collect()
}

/// One row for each φ0, at most so many, with as many counts.
pub fn compact(map: &Map<'_>, at_most: usize) -> Vec<MapRow> {
    let sample = sample(map.grid.cells(), at_most);
    let row = |&row: &usize| MapRow {
        angle: map.grid.angles[row],
        least_leg_ratio: map.grid.leg_ratios[sample[0]],
        greatest_leg_ratio: map.grid.leg_ratios[sample[sample.len() - 1]],
        tolerance: map.tolerance,
        steps: sample.iter().map(|&column| map.steps(row, column)).collect(),
    };
    sample.iter().map(row).collect()
}

/// What each φ0 of the whole grid shows.
pub fn survey(map: &Map<'_>) -> Vec<SurveyRow> {
    (0..map.grid.cells()).map(|row| survey_row(map, row)).collect()
}

fn survey_row(map: &Map<'_>, row: usize) -> SurveyRow {
    let Agreement { inside, outside, band, flank, mirror_flank } = map.agreement(row);
    let k = map.grid.half_tangents[row];
    SurveyRow {
        angle: map.grid.angles[row],
        inside: inside.cells,
        mismatches: inside.exceptions,
        outside: outside.cells,
        outside_exceptions: outside.exceptions,
        band_exceptions: band.exceptions,
        flank_decided: flank.cells,
        flank_mismatches: flank.exceptions,
        mirror_decided: mirror_flank.cells,
        mirror_mismatches: mirror_flank.exceptions,
        best_leg_ratio: best_leg_ratio(k),
        predicted_best: k,
    }
}
