//! Headlines claim no more than is true: one that speaks of every case says under what condition.
use std::fs;

use assert_cmd::cargo::cargo_bin_cmd;
use embedding_norms_lab::statement::{STATEMENTS, find};
use roxmltree::Document;

use crate::repository::root;

/// Words that leave no exception.
const ALL: [&str; 7] = ["only", "never", "always", "cannot", "no step", "no plain step", "every start"];
/// Words that begin a condition.
const CONDITIONS: [&str; 9] = ["under", "with", "for", "where", "of", "plain", "after", "free", "stop-gradient"];

/// Whether a headline leaves no exception and names no condition.
fn claims_too_much(headline: &str) -> bool {
    let words = format!(" {} ", headline.to_lowercase().replace([',', ':', ';', '.', '?'], " "));
    let has = |word: &&str| words.contains(&format!(" {word} "));
    ALL.iter().any(&has) && !CONDITIONS.iter().any(has)
}

fn files(extension: &str) -> Vec<String> {
    let plots = fs::read_dir(root().join("plots")).unwrap();
    let paths =
        plots.map(|file| file.unwrap().path()).filter(|path| path.extension().is_some_and(|end| end == extension));
    paths.map(|path| fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn a_headline_without_exceptions_has_a_condition() {
    let mut headlines: Vec<String> =
        STATEMENTS.iter().flat_map(|statement| [statement.title, statement.meaning]).map(str::to_owned).collect();
    for record in files("json") {
        let record: serde_json::Value = serde_json::from_str(&record).unwrap();
        let claims = record["claims"].as_array().unwrap();
        headlines.extend(claims.iter().map(|claim| claim["says"].as_str().unwrap().to_owned()));
    }
    for figure in files("svg") {
        let document = Document::parse(&figure).unwrap();
        let titles = document.descendants().filter(|node| node.attribute("class") == Some("title"));
        for title in titles {
            let lines: Vec<&str> =
                title.descendants().filter(|node| node.is_text()).filter_map(|node| node.text()).collect();
            headlines.push(lines.join(" "));
        }
    }
    let list = cargo_bin_cmd!("embedding-norms").arg("list").assert().success().get_output().clone();
    headlines.extend(String::from_utf8(list.stdout).unwrap().lines().map(str::to_owned));
    assert!(headlines.len() > 200);
    let wrong: Vec<&String> = headlines.iter().filter(|headline| claims_too_much(headline)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(["Norms only grow", "no step shortens an embedding"].into_iter().all(claims_too_much));
}

#[test]
fn norms_grow_under_plain_descent_of_free_embeddings() {
    assert_eq!(find("D2").unwrap().title, "Under plain descent with free embeddings, norms only grow");
    let page = fs::read_to_string(root().join("plots/report.html")).unwrap();
    assert!(page.contains("Under plain descent with free embeddings, norms only grow"));
    assert!(!page.contains(">Norms only grow") && !page.contains("</span> Norms only grow"));
}
