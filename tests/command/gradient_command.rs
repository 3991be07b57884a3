//! `embedding-norms gradient`: values that are known, gradients against differences of values, and what is refused.
use crate::files_support;

use std::path::Path;

use embedding_norms::loss::catalogue;
use files_support::{json, load, refused, rows, save, stdout};
use ndarray::{Array2, array};
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// The files that every loss can be taken of: two views, classes, drawn positives.
fn prepare(folder: &Path) -> (Array2<f64>, Array2<f64>) {
    let (z, w) = (rows(6, 4, 1), rows(6, 4, 2));
    save(folder, "z.npy", &z);
    save(folder, "w.npy", &w);
    std::fs::write(folder.join("labels.txt"), "cat\ndog\ncat\ndog\ncat\ndog\n").unwrap();
    std::fs::write(folder.join("positives.txt"), "2\n3\n4\n5\n0\n1\n").unwrap();
    (z, w)
}

/// The arguments of a loss for these files, and whether it takes a second view.
fn arguments(loss: &str, z: &str, w: &str) -> (String, bool) {
    match loss {
        "sup-con" | "infonce-all-positives" => (format!("gradient --loss {loss} {z} --labels labels.txt"), false),
        "infonce-one-positive" => (format!("gradient --loss {loss} {z} --positives positives.txt"), false),
        _ => (format!("gradient --loss {loss} {z} {w}"), true),
    }
}

#[test]
fn the_gradient_of_a_right_angle_is_one_over_the_norm() {
    let folder = folder();
    save(folder.path(), "z.npy", &array![[2.0, 0.0]]);
    save(folder.path(), "w.npy", &array![[0.0, 4.0]]);
    let text = stdout(folder.path(), "gradient --loss cosine z.npy w.npy --write G.npy --write-second H.npy");
    assert!(text.contains("mean of 1 terms") && text.contains("G.npy") && text.contains("H.npy"), "{text}");
    assert_eq!(load(folder.path(), "G.npy"), array![[0.0, -0.5]]);
    assert_eq!(load(folder.path(), "H.npy"), array![[-0.25, 0.0]]);
}

/// The largest relative difference between a gradient along a direction and the difference of two values, for the
/// gradient as written, halved, of the other sign, and of the total in the place of the mean.
fn differences(folder: &Path, loss: &str, z: &Array2<f64>, w: &Array2<f64>) -> [f64; 4] {
    let (line, two) = arguments(loss, "z.npy", "w.npy");
    let second = if two { " --write-second H.npy" } else { "" };
    let record = json(folder, &format!("{line} --json --write G.npy{second}"));
    let terms = record["terms"].as_f64().unwrap();
    let (v, u, h) = (rows(6, 4, 3), rows(6, 4, 4), 1e-4);
    let value = |sign: f64| {
        save(folder, "z.moved.npy", &(z + &(&v * (sign * h))));
        save(folder, "w.moved.npy", &(w + &(&u * (sign * h))));
        json(folder, &format!("{} --json", arguments(loss, "z.moved.npy", "w.moved.npy").0))["value"].as_f64().unwrap()
    };
    let difference = (value(1.0) - value(-1.0)) / (2.0 * h);
    let mut slope = (&load(folder, "G.npy") * &v).sum();
    if two {
        let by_second = (&load(folder, "H.npy") * &u).sum();
        // SimSiam holds its second view still, so that the value changes with it and the gradient does not.
        slope += if loss == "simsiam" { 0.0 } else { by_second };
        assert_eq!(by_second == 0.0, loss == "simsiam");
    }
    [1.0, 0.5, -1.0, terms].map(|factor| (factor * slope - difference).abs() / difference.abs())
}

#[test]
fn the_gradient_of_every_loss_is_that_of_the_value_and_no_other() {
    for entry in catalogue() {
        let folder = folder();
        let (z, w) = prepare(folder.path());
        if entry.name == "simsiam" {
            continue;
        }
        let [right, wrong @ ..] = differences(folder.path(), entry.name, &z, &w);
        assert!(right < 1e-5, "{}: {right}", entry.name);
        assert!(wrong.iter().all(|wrong| *wrong > 0.1), "{}: {wrong:?}", entry.name);
    }
}

#[test]
fn a_stop_gradient_writes_zeros_and_says_so() {
    let folder = folder();
    prepare(folder.path());
    let line = "gradient --loss simsiam z.npy w.npy --write G.npy --write-second H.npy";
    assert!(stdout(folder.path(), line).contains("simsiam holds it still"));
    assert_eq!(load(folder.path(), "H.npy"), Array2::<f64>::zeros((6, 4)));
    stdout(folder.path(), "gradient --loss cosine z.npy w.npy --write C.npy");
    assert_eq!(load(folder.path(), "G.npy"), load(folder.path(), "C.npy"));
}

