//! Verdicts on the page: a sign, a word and a colour, so that none of them is needed alone.

use embedding_norms::claim::{Claim, Source, Verdict};
use maud::{Markup, html};

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

/// A verdict as small as the id of its statement, with the words for those who cannot see the sign.
pub fn chip(claim: &Claim) -> Markup {
    let id = claim.statement.to_lowercase();
    html! {
        a class=(class(claim.verdict)) href={ "#" (id) } title=(claim.says) {
            span aria-hidden="true" { (sign(claim.verdict)) } " " (claim.statement)
            span class="unseen" { " " (claim.verdict.words()) }
        }
    }
}

/// How many claims of a source have this verdict.
pub fn count<'a>(claims: impl IntoIterator<Item = &'a Claim>, source: Source, verdict: Verdict) -> usize {
    claims.into_iter().filter(|claim| (claim.source, claim.verdict) == (source, verdict)).count()
}
