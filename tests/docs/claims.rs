//! The claims of the gallery: in the table of docs/claims.md, in the README, and behind the numbers of the chapters.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use embedding_norms_lab::claim::Claim;
use embedding_norms_lab::statement::STATEMENTS;

use crate::pages::{UPDATE, links, numbers, pages, read, theory_tests, updating};
use crate::repository::root;

/// Claims by the names of their anchors, in the order of the simulations.
type Gallery = Vec<(String, Claim)>;

/// The claims that a folder of results makes: `norm-effect-4` is the fourth of `norm-effect`.
fn gallery(folder: &str, prefix: &str) -> Gallery {
    let mut files: Vec<_> = fs::read_dir(root().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let record: serde_json::Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let claims: Vec<Claim> = serde_json::from_value(record["claims"].clone()).unwrap();
        let simulation = record["simulation"].as_str().unwrap();
        assert!(!claims.is_empty(), "{simulation} claims nothing");
        let named = claims.into_iter().enumerate();
        all.extend(named.map(|(place, claim)| (format!("{prefix}{simulation}-{}", place + 1), claim)));
    }
    all
}

/// Folders of results, and what begins their anchors and their marks in docs/claims.md.
const FOLDERS: [(&str, &str); 9] = [
    ("plots", ""),
    ("plots/full", "full-"),
    ("plots/full/one-step-rate", "full-"),
    ("plots/full/fashion-mnist", "fashion-mnist-"),
    ("plots/full/fashion-mnist/no-batch-norm", "fashion-mnist-biases-"),
    ("plots/full/fashion-mnist/convolution", "fashion-mnist-convolution-"),
    ("plots/full/fashion-mnist/perceptron", "fashion-mnist-perceptron-"),
    ("plots/full/fashion-mnist/temperature-0.5", "fashion-mnist-0.5-"),
    ("plots/full/fashion-mnist/temperature-0.2", "fashion-mnist-0.2-"),
];

fn all_claims() -> BTreeMap<String, Claim> {
    FOLDERS.iter().flat_map(|(folder, prefix)| gallery(folder, prefix)).collect()
}

/// Text as Markdown shows it in a cell of a table.
fn escaped(text: &str) -> String {
    let mut cell = String::new();
    for letter in text.chars() {
        if "|*<\\".contains(letter) {
            cell.push('\\');
        }
        cell.push(letter);
    }
    cell
}

fn table(folder: &str, prefix: &str) -> String {
    let mut rows: Vec<(usize, String, Claim)> = gallery(folder, prefix)
        .into_iter()
        .map(|(anchor, claim)| {
            let statement = STATEMENTS.iter().position(|statement| statement.id == claim.statement).unwrap();
            (statement, anchor, claim)
        })
        .collect();
    rows.sort_by_key(|(statement, ..)| *statement);
    let mut text = "| statement | claim | predicted | measured | verdict |\n|---|---|---|---|---|\n".to_owned();
    for (statement, anchor, claim) in rows {
        let section = STATEMENTS[statement].section();
        let section = section.strip_prefix("docs/").unwrap();
        let source = claim.source.word().map_or_else(String::new, |word| format!("*{word}:* "));
        let note = if claim.note.is_empty() { String::new() } else { format!("<br>({})", escaped(&claim.note)) };
        let cells = [
            format!("<a id=\"{anchor}\"></a>[{}]({section})", claim.statement),
            format!("{source}{}", escaped(&claim.says)),
            escaped(&claim.predicted),
            format!("{}{note}", escaped(&claim.measured)),
            claim.verdict.words().to_owned(),
        ];
        text += &format!("| {} |\n", cells.join(" | "));
    }
    text
}

#[test]
fn the_tables_of_claims_are_those_of_the_gallery() {
    let mut page = read("docs/claims.md");
    for (folder, prefix) in FOLDERS {
        let begin = format!("<!-- claims of {folder}, written by tests/docs -->\n");
        let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("docs/claims.md has no {begin}"));
        let (present, after) = rest.split_once("<!-- end of claims -->").expect("the table has its end");
        let expected = table(folder, prefix);
        if updating() {
            page = format!("{before}{begin}{expected}<!-- end of claims -->{after}");
            fs::write(root().join("docs/claims.md"), &page).unwrap();
        } else {
            assert_eq!(present, expected, "{UPDATE}");
        }
    }
}

#[test]
fn every_claim_of_the_gallery_is_ours_as_stated_or_the_papers_with_a_verdict() {
    for (anchor, claim) in all_claims() {
        assert!(!claim.failed(), "{anchor}: {} {}", claim.statement, claim.says);
    }
}

