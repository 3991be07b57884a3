//! The command over the whole range of f64: what it prints is right, or it ends with an error that names the cause.
use crate::files_support;

use std::path::Path;

use approx::assert_relative_eq;
use files_support::{command, json, load, refused, rows, save, stdout};
use ndarray::{Array2, array};
use serde_json::Value;
use tempfile::TempDir;

/// z.npy and w.npy, and z at some scales as z-N.npy and zN.npy.
fn prepare(scales: &[i32]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let z = rows(12, 4, 1);
    save(folder.path(), "z.npy", &z);
    save(folder.path(), "w.npy", &rows(12, 4, 2));
    for &scale in scales {
        save(folder.path(), &format!("z{scale}.npy"), &z.mapv(|x| libm::scalbn(x, scale)));
    }
    folder
}

fn value(record: &Value) -> f64 {
    record["value"].as_f64().unwrap()
}

#[test]
fn values_and_gradients_do_not_depend_on_how_long_rows_are() {
    let scales = [-1010, -545, -535, -525, -505, 505, 545, 1010];
    let folder = prepare(&scales);
    for loss in ["cosine", "nt-xent", "siglip", "triplet"] {
        let near = json(folder.path(), &format!("gradient --loss {loss} z.npy w.npy --write G.npy --json"));
        let slopes = load(folder.path(), "G.npy");
        for scale in scales {
            let line = format!("gradient --loss {loss} z{scale}.npy w.npy --write far.npy --json");
            let far = json(folder.path(), &line);
            assert_eq!(value(&far), value(&near), "{loss} at 2^{scale}");
            let mean = |record: &Value| record["first"]["mean_length"].as_f64().unwrap();
            assert_relative_eq!(mean(&far), libm::scalbn(mean(&near), -scale), max_relative = 1e-14);
            let expected = slopes.mapv(|x| libm::scalbn(x, -scale));
            assert!(load(folder.path(), "far.npy").relative_eq_all(&expected), "{loss} at 2^{scale}");
        }
    }
}

trait RelativeEqAll {
    fn relative_eq_all(&self, other: &Self) -> bool;
}

impl RelativeEqAll for Array2<f64> {
    fn relative_eq_all(&self, other: &Self) -> bool {
        self.iter().zip(other).all(|(x, y)| (x - y).abs() <= 1e-14 * y.abs())
    }
}

