//! Links between files resolve, with their anchors.

use std::fs;

use crate::pages::{all_markdown, read};
use crate::repository::root;

#[test]
fn links_between_files_resolve() {
    let mut checked = 0;
    for page in all_markdown() {
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
            if target.extension().is_some_and(|ending| ending == "md") && !anchor.is_empty() {
                let text = fs::read_to_string(&target).unwrap();
                let found = text.contains(&format!("id=\"{anchor}\"")) || headings(&text).any(|name| name == anchor);
                assert!(found, "{page}: {link} has no such anchor");
            }
            checked += 1;
        }
    }
    assert!(checked > 50, "only {checked} links were found");
}

/// The anchors that GitHub gives to headings.
fn headings(text: &str) -> impl Iterator<Item = String> + '_ {
    text.lines().filter_map(|line| line.strip_prefix('#')).map(|heading| {
        let heading = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = heading.chars().filter(|letter| letter.is_alphanumeric() || "- _".contains(*letter));
        kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
    })
}
