//! Every measured number of the docs has beside it what shows it: a test, a command, a claim, a table, a derivation.

use std::collections::BTreeSet;

use embedding_norms_lab::statement::STATEMENTS;

use crate::pages::{code_spans, names, pages, prose, read};
use crate::repository::root;

/// The names of all tests.
fn tests() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = ["tests", "benches", "src", "lab"].map(str::to_owned).to_vec();
    while let Some(folder) = folders.pop() {
        for name in names(&folder) {
            if root().join(&name).is_dir() {
                folders.push(name);
            } else if name.ends_with(".rs") {
                let text = read(&name);
                let functions = text.split("fn ").skip(1).filter_map(|rest| rest.split('(').next());
                found.extend(functions.map(str::to_owned));
            }
        }
    }
    found
}

/// Whether a code span has the form of a test's name, or of the beginning of one: `l1_…`, `s3_*`.
fn is_test_name(span: &str) -> bool {
    let identifier =
        span.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "_*…".contains(letter));
    let statement = span.split('_').next().is_some_and(|id| {
        id.len() == 2 && id.starts_with(['g', 'd', 'l', 's']) && id.ends_with(|digit: char| digit.is_ascii_digit())
    });
    // Methods of Python's protocols begin with two underscores.
    identifier && !span.starts_with("__") && (statement || span.matches('_').count() > 3)
}

/// The tests of a binary under `tests/` by the paths that a filter is compared with: `module::function`.
fn tests_of(binary: &str) -> Option<Vec<String>> {
    let (file, folder) = (format!("tests/{binary}.rs"), format!("tests/{binary}"));
    let mut files = if root().join(&file).exists() { vec![file] } else { vec![] };
    let mut folders = if root().join(&folder).join("main.rs").exists() { vec![folder.clone()] } else { vec![] };
    while let Some(folder) = folders.pop() {
        let (inner, others): (Vec<_>, Vec<_>) = names(&folder).into_iter().partition(|name| root().join(name).is_dir());
        folders.extend(inner);
        files.extend(others.into_iter().filter(|name| name.ends_with(".rs")));
    }
    let paths = files.iter().flat_map(|file| {
        let module = file.strip_prefix(&folder).unwrap_or("").trim_matches('/').trim_end_matches(".rs");
        let module = module.trim_end_matches("main").trim_end_matches("/mod").replace('/', "::");
        let text = read(file);
        let tests = text.split("#[test]").skip(1).filter_map(|rest| rest.split_once("fn ")?.1.split_once('('));
        tests.map(|(function, _)| format!("{module}::{function}")).collect::<Vec<_>>()
    });
    (!files.is_empty()).then(|| paths.collect())
}

/// Asserts that `cargo test … --test BINARY FILTER` names a binary and that the filter meets a test in it. How many
/// binaries it names.
fn runs_tests(place: &str, command: &str) -> usize {
    let words: Vec<&str> = command.split_whitespace().collect();
    let named = words.iter().enumerate().filter(|(_, word)| **word == "--test").map(|(at, _)| at);
    let binaries = named.filter_map(|at| Some((*words.get(at + 1)?, words.get(at + 2)))).inspect(|(binary, filter)| {
        let tests = tests_of(binary).unwrap_or_else(|| panic!("{place}: `{command}` names no test binary"));
        let filter = filter.filter(|filter| !filter.starts_with('-'));
        let met = filter.is_none_or(|filter| tests.iter().any(|test| test.contains(filter)));
        assert!(met, "{place}: `{command}` runs no test");
    });
    binaries.count()
}

#[test]
fn every_statement_names_the_command_of_its_tests_as_its_chapter_does() {
    for statement in STATEMENTS {
        let command = statement.test_command();
        assert_eq!(runs_tests(statement.id, &command), 1);
        let chapter = statement.stem.chapter();
        assert!(read(chapter).contains(&format!("`{command}`")), "{chapter}: no `{command}`");
    }
}

#[test]
#[should_panic(expected = "names no test binary")]
fn a_command_with_a_binary_that_is_not_there_is_noticed() {
    runs_tests("a page", "cargo test --release --test gradient g1_");
}

#[test]
#[should_panic(expected = "runs no test")]
fn a_command_whose_filter_meets_no_test_is_noticed() {
    runs_tests("a page", "cargo test --release --test theory g9_");
}

#[test]
fn tests_that_pages_name_exist() {
    let tests = tests();
    let mut checked = 0;
    for page in pages() {
        let text = read(&page);
        for span in code_spans(&text).into_iter().filter(|span| is_test_name(span)) {
            let begin = span.trim_end_matches(['*', '…']);
            let exists =
                if begin == span { tests.contains(span) } else { tests.iter().any(|test| test.starts_with(begin)) };
            assert!(exists, "{page}: no test is called `{span}`");
            checked += 1;
        }
        for span in code_spans(&text).into_iter().filter(|span| span.contains("cargo test")) {
            checked += runs_tests(&page, span);
        }
    }
    assert!(checked > 60, "only {checked} names were found");
}

