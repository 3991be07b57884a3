//! Values of rows, grouped for figures and claims.

use embedding_norms::statistics::{Estimate, mean, mean_with_interval};

/// The different values, in the order of their first appearance.
pub fn distinct<T: PartialEq>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut seen = Vec::new();
    for value in values {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen
}

/// The values of y at each different x of pairs (x, y), in the order of x.
pub fn grouped(pairs: impl IntoIterator<Item = (f64, f64)>) -> Vec<(f64, Vec<f64>)> {
    let values = |(x, pairs): (f64, Vec<(f64, f64)>)| (x, pairs.into_iter().map(|(_, y)| y).collect());
    by(pairs, |pair| pair.0).into_iter().map(values).collect()
}

/// The mean of y at each different x of pairs (x, y), in the order of x.
pub fn averages(pairs: impl IntoIterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    grouped(pairs).into_iter().map(|(x, values)| (x, mean(&values))).collect()
}

/// The different values, from the smallest on.
pub fn ascending(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    grouped(values.into_iter().map(|value| (value, value))).into_iter().map(|(value, _)| value).collect()
}

/// The mean of the values of each name with its 95 % interval, in the order in which names appear, without names of
/// fewer than two values.
pub fn estimated(values: impl IntoIterator<Item = (String, f64)>) -> Vec<(String, Estimate)> {
    let mut named: Vec<(String, Vec<f64>)> = Vec::new();
    for (name, value) in values {
        match named.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => named.push((name, vec![value])),
        }
    }
    named.into_iter().filter_map(|(name, values)| Some((name, mean_with_interval(&values, 0.95)?))).collect()
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
    fn pairs_are_grouped_in_the_order_of_x_and_names_in_that_of_their_first_value() {
        let pairs = [(2.0, 5.0), (1.0, 3.0), (2.0, 7.0)];
        assert_eq!(grouped(pairs), [(1.0, vec![3.0]), (2.0, vec![5.0, 7.0])]);
        assert_eq!(averages(pairs), [(1.0, 3.0), (2.0, 6.0)]);
        assert_eq!(ascending([2.0, 1.0, 2.0]), [1.0, 2.0]);
        let named = [("z", 1.0), ("a", 2.0), ("lone", 9.0), ("z", 3.0), ("a", 2.0)];
        let found = estimated(named.map(|(name, value)| (name.to_owned(), value)));
        let means: Vec<(&str, f64)> = found.iter().map(|(name, found)| (name.as_str(), found.value)).collect();
        assert_eq!(means, [("z", 2.0), ("a", 2.0)]);
    }

    #[test]
    fn what_has_one_key_is_together_in_the_order_of_keys_and_of_itself() {
        let pairs = [(2.0, 5.0), (1.0, 3.0), (2.0, 4.0)];
        assert_eq!(by(pairs, |pair| pair.0), [(1.0, vec![pairs[1]]), (2.0, vec![pairs[0], pairs[2]])]);
        assert_eq!(grouped(pairs), [(1.0, vec![3.0]), (2.0, vec![5.0, 4.0])]);
        assert_eq!(averages(pairs), [(1.0, 3.0), (2.0, 4.5)]);
    }
}
