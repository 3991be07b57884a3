//! Verdicts on the page: a sign, a word and a colour, so that none of them is needed alone.

use embedding_norms_lab::claim::{Claim, Source, Verdict};
use maud::{Markup, html};

use crate::commands::report::statements::anchor;

/// The sign in front of the words.
const fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::AsStated | Verdict::Supported => "✓",
        Verdict::NotAsStated | Verdict::NotSupported => "✗",
        Verdict::Conditional => "◐",
        Verdict::NotTested => "–",
    }
}

/// The class that gives the colour.
const fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::AsStated | Verdict::Supported => "verdict good",
        Verdict::NotAsStated | Verdict::NotSupported => "verdict bad",
        Verdict::Conditional => "verdict half",
        Verdict::NotTested => "verdict open",
    }
}

/// The verdict in words.
pub fn badge(verdict: Verdict) -> Markup {
    html! { span class=(class(verdict)) { span aria-hidden="true" { (sign(verdict)) } " " (verdict.words()) } }
}

/// Claims of one simulation as small as the ids of their statements: one mark for each statement and verdict, with the
/// words for those who cannot see the sign.
pub fn chips<'a>(claims: impl IntoIterator<Item = &'a Claim>) -> Markup {
    let mut groups: Vec<(&Claim, usize)> = Vec::new();
    for claim in claims {
        let same = |other: &Claim| (&other.statement, other.verdict) == (&claim.statement, claim.verdict);
        match groups.iter_mut().find(|(other, _)| same(other)) {
            Some((_, count)) => *count += 1,
            None => groups.push((claim, 1)),
        }
    }
    html! {
        ul class="chips" aria-label="Claims" {
            @for (claim, count) in groups { li { (chip(claim.verdict, &claim.statement, count)) } }
        }
    }
}

fn chip(verdict: Verdict, statement: &str, count: usize) -> Markup {
    html! {
        a class=(class(verdict)) href={ "#" (anchor(statement)) } {
            span aria-hidden="true" { (sign(verdict)) } " " (statement)
            @if count > 1 { " × " (count) }
            span class="unseen" { " " (verdict.words()) }
        }
    }
}

/// How many claims of a source have this verdict.
pub fn count<'a>(claims: impl IntoIterator<Item = &'a Claim>, source: Source, verdict: Verdict) -> usize {
    claims.into_iter().filter(|claim| (claim.source, claim.verdict) == (source, verdict)).count()
}
