//! The pages, and their parts as Markdown divides them.

use std::fs;

use crate::repository::root;

pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The tests of a chapter's statements: a file, and the parts in the folder of its name, if there is one.
pub fn theory_tests(stem: &str) -> String {
    let folder = root().join("tests/theory").join(stem);
    let parts = fs::read_dir(&folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let texts = parts.map(|part| fs::read_to_string(part).unwrap());
    read(&format!("tests/theory/{stem}.rs")) + &texts.collect::<String>()
}

/// Whether generated parts are to be written, not compared.
pub fn updating() -> bool {
    std::env::var_os("UPDATE_DOCS").is_some()
}

/// What a failing comparison asks for.
pub const UPDATE: &str = "run UPDATE_DOCS=1 cargo test --release --test docs";

/// README and the pages of docs/, by their paths from the root.
pub fn pages() -> Vec<String> {
    let mut pages = names("docs");
    pages.retain(|page| page.ends_with(".md"));
    pages.push("README.md".to_owned());
    pages
}

/// Every Markdown file of the repository.
pub fn all_markdown() -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for name in names(&folder) {
            let outside =
                name.starts_with('.') || ["target", "results", "fuzz/target", "python/target"].contains(&name.as_str());
            if outside || name.contains("__pycache__") {
                continue;
            } else if root().join(&name).is_dir() {
                folders.push(name);
            } else if name.ends_with(".md") {
                found.push(name);
            }
        }
    }
    found.sort();
    found
}

/// What a folder holds, in order.
pub fn names(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> =
        names.map(|name| if folder.is_empty() { name } else { format!("{folder}/{name}") }).collect();
    names.sort();
    names
}

/// A fenced block, the line that it begins in (from 1) and the line before it.
pub struct Block {
    pub language: String,
    pub text: String,
    pub line: usize,
    pub before: String,
}

/// The fenced blocks of a page, also those inside quotations and lists.
pub fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    let mut before = String::new();
    for (number, line) in page.lines().enumerate() {
        let bare = line.trim_start_matches(['>', ' ']);
        if let Some(language) = bare.strip_prefix("```") {
            if !open {
                let (language, before) = (language.trim().to_owned(), std::mem::take(&mut before));
                blocks.push(Block { language, text: String::new(), line: number + 1, before });
            }
            open = !open;
        } else if open {
            let block = blocks.last_mut().expect("a block was begun");
            block.text += line;
            block.text.push('\n');
        } else {
            bare.clone_into(&mut before);
        }
    }
    assert!(!open, "a fence is not closed");
    blocks
}

/// The lines of a page outside of fenced blocks, with their numbers from 1.
pub fn prose(page: &str) -> Vec<(usize, &str)> {
    let mut open = false;
    let mut lines = Vec::new();
    for (number, line) in page.lines().enumerate() {
        if line.trim_start_matches(['>', ' ']).starts_with("```") {
            open = !open;
        } else if !open {
            lines.push((number + 1, line));
        }
    }
    lines
}

/// The code spans of a text.
pub fn code_spans(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// Links of a text: what is shown and the target. Brackets inside what is shown are balanced.
pub fn links(text: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    for (close, _) in text.match_indices("](") {
        let mut depth = 0;
        let open = text[..=close].char_indices().rev().find_map(|(place, letter)| {
            depth += i32::from(letter == ']') - i32::from(letter == '[');
            (depth == 0).then_some(place)
        });
        if let (Some(open), Some(end)) = (open, text[close..].find(')')) {
            found.push((&text[open + 1..close], &text[close + 2..close + end]));
        }
    }
    found
}

/// The numbers of a text, with `-` for every minus, as they stand: `2.0001`, `-0.58`, `2.185e-15`, `973,973`.
pub fn numbers(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.replace('−', "-").chars().collect();
    let mut found = Vec::new();
    let mut place = 0;
    while place < letters.len() {
        let digit = |at: usize| letters.get(at).is_some_and(char::is_ascii_digit);
        let signed = letters[place] == '-' && digit(place + 1);
        // A digit inside of a name, as in L2, is no number.
        let inside = place > 0 && (letters[place - 1].is_alphanumeric() || "_^.".contains(letters[place - 1]));
        if !(digit(place) || signed) || inside {
            place += 1;
            continue;
        }
        let begin = place;
        place += 1;
        while digit(place) || (place < letters.len() && ".,".contains(letters[place]) && digit(place + 1)) {
            place += 1;
        }
        if letters.get(place) == Some(&'e')
            && (digit(place + 1) || (letters.get(place + 1) == Some(&'-') && digit(place + 2)))
        {
            place += 2;
            while digit(place) {
                place += 1;
            }
        }
        found.push(letters[begin..place].iter().collect::<String>().replace(',', ""));
    }
    found
}

#[test]
fn numbers_are_found_as_they_stand() {
    let found = numbers("L2: 2.0001 [1.9994, 2.0008], −0.58, +0.4; 2.185e-15 of 973,973 at 5.");
    assert_eq!(found, ["2.0001", "1.9994", "2.0008", "-0.58", "0.4", "2.185e-15", "973973", "5"]);
}

#[test]
fn links_are_found_with_brackets_inside() {
    let text = "so [2.0 [1.9, 2.1]](docs/claims.md#a) and ![b](c.svg)";
    assert_eq!(links(text), [("2.0 [1.9, 2.1]", "docs/claims.md#a"), ("b", "c.svg")]);
}
