//! The answers on the terminal.

use std::io::Write;

use embedding_norms::claim::brief;
use embedding_norms::diagnosis::{Answer, Quantity, Worth};
use textwrap::{Options, WordSplitter, fill};

use super::Case;
use crate::output::Folder;
use crate::report::width;

/// The column in which numbers begin.
const COLUMN: usize = 46;

/// Prints the page.
pub fn print(case: &Case<'_>, folder: Option<&Folder>) {
    let mut text = page(case, width());
    if let Some(folder) = folder {
        text += &format!("\nwritten to {}: diagnose.html, figures, tables, diagnose.json\n", folder.path().display());
    }
    // A reader that has seen enough is nobody's fault.
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// The page, wrapped to a width.
fn page(case: &Case<'_>, width: usize) -> String {
    let mut text = wrapped(&introduction(case), "", "", width);
    let mut topic = None;
    for answer in &case.diagnosis.answers {
        if topic != Some(answer.topic) {
            topic = Some(answer.topic);
            text += &format!("\n{}\n", answer.topic.title());
        }
        text += &told(answer, width);
    }
    text
}

/// What was read.
pub fn introduction(case: &Case<'_>) -> String {
    let files = case.subject.checkpoints.len();
    let last = case.subject.last();
    let what = match files {
        1 => last.name().to_owned(),
        _ => format!("{files} checkpoints, {} to {}", case.subject.checkpoints[0].name(), last.name()),
    };
    let order = case.question.order_in_words().map_or_else(String::new, |order| format!(" Their order: {order}."));
    let sample = &case.subject.sample;
    let subset = if sample.is_everything() {
        String::new()
    } else {
        format!(
            " Neighbours, pairs, turns and the effective rank: a random subset of {} rows (seed {}).",
            sample.rows().len(),
            case.options.seed
        )
    };
    let of_last = if files > 1 { " Unless an answer names another, it is about the last one." } else { "" };
    format!("{what}: {} embeddings in {} dimensions.{order}{of_last}{subset}", last.norms().len(), last.dimension())
}

fn wrapped(content: &str, first: &str, later: &str, width: usize) -> String {
    let options = Options::new(width).word_splitter(WordSplitter::NoHyphenation);
    fill(content, options.initial_indent(first).subsequent_indent(later)) + "\n"
}

/// An answer: the finding, its numbers, what it rests on.
fn told(answer: &Answer, width: usize) -> String {
    let mark = if answer.worth == Worth::Unanswered { "? " } else { "• " };
    let mut text = wrapped(&answer.finding, mark, "  ", width);
    for quantity in &answer.quantities {
        text += &wrapped(&line(quantity), "    ", &" ".repeat(COLUMN + 5), width);
    }
    if answer.worth != Worth::Unanswered {
        let content = basis(answer);
        if !content.is_empty() {
            text += &wrapped(&content, "    ", "    ", width);
        }
    }
    text
}

fn line(quantity: &Quantity) -> String {
    format!("{:<COLUMN$} {}", quantity.name, number(quantity))
}

/// A number with its interval and unit.
pub fn number(quantity: &Quantity) -> String {
    let value = quantity.value.map_or("–".to_owned(), brief);
    let interval =
        quantity.interval.map(|(lower, upper)| format!(" [{}, {}]", brief(lower), brief(upper))).unwrap_or_default();
    let unit = if quantity.unit.is_empty() { String::new() } else { format!(" {}", quantity.unit) };
    format!("{value}{unit}{interval}")
}

/// What an answer rests on, in one paragraph.
fn basis(answer: &Answer) -> String {
    let statement = answer.statement.map(|id| format!("{id}: {}. ", answer.formula.trim_end_matches('.')));
    let simple = statement.is_none() && answer.conditions.is_empty() && answer.why.is_empty();
    if simple {
        return String::new();
    }
    let holds = if answer.conditions.is_empty() { String::new() } else { format!("{} ", answer.conditions) };
    format!("{}{holds}Worth: {}. {}", statement.unwrap_or_default(), answer.worth.words(), answer.why)
        .trim_end()
        .to_owned()
}
