//! Whether the advice of `diagnose` proves right: the trial of docs/diagnosing.md, which stands beside the statement
//! that the advice rests on.

use embedding_norms::lab::table::Table;
use maud::{Markup, PreEscaped, html};

use crate::cli::failure::Failure;

/// The statement that advice on levers rests on.
pub const STATEMENT: &str = "S6";

/// Made by the test `diagnosis_predicts`, as the page on diagnosing says.
const FIGURE: &str = include_str!("../../../docs/diagnosing.svg");
const SUMMARY: &str = include_str!("../../../docs/diagnosing.summary.csv");

/// The scatter, its correlation and its failures.
pub fn section() -> Result<Markup, Failure> {
    let table = Table::read_csv(SUMMARY.as_bytes())?;
    let count = |name: &str| -> Result<Vec<usize>, Failure> {
        Ok(table.numbers(name)?.into_iter().flatten().map(|number| number as usize).collect())
    };
    let (tasks, levers) = (table.texts("task")?, table.texts("lever")?);
    let (settings, right, clear) = (count("settings")?, count("right")?, count("clear")?);
    let (found, lower, upper) = (table.numbers("spearman")?, table.numbers("lower")?, table.numbers("upper")?);
    let correlation = |row: usize| match (found[row], lower[row], upper[row]) {
        (Some(found), Some(lower), Some(upper)) => format!("Spearman {found:.2} [{lower:.2}, {upper:.2}], "),
        _ => String::new(),
    };
    let (all_right, all_clear) = (right.iter().sum::<usize>(), clear.iter().sum::<usize>());
    Ok(html! {
        h3 { "Does the advice come true?" }
        p class="story" {
            "For a model of your own, " code { "embedding-norms diagnose" } " predicts from two checkpoints what a cut or \
             GradScale would do. Here these predictions are held against trainings of small networks. Where a change by a \
             factor of 1.5 or more was predicted, " (all_right) " of " (all_clear) " had the right sign. Most failures lie \
             where the step is within a factor of ten of the best one, and most changes are smaller than predicted. Where \
             steps overshoot, GradScale mostly slows training, and no advice is given."
        }
        figure {
            div class="card" { (PreEscaped(FIGURE)) }
            figcaption {
                "Measured against predicted logarithm of the speed-up; points in the upper right and the lower left quarter \
                 have the predicted sign."
            }
        }
        ul class="claims" {
            @for row in 0..tasks.len() {
                li {
                    (tasks[row]) ", " (levers[row]) ": " (correlation(row)) (settings[row]) " settings, " (right[row]) " of "
                    (clear[row]) " clear predictions with the right sign"
                }
            }
        }
        p class="also" { "Trial, failures and how to run it again: " code { "docs/diagnosing.md" } }
    })
}
