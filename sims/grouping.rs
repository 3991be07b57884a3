//! Columns of a table, grouped by the value of another one: what figures draw as means over replicates.

use embedding_norms::table::{Table, TableError};

/// The values of `column` at each value of `key`, in ascending order of the key.
pub fn groups(table: &Table, key: &str, column: &str) -> Result<Vec<(f64, Vec<f64>)>, TableError> {
    let mut pairs = table.pairs(key, column)?;
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut groups: Vec<(f64, Vec<f64>)> = Vec::new();
    for (key, value) in pairs {
        match groups.last_mut() {
            Some((last, values)) if *last == key => values.push(value),
            _ => groups.push((key, vec![value])),
        }
    }
    Ok(groups)
}

/// The mean of `column` at each value of `key`, in ascending order of the key.
pub fn means(table: &Table, key: &str, column: &str) -> Result<Vec<(f64, f64)>, TableError> {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    Ok(groups(table, key, column)?.into_iter().map(|(key, values)| (key, mean(&values))).collect())
}

/// The first number of a column: a setting that is the same in every row.
pub fn setting(table: &Table, column: &str) -> Result<Option<f64>, TableError> {
    Ok(table.numbers(column)?.into_iter().flatten().next())
}
