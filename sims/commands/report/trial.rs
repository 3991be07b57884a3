//! Whether the advice of `diagnose` proves right: the trial of docs/diagnosing.md, which stands beside the statement
//! that the advice rests on.

use embedding_norms_lab::table::Table;
use maud::{Markup, PreEscaped, html};

use crate::cli::failure::Failure;

/// The statement that advice on levers rests on.
pub const STATEMENT: &str = "S6";

/// Made by the test `diagnosis_predicts`, as the page on diagnosing says.
const FIGURE: &str = include_str!("../../../docs/diagnosing.svg");
const SUMMARY: &str = include_str!("../../../docs/diagnosing.summary.csv");

/// The shares of right signs, and where there is no advice.
pub fn section() -> Result<Markup, Failure> {
    let table = Table::read_csv(SUMMARY.as_bytes())?;
    let count = |name: &str| -> Result<Vec<usize>, Failure> {
        Ok(table.numbers(name)?.into_iter().flatten().map(|number| number as usize).collect())
    };
    let (networks, optimizers, tasks) = (table.texts("network")?, table.texts("optimizer")?, table.texts("task")?);
    let (advice, right, clear) = (table.texts("advice")?, count("right")?, count("clear")?);
    let (share, lower, upper) = (table.numbers("share")?, table.numbers("lower")?, table.numbers("upper")?);
    let of = |name: &str, counts: &[usize]| -> usize {
        advice.iter().zip(counts).filter(|(advice, _)| *advice == name).map(|(_, count)| count).sum()
    };
    let told = |name: &str| format!("{} of {}", of(name, &right), of(name, &clear));
    let failed = (0..advice.len()).filter(|&row| clear[row] > 4 && share[row].is_some_and(|share| share < 0.8));
    let line = |row: usize| {
        let interval = match (share[row], lower[row], upper[row]) {
            (Some(share), Some(lower), Some(upper)) => format!("{share:.2} [{lower:.2}, {upper:.2}], "),
            _ => String::new(),
        };
        let (network, optimizer, task) = (&networks[row], &optimizers[row], &tasks[row]);
        format!("{network}, {optimizer}, {task}, {}: {interval}{} of {}", advice[row], right[row], clear[row])
    };
    Ok(html! {
        h3 { "Does the advice come true?" }
        p class="story" {
            "For a model of your own, " code { "embedding-norms diagnose" } " tells a learning rate from one step, and what a cut \
             would be. Here this is held against trainings of small networks. Where a change by a factor of 1.5 or more was \
             predicted, a larger rate was right in " (told("larger rate")) ", a smaller one in " (told("smaller rate")) " and a \
             cut in " (told("cut")) "; GradScale in " (told("GradScale")) ". Where fewer than four of five signs were right \
             there is no advice."
        }
        figure {
            div class="card" { (PreEscaped(FIGURE)) }
            figcaption {
                "The share of predictions with the right sign, by kind of network and optimizer, with intervals over seeds; of two \
                 marks of one colour the left is the mixture, the right the digits."
            }
        }
        p { "No advice, as fewer than four of five signs were right:" }
        ul class="claims" {
            @for row in failed { li { (line(row)) } }
        }
        p class="also" { "Trial, failures and how to run it again: " code { "docs/diagnosing.md" } }
    })
}
