//! Claims on the terminal.

use std::path::PathBuf;
use std::process::ExitCode;

use embedding_norms_lab::claim::{Claim, Source, Verdict};

use crate::cli::arguments::Common;
use crate::cli::envelope;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::wrapping::{width, wrapped};
use crate::simulations::run::{self, Finished};

/// The column in which the text of a claim begins.
const MARGIN: usize = 21;
/// The column on narrow terminals, below the verdict.
const NARROW: usize = 4;
/// Terminals narrower than this are narrow.
const WIDE: usize = 60;

/// The pages of a complete run.
pub struct Pages {
    /// The page to play with.
    pub explore: PathBuf,
    /// The report.
    pub report: PathBuf,
}

/// Prints the claims and the files that were written; returns the exit status that follows from the claims.
pub fn conclude(
    command: &str,
    all: &[(&str, Finished)],
    pages: Option<Pages>,
    common: &Common,
) -> Result<ExitCode, Failure> {
    let mut files: Vec<PathBuf> = all.iter().flat_map(|(_, finished)| finished.files.clone()).collect();
    files.extend(pages.iter().flat_map(|pages| [pages.explore.clone(), pages.report.clone()]));
    if common.json {
        envelope::print(command, &run::claims_object(all, &files))?;
    } else if !common.quiet {
        let claims: Vec<(&str, &[Claim])> = all.iter().map(|(name, finished)| (*name, &*finished.claims)).collect();
        print_claims(&claims);
        output::tell_of(&files);
        if let Some(pages) = pages {
            output::tell_path("report", &pages.report);
            output::tell_path("to play with", &pages.explore);
        }
    }
    let failed = all.iter().flat_map(|(_, finished)| &finished.claims).filter(|claim| claim.failed()).count();
    if failed > 0 {
        tell!("{failed} of our claims did not come out as stated");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the claims of simulations, the verdict on all of them first.
fn print_claims(all: &[(&str, &[Claim])]) {
    let width = width();
    let mut text = String::new();
    if all.len() > 1 {
        let claims: Vec<&Claim> = all.iter().flat_map(|(_, claims)| *claims).collect();
        text += &wrapped(&format!("all {} simulations: {}", all.len(), verdict(&claims)), "", "  ", width);
    }
    for (simulation, claims) in all {
        text += &lines(simulation, claims, width);
    }
    say!("{}", text.trim_end());
}

/// The verdict on claims in one line: how many came out how.
pub fn verdict(claims: &[&Claim]) -> String {
    let count = |source: Source, verdict: Verdict| {
        claims.iter().filter(|claim| (claim.source, claim.verdict) == (source, verdict)).count()
    };
    let ours = |verdict: Verdict| count(Source::Ours, verdict);
    let mut text = format!("{} claims of ours as stated, {} not", ours(Verdict::AsStated), ours(Verdict::NotAsStated));
    if ours(Verdict::NotTested) > 0 {
        text += &format!(", {} not tested", ours(Verdict::NotTested));
    }
    for (source, whose) in [(Source::Paper, "the paper's"), (Source::Literature, "others'")] {
        let counts: Vec<String> = [Verdict::Supported, Verdict::Conditional, Verdict::NotSupported, Verdict::NotTested]
            .into_iter()
            .map(|verdict| (count(source, verdict), verdict.words()))
            .filter(|(count, _)| *count > 0)
            .map(|(count, words)| format!("{count} {words}"))
            .collect();
        if !counts.is_empty() {
            text += &format!("; {whose}: {}", counts.join(", "));
        }
    }
    text
}

/// The verdict and the claims, wrapped to this width.
fn lines(simulation: &str, claims: &[Claim], width: usize) -> String {
    let mut text = wrapped(&format!("{simulation}: {}", verdict(&claims.iter().collect::<Vec<_>>())), "", "  ", width);
    for claim in claims {
        let head = format!("  {:<3} {:<14} ", claim.statement, claim.verdict.words());
        let source = claim.source.word().map_or_else(String::new, |word| format!("{word}: "));
        let says = format!("{source}{}", claim.says);
        let margin = " ".repeat(if width < WIDE { NARROW } else { MARGIN });
        text += &if width < WIDE {
            format!("{}\n{}", head.trim_end(), wrapped(&says, &margin, &margin, width))
        } else {
            wrapped(&says, &head, &margin, width)
        };
        if claim.verdict != Verdict::NotTested {
            let numbers = format!("measured {}; predicted {}", claim.measured, claim.predicted);
            text += &wrapped(&numbers, &margin, &margin, width);
        }
        if !claim.note.is_empty() {
            text += &wrapped(&claim.note, &margin, &margin, width);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_wrapped_with_a_margin() {
        let long = "a sentence that goes on until no line of any terminal could hold it ".repeat(4);
        let claim = Claim::outcome("L2", &long, "2".into(), "2.0001".into(), false).noting(&long);
        for (width, margin) in [(40, NARROW), (60, MARGIN), (80, MARGIN), (120, MARGIN)] {
            let text = lines("norm-effect", std::slice::from_ref(&claim), width);
            assert!(text.lines().all(|line| line.chars().count() <= width), "{text}");
            let (first, rest) = text.split_once("\n  L2  NOT as stated").unwrap();
            let first = first.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(first, "norm-effect: 0 claims of ours as stated, 1 not");
            assert!(rest.lines().skip(1).all(|line| line.starts_with(&" ".repeat(margin))), "{text}");
        }
    }

    #[test]
    fn the_verdict_counts_ours_and_the_papers() {
        let ours = |holds: bool| Claim::outcome("L2", "", String::new(), String::new(), holds);
        let claims = [
            ours(true),
            ours(true),
            ours(false),
            ours(true).of_the_paper(Verdict::Supported),
            ours(true).of_the_paper(Verdict::Conditional),
            Claim::not_tested("L2", Source::Ours, "", ""),
        ];
        let text = verdict(&claims.iter().collect::<Vec<_>>());
        let expected = "2 claims of ours as stated, 1 not, 1 not tested; the paper's: 1 supported, 1 conditional";
        assert_eq!(text, expected);
    }
}
