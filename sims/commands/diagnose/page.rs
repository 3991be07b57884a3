//! The answers on the terminal.

use embedding_norms::diagnosis::{Answer, Quantity, Verdict, Worth};
use embedding_norms_lab::claim::brief;

use super::Case;
use crate::cli::output::{self, Folder};
use crate::cli::wrapping::{labelled, valued, width, wrapped};

/// The column in which numbers begin.
const COLUMN: usize = 51;

/// Prints the page.
pub fn print(case: &Case, folder: Option<&Folder>) {
    say!("{}", case.text(width()).trim_end());
    if let Some(folder) = folder {
        say!("");
        output::tell_of(&folder.written());
    }
}

/// The verdict, then what was found: in short, or with everything behind it.
pub fn page(case: &Case, width: usize) -> String {
    let mut text: String =
        verdict(&case.diagnosis.verdict).iter().map(|(name, says)| labelled(name, 7, says, width)).collect();
    text += &format!("\n{}", wrapped(&introduction(case), "", "", width));
    let in_full = case.question.verbose;
    let mut topic = None;
    for answer in &case.diagnosis.answers {
        if in_full && topic != Some(answer.topic) {
            topic = Some(answer.topic);
            text += &format!("\n{}", wrapped(answer.topic.title(), "", "", width));
        }
        text += &if in_full { told(answer, width) } else { found(answer, width) };
    }
    if !in_full {
        text += &format!("\n{}", wrapped(case.words.more, "", "", width));
    }
    text
}

/// The three sentences of the verdict, each with its name.
pub fn verdict(verdict: &Verdict) -> [(&'static str, &str); 3] {
    [("Norms", &verdict.norms), ("Steps", &verdict.steps), ("Next", &verdict.next)]
}

/// What was read.
pub fn introduction(case: &Case) -> String {
    let files = case.subject.checkpoints.len();
    let last = case.subject.last();
    let what = match files {
        1 => last.name().to_owned(),
        _ => format!("{files} checkpoints, {} to {}", case.subject.checkpoints[0].name(), last.name()),
    };
    let order = case.words.order.map_or_else(String::new, |order| format!(" Their order: {order}."));
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
    let count = match last.norms().len() {
        1 => "1 embedding".to_owned(),
        count => format!("{count} embeddings"),
    };
    format!("{what}: {count} in {} dimensions.{order}{of_last}{subset}", last.dimension())
}

/// An answer in short: the finding.
fn found(answer: &Answer, width: usize) -> String {
    let mark = if answer.worth == Worth::Unanswered { "? " } else { "• " };
    wrapped(&answer.finding, mark, "  ", width)
}

/// An answer: the finding, its numbers, what it rests on.
fn told(answer: &Answer, width: usize) -> String {
    let mut text = found(answer, width);
    for quantity in &answer.quantities {
        text += &valued("    ", &quantity.name, COLUMN, &number(quantity), width);
    }
    if answer.worth != Worth::Unanswered {
        let content = basis(answer);
        if !content.is_empty() {
            text += &wrapped(&content, "    ", "    ", width);
        }
    }
    text
}

/// A number with its interval and unit.
pub fn number(quantity: &Quantity) -> String {
    let Some(value) = quantity.value else {
        return format!("not available: {}", quantity.missing.unwrap_or("it has no value"));
    };
    let value = brief(value);
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