#[test]
fn the_record_names_the_loss_with_every_parameter() {
    let folder = folder();
    prepare(folder.path());
    let record = json(folder.path(), "gradient --loss nt-xent --temperature 0.2 z.npy w.npy --json");
    assert_eq!(record["loss"], serde_json::json!({ "name": "nt-xent", "parameters": { "temperature": 0.2 } }));
    assert_eq!((record["rows"].as_u64(), record["terms"].as_u64()), (Some(6), Some(12)));
    assert!(record["second"]["mean_length"].as_f64().unwrap() > 0.0);
    let plain = stdout(folder.path(), "gradient --loss nt-xent --temperature 0.2 z.npy w.npy");
    assert!(plain.contains(&record["value"].to_string()), "{plain}");
    let defaults = json(folder.path(), "gradient --loss siglip z.npy w.npy --json");
    assert_eq!(defaults["loss"]["parameters"], serde_json::json!({ "temperature": 0.1, "bias": -10.0 }));
}

#[test]
fn wrong_use_is_refused_before_anything_is_written() {
    let folder = folder();
    prepare(folder.path());
    save(folder.path(), "short.npy", &rows(5, 4, 1));
    std::fs::write(folder.path().join("own.txt"), "0\n3\n4\n5\n0\n1\n").unwrap();
    std::fs::write(folder.path().join("far.txt"), "9\n3\n4\n5\n0\n1\n").unwrap();
    let no = |line: &str, says: &[&str]| refused(folder.path(), &format!("gradient {line} --write G.npy"), says);
    no("z.npy", &["--loss"]);
    no("--loss cosin z.npy w.npy", &["no loss 'cosin'", "did you mean 'cosine'"]);
    no("--loss cosine --temperature 1 z.npy w.npy", &["cosine takes no temperature"]);
    no("--loss info-nce --temperature 0 z.npy w.npy", &["temperature", "above 0"]);
    no("--loss info-nce --temperature -1 z.npy w.npy", &["temperature", "above 0"]);
    no("--loss info-nce --temperature nan z.npy w.npy", &["temperature"]);
    no("--loss cosine z.npy", &["two views", "give W after Z"]);
    no("--loss cosine z.npy short.npy", &["short.npy", "(5, 4)", "(6, 4)", "row i"]);
    no("--loss sup-con z.npy", &["--labels FILE"]);
    no("--loss infonce-one-positive z.npy", &["--positives FILE"]);
    no("--loss infonce-one-positive z.npy --positives own.txt", &["row 0", "own positive"]);
    no("--loss infonce-one-positive z.npy --positives far.txt", &["row 9", "6 rows"]);
    no("--loss infonce-one-positive z.npy w.npy --positives positives.txt", &["one view"]);
    no("--loss cosine z.npy w.npy --labels labels.txt", &["--labels labels.txt", "cosine takes no labels"]);
    no("--loss sup-con z.npy --labels labels.txt --positives positives.txt", &["sup-con takes no positives"]);
    no("--loss infonce-one-positive z.npy --labels labels.txt", &["takes no labels", "leave this out"]);
    no("--loss sup-con short.npy --labels labels.txt", &["6 labels for the 5 rows", "FILE:COLUMN"]);
    assert!(!folder.path().join("G.npy").exists());
    refused(folder.path(), "gradient --loss cosine z.npy --write-second H.npy", &["W"]);
    let no = |outputs: &str, says: &[&str]| {
        refused(folder.path(), &format!("gradient --loss cosine z.npy w.npy {outputs}"), says);
    };
    no("--write z.npy", &["--write z.npy", "one of the inputs"]);
    no("--write ./w.npy", &["one of the inputs"]);
    no("--write G.txt", &["end the name in .npy"]);
    no("--write .", &["end the name in .npy"]);
    no("--write z.npy/G.npy", &["--write z.npy/G.npy"]);
    no("--write G.npy --write-second G.npy", &["give another file"]);
}

