//! Rows of a table, grouped for figures and claims.

use embedding_norms::lab::table::{Table, TableError};

/// The values of `y` at each different value of `x`, in the order of `x`.
pub fn groups(table: &Table, x: &str, y: &str) -> Result<Vec<(f64, Vec<f64>)>, TableError> {
    Ok(grouped(table.pairs(x, y)?))
}

/// The mean of `y` at each different value of `x`, in the order of `x`.
pub fn means(table: &Table, x: &str, y: &str) -> Result<Vec<(f64, f64)>, TableError> {
    Ok(averaged(table.pairs(x, y)?))
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

/// The values of y at each different x of pairs (x, y), in the order of x.
pub fn grouped(pairs: impl IntoIterator<Item = (f64, f64)>) -> Vec<(f64, Vec<f64>)> {
    let values = |(x, pairs): (f64, Vec<(f64, f64)>)| (x, pairs.into_iter().map(|(_, y)| y).collect());
    by(pairs, |pair| pair.0).into_iter().map(values).collect()
}

/// The mean of y at each different x of pairs (x, y), in the order of x.
pub fn averaged(pairs: impl IntoIterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    grouped(pairs).into_iter().map(|(x, values)| (x, mean(&values))).collect()
}

/// Items with the same key together, in the order of the key.
pub fn by<T>(items: impl IntoIterator<Item = T>, key: impl Fn(&T) -> f64) -> Vec<(f64, Vec<T>)> {
    let mut items: Vec<T> = items.into_iter().collect();
    items.sort_by(|a, b| key(a).total_cmp(&key(b)));
    let mut groups: Vec<(f64, Vec<T>)> = Vec::new();
    for item in items {
        match groups.last_mut() {
            Some((last, items)) if *last == key(&item) => items.push(item),
            _ => groups.push((key(&item), vec![item])),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_one_key_is_together_in_the_order_of_keys_and_of_itself() {
        let pairs = [(2.0, 5.0), (1.0, 3.0), (2.0, 4.0)];
        assert_eq!(by(pairs, |pair| pair.0), [(1.0, vec![pairs[1]]), (2.0, vec![pairs[0], pairs[2]])]);
        assert_eq!(grouped(pairs), [(1.0, vec![3.0]), (2.0, vec![5.0, 4.0])]);
        assert_eq!(averaged(pairs), [(1.0, 3.0), (2.0, 4.5)]);
    }
}