/// A page in passages: paragraphs and items of lists, each with the table that follows it. Displayed formulas, which are
/// derivations, and pictures are left out.
fn passages(page: &str) -> Vec<String> {
    let mut passages = vec![String::new()];
    let (mut fenced, mut table) = (false, false);
    for line in page.lines() {
        let bare = line.trim_start_matches(['>', ' ']);
        if bare.starts_with("```") {
            fenced = !fenced;
        }
        if fenced || bare.starts_with("```") || bare.starts_with("![") {
            continue;
        }
        let row = bare.starts_with('|');
        let begins = bare.is_empty()
            || bare.starts_with("* ")
            || bare.starts_with("- ")
            || bare.starts_with('#')
            || (table && !row);
        table = row;
        if begins {
            passages.push(String::new());
        }
        if bare.is_empty() {
            continue;
        }
        let last = passages.len() - 1;
        // A table belongs to the passage before it.
        let place =
            if row { (0..=last).rev().find(|&place| !passages[place].is_empty()).unwrap_or(last) } else { last };
        passages[place] += line;
        passages[place].push('\n');
        if row {
            passages.truncate(place + 1);
        }
    }
    passages.retain(|passage| !passage.trim().is_empty());
    passages
}

/// Whether a passage gives a number that somebody measured or rounded: with decimals, in per cent, or of steps.
fn has_numbers(passage: &str) -> bool {
    let targets: Vec<&str> = passage.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    let mut text = passage.to_owned();
    for removed in targets.into_iter().chain(code_spans(passage)) {
        text = text.replace(removed, "");
    }
    let letters: Vec<char> = text.chars().collect();
    let digit = |at: usize| letters.get(at).is_some_and(char::is_ascii_digit);
    (0..letters.len()).any(|place| {
        let rest: String = letters[place..].iter().take(12).collect();
        let after = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
        digit(place)
            && ((letters.get(place + 1) == Some(&'.') && digit(place + 2))
                || [" %", "%", " per cent", " steps", " times"].iter().any(|unit| after.starts_with(unit)))
    })
}

/// What shows a number: a test, a command, a claim, a table of results; or a mark, which readers do not see, that the
/// number is a setting or is derived where it stands.
fn has_evidence(passage: &str) -> bool {
    let commands = ["cargo ", "embedding-norms ", "benches/"];
    let spans = code_spans(passage);
    let shown = spans.iter().any(|span| is_test_name(span) || commands.iter().any(|begin| span.starts_with(begin)));
    let linked = ["claims.md#", ".csv)", ".json)", ".py)"].iter().any(|target| passage.contains(target));
    shown || linked || MARKS.iter().any(|mark| passage.contains(mark))
}

/// Marks that readers do not see: a number is a setting, follows from what stands beside it, or is printed by the block
/// of commands above.
const MARKS: [&str; 3] = ["<!-- setting", "<!-- derived", "<!-- printed above"];

/// The pages of docs/, but for the claims, each of which is its own evidence, and the numbers of publications.
fn chapters() -> Vec<String> {
    let others = ["README.md", "docs/claims.md", "docs/bibliography.md"];
    pages().into_iter().filter(|page| !others.contains(&page.as_str())).collect()
}

#[test]
fn every_number_of_the_docs_has_its_evidence_beside_it() {
    let (mut bare, mut found) = (Vec::new(), 0);
    for page in chapters() {
        // At the beginning of a line a mark would make HTML of it.
        let first =
            prose(&read(&page)).iter().any(|(_, line)| MARKS.iter().any(|mark| line.trim_start().starts_with(mark)));
        assert!(!first, "{page}: a mark begins a line");
        for passage in passages(&read(&page)).into_iter().filter(|passage| has_numbers(passage)) {
            found += 1;
            if !has_evidence(&passage) {
                bare.push(format!("{page}: {passage}"));
            }
        }
    }
    assert!(bare.is_empty(), "{} passages give numbers without what shows them:\n{}", bare.len(), bare.join("\n"));
    assert!(found > 60, "only {found} passages with numbers were found");
}

#[test]
fn bare_numbers_are_seen() {
    for bare in [
        "Pairs arrive earlier, by up to 1.2 steps.",
        "It costs 3 % of them.",
        "within 12 steps",
        "| a |\n|---|\n| 0.5 |",
    ] {
        let passages = passages(bare);
        assert!(passages.len() == 1 && has_numbers(&passages[0]) && !has_evidence(&passages[0]), "{bare}");
    }
    assert!(
        has_evidence("by 1.2 steps (`l1_acute_pairs`)")
            && !has_numbers("by L2 twice the norm, [0.5](a.md)".replace("0.5", "x").as_str())
    );
    assert_eq!(passages("One.\n\n| 1 |\n|---|\n\n* Two\n* Three\n\n```math\n0.5\n```\n").len(), 3);
}

#[test]
fn no_number_is_still_to_be_filled_in() {
    for page in pages() {
        for (line, text) in prose(&read(&page)) {
            let left = ["@@", "TODO", "TBD", "FIXME"].iter().find(|mark| text.contains(*mark));
            assert!(left.is_none(), "{page}, line {line}: {text}");
        }
    }
}