#[test]
fn two_views_in_one_file_are_taken_by_their_rows() {
    let folder = folder();
    let (z, w) = prepare(folder.path());
    save(folder.path(), "stacked.npy", &ndarray::concatenate![ndarray::Axis(0), z, w]);
    let line = |files: &str| format!("gradient --loss nt-xent {files} --write G.npy --json");
    let apart = (json(folder.path(), &line("z.npy w.npy")), load(folder.path(), "G.npy"));
    assert_eq!((json(folder.path(), &line("stacked.npy:0-5 stacked.npy:6-11")), load(folder.path(), "G.npy")), apart);
    let no = |line: &str, says: &[&str]| refused(folder.path(), &format!("gradient {line}"), says);
    // A file with both is told the way out.
    no("--loss nt-xent stacked.npy", &["give W after Z", "stacked.npy:0-5 stacked.npy:6-11"]);
    no(
        "--loss sup-con stacked.npy --labels labels.txt",
        &["6 labels for the 12 rows", "stacked.npy:0-5 stacked.npy:6-11"],
    );
    no("--loss cosine stacked.npy:0-5 stacked.npy:6-12", &["stacked.npy", "rows 6-12", "there are 12"]);
    no("--loss cosine stacked.npy:0:5 stacked.npy", &["':0:5' is not a range of rows", "stacked.npy:0-511"]);
    // An input is known behind key and rows.
    no("--loss cosine stacked.npy:0-5 z.npy --write stacked.npy", &["one of the inputs"]);
    // Labels and positives are taken by their rows too.
    std::fs::write(folder.path().join("twice.txt"), "cat\ndog\ncat\ndog\ncat\ndog\n".repeat(2)).unwrap();
    let by = |spec: &str| json(folder.path(), &format!("gradient --loss sup-con {spec} --json"))["value"].clone();
    assert_eq!(by("stacked.npy:6-11 --labels twice.txt:0-5"), by("w.npy --labels labels.txt"));
}

#[test]
fn sharded_tensors_are_looked_up_in_their_index() {
    let folder = folder();
    let path = folder.path();
    prepare(path);
    let header = r#"{"emb.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}"#;
    let data: Vec<u8> = [3.0_f32, 4.0, 1.0, 0.0].iter().flat_map(|value| value.to_le_bytes()).collect();
    let shard = [(header.len() as u64).to_le_bytes().as_slice(), header.as_bytes(), &data].concat();
    std::fs::write(path.join("model-00001-of-00002.safetensors"), shard).unwrap();
    let index = r#"{"metadata":{},"weight_map":{"emb.weight":"model-00001-of-00002.safetensors",
        "far":"model-00002-of-00002.safetensors","out":"../z.safetensors"}}"#;
    std::fs::write(path.join("model.safetensors.index.json"), index).unwrap();
    let of = |key: &str| format!("gradient --loss cosine model.safetensors.index.json{key} w2.npy");
    save(path, "w2.npy", &array![[3.0, 4.0], [0.0, 1.0]]);
    let value = json(path, &format!("{} --json", of(":emb.weight")))["value"].as_f64().unwrap();
    assert!((value + 0.5).abs() < 1e-15, "{value}");
    refused(path, &of(""), &["several arrays", "model.safetensors.index.json:emb.weight", "far"]);
    refused(path, &of(":none"), &["no array 'none'"]);
    refused(path, &of(":far"), &["'far' is in model-00002-of-00002.safetensors", "fetch that file too"]);
    refused(path, &of(":out"), &["not a file beside the index"]);
}

#[test]
fn columns_that_are_left_out_are_told_on_stderr() {
    let folder = folder();
    let path = folder.path();
    let table = "Unnamed: 0,a,b\n0,0.1,0.2\n1,0.3,0.4\n2,0.5,-0.6\n";
    std::fs::write(path.join("z.csv"), table).unwrap();
    std::fs::write(path.join("ids.csv"), table.replace("Unnamed: 0", "id")).unwrap();
    let output = files_support::command(path, "gradient --loss cosine z.csv z.csv --write G.npy").assert().success();
    let stderr = String::from_utf8(output.get_output().stderr.clone()).unwrap();
    assert_eq!(stderr, "note: z.csv: no coordinates, and left out: Unnamed: 0\n");
    assert_eq!(load(path, "G.npy").dim(), (3, 2));
    refused(path, "gradient --loss cosine ids.csv ids.csv", &["--drop-columns id"]);
    let dropped = stdout(path, "gradient --loss cosine ids.csv ids.csv --drop-columns id --write H.npy");
    assert!(dropped.contains("H.npy"));
    assert_eq!(load(path, "H.npy"), load(path, "G.npy"));
    stdout(path, "simulate --loss cosine ids.csv ids.csv --drop-columns id --max-steps 3 --out run");
    assert_eq!(load(path, "run/simulate.first.npy").dim(), (3, 2));
}

/// Linux says how much memory is free.
#[cfg(target_os = "linux")]
#[test]
fn more_rows_than_memory_can_compare_are_refused() {
    let folder = folder();
    let text = "1,0\n0,1\n".repeat(1_000_000);
    std::fs::write(folder.path().join("many.csv"), text).unwrap();
    refused(folder.path(), "gradient --loss info-nce many.csv many.csv", &["info-nce", "GB", "rows of one batch"]);
    stdout(folder.path(), "gradient --loss cosine many.csv many.csv");
}
