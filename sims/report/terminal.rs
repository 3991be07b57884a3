//! Claims on the terminal.

use embedding_norms::claim::{Claim, Source, Verdict};
use textwrap::{Options, WordSplitter, fill};

use crate::terminal::print;

/// The width where there is no terminal to ask.
const USUAL: usize = 100;
/// Wider lines are hard to read, narrower ones leave no room beside the margin.
const WIDTHS: (usize, usize) = (50, 120);
/// The column in which the text of a claim begins.
const MARGIN: &str = "                     ";

/// Prints the claims of a simulation.
pub fn print_claims(simulation: &str, claims: &[Claim]) {
    print(format_args!("{}", lines(simulation, claims, width())));
}

/// The width to which text is wrapped.
pub fn width() -> usize {
    let width = terminal_size::terminal_size().map_or(USUAL, |(width, _)| usize::from(width.0));
    width.clamp(WIDTHS.0, WIDTHS.1)
}

/// The claims, wrapped to this width.
fn lines(simulation: &str, claims: &[Claim], width: usize) -> String {
    let mut text = format!("{simulation}\n");
    for claim in claims {
        let head = format!("  {:<3} {:<14} ", claim.statement, claim.verdict.words());
        let source = if claim.source == Source::Paper { "paper: " } else { "" };
        let mut add = |first: &str, content: &str| {
            // `1e-13` is one word.
            let whole = Options::new(width).word_splitter(WordSplitter::NoHyphenation);
            text += &fill(content, whole.initial_indent(first).subsequent_indent(MARGIN));
            text.push('\n');
        };
        add(&head, &format!("{source}{}", claim.says));
        if claim.verdict != Verdict::NotTested {
            add(MARGIN, &format!("measured {}; predicted {}", claim.measured, claim.predicted));
        }
        if !claim.note.is_empty() {
            add(MARGIN, &claim.note);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_wrapped_with_a_margin() {
        let long = "a sentence that goes on until no line of any terminal could hold it ".repeat(4);
        let claim = Claim::outcome("L2", &long, "2".into(), "2.0001".into(), false).noting(&long);
        for width in [80, 120] {
            let text = lines("norm-effect", std::slice::from_ref(&claim), width);
            assert!(text.lines().all(|line| line.chars().count() <= width), "{text}");
            assert!(text.starts_with("norm-effect\n  L2  NOT as stated  a sentence"), "{text}");
            assert!(text.lines().skip(2).all(|line| line.starts_with(MARGIN)), "{text}");
        }
    }
}
