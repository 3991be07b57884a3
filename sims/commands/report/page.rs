//! The page as a whole.

use std::collections::BTreeSet;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::cli::failure::Failure;
use crate::commands::report::found::found;
use crate::commands::report::material::Material;
use crate::commands::report::section::{section, title};
use crate::commands::report::{TO_PLAY_WITH, statements};

/// The looks of a page.
pub const STYLE: &str = include_str!("style.css");
const TITLE: &str = "Why the length of an embedding matters";
const LEAD: &str = "Models that compare embeddings by their cosine never look at how long an embedding is. Their gradients \
                    do: all of them are divided by that length. So norms govern how fast such a model trains. This report \
                    holds what was predicted, what was measured, and how well the two agree.";
const PAPER: &str = "On the Importance of Embedding Norms in Self-Supervised Learning";

/// The report of these simulations, with a link to the page to play with where that lies beside it.
pub fn page(materials: &[Material], to_play_with: bool) -> Result<Markup, Failure> {
    Ok(html! {
        (DOCTYPE)
        html lang="en" {
            (head())
            body {
                a class="skip" href="#found" { "Skip to what was found" }
                header {
                    h1 { (TITLE) }
                    p class="lead" { (LEAD) }
                    p class="also" {
                        "“The paper” is Draganov, Vadgama, Damrich, Böhm, Maes, Kobak, Bekkers: "
                        a href="https://arxiv.org/abs/2502.09252" { cite { (PAPER) } } ", ICML 2025."
                    }
                }
                @if to_play_with {
                    p class="also" {
                        a href=(TO_PLAY_WITH) { "Move the norms of a pair yourself" }
                        ": its path on the sphere, its count of steps and the laws, under your hand."
                    }
                }
                (contents(materials))
                main {
                    (found(materials))
                    @for material in materials { (section(material, materials)?) }
                    (other_statements(materials))
                    (making(materials))
                }
            }
        }
    })
}

fn head() -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="generator" content="embedding-norms";
            meta name="description" content=(LEAD);
            title { (TITLE) }
            // An empty icon, so that browsers do not ask a server for one.
            link rel="icon" href="data:,";
            style { (PreEscaped(STYLE)) }
        }
    }
}

fn contents(materials: &[Material]) -> Markup {
    html! {
        nav aria-label="Contents" {
            ul {
                li { a href="#found" { "What was found" } }
                @for material in materials { li { a href={ "#" (material.entry.name()) } { (title(material)) } } }
                @if !statements::without_home(materials).is_empty() {
                    li { a href="#statements" { "Other statements" } }
                }
                li { a href="#making" { "How this report was made" } }
            }
        }
    }
}

fn other_statements(materials: &[Material]) -> Markup {
    let others = statements::without_home(materials);
    html! {
        @if !others.is_empty() {
            section id="statements" aria-labelledby="statements-title" {
                h2 id="statements-title" { "Other statements" }
                p class="story" {
                    "These are proved and tested like the others, but no simulation of this report speaks to them."
                }
                h3 { "Statements" }
                div class="statements" { @for statement in others { (statements::card(statement)) } }
            }
        }
    }
}

fn making(materials: &[Material]) -> Markup {
    let versions: BTreeSet<&str> = materials.iter().map(|material| material.record.crate_version.as_str()).collect();
    let versions = versions.into_iter().collect::<Vec<_>>().join(", ");
    html! {
        section id="making" aria-labelledby="making-title" {
            h2 id="making-title" { "How this report was made" }
            p {
                "Simulations by " code { "embedding-norms" } " " (versions) ", report by version "
                (env!("CARGO_PKG_VERSION")) ". The same version, settings and seeds give the same bytes, on any number of "
                "threads. A claim of this project decides the exit status of the command; a claim of the paper gets a "
                "verdict of its own. Where an interval is given, a claim holds only if the whole interval lies within the "
                "margin of the prediction."
            }
            p { "Everything again, figures and report included:" }
            pre tabindex="0" aria-label="Command" { code { "embedding-norms all" } }
            p { "This page alone, from the files that lie beside it:" }
            pre tabindex="0" aria-label="Command" { code { "embedding-norms report" } }
        }
    }
}
