//! The README and the docs say what the project does: claims as the gallery has them, links that resolve, statements
//! that have their section and their tests.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use embedding_norms::claim::{Claim, Source};
use embedding_norms::statement::STATEMENTS;

const BEGIN: &str = "by tests/readme.rs; UPDATE_README=1 cargo test --release --test readme writes them -->\n";
const END: &str = "<!-- end of claims -->";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The claims of the gallery, by simulation.
fn gallery() -> Vec<(String, Vec<Claim>)> {
    let mut all: Vec<(String, Vec<Claim>)> = fs::read_dir(root().join("plots"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let record: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            let claims = serde_json::from_value(record["claims"].clone()).unwrap();
            (record["simulation"].as_str().unwrap().to_owned(), claims)
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn table() -> String {
    let mut text = "| statement | claim | predicted | measured | verdict |\n|---|---|---|---|---|\n".to_owned();
    let mut rows = Vec::new();
    for (order, (_, claims)) in gallery().into_iter().enumerate() {
        for (place, claim) in claims.into_iter().enumerate() {
            let statement = STATEMENTS.iter().position(|statement| statement.id == claim.statement).unwrap();
            rows.push((statement, order, place, claim));
        }
    }
    rows.sort_by_key(|(statement, order, place, _)| (*statement, *order, *place));
    for (statement, _, _, claim) in rows {
        let source = if claim.source == Source::Paper { "*paper:* " } else { "" };
        let link = format!("[{}]({})", claim.statement, STATEMENTS[statement].section());
        let (says, predicted, measured) = (&claim.says, &claim.predicted, &claim.measured);
        let verdict = claim.verdict.words();
        text += &format!("| {link} | {source}{says} | {predicted} | {measured} | {verdict} |\n");
    }
    text
}

#[test]
fn the_claims_of_the_readme_are_those_of_the_gallery() {
    let readme = read("README.md");
    let (before, rest) = readme.split_once(BEGIN).expect("the README has its mark of claims");
    let (present, after) = rest.split_once(END).expect("the README has its end of claims");
    let expected = table();
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write(root().join("README.md"), format!("{before}{BEGIN}{expected}{END}{after}")).unwrap();
    } else {
        assert_eq!(present, expected, "run UPDATE_README=1 cargo test --release --test readme");
    }
}

#[test]
fn every_claim_of_the_gallery_is_ours_as_stated_or_the_papers_with_a_verdict() {
    for (simulation, claims) in gallery() {
        assert!(!claims.is_empty(), "{simulation} claims nothing");
        for claim in claims {
            assert!(!claim.failed(), "{simulation}: {} {}", claim.statement, claim.says);
        }
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
        let tests = read(&format!("tests/{}.rs", statement.stem.name()));
        let name = format!("fn {}_", statement.id.to_lowercase());
        assert!(tests.contains(&name), "tests/{}.rs has no {name}…", statement.stem.name());
        if !register.contains(&format!("[{}](", statement.id)) {
            without_claim.insert(statement.id);
        }
    }
    // Proved and tested; no simulation measures it.
    assert_eq!(without_claim, BTreeSet::from(["G5"]));
}

#[test]
fn links_between_files_resolve() {
    let mut pages = vec!["README.md".to_owned()];
    pages.extend(fs::read_dir(root().join("docs")).unwrap().filter_map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        name.ends_with(".md").then(|| format!("docs/{name}"))
    }));
    let mut checked = 0;
    for page in pages {
        let text = read(&page);
        let folder = root().join(&page).parent().unwrap().to_owned();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            // Brackets before a parenthesis in formulas are no links, and other sites are not ours to check.
            let path_like = link.chars().all(|letter| letter.is_ascii_alphanumeric() || "./#-_".contains(letter));
            if !path_like || !(link.contains(['.', '#']) || link.starts_with("LICENSE")) {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { root().join(&page) } else { folder.join(file) };
            assert!(target.exists(), "{page}: {link} leads nowhere");
            if file.ends_with(".md") && !anchor.is_empty() {
                let found = fs::read_to_string(&target).unwrap().contains(&format!("id=\"{anchor}\""));
                assert!(found, "{page}: {link} has no such anchor");
            }
            checked += 1;
        }
    }
    assert!(checked > 50, "only {checked} links were found");
}
