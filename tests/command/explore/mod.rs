//! The page to play with: one file, complete in itself; its numbers against the library; its looks in a browser.

mod engine;
mod looks;
mod numbers;
mod table;

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin_cmd;
use scraper::{ElementRef, Html, Selector};
use serde_json::Value;

use crate::gallery::GALLERY;
use crate::repository::root;

fn command(folder: &Path, line: &str) -> Command {
    let mut command = cargo_bin_cmd!("embedding-norms");
    command.current_dir(folder).args(line.split_whitespace());
    command
}

/// The page as the command writes it.
fn written() -> String {
    let place = tempfile::tempdir().unwrap();
    command(place.path(), "explore --out here").assert().success().stdout("here/explore.html\n");
    fs::read_to_string(place.path().join("here/explore.html")).unwrap()
}

fn all<'a>(page: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    page.select(&Selector::parse(selector).unwrap()).collect()
}

#[test]
fn the_page_is_the_same_wherever_it_is_written() {
    let page = written();
    assert!(page == fs::read_to_string(GALLERY.path().join("explore.html")).unwrap(), "all writes it too");
    let place = tempfile::tempdir().unwrap();
    command(place.path(), "explore --quiet").assert().success().stdout("");
    assert!(page == fs::read_to_string(place.path().join("plots/explore.html")).unwrap(), "plots/ is the default");
    let kept = root().join("plots/explore.html");
    assert!(page == fs::read_to_string(kept).unwrap(), "the gallery's page is old: embedding-norms explore");
}

#[test]
fn the_page_is_one_well_formed_file_that_fetches_nothing() {
    let text = written();
    let page = Html::parse_document(&text);
    assert!(page.errors.is_empty(), "{:?}", page.errors);
    let ids: Vec<&str> = all(&page, "[id]").iter().filter_map(|element| element.attr("id")).collect();
    let mut once = ids.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), ids.len(), "an id stands once");
    for element in all(&page, "[src], link[href], image, use") {
        let source = ["src", "href"].into_iter().find_map(|name| element.attr(name)).unwrap_or_default();
        assert!(source.is_empty() || source.starts_with("data:") || source.starts_with('#'), "{source}");
    }
    for name in ["aria-labelledby", "aria-controls", "for"] {
        for element in all(&page, &format!("[{name}]")) {
            assert!(ids.contains(&element.attr(name).unwrap()), "{name} of {:?}", element.value());
        }
    }
    assert!(all(&page, "style").iter().all(|style| !style.text().any(|text| text.contains("://"))));
    assert!(text.len() < 300_000, "{} bytes", text.len());
}

#[test]
fn without_javascript_there_is_a_figure_and_a_sentence() {
    // Browsers without scripts read what stands in noscript; the parser of these tests has it as text.
    let text = written();
    let inside = text.split("<noscript>").nth(1).unwrap().split("</noscript>").next().unwrap();
    let inside = Html::parse_fragment(inside);
    let words: String = all(&inside, "p")[0].text().collect();
    assert!(words.contains("JavaScript") && words.contains("embedding-norms predict"), "{words}");
    let drawing = all(&inside, "figure svg")[0];
    assert!(drawing.attr("aria-label").is_some_and(|words| words.len() > 60));
    let page = Html::parse_document(&text);
    assert!(all(&page, "#page")[0].attr("hidden").is_some(), "what needs scripts is shown by them");
}

#[test]
fn the_facts_of_the_page_are_the_librarys() {
    let page = Html::parse_document(&written());
    let facts: Value = serde_json::from_str(&all(&page, "#facts")[0].text().collect::<String>()).unwrap();
    let names = |list: &str| -> Vec<String> {
        facts[list].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("networks"), embedding_norms::theory::encoders::NETWORKS);
    let catalogue = embedding_norms::optimizer::catalogue().iter().map(|entry| entry.name).collect::<Vec<_>>();
    assert_eq!(names("optimizers"), catalogue);
    for optimizer in facts["optimizers"].as_array().unwrap() {
        let entry = embedding_norms::optimizer::entry(optimizer["name"].as_str().unwrap()).unwrap();
        assert_eq!(optimizer["h"], embedding_norms::rules::scaling(entry).degree(0.0), "{}", entry.name);
    }
}

#[test]
fn wrong_arguments_are_one_clear_error() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("file"), "").unwrap();
    for (line, says) in [
        ("explore --out file/below", "cannot write to file/below"),
        ("explore plots", "unexpected argument 'plots'"),
        ("explore --into there", "'--into'"),
        ("explor", "did you mean 'explore'?"),
    ] {
        let output = command(place.path(), line).assert().code(2).get_output().clone();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.stdout.is_empty() && stderr.matches("error:").count() == 1, "{line}: {stderr}");
        assert!(stderr.contains(says), "{line}: {stderr}");
    }
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1, "nothing is written");
}
