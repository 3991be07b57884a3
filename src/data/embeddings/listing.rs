//! Names, texts and shapes as errors show them.

use std::fmt;

/// A shape as Python writes it.
pub(super) struct Shape<'a>(pub &'a [u64]);

impl fmt::Display for Shape<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sides: Vec<String> = self.0.iter().map(u64::to_string).collect();
        write!(formatter, "({}{})", sides.join(", "), if sides.len() == 1 { "," } else { "" })
    }
}

/// The largest number of names that an error lists.
const LISTED: usize = 20;

/// Names in words, not more than fit an error.
pub(super) fn listed(names: &[String]) -> String {
    // Names come from the file, so each is shortened and control characters are escaped.
    let shown: Vec<String> = names.iter().take(LISTED).map(|name| shown(name)).collect();
    match names.len() {
        0 => "none".to_owned(),
        count if count > LISTED => format!("{} and {} more", shown.join(", "), count - LISTED),
        _ => shown.join(", "),
    }
}

/// A text of the file as an error shows it: short, and on one line.
pub(super) fn shown(text: &str) -> String {
    let short: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() { short + "…" } else { short }
}
