//! `--json`: one envelope for every command, and the numbers of the plain text.

use serde_json::Value;

use crate::answers::{LINES, TINY, folder};
use crate::files_support::{command, json, stdout};

/// Whether every key of an object, and of what is in it, is in snake case; names of simulations and settings are data.
fn is_snake_case(value: &Value) -> bool {
    const DATA: [&str; 3] = ["claims", "parameters", "optimizer_settings"];
    let plain =
        |key: &str| key.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_');
    match value {
        Value::Object(map) => {
            map.iter().all(|(key, value)| plain(key) && (DATA.contains(&key.as_str()) || is_snake_case(value)))
        }
        Value::Array(values) => values.iter().all(is_snake_case),
        _ => true,
    }
}

#[test]
fn every_command_that_answers_has_the_envelope() {
    let folder = folder();
    for line in LINES {
        let object = json(folder.path(), &format!("{line} --json"));
        let keys: Vec<&String> = object.as_object().unwrap().keys().take(3).collect();
        assert_eq!(keys, ["schema", "crate_version", "command"], "{line}");
        assert_eq!(object["schema"], 1, "{line}");
        assert_eq!(object["crate_version"], env!("CARGO_PKG_VERSION"), "{line}");
        assert_eq!(object["command"], line.split(' ').next().unwrap(), "{line}");
        assert!(object.as_object().unwrap().len() > 3 && is_snake_case(&object), "{line}: {object}");
    }
}

#[test]
fn merged_shards_have_it_too() {
    let folder = folder();
    stdout(folder.path(), &format!("{TINY} --shard 1/2 --out parts --quiet"));
    stdout(folder.path(), &format!("{TINY} --shard 2/2 --out parts --quiet"));
    let object = json(folder.path(), "merge parts --out merged --json");
    assert_eq!(object["command"], "merge");
    assert_eq!(object["claims"], json(folder.path(), &format!("{TINY} --json"))["claims"]);
}

/// The words of a text, wherever its lines end.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn predictions_are_those_of_the_text() {
    let folder = folder();
    for line in LINES.iter().filter(|line| line.starts_with("predict")) {
        let (text, object) = (stdout(folder.path(), line), json(folder.path(), &format!("{line} --json")));
        let predictions = object["predictions"].as_array().unwrap();
        assert!(predictions.len() > 5, "{line}");
        for prediction in predictions {
            let (shown, what) = (prediction["text"].as_str().unwrap(), prediction["what"].as_str().unwrap());
            let mark = match prediction["basis"].as_str().unwrap() {
                "exact" => '=',
                "flow" => '~',
                "leading-order" => '≈',
                other => panic!("{other}"),
            };
            let row = format!("{} {mark} {what} {shown}", prediction["statement"].as_str().unwrap());
            assert!(words(&text).contains(&row), "'{row}' is not in\n{text}");
            let value = prediction["value"].as_f64().unwrap();
            // Six decimals at least, whole numbers where steps are counted, hundredths of a per cent.
            let (number, tolerance) = match shown.strip_suffix(" %") {
                Some(percent) => (0.01 * percent.parse::<f64>().unwrap(), 5.1e-5),
                None if shown.parse::<u64>().is_ok() => (shown.parse().unwrap(), 1.0),
                None if prediction["statement"] == "L1" => (shown.parse().unwrap(), 5.1e-4),
                None => (shown.parse().unwrap(), 1e-6 * value.abs().max(1.0)),
            };
            assert!((number - value).abs() <= tolerance, "{row}: {value}");
        }
        assert!(words(&text).starts_with(object["verdict"].as_str().unwrap()), "{text}");
        for note in object["notes"].as_array().unwrap() {
            assert!(words(&text).contains(note.as_str().unwrap()), "{note}");
        }
    }
    let stuck = json(folder.path(), "predict --norm 1000000 --learning-rate 0.001 --json");
    let steps = stuck["predictions"].as_array().unwrap().iter().find(|it| it["key"] == "steps").unwrap();
    assert!(steps["value"].is_null() && steps["text"].as_str().unwrap().starts_with("more than"), "{steps}");
}

#[test]
fn what_the_flow_says_is_marked() {
    let folder = folder();
    let object = json(folder.path(), "predict --norm 8 --weight-decay 1e-4 --temperature 0.1 --json");
    for prediction in object["predictions"].as_array().unwrap() {
        let expected = match prediction["statement"].as_str().unwrap() {
            "L1" | "S1" => "flow",
            "S3" => "leading-order",
            _ => "exact",
        };
        assert_eq!(prediction["basis"], expected, "{prediction}");
    }
}

