//! The answers as a page: one file without scripts and without anything to fetch.

use embedding_norms::diagnosis::{Answer, Topic, Worth};
use embedding_norms_lab::figure::{Figure, Size};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Case, page};
use crate::cli::failure::Failure;
use crate::commands::report::{STYLE, scripts};

const TITLE: &str = "What the norms of these embeddings say";

/// The page.
pub fn page(case: &Case, figures: &[(&str, Figure)]) -> Result<Markup, Failure> {
    let mut topics: Vec<Topic> = case.diagnosis.answers.iter().map(|answer| answer.topic).collect();
    topics.dedup();
    let pictures =
        figures.iter().map(|(_, figure)| Ok((figure.to_svg(Size::TwoColumns)?, figure.to_svg(Size::OneColumn)?)));
    let pictures: Vec<(String, String)> = pictures.collect::<Result<_, Failure>>()?;
    Ok(html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content="embedding-norms";
                title { (TITLE) }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                header { h1 { (TITLE) } p class="lead" { (page::introduction(case)) } }
                main {
                    section id="verdict" {
                        @for (name, says) in page::verdict(&case.diagnosis.verdict) { p { b { (name) ": " } (says) } }
                    }
                    @for topic in topics { (section(case, topic)) }
                    @if !pictures.is_empty() {
                        section aria-labelledby="figures" {
                            h2 id="figures" { "Figures" }
                            @for (wide, narrow) in &pictures {
                                figure {
                                    div class="card wide" { (PreEscaped(wide)) }
                                    div class="card narrow" { (PreEscaped(narrow)) }
                                }
                            }
                        }
                    }
                    (settings(case))
                }
            }
        }
    })
}

fn section(case: &Case, topic: Topic) -> Markup {
    html! {
        section {
            h2 { (topic.title()) }
            @for answer in case.diagnosis.answers.iter().filter(|answer| answer.topic == topic) { (told(answer)) }
        }
    }
}

fn told(answer: &Answer) -> Markup {
    html! {
        article id=(answer.key) class="statement" {
            p { (answer.finding) " " span class={ "verdict " (class(answer.worth)) } { (answer.worth.words()) } }
            @if !answer.quantities.is_empty() {
                dl class="settings" {
                    @for quantity in &answer.quantities {
                        div { dt { (quantity.name) } dd { (page::number(quantity)) } }
                    }
                }
            }
            @if let Some(statement) = answer.statement {
                p class="note" { b { (statement) } ": " span class="formula" { (scripts(answer.formula)) } }
            }
            @if !answer.conditions.is_empty() { p class="note" { "Conditions: " (answer.conditions) } }
            @if !answer.why.is_empty() { p class="note" { (answer.why) } }
        }
    }
}

fn class(worth: Worth) -> &'static str {
    match worth {
        Worth::Measured | Worth::Proved => "good",
        Worth::Conditional | Worth::Tested | Worth::Untested => "half",
        Worth::Unanswered => "open",
    }
}

fn settings(case: &Case) -> Markup {
    let record = case.question.record(&case.options, case.words.order);
    let settings: Vec<(String, String)> = record
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()))
        .map(|(key, value)| (key.replace('_', " "), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect();
    html! {
        section {
            h2 { "How this page was made" }
            dl class="settings" { @for (key, value) in &settings { div { dt { (key) } dd { (value) } } } }
            p class="also" {
                "By " code { "embedding-norms diagnose" } " " (env!("CARGO_PKG_VERSION")) ". The same files, settings and seed \
                 give the same answers. Statements: " code { "embedding-norms explain L8" } "; intervals are of 95 %."
            }
        }
    }
}
