//! Rows of a table, grouped for figures and claims.

use embedding_norms::lab::table::{Table, TableError};

/// The values of `y` at each different value of `x`, in the order of `x`.
pub fn groups(table: &Table, x: &str, y: &str) -> Result<Vec<(f64, Vec<f64>)>, TableError> {
    Ok(grouped(table.pairs(x, y)?))
}

/// The mean of `y` at each different value of `x`, in the order of `x`.
pub fn means(table: &Table, x: &str, y: &str) -> Result<Vec<(f64, f64)>, TableError> {
    Ok(groups(table, x, y)?.into_iter().map(|(at, values)| (at, mean(&values))).collect())
}

/// The different values of a column, in their order.
pub fn levels(table: &Table, column: &str) -> Result<Vec<f64>, TableError> {
    Ok(groups(table, column, column)?.into_iter().map(|(level, _)| level).collect())
}

/// The mean of values.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |sum, value| sum + value) / values.len() as f64
}

/// The first number of a column: a setting that is the same in every row.
pub fn setting(table: &Table, column: &str) -> Result<Option<f64>, TableError> {
    Ok(table.numbers(column)?.into_iter().flatten().next())
}

/// The different values, in the order in which they first come.
pub fn distinct<T: PartialEq>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut seen = Vec::new();
    for value in values {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen
}

/// The second numbers at each different first one, in the order of the first.
pub fn grouped(pairs: impl IntoIterator<Item = (f64, f64)>) -> Vec<(f64, Vec<f64>)> {
    let mut pairs: Vec<(f64, f64)> = pairs.into_iter().collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut groups: Vec<(f64, Vec<f64>)> = Vec::new();
    for (at, value) in pairs {
        match groups.last_mut() {
            Some((last, values)) if *last == at => values.push(value),
            _ => groups.push((at, vec![value])),
        }
    }
    groups
}
