//! Tables as GitHub reads them: a pipe divides cells unless a backslash stands before it, also in code and in formulas.

use crate::pages::{all_markdown, prose, read};

/// How many cells GitHub sees in a row.
fn cells(row: &str) -> usize {
    let row = row.trim();
    let row = row.strip_prefix('|').unwrap_or(row);
    let row = if row.ends_with('|') && !row.ends_with("\\|") { &row[..row.len() - 1] } else { row };
    let mut escaped = false;
    let dividers = row.chars().filter(|&letter| {
        let divides = letter == '|' && !escaped;
        escaped = letter == '\\' && !escaped;
        divides
    });
    1 + dividers.count()
}

/// The line without marks of quotation and indentation.
fn bare(line: &str) -> &str {
    line.trim_start_matches(['>', ' '])
}

fn is_delimiter(line: &str) -> bool {
    let line = bare(line).trim();
    line.contains('|') && line.contains('-') && line.chars().all(|letter| "|-: ".contains(letter))
}

/// Rows with another number of cells than the head of their table, and how many rows there are.
fn broken(page: &str) -> (Vec<String>, usize) {
    let lines = prose(page);
    let (mut faults, mut rows) = (Vec::new(), 0);
    let mut columns = None;
    for (place, &(number, line)) in lines.iter().enumerate() {
        if !bare(line).contains('|') {
            columns = None;
        } else if is_delimiter(line) {
            columns = Some(cells(bare(line)));
            let head = cells(bare(lines[place - 1].1));
            if columns != Some(head) {
                faults.push(format!("line {number}: {head} cells in the head"));
            }
        } else if let Some(columns) = columns {
            rows += 1;
            let found = cells(bare(line));
            if found != columns {
                faults.push(format!("line {number}: {found} cells for {columns}: {line}"));
            }
        }
    }
    (faults, rows)
}

#[test]
fn every_row_of_every_table_has_the_cells_of_its_head() {
    let mut rows = 0;
    for page in all_markdown() {
        let (faults, found) = broken(&read(&page));
        assert!(faults.is_empty(), "{page}: {}", faults.join("\n"));
        rows += found;
    }
    assert!(rows > 300, "only {rows} rows were found");
}

#[test]
fn a_pipe_divides_in_code_and_formulas_too() {
    assert_eq!(["| a | b |", "a | b", r"| a \| b | c |", "| `a|b` | c |", "| $|z|$ |"].map(cells), [2, 2, 2, 3, 3]);
    assert_eq!(broken("| a | b |\n|---|---|\n| 1 | largest |z · ∇| |\n").0.len(), 1);
    assert_eq!(broken("> | a | b |\n> |---|---|\n> | 1 | `x\\|y` |\n"), (vec![], 1));
}
