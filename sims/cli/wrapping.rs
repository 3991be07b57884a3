//! The one way in which all commands wrap text.
//!
//! Text is wrapped to the terminal, or to COLUMNS where that is set, within 40 to 120 columns. A word is never broken: a
//! path, a link or a formula without a space that is longer than a line stands alone on it, and a command to be copied
//! stays whole on a line of its own.

use textwrap::core::display_width;
use textwrap::{Options, WordSplitter, fill};

/// The width where there is no terminal to ask.
const USUAL: usize = 100;
/// Wider lines are hard to read, narrower ones leave no room beside the margin.
const WIDTHS: (usize, usize) = (40, 120);

/// The width to which text is wrapped: COLUMNS, or else the terminal's.
pub fn width() -> usize {
    let asked = std::env::var("COLUMNS").ok().and_then(|columns| columns.trim().parse().ok());
    let terminal = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    asked.filter(|&columns| columns > 0).or_else(terminal).unwrap_or(USUAL).clamp(WIDTHS.0, WIDTHS.1)
}

/// Text wrapped to a width, with what stands in front of its first line and of later ones; ends in a line break.
pub fn wrapped(content: &str, first: &str, later: &str, width: usize) -> String {
    // `1e-13` and `--out` are one word.
    let options = Options::new(width).word_splitter(WordSplitter::NoHyphenation).break_words(false);
    fill(content, options.initial_indent(first).subsequent_indent(later)) + "\n"
}

/// Text under a label: beside it where the width allows, with later lines below its beginning.
pub fn labelled(label: &str, column: usize, content: &str, width: usize) -> String {
    if column > NARROWEST / 2 && column + NARROWEST > width {
        let indent = " ".repeat(4);
        return wrapped(label, "", &indent, width) + &wrapped(content, &indent, &indent, width);
    }
    wrapped(content, &padded(label, column), &" ".repeat(column), width)
}

/// The narrowest column of text for which a margin is kept.
const NARROWEST: usize = 24;

/// A value in its column after its label, or below the label if both do not fit on a line. `indent` is the column in
/// which the text begins, `column` that of the value.
pub fn valued(first: &str, what: &str, column: usize, value: &str, width: usize) -> String {
    let beside = format!("{} {value}", padded(&format!("{first}{what}"), column - 1));
    if display_width(&beside) <= width {
        return beside + "\n";
    }
    let (margin, deeper) = (" ".repeat(display_width(first)), " ".repeat(display_width(first) + 2));
    wrapped(what, first, &margin, width) + &wrapped(value, &deeper, &deeper, width)
}

/// Text with spaces behind it, up to a column; one space at least.
fn padded(text: &str, column: usize) -> String {
    format!("{text}{}", " ".repeat(column.saturating_sub(display_width(text)).max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_broken_and_no_line_is_wider_than_it_must_be() {
        let text = wrapped("see https://example.org/a/very/long/link/that/no/line/holds now", "  ", "  ", 20);
        assert_eq!(text, "  see\n  https://example.org/a/very/long/link/that/no/line/holds\n  now\n");
    }

    #[test]
    fn a_value_stands_beside_its_name_or_below() {
        assert_eq!(valued("L1 ", "steps", 12, "77", 40), "L1 steps    77\n");
        assert_eq!(valued("L1 ", "steps of a pair", 20, "77 or so", 24), "L1 steps of a pair\n     77 or so\n");
    }
}
