//! The page as a browser shows it: every preset in wide and narrow windows, by keys and pointer, and what the address says.

use std::fs;
use std::path::Path;
use std::process::Command;

use assert_cmd::cargo::cargo_bin_cmd;
use serde_json::Value;

use super::engine::Engine;
use super::written;
use crate::repository::root;

/// States of the page: presets, every optimizer, both tabs.
const STATES: [&str; 18] = [
    "",
    "norm=4&second=4",
    "norm=1&second=1&angle=3.1",
    "norm=0.02&second=0.02&angle=1.2",
    "norm=0.05&second=0.05&angle=2.2",
    "norm=0.3&second=1.2&same=0&angle=2",
    "model=fresh&norm=3&rate=0.1&decay=0.02",
    "model=fresh&optimizer=lars",
    "held=1&same=0&second=3",
    "optimizer=heavy-ball",
    "optimizer=adam&held=1",
    "optimizer=sign-descent",
    "optimizer=lars",
    "tab=training",
    "tab=training&network=free&rule=gradient-descent&lambda=0.01&temperature=0.1",
    "tab=training&network=free&rule=adamw&lambda=0.05&l2=0&eta=0.256&median=2&dimension=64",
    "tab=training&network=free&rule=heavy-ball&lambda=0.001&turn=0.05",
    "tab=training&network=biases&rule=adamw&turn=0.001",
];

/// What the browser reports of the page with each of these fragments.
fn seen(engine: &Engine, width: usize, fragments: &[&str]) -> Vec<Value> {
    let look = include_str!("../../browser/explore.js");
    let page = written().replace("</body>", &format!("<script type=\"module\">{look}</script></body>"));
    let reports = engine.reports_of(&page, width, fragments);
    reports.iter().map(|report| serde_json::from_str(report).unwrap()).collect()
}

#[test]
fn every_state_is_shown_whole_named_and_usable_and_its_command_agrees() {
    let Some(engine) = Engine::browser() else { return };
    for width in [1280, 360] {
        for (seen, fragment) in seen(&engine, width, &STATES).iter().zip(STATES) {
            assert_eq!(seen["wrong"], serde_json::json!([]), "{width} px, #{fragment}");
            assert_eq!(seen["width"], width, "#{fragment}");
            assert!(seen["controls"].as_u64().unwrap() > 15, "#{fragment}: {seen}");
            assert_eq!(seen["refused"], "", "#{fragment}");
            // Where one member stands there is no duality to be seen (L7).
            let map = seen["map"].as_str().unwrap();
            assert!(!(fragment.contains("held=1") && map.contains("half-turn")), "#{fragment}: {map}");
            if width == 1280 {
                agree(fragment, seen);
            }
        }
    }
}

#[test]
fn the_address_holds_the_state_and_says_what_it_cannot_take() {
    let Some(engine) = Engine::browser() else { return };
    let told = seen(&engine, 1280, &["norm=8&second=8", "norm=-3&angle=much&optimizer=adma&nom=2"]);
    assert_eq!(
        told[0]["verdict"],
        "Under plain gradient descent a pair of norm 8 is aligned after 6\u{202f}080 steps."
    );
    assert_eq!(told[0]["drawings"], 4);
    let refused = told[1]["refused"].as_str().unwrap();
    for words in ["norm to “-3”, which is not from 0.001 to 100", "angle to “much”, which is not a number", "“nom”"]
    {
        assert!(refused.contains(words), "{words}: {refused}");
    }
    assert!(refused.contains("“adma”, which is not one of gradient-descent"), "{refused}");
    let verdict = told[1]["verdict"].as_str().unwrap();
    assert!(verdict.starts_with("Under plain gradient descent a pair of norm 0.5"), "{verdict}");
}

#[test]
fn a_shared_address_shows_the_same_view_and_the_story_of_a_preset() {
    let Some(engine) = Engine::browser() else { return };
    let told = seen(&engine, 1280, &["", "yaw=1.5&pitch=-0.3", "norm=4", "norm=4&second=4&yaw=2", "norm=4&rate=0.1"]);
    assert_ne!(told[0]["view"], told[1]["view"], "the address turns the sphere");
    let stories: Vec<&str> = told.iter().map(|seen| seen["story"].as_str().unwrap()).collect();
    assert!(stories[2].starts_with("Far above the best norm"), "{stories:?}");
    assert_eq!(stories, ["", "", stories[2], stories[2], ""]);
}

/// The command that the page gives runs, and says what the page says.
#[cfg(unix)]
fn agree(fragment: &str, seen: &Value) {
    let binary = cargo_bin_cmd!("embedding-norms").get_program().to_owned();
    let folder = Path::new(&binary).parent().unwrap();
    let command = seen["command"].as_str().unwrap();
    let place = tempfile::tempdir().unwrap();
    let example = root().join("docs/example");
    for file in ["step0.npy", "step1.npy", "views0.npy"] {
        fs::copy(example.join(file), place.path().join(file)).unwrap();
    }
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-euc", command]).current_dir(place.path()).env("PATH", path).env("COLUMNS", "200");
    let output = shell.output().unwrap();
    assert!(output.status.success(), "{command}\n{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // The page writes thousands apart.
    let said = |part: &str| seen[part].as_str().unwrap().replace('\u{202f}', "");
    let (part, sentences): (_, &[(&str, &str)]) = if seen["tab"] == "training" {
        ("answers", &[("at this norm and angle needs ", "after"), ("Norms settle at ", "norms settle at")])
    } else {
        ("verdict", &[("is aligned after ", "after"), ("settles at about ", "norms settle at")])
    };
    for (page, terminal) in sentences {
        let Some(number) =
            said(part).split(page).nth(1).and_then(|rest| Some(rest.split([' ', ',']).next()?.to_owned()))
        else {
            continue;
        };
        assert!(text.contains(&format!("{terminal} {number} ")), "#{fragment}: {page}{number}\n{text}");
    }
    // What was measured is asked of `diagnose`, where there is a network and where there is none.
    let is_measured = fragment.contains("turn=");
    assert!(!is_measured || command.contains("embedding-norms diagnose"), "#{fragment}: {command}");
}
