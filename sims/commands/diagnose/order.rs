//! Checkpoints in the order of the numbers in their names: ck2 comes before ck10.

/// A name without its numbers, and the numbers.
fn parts(name: &str) -> (String, Vec<f64>) {
    let (mut rest, mut plain, mut numbers) = (name, String::new(), Vec::new());
    while let Some(start) = rest.find(|letter: char| letter.is_ascii_digit()) {
        let (before, number) = rest.split_at(start);
        let whole = length_of_digits(number);
        // 0.25 is one number, and the 1 of ck.1.npy stands for itself.
        let decimals = number[whole..].strip_prefix('.').map_or(0, length_of_digits);
        let end = if decimals > 0 { whole + 1 + decimals } else { whole };
        plain += before;
        plain.push('\0');
        numbers.push(number[..end].parse().unwrap_or(f64::INFINITY));
        rest = &number[end..];
    }
    (plain + rest, numbers)
}

fn length_of_digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// The places of names in the order of their numbers, the first one before the others; none where names differ in more
/// than their numbers, as then nothing is known of their order.
pub fn natural_order(names: &[String]) -> Option<Vec<usize>> {
    let parts: Vec<(String, Vec<f64>)> = names.iter().map(|name| parts(name)).collect();
    let (plain, numbers) = parts.first()?;
    if parts.len() < 2 || parts.iter().any(|(other, _)| other != plain) || parts.iter().all(|(_, same)| same == numbers)
    {
        return None;
    }
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by(|a, b| parts[*a].1.partial_cmp(&parts[*b].1).unwrap_or(std::cmp::Ordering::Equal));
    Some(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(names: &[&str]) -> Option<Vec<String>> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        Some(natural_order(&names)?.into_iter().map(|place| names[place].clone()).collect())
    }

    #[test]
    fn numbers_order_names_that_differ_in_nothing_else() {
        let is = |given: &[&str], expected: &[&str]| assert_eq!(sorted(given).unwrap(), expected);
        is(&["ck1.npy", "ck10.npy", "ck2.npy"], &["ck1.npy", "ck2.npy", "ck10.npy"]);
        is(&["run/e10-s5.npz:z", "run/e9-s500.npz:z"], &["run/e9-s500.npz:z", "run/e10-s5.npz:z"]);
        is(&["e0.5.npy", "e0.25.npy", "e1.0.npy"], &["e0.25.npy", "e0.5.npy", "e1.0.npy"]);
        is(&["ck.007.npy", "ck.06.npy"], &["ck.06.npy", "ck.007.npy"]);
        is(&["all.npy:100-199", "all.npy:0-99"], &["all.npy:0-99", "all.npy:100-199"]);
        for names in [["z.npy", "later.npy"], ["init.npy", "ck1.npy"], ["ck1.npy", "ck1.npy"], ["ck1k.npy", "ck2M.npy"]]
        {
            assert_eq!(sorted(&names), None, "{names:?}");
        }
    }
}
