//! The section of one simulation: story, statements, figures, numbers, conditions, the command that runs it again.

use embedding_norms_lab::claim::{Claim, Source, Verdict};
use maud::{Markup, PreEscaped, html};

use crate::cli::failure::Failure;
use crate::commands::report::figures::{Animation, Picture};
use crate::commands::report::formula::scripts;
use crate::commands::report::material::Material;
use crate::commands::report::{again, statements, story, trial, verdict};

/// The section of a simulation.
pub fn section(material: &Material, materials: &[Material]) -> Result<Markup, Failure> {
    let name = material.entry.name();
    let heading = format!("{name}-title");
    let tried = statements::at_home(material, materials).any(|statement| statement.id == trial::STATEMENT);
    let trial = tried.then(trial::section).transpose()?;
    Ok(html! {
        section id=(name) aria-labelledby=(heading) {
            p class="kicker" { code { (name) } }
            h2 id=(heading) { (title(material)) }
            p class="story" { (story::of(name).map_or(material.entry.about(), |story| story.text)) }
            (statement_cards(material, materials))
            (figures(material))
            (numbers(material))
            @if let Some(trial) = trial { (trial) }
            (conditions(material))
        }
    })
}

/// The question that a simulation answers, or what it shows.
pub fn title(material: &Material) -> &'static str {
    story::of(material.entry.name()).map_or(material.entry.about(), |story| story.question)
}

fn statement_cards(material: &Material, materials: &[Material]) -> Markup {
    let here: Vec<_> = statements::at_home(material, materials).collect();
    let elsewhere = statements::of(material);
    let elsewhere: Vec<_> = elsewhere.into_iter().filter(|one| here.iter().all(|other| other.id != one.id)).collect();
    let here_is_empty = here.is_empty();
    html! {
        h3 { "Statements" }
        @if !here_is_empty { div class="statements" { @for statement in here { (statements::card(statement)) } } }
        @if !elsewhere.is_empty() {
            p class="also" {
                @if here_is_empty { "Speaks to " } @else { "Speaks also to " }
                @for (index, statement) in elsewhere.iter().enumerate() {
                    @if index > 0 { ", " }
                    (statements::link(statement.id)) " (" (statement.title) ")"
                }
                "."
            }
        }
    }
}

fn figures(material: &Material) -> Markup {
    html! {
        h3 { @if material.pictures.len() == 1 { "Figure" } @else { "Figures" } }
        @for (index, picture) in material.pictures.iter().enumerate() {
            @match (&material.animation, index) {
                (Some(animation), 0) => (moving(material, picture, animation)),
                _ => figure id=(anchor(material, index)) { (still(picture)) (caption(material, picture, index)) },
            }
        }
    }
}

/// The name that a link to a figure ends in.
fn anchor(material: &Material, index: usize) -> String {
    format!("{}-figure-{}", material.entry.name(), index + 1)
}

/// What a figure shows, a link to it, and the command that makes it: one click selects all of it.
fn caption(material: &Material, picture: &Picture, index: usize) -> Markup {
    html! {
        figcaption {
            (picture.description) " "
            a class="anchor" href={ "#" (anchor(material, index)) } aria-label="Link to this figure" { "#" }
            code class="whole" { (again::command_line(material)) }
        }
    }
}

/// The SVG carries its own alternative text; only one of the two widths is shown, and read aloud.
fn still(picture: &Picture) -> Markup {
    html! {
        div class={ "card" @if picture.narrow.is_some() { " wide" } } { (PreEscaped(&picture.wide)) }
        @if let Some(narrow) = &picture.narrow { div class="card narrow" { (PreEscaped(narrow)) } }
    }
}

/// An animation, with its still figure for readers who ask for reduced motion, here or in their system settings.
fn moving(material: &Material, picture: &Picture, animation: &Animation) -> Markup {
    let switch = format!("{}-still", material.entry.name());
    html! {
        figure class="moving" id=(anchor(material, 0)) {
            input type="checkbox" id=(switch);
            label for=(switch) { "Stop the animation" }
            div class="motion card" { img src=(animation.source) alt={ "Animation. " (picture.description) }; }
            div class="still" { (still(picture)) }
            (caption(material, picture, 0))
        }
    }
}

fn numbers(material: &Material) -> Markup {
    html! {
        h3 { "Numbers" }
        table class="numbers" role="table" {
            caption { "Predicted against measured" }
            thead role="rowgroup" {
                tr role="row" {
                    @for name in ["Statement", "Claim", "Predicted", "Measured", "Interval", "Verdict"] {
                        th scope="col" role="columnheader" { (name) }
                    }
                }
            }
            tbody role="rowgroup" { @for claim in &material.record.claims { (row(claim)) } }
        }
    }
}

fn row(claim: &Claim) -> Markup {
    let tested = claim.verdict != Verdict::NotTested;
    let (measured, interval) = measured(claim);
    html! {
        tr role="row" {
            th scope="row" role="rowheader" { (statements::link(&claim.statement)) }
            td role="cell" data-label="Claim" {
                @match claim.source {
                    Source::Ours => {}
                    Source::Paper => span class="source" { "The paper’s: " }
                    Source::Literature => span class="source" { "Of others: " }
                }
                (scripts(&claim.says))
                @if !claim.note.is_empty() { span class="note" { (scripts(&claim.note)) } }
            }
            (value("Predicted", if tested { &claim.predicted } else { "" }))
            (value("Measured", if tested { &measured } else { "" }))
            (value("Interval", &interval))
            td role="cell" data-label="Verdict" { (verdict::badge(claim.verdict)) }
        }
    }
}

/// A cell with a value, or with none.
fn value(label: &str, text: &str) -> Markup {
    html! {
        @if text.is_empty() {
            td role="cell" class="none" { "–" }
        } @else {
            td role="cell" data-label=(label) { (text) }
        }
    }
}

/// What was measured, and its interval in a place of its own, both as the claim writes them.
fn measured(claim: &Claim) -> (String, String) {
    let whole = || (claim.measured.clone(), String::new());
    if claim.interval.is_none() {
        return whole();
    }
    let Some((value, rest)) = claim.measured.split_once(" [") else { return whole() };
    let Some((interval, more)) = rest.split_once(']') else { return whole() };
    (format!("{value}{more}"), format!("[{interval}]"))
}

fn conditions(material: &Material) -> Markup {
    let record = &material.record;
    html! {
        h3 { "Conditions" }
        dl class="settings" {
            @for (key, value) in &record.settings {
                div { dt { (key.replace('_', " ")) } dd { (again::text(value).replace(',', ", ")) } }
            }
            div { dt { "replicates" } dd { (record.replicates) } }
            div { dt { "seed" } dd { (record.seed) } }
            div { dt { "version" } dd { (record.crate_version) } }
        }
        @if !material.tables.is_empty() {
            p class="also" {
                "Tables: "
                @for (index, table) in material.tables.iter().enumerate() {
                    @if index > 0 { ", " }
                    code { (table) }
                }
            }
        }
        h3 { "Run it again" }
        pre tabindex="0" aria-label="Command" { code class="whole" { (again::command_line(material)) } }
    }
}
