//! Numbers in sentences.
//!
//! ```
//! use embedding_norms::words::brief;
//! let numbers = [0.0, 1e-12, 1.332e-15, 0.003, 0.66581, 2.0, 16.0, 1234.56, 98765.4, 1e6];
//! assert_eq!(numbers.map(brief), ["0", "1e-12", "1.332e-15", "0.003", "0.6658", "2", "16", "1235", "98765", "1e6"]);
//! ```

/// A number for a reader: four digits at most, or its whole part, in scientific notation where it would have many zeros.
pub fn brief(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-3..1e5).contains(&magnitude) {
        return rounded(&format!("{value:.3e}"));
    }
    let decimals = if magnitude >= 1.0 { 3_usize.saturating_sub(libm::log10(magnitude) as usize) } else { 4 };
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Scientific notation without zeros at the end of its digits.
fn rounded(scientific: &str) -> String {
    match scientific.split_once('e') {
        Some((digits, power)) => format!("{}e{power}", digits.trim_end_matches('0').trim_end_matches('.')),
        None => scientific.to_owned(),
    }
}
