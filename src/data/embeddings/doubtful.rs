//! Columns of numbers that look like an index: they are refused, never guessed.

use super::column::Column;

/// Names of columns that count or name rows.
const INDICES: [&str; 37] = [
    "id",
    "ids",
    "idx",
    "idxs",
    "index",
    "indexes",
    "indices",
    "ix",
    "uid",
    "uuid",
    "guid",
    "pk",
    "row",
    "rows",
    "rowid",
    "row_id",
    "rownum",
    "row_num",
    "row_number",
    "row_names",
    "rownames",
    "line_no",
    "line_number",
    "lineno",
    "epoch",
    "epochs",
    "step",
    "steps",
    "iter",
    "iteration",
    "iterations",
    "sample",
    "samples",
    "sample_no",
    "timestamp",
    "level_0",
    "level_1",
];

/// Names that speak of an index beside columns of fractions. In a table of counts they may be words that are counted.
const COUNTS: [&str; 27] = [
    "number", "num", "no", "nr", "count", "counts", "n", "len", "length", "size", "year", "month", "day", "date",
    "time", "age", "fold", "split", "seed", "order", "position", "frame", "cluster", "rank", "key", "line", "batch",
];

/// Endings and beginnings of such names.
const INDEX_ENDINGS: [&str; 7] = ["_id", "_ids", "_idx", "_index", "_key", "_no", "_nr"];
const COUNT_BEGINNINGS: [&str; 3] = ["n_", "num_", "nr_"];

/// How many times all others a whole number must be to be far from them, and a fraction. A few coordinates of language
/// models are some thousand times as large as the rest.
const FAR: f64 = 100.0;
const FAR_FRACTION: f64 = 1e5;

/// Rows from which a ramp is no coincidence, and the same beside whole numbers.
const RAMP: usize = 3;
const RAMP_OF_WHOLE: usize = 5;

/// A column that could be a coordinate.
pub(super) struct Candidate<'a> {
    pub place: usize,
    /// Its name in the header.
    pub name: Option<&'a str>,
    pub column: &'a Column,
}

/// Whether a name is the one that pandas and R give to an index without a name.
pub(super) fn is_nameless(name: &str) -> bool {
    let name = name.to_lowercase();
    let is_counted = |rest: &str| rest.bytes().all(|byte| byte.is_ascii_digit() || b": ._".contains(&byte));
    name.is_empty() || name.strip_prefix("unnamed").is_some_and(is_counted) || name == "...1"
}

