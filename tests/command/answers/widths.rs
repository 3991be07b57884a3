//! Lines fit the terminal, from 40 to 120 columns.

use embedding_norms_lab::statement::STATEMENTS;
use unicode_width::UnicodeWidthStr;

use crate::answers::{LINES, folder};
use crate::files_support::command;

/// What a command prints on a terminal of this width.
fn printed(folder: &std::path::Path, line: &str, columns: &str) -> String {
    let output = command(folder, line).env("COLUMNS", columns).assert().success().get_output().clone();
    String::from_utf8(output.stdout).unwrap()
}

/// Whether a line may be wider than the terminal: one word that nothing breaks, or a command to be copied.
fn stands_alone(line: &str) -> bool {
    let content = line.trim_start_matches([' ', '•', '?']);
    let place = ["proof ", "test ", "figure ", "run ", "report "].iter().find_map(|name| content.strip_prefix(name));
    let content = place.map_or(content, str::trim_start);
    let begins = ["cargo test ", "embedding-norms ", "A simulation: ", "A statement: "];
    !content.contains(' ') || begins.iter().any(|start| content.starts_with(start))
}

fn check(folder: &std::path::Path, line: &str) {
    for columns in [40, 60, 80, 120] {
        let text = printed(folder, line, &columns.to_string());
        let wide: Vec<&str> = text.lines().filter(|line| line.width() > columns && !stands_alone(line)).collect();
        assert!(wide.is_empty(), "{line}: wider than {columns} columns: {wide:#?}");
        assert!(text.lines().all(|line| line == line.trim_end()), "{line}: spaces at the end of a line\n{text}");
    }
}

#[test]
fn every_line_fits() {
    let folder = folder();
    for line in LINES {
        check(folder.path(), line);
        if line.starts_with("diagnose") {
            check(folder.path(), &format!("{line} --verbose"));
        }
    }
    for statement in STATEMENTS {
        check(folder.path(), &format!("explain {}", statement.id));
    }
}

#[test]
fn width_is_used_and_bounded() {
    let folder = folder();
    let at = |columns: &str| printed(folder.path(), "losses", columns);
    let widest =
        |text: &str| text.lines().filter(|line| !stands_alone(line)).map(UnicodeWidthStr::width).max().unwrap();
    assert!(widest(&at("120")) > 100 && widest(&at("60")) > 50);
    // Narrower and wider terminals have the lines of the bounds; what is no width is as if it were not set.
    assert_eq!(at("1000"), at("120"));
    assert_eq!(at("7"), at("40"));
    assert_eq!(at("wide"), at("100"));
    assert_eq!(at("0"), at("100"));
}