#[test]
fn a_temperature_changes_two_numbers_and_says_so() {
    let folder = folder();
    for line in ["predict --norm 8", "predict --norm 8 --optimizer adam", "predict --norm 8 --optimizer sgdm"] {
        let [without, with] =
            ["", " --temperature 0.1"].map(|more| json(folder.path(), &format!("{line}{more} --json")));
        let others = |object: &Value| -> Vec<Value> {
            let all = object["predictions"].as_array().unwrap().clone();
            all.into_iter().filter(|prediction| prediction["statement"] != "G4").collect()
        };
        assert_eq!(others(&with), others(&without), "{line}");
        assert_eq!(with["predictions"].as_array().unwrap().len(), others(&with).len() + 2, "{line}");
        let text = words(&stdout(folder.path(), &format!("{line} --temperature 0.1")));
        assert!(text.contains("--temperature gives the two numbers of G4 and changes no other"), "{text}");
        assert_eq!(text.contains("changes no step of adam"), line.ends_with("adam"), "{text}");
    }
}

#[test]
fn lists_are_those_of_the_text() {
    let folder = folder();
    for (command, list) in [("list", "simulations"), ("losses", "losses"), ("optimizers", "optimizers")] {
        let (text, object) =
            (words(&stdout(folder.path(), command)), json(folder.path(), &format!("{command} --json")));
        let entries = object[list].as_array().unwrap();
        assert!(entries.len() > 10);
        for entry in entries {
            for key in ["name", "about", "formula", "source", "needs"] {
                let Some(said) = entry[key].as_str() else { continue };
                assert!(text.contains(&words(said)), "{command}: '{said}' is not in the text");
            }
            for implementation in entry["implementations"].as_array().into_iter().flatten() {
                let (name, relation) =
                    (implementation["name"].as_str().unwrap(), implementation["relation"].as_str().unwrap());
                assert!(text.contains(&format!("{name}: {relation}")), "{name}");
            }
            for parameter in entry["parameters"].as_array().into_iter().chain(entry["settings"].as_array()).flatten() {
                let shown = format!(
                    "{} {} = {}",
                    parameter["name"].as_str().unwrap(),
                    parameter["symbol"].as_str().unwrap(),
                    parameter["default"].as_f64().unwrap()
                );
                assert!(text.contains(&shown), "{shown}");
            }
        }
    }
}

#[test]
fn an_explanation_is_that_of_the_text() {
    let folder = folder();
    for id in ["L1", "G5", "d2", "S6"] {
        let (text, object) = (
            words(&stdout(folder.path(), &format!("explain {id}"))),
            json(folder.path(), &format!("explain {id} --json")),
        );
        for (key, said) in object.as_object().unwrap() {
            if ["schema", "crate_version", "command", "simulation"].contains(&key.as_str()) || said.is_null() {
                continue;
            }
            for part in said.as_str().unwrap().split(";  ") {
                assert!(text.contains(&words(part)), "{id} {key}: '{part}' is not in {text}");
            }
        }
        // What it means comes before the formula.
        let place =
            |key: &str| text.find(words(object[key].as_str().unwrap().split(";  ").next().unwrap()).as_str()).unwrap();
        assert!(place("meaning") < place("formula"), "{text}");
    }
    assert!(json(folder.path(), "explain G5 --json")["figure"].is_null());
}

#[test]
fn claims_begin_with_their_verdict() {
    let folder = folder();
    let text = stdout(folder.path(), TINY);
    let object = json(folder.path(), &format!("{TINY} --json"));
    let claims = object["claims"]["norm-effect"].as_array().unwrap();
    let count = |source: &str, verdict: &str| {
        claims.iter().filter(|claim| claim["source"] == source && claim["verdict"] == verdict).count()
    };
    let (held, failed) = (count("ours", "as-stated"), count("ours", "not-as-stated"));
    let first = format!("norm-effect: {held} claims of ours as stated, {failed} not");
    assert!(held > 0 && text.starts_with(&first), "{text}");
    for claim in claims {
        assert!(words(&text).contains(&words(claim["says"].as_str().unwrap())), "{claim}");
    }
    let shard = command(folder.path(), &format!("{TINY} --shard 1/2 --out part --json")).assert().success();
    let object: Value = serde_json::from_slice(&shard.get_output().stdout).unwrap();
    assert_eq!(object["claims"], serde_json::json!({}));
}