/// Whether a name says that its column is an index, whatever stands beside it.
pub(super) fn is_index(name: &str) -> bool {
    let name = plain(name);
    INDICES.contains(&name.as_str()) || INDEX_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

fn is_count(name: &str) -> bool {
    let name = plain(name);
    COUNTS.contains(&name.as_str()) || COUNT_BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
}

/// A name in small letters with `_` between its words: `imageId`, `Image ID` and `image-id` are `image_id`.
fn plain(name: &str) -> String {
    let mut plain = String::new();
    let mut was_small = false;
    for letter in name.trim().chars() {
        if letter.is_uppercase() && was_small {
            plain.push('_');
        }
        was_small = letter.is_lowercase() || letter.is_ascii_digit();
        if letter.is_alphanumeric() { plain.extend(letter.to_lowercase()) } else { plain.push('_') }
    }
    plain.trim_matches('_').to_owned()
}

/// Why a column is doubted, in words that follow "column 1 'id' (1000, 1001, …) ".
pub(super) type Doubt = &'static str;

const NAMED: Doubt = "has the name of an index and holds whole numbers";
const NAMELESS: Doubt = "has no name, as an index has none";
const COUNTING: Doubt = "counts the rows";
const OTHER_KIND: Doubt = "holds whole numbers, where all others hold fractions";
const FAR_AWAY: Doubt = "is far larger than all others";

/// Candidates that look like an index, with the reason.
pub(super) fn doubted(candidates: &[Candidate<'_>], rows: usize) -> Vec<(usize, Doubt)> {
    // A table of one column is what its user says it is.
    if candidates.len() < 2 {
        return Vec::new();
    }
    let all_whole = candidates.iter().all(|candidate| candidate.column.is_whole());
    let all_ramps = candidates.iter().all(|candidate| candidate.column.is_ramp());
    let is_other_kind = other_kind(candidates, rows);
    let doubt = |candidate: &Candidate<'_>| {
        let column = candidate.column;
        if let Some(name) = candidate.name {
            if is_nameless(name) {
                return Some(NAMELESS);
            }
            if column.is_whole() && (is_index(name) || is_count(name) && !all_whole) {
                return Some(NAMED);
            }
        }
        if !all_ramps && column.is_ramp() && is_no_chance(candidate, rows, all_whole) {
            return Some(COUNTING);
        }
        if is_other_kind && column.is_written_whole() && column.not_zero > 0 {
            return Some(OTHER_KIND);
        }
        is_far(candidate, candidates, rows).then_some(FAR_AWAY)
    };
    candidates.iter().filter_map(|candidate| Some((candidate.place, doubt(candidate)?))).collect()
}

/// Candidates whose names say that they are an index.
pub(super) fn named(candidates: &[Candidate<'_>]) -> Vec<(usize, Doubt)> {
    let is_named = |candidate: &&Candidate<'_>| candidate.column.is_whole() && candidate.name.is_some_and(is_index);
    match candidates {
        [_] => Vec::new(),
        _ => candidates.iter().filter(is_named).map(|candidate| (candidate.place, NAMED)).collect(),
    }
}

fn is_no_chance(candidate: &Candidate<'_>, rows: usize, all_whole: bool) -> bool {
    let by_ones = candidate.column.step().is_some_and(|step| step.abs() == 1.0);
    let from_the_start = candidate.place == 0 && matches!(candidate.column.examples.first(), Some(0.0 | 1.0));
    rows >= RAMP && (!all_whole || by_ones && (rows >= RAMP_OF_WHOLE || from_the_start))
}

/// Whether the columns are of two kinds, as those of a data frame are: some of whole numbers, and at least as many in
/// which every number is written with a point or an exponent.
fn other_kind(candidates: &[Candidate<'_>], rows: usize) -> bool {
    let whole = candidates.iter().filter(|candidate| candidate.column.is_written_whole()).count();
    let fractions = candidates.iter().filter(|candidate| candidate.column.written_whole == 0).count();
    rows >= RAMP && whole + fractions == candidates.len() && whole > 0 && whole <= fractions
}

fn is_far(candidate: &Candidate<'_>, candidates: &[Candidate<'_>], rows: usize) -> bool {
    let others = || candidates.iter().filter(|other| other.place != candidate.place).map(|other| other.column);
    let largest = others().map(Column::largest).fold(0.0, f64::max);
    let mean = others().map(Column::mean).fold(0.0, f64::max);
    let far = if candidate.column.is_whole() { FAR } else { FAR_FRACTION };
    let column = candidate.column;
    rows > 1 && mean > 0.0 && column.largest().is_finite() && column.smallest() > largest && column.mean() > far * mean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_indices_are_known_in_every_spelling() {
        for name in
            ["id", "ID", "Ids", "image_id", "imageId", "Image ID", "image-id", "index", "Epoch", "global_step_no"]
        {
            assert!(is_index(name), "{name}");
        }
        for name in ["x", "width", "grid", "idle", "embedding_0", "dim1", "z0"] {
            assert!(!is_index(name), "{name}");
        }
        for name in ["", "Unnamed: 0", "unnamed: 0.1", "Unnamed: 0_1", "...1"] {
            assert!(is_nameless(name), "{name}");
        }
        assert!(!is_nameless("unnamed things") && is_count("n_tokens") && is_count("Length") && !is_count("nose"));
    }
}
