//! The mutants that docs/testing.md calls harmless: the places that its table names are in the source.

use crate::pages::read;

const HEADING: &str = "### What is not noticed, and why";

/// File, functions, and what is changed of each row.
fn rows() -> Vec<[String; 3]> {
    let page = read("docs/testing.md");
    let section = page.split(HEADING).nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap_or_default();
    let cells =
        |row: &str| row.replace("\\|", "∣").split(" | ").map(|cell| cell.trim_matches(['|', ' ']).to_owned()).collect();
    section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .filter_map(|row| <Vec<String>>::try_into(cells(row)).ok().map(first_three))
        .collect()
}

fn first_three([file, functions, changes, _]: [String; 4]) -> [String; 3] {
    [file.trim_matches('`').to_owned(), functions, changes]
}

/// Whether a file of the library, whose folder is left out, or of the laboratory has a function of this name, such as
/// `Pairs::slopes`, or a constant.
fn is_there(file: &str, function: &str) -> bool {
    let text = read(&if file.starts_with("lab/") { file.to_owned() } else { format!("src/{file}") });
    let name = function.trim_matches('`').rsplit("::").next().unwrap_or_default();
    if function == "a constant" { text.contains("const ") } else { text.contains(&format!("fn {name}")) }
}

#[test]
fn places_of_harmless_mutants_are_in_the_source() {
    let rows = rows();
    assert!(rows.len() > 20, "{} rows", rows.len());
    for [file, functions, changes] in rows {
        for function in functions.split(", ") {
            assert!(is_there(&file, function), "{file} has no {function}");
        }
        assert!(changes == "any" || changes.starts_with('`'), "{file}, {functions}: {changes}");
    }
    assert!(!is_there("loss/blocks.rs", "`Pairs::no_such_function`"));
}
