//! What statements rest on: the register, the table of docs/testing.md, the chapters and the tests say the same.

use std::collections::BTreeSet;
use std::fs;

use embedding_norms_lab::statement::{Evidence, STATEMENTS, Statement};

use crate::pages::{read, theory_tests};
use crate::repository::root;

/// The statements that tests of a file speak of: the ids that the name of a test begins with.
fn tested(source: &str) -> BTreeSet<String> {
    let is_id = |part: &&str| {
        let mut letters = part.chars();
        matches!(letters.next(), Some('g' | 'd' | 'l' | 's'))
            && letters.clone().count() == 1
            && letters.all(|c| c.is_ascii_digit())
    };
    let tests = source.split("#[test]").skip(1).filter_map(|rest| rest.split_once("fn ")).map(|(_, name)| name);
    tests.flat_map(|name| name.split('_').take_while(is_id)).map(str::to_uppercase).collect()
}

/// The statements with exact tests, and those with enclosures.
fn exact_and_enclosed() -> [BTreeSet<String>; 2] {
    let mut exact = BTreeSet::new();
    for entry in fs::read_dir(root().join("tests/theory/exact")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("enclosures.rs") {
            exact.append(&mut tested(&fs::read_to_string(path).unwrap()));
        }
    }
    [exact, tested(&read("tests/theory/exact/enclosures.rs"))]
}

/// The section of a statement in its chapter.
fn section(statement: &Statement) -> String {
    let chapter = read(statement.stem.chapter());
    let anchor = |id: &str| format!("<a id=\"{}\"></a>", id.to_lowercase());
    let (_, rest) = chapter.split_once(&anchor(statement.id)).expect("every statement has its section");
    let end = STATEMENTS.iter().filter_map(|other| rest.find(&anchor(other.id))).min();
    rest[..end.unwrap_or(rest.len())].to_owned()
}

#[test]
fn the_register_says_what_there_is() {
    let [exact, enclosed] = exact_and_enclosed();
    let claims = read("docs/claims.md");
    for statement in STATEMENTS {
        let id = statement.id.to_owned();
        let section = section(statement);
        let property = tested(&theory_tests(statement.stem.name()));
        for (evidence, found) in [
            (Evidence::Proof, section.contains(r"\blacksquare") || section.contains("Derivation")),
            (Evidence::Exact, exact.contains(&id)),
            (Evidence::Enclosure, enclosed.contains(&id)),
            (Evidence::Property, property.contains(&id)),
            (Evidence::Simulation, claims.contains(&format!("| [{id}]("))),
        ] {
            assert_eq!(statement.rests_on(evidence), found, "{id}: {}", evidence.words());
        }
    }
}

#[test]
fn table_and_chapters_say_what_the_register_says() {
    let document = read("docs/testing.md");
    for statement in STATEMENTS {
        let link = statement.section().replace("docs/", "");
        let cells = Evidence::ALL.map(|evidence| if statement.rests_on(evidence) { "yes |" } else { "|" }).join(" ");
        let row = format!("| [{}]({link}) | {cells}", statement.id);
        assert!(document.lines().any(|line| line == row), "docs/testing.md needs the row {row}");
        let kinds: Vec<&str> =
            Evidence::ALL.into_iter().filter(|&evidence| statement.rests_on(evidence)).map(Evidence::words).collect();
        let line = format!("**Rests on** {} ([what is what](testing.md)).", kinds.join(", "));
        assert!(section(statement).contains(&line), "{} needs the line {line}", statement.section());
    }
}

#[test]
fn names_of_tests_are_read_as_they_are_meant() {
    let source = "#[test]\nfn d2_s1_every_step() {}\nfn l1_no_test() {}\n#[test]\nfn cosines_of_d3() {}";
    assert_eq!(tested(source).into_iter().collect::<Vec<_>>(), ["D2", "S1"]);
}