#[test]
fn every_statement_has_its_section_its_tests_and_its_row() {
    let register = read("docs/claims.md");
    let mut without_claim = BTreeSet::new();
    for statement in STATEMENTS {
        let anchor = format!("<a id=\"{}\"></a>", statement.id.to_lowercase());
        let chapter = statement.stem.chapter();
        assert!(read(chapter).contains(&anchor), "{chapter} has no {anchor}");
        let tests = theory_tests(statement.stem.name());
        let name = format!("fn {}_", statement.id.to_lowercase());
        assert!(tests.contains(&name), "tests/theory/{}.rs has no {name}…", statement.stem.name());
        if !register.contains(&format!("| [{}](", statement.id)) {
            without_claim.insert(statement.id);
        }
    }
    // Proved and tested; no simulation measures it.
    assert_eq!(without_claim, BTreeSet::from(["G5"]));
}

/// Whether a number stands among others, as it is or rounded to the digits that are shown.
fn stands_among(shown: &str, all: &[String]) -> bool {
    let decimals = shown.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    all.iter().any(|number| {
        let rounded = number.parse::<f64>().map(|number| format!("{number:.decimals$}"));
        number == shown || (decimals > 0 && rounded.is_ok_and(|rounded| rounded == shown))
    })
}

/// Links to claims: what is shown, the claim, its anchor.
fn cited<'a>(text: &'a str, claims: &'a BTreeMap<String, Claim>) -> Vec<(&'a str, &'a Claim, &'a str)> {
    let links = links(text).into_iter();
    let to_claims = links.filter_map(|(shown, target)| Some((shown, target.split_once("claims.md#")?.1)));
    // Sections have anchors too; those of claims end with a number.
    let to_claims = to_claims.filter(|(_, anchor)| anchor.ends_with(|letter: char| letter.is_ascii_digit()));
    to_claims
        .map(|(shown, anchor)| {
            let claim = claims.get(anchor).unwrap_or_else(|| panic!("there is no claim {anchor}: [{shown}]"));
            (shown, claim, anchor)
        })
        .collect()
}

/// All that a claim says in numbers.
fn said(claim: &Claim) -> Vec<String> {
    numbers(&[&*claim.measured, &claim.note, &claim.predicted, &claim.says].join(" ; "))
}

#[test]
fn numbers_that_link_to_a_claim_are_the_claims() {
    let claims = all_claims();
    let mut checked = 0;
    for page in pages() {
        let text = read(&page);
        for (shown, claim, anchor) in cited(&text, &claims) {
            for number in numbers(shown) {
                assert!(
                    stands_among(&number, &said(claim)),
                    "{page}: {number} of [{shown}] is not in {anchor}: {claim:?}"
                );
                checked += 1;
            }
        }
    }
    assert!(checked > 40, "only {checked} numbers were found");
}

#[test]
fn every_number_of_the_results_in_the_readme_is_a_claims() {
    let claims = all_claims();
    let readme = read("README.md");
    let section = readme.split("\n## ").find(|section| section.starts_with("What was found")).unwrap();
    let sentences: Vec<&str> = section.split("\n- ").skip(1).collect();
    assert!((7..=10).contains(&sentences.len()), "{} sentences", sentences.len());
    for sentence in sentences {
        let sentence = sentence.split("\n\n").next().unwrap();
        let cited = cited(sentence, &claims);
        assert!(!cited.is_empty(), "no claim is linked: {sentence}");
        let said: Vec<String> = cited.iter().flat_map(|(_, claim, _)| said(claim)).collect();
        let shown = links(sentence).iter().fold(sentence.to_owned(), |text, (_, target)| text.replace(target, ""));
        for number in numbers(&shown) {
            assert!(stands_among(&number, &said), "{number} is of no claim that is linked: {sentence}");
        }
        // A verdict that is not the best of its kind is not left out.
        for (_, claim, anchor) in cited {
            let conditional = claim.verdict.words() == "conditional";
            assert!(!conditional || sentence.contains("conditional"), "{anchor} is conditional: {sentence}");
        }
    }
}

#[test]
fn wrong_numbers_are_seen() {
    let all = numbers("0.700 [0.664, 0.737]; -0.366; 61 %");
    assert!(["0.70", "0.7", "0.66", "0.737", "-0.37", "61"].iter().all(|shown| stands_among(shown, &all)));
    assert!(["0.71", "0.67", "0.37", "6", "0.7001"].iter().all(|shown| !stands_among(shown, &all)));
}