#[test]
fn rows_beyond_f64_are_refused_by_file_and_index() {
    let folder = prepare(&[-1040]);
    save(folder.path(), "long.npy", &array![[1.0, 0.0, 0.0], [1.7e308, 1.7e308, 1e308]]);
    save(folder.path(), "units.npy", &array![[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]);
    save(folder.path(), "least.npy", &array![[1.0, 0.0, 0.0], [5e-324, 0.0, 5e-324]]);
    let no = |line: &str, says: &[&str]| refused(folder.path(), line, says);
    for command in ["gradient", "simulate"] {
        no(&format!("{command} --loss cosine long.npy units.npy"), &["long.npy: row 1", "above 1.8e308", "down"]);
        no(&format!("{command} --loss cosine units.npy long.npy"), &["long.npy: row 1"]);
        no(&format!("{command} --loss cosine least.npy units.npy"), &["least.npy: row 1", "5e-324", "embeddings up"]);
        no(&format!("{command} --loss nt-xent w.npy z-1040.npy"), &["z-1040.npy: row 0", "embeddings up"]);
    }
    // What does not take the gradient by such a row takes it as it is.
    let held = json(folder.path(), "gradient --loss simsiam units.npy least.npy --json");
    assert_relative_eq!(value(&held), -0.5, max_relative = 1e-15);
}

#[test]
fn settings_beyond_f64_are_refused_by_name() {
    let folder = prepare(&[]);
    let no = |line: &str, says: &[&str]| refused(folder.path(), &format!("gradient --loss {line} z.npy w.npy"), says);
    no("nt-xent --temperature 1e-309", &["nt-xent", "temperature 1e-309", "raise the temperature"]);
    no("siglip --temperature 1e-309", &["siglip", "temperature 1e-309", "bias -1e1", "raise the temperature"]);
    no("siglip --bias 1e308", &["bias 1e308", "lower the size of the bias"]);
    no("triplet --margin 1e308", &["margin 1e308"]);
    no("align-uniform --sharpness 1e308", &["sharpness 1e308"]);
    no("align-uniform --alignment 1.7e308", &["alignment 1.7e308"]);
    refused(folder.path(), "simulate --loss clip --temperature 1e-309 z.npy w.npy", &["clip", "temperature 1e-309"]);
    // Right up to the ends: a value that falls as 1/τ.
    let at = |temperature: &str| {
        json(folder.path(), &format!("gradient --loss info-nce --temperature {temperature} z.npy w.npy --json"))
    };
    assert_relative_eq!(value(&at("1e-306")), 1e106 * value(&at("1e-200")), max_relative = 1e-13);
    assert_relative_eq!(value(&at("1.7e308")), 12.0_f64.ln(), max_relative = 1e-15);
    let wide = json(folder.path(), "gradient --loss align-uniform --sharpness 1e-320 z.npy w.npy --json");
    assert!(value(&wide) > 0.0);
}

#[test]
fn zero_is_said_of_zeros_alone() {
    let folder = prepare(&[]);
    save(folder.path(), "far.npy", &array![[1e308, 0.0], [0.0, 1e308]]);
    save(folder.path(), "near.npy", &array![[1.0, 1e-9], [1e-9, 1.0]]);
    let text = stdout(folder.path(), "gradient --loss info-nce --temperature 0.001 far.npy near.npy");
    assert!(text.contains("with respect to Z rounds to zero") && text.contains("temperature τ near 0"), "{text}");
    save(folder.path(), "apart.npy", &array![[1.0, 1e-8], [0.0, 1.0]]);
    let long = "gradient --loss nt-xent --temperature 1e16 far.npy apart.npy";
    assert!(stdout(folder.path(), long).contains("with respect to Z is not zero, but below 4.9e-324"));
    let record = json(folder.path(), &format!("{long} --json"));
    assert!(record["first"]["note"].as_str().unwrap().contains("scale the embeddings down"));
    assert!(record["second"].get("note").is_none());
    assert!(
        stdout(folder.path(), "gradient --loss simsiam far.npy near.npy")
            .contains("with respect to W is zero: simsiam")
    );
}

#[test]
fn predictions_are_numbers_or_refused() {
    let folder = prepare(&[]);
    let no = |line: &str, says: &[&str]| {
        let output = command(folder.path(), &format!("predict {line}")).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{line}: {stderr}");
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(!stdout.contains("inf") && !stdout.contains("NaN"), "{line}: {stdout}");
        says.iter().for_each(|words| assert!(stderr.contains(words), "{line}: {words} is not in {stderr}"));
    };
    no("--norm 1e-200", &["γ/ρ²", "from 1e-300 to 1e300", "not inf"]);
    no("--norm 1e200", &["γ/ρ²", "not 0"]);
    no("--norm 1e-200 --learning-rate 1e300", &["γ/ρ²"]);
    no("--norm 8 --learning-rate 1e300", &["γ/ρ² of the first member", "at most 1e30"]);
    no("--norm 8 --temperature 1e-309 --grad-scale 3", &["--temperature", "--grad-scale"]);
    no("--norm 8 --grad-scale 1e300", &["--grad-scale"]);
    no("--norm 8 --weight-decay 1e-320", &["γλ", "1e-250"]);
    no("--norm 8 --optimizer adamw --weight-decay 0.1 --set weight-decay=0.2", &["give one of them"]);
    let told = |line: &str| stdout(folder.path(), &format!("predict {line}"));
    assert!(told("--norm 1e100 --learning-rate 1").contains("1.000000e-100"));
    // The same γ/ρ² takes the same steps.
    let steps = |line: &str| {
        let text = told(line);
        text.lines().find(|line| line.contains("counted")).unwrap().to_owned()
    };
    assert_eq!(steps("--norm 1e-140 --learning-rate 2e-282"), steps("--norm 1 --learning-rate 0.02"));
    let option = told("--norm 8 --optimizer adamw --weight-decay 0.1");
    assert!(option.contains("norm at which embeddings settle"));
    assert_eq!(told("--norm 8 --optimizer adamw --set weight-decay=0.1"), option);
}

/// Every number that a record lacks.
fn missing(record: &Value, found: &mut Vec<Value>) {
    match record {
        Value::Object(fields) => {
            if fields.get("value").is_some_and(Value::is_null) {
                found.push(record.clone());
            }
            fields.values().for_each(|field| missing(field, found));
        }
        Value::Array(values) => values.iter().for_each(|value| missing(value, found)),
        _ => {}
    }
}

#[test]
fn a_diagnosis_does_not_depend_on_the_scale_and_says_what_it_cannot_have() {
    let folder = prepare(&[-1045, -1000, -540, 540, 1018]);
    let page = |line: &str| stdout(folder.path(), &format!("diagnose {line} --verbose"));
    let found = |folder: &Path, line: &str, key: &str, name: &str| -> f64 {
        let record = json(folder, &format!("diagnose {line} --json"));
        let answer = record["answers"].as_array().unwrap().iter().find(|answer| answer["key"] == key).unwrap().clone();
        let quantities = answer["quantities"].as_array().unwrap();
        quantities.iter().find(|quantity| quantity["name"] == name).unwrap()["value"].as_f64().unwrap()
    };
    for (key, name) in [("collapse", "effective rank"), ("norms", "coefficient of variation")] {
        let near = found(folder.path(), "z.npy", key, name);
        for scale in [-1000, -540, 540, 1018] {
            assert_relative_eq!(found(folder.path(), &format!("z{scale}.npy"), key, name), near, max_relative = 1e-12);
        }
    }
    for scale in [-1045, -1000, -540, 540, 1018] {
        let line = format!("z{scale}.npy --positives w.npy --parameters free --learning-rate 0.02 --weight-decay 1e-4");
        let text = page(&line);
        let words = text.split(|letter: char| !letter.is_alphanumeric());
        assert_eq!(words.filter(|word| ["NaN", "inf"].contains(word)).count(), 0, "2^{scale}: {text}");
        let mut lacking = Vec::new();
        missing(&json(folder.path(), &format!("diagnose {line} --json")), &mut lacking);
        assert!(lacking.iter().all(|quantity| quantity["missing"].is_string()), "{lacking:?}");
        assert_eq!(lacking.is_empty(), scale != -1045, "1/‖z‖ is beyond f64 at 2^-1045 alone");
        assert_eq!(text.contains("not available: it is beyond the largest"), scale == -1045);
    }
    let conflict = "diagnose z.npy --optimizer adamw --weight-decay 0.1 --set weight-decay=0.2";
    refused(folder.path(), conflict, &["adamw has one weight decay", "give one of them"]);
}
