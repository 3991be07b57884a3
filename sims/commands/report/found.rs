//! The first screen: what was found, ours and the paper's apart.

use embedding_norms_lab::claim::{Claim, Source, Verdict};
use maud::{Markup, html};

use crate::commands::report::formula::scripts;
use crate::commands::report::material::Material;
use crate::commands::report::verdict::{badge, chips, count};
use crate::commands::report::{section, statements, story};

/// All claims of all simulations.
fn claims(materials: &[Material]) -> impl Iterator<Item = &Claim> {
    materials.iter().flat_map(|material| &material.record.claims)
}

/// The first screen.
pub fn found(materials: &[Material]) -> Markup {
    html! {
        section id="found" aria-labelledby="found-title" {
            h2 id="found-title" { "What was found" }
            (counts(materials))
            (failures(materials))
            h3 { "Claims of this project" }
            div class="answers" { @for material in materials { (answer(material)) } }
            h3 { "Claims of the paper, and of others" }
            (of_publications(materials))
        }
    }
}

fn counts(materials: &[Material]) -> Markup {
    let of = |source, verdict| count(claims(materials), source, verdict);
    let ours = |verdict| of(Source::Ours, verdict);
    let paper = |verdict| of(Source::Paper, verdict);
    let tested = ours(Verdict::AsStated) + ours(Verdict::NotAsStated);
    html! {
        ul class="counts" {
            li { strong { (ours(Verdict::AsStated)) " of " (tested) } " claims of this project came out as stated" }
            @if ours(Verdict::NotTested) > 0 {
                li { strong { (ours(Verdict::NotTested)) } " not tested at these settings" }
            }
            @let verdicts = [Verdict::Supported, Verdict::Conditional, Verdict::NotSupported, Verdict::NotTested];
            @let present: Vec<Verdict> = verdicts.into_iter().filter(|verdict| paper(*verdict) > 0).collect();
            @if !present.is_empty() {
                li {
                    "claims of the paper: "
                    @for (index, verdict) in present.into_iter().enumerate() {
                        @if index > 0 { ", " }
                        strong { (paper(verdict)) } " " (verdict.words())
                    }
                }
            }
        }
    }
}

/// Claims of ours that failed, in full, before anything else.
fn failures(materials: &[Material]) -> Markup {
    let failed: Vec<&Claim> = claims(materials).filter(|claim| claim.failed()).collect();
    html! {
        @if !failed.is_empty() {
            h3 { "Not as stated" }
            ul class="claims" {
                @for claim in failed {
                    li {
                        (badge(claim.verdict)) " " (statements::link(&claim.statement)) " " (scripts(&claim.says))
                        ": measured " (claim.measured) ", predicted " (claim.predicted)
                    }
                }
            }
        }
    }
}

/// A simulation with its question, its answer and the verdicts of its claims.
fn answer(material: &Material) -> Markup {
    let ours = material.record.claims.iter().filter(|claim| claim.source == Source::Ours);
    html! {
        article {
            h4 { a href={ "#" (material.entry.name()) } { (section::title(material)) } }
            p { (finding(material)) }
            (chips(ours))
        }
    }
}

/// The finding, where the claims support it.
fn finding(material: &Material) -> String {
    let of = |verdict| count(&material.record.claims, Source::Ours, verdict);
    let (good, bad, open) = (of(Verdict::AsStated), of(Verdict::NotAsStated), of(Verdict::NotTested));
    match (bad, open) {
        (0, 0) => story::of(material.entry.name()).map_or(material.entry.about(), |story| story.finding).to_owned(),
        (0, _) => format!("Not decided at these settings: {open} of {} claims were not tested.", good + open),
        _ => format!("{bad} of {} claims did not come out as stated.", good + bad + open),
    }
}

fn of_publications(materials: &[Material]) -> Markup {
    let published: Vec<&Claim> = claims(materials).filter(|claim| claim.source != Source::Ours).collect();
    html! {
        @if published.is_empty() { p { "None was tested here." } }
        ul class="claims" {
            @for claim in published {
                li {
                    (badge(claim.verdict)) " " (statements::link(&claim.statement)) " " (scripts(&claim.says))
                    @if claim.verdict != Verdict::NotTested { ": " (claim.measured) }
                    @if !claim.note.is_empty() { span class="note" { (scripts(&claim.note)) } }
                }
            }
        }
    }
}
