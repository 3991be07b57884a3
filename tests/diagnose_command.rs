//! `embedding-norms diagnose`: the page, the record, the files, and what is refused.
#![cfg(feature = "command")]

mod files_support;

use std::fs;

use embedding_norms::statement;
use files_support::{json, load, refused, rows, save, stdout};
use ndarray::{Array2, Axis, concatenate};
use tempfile::TempDir;

/// Two checkpoints, positives, a reference set, labels and a covariate, of 40 rows.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let z = rows(40, 4, 1);
    save(path, "z.npy", &z);
    save(path, "later.npy", &(&z + &(rows(40, 4, 2) * 0.05)));
    save(path, "views.npy", &(&z + &(rows(40, 4, 3) * 0.5)));
    save(path, "other.npy", &(rows(30, 4, 4) * 0.5));
    let labels: Vec<&str> = (0..40).map(|row| if row % 2 == 0 { "cat" } else { "dog" }).collect();
    fs::write(path.join("labels.txt"), labels.join("\n") + "\n").unwrap();
    let lengths: Vec<String> = (0..40).map(|row| length(row).to_string()).collect();
    fs::write(path.join("lengths.txt"), lengths.join("\n") + "\n").unwrap();
    folder
}

/// The page as one line: where lines end depends on the width.
fn unwrapped(page: &str) -> String {
    page.split_whitespace().collect::<Vec<_>>().join(" ")
}

const EVERYTHING: &str = "diagnose z.npy later.npy --positives views.npy --reference other.npy --labels labels.txt \
                          --covariate lengths.txt --steps-between 1 --parameters free --learning-rate 0.02 \
                          --optimizer gradient-descent --weight-decay 0.01";

#[test]
fn one_file_gives_a_page_that_says_what_is_missing() {
    let folder = folder();
    let page = stdout(folder.path(), "diagnose z.npy");
    for words in [
        "z.npy: 40 embeddings in 4 dimensions",
        "How long are the embeddings?",
        "The typical norm is",
        "coefficient of variation",
        "G1: ∇_z L = P_z g / ‖z‖",
        "needs --positives FILE",
        "Worth: measured.",
    ] {
        assert!(page.contains(words), "'{words}' is not in\n{page}");
    }
    assert!(page.lines().all(|line| line.chars().count() <= 100), "{page}");
    assert_eq!(page, stdout(folder.path(), "diagnose z.npy"));
    assert_eq!(stdout(folder.path(), "diagnose z.npy --quiet"), "");
}

#[test]
fn everything_that_can_be_asked_is_answered_and_names_its_statement() {
    let folder = folder();
    let record = json(folder.path(), &format!("{EVERYTHING} --json"));
    let answers = record["answers"].as_array().unwrap();
    let keys: Vec<&str> = answers.iter().map(|answer| answer["key"].as_str().unwrap()).collect();
    for key in [
        "norms",
        "class-norms",
        "collapse",
        "gradient-scale",
        "slow-down",
        "positives",
        "steps",
        "step",
        "cut",
        "grad-scale",
        "equilibrium",
        "neighbour-distance",
        "label-agreement",
        "reference",
        "course",
    ] {
        assert!(keys.contains(&key), "{key} is not in {keys:?}");
    }
    for answer in answers {
        assert_ne!(answer["worth"], "unanswered", "{answer}");
        let Some(id) = answer["statement"].as_str() else { continue };
        assert!(statement::find(id).is_some(), "{id}");
        assert!(!answer["conditions"].as_str().unwrap().is_empty() && !answer["why"].as_str().unwrap().is_empty());
    }
    assert_eq!(record["course"].as_array().unwrap().len(), 2);
    assert_eq!(record["settings"]["optimizer"], "gradient-descent");
    assert_eq!(record["standing"]["side"], "short");
}

#[test]
fn files_are_written_and_hold_what_the_page_says() {
    let folder = folder();
    let page = stdout(folder.path(), &format!("{EVERYTHING} --out found --format svg,png"));
    assert!(page.contains("found/diagnose.html"));
    let out = folder.path().join("found");
    for part in ["norms", "step", "confidence", "course"] {
        for extension in ["svg", "png"] {
            let file = out.join(format!("diagnose.{part}.{extension}"));
            assert!(fs::metadata(&file).unwrap().len() > 500, "{file:?}");
        }
    }
    let html = fs::read_to_string(out.join("diagnose.html")).unwrap();
    assert!(
        html.contains("What the norms of these embeddings say") && html.contains("<svg") && html.contains("id=\"cut\"")
    );
    assert!(!html.contains("<script") && !html.contains("http-equiv"));
    let document = scraper::Html::parse_document(&html);
    assert!(document.errors.is_empty(), "{:?}", document.errors);
    let record: serde_json::Value = serde_json::from_slice(&fs::read(out.join("diagnose.json")).unwrap()).unwrap();
    assert_eq!(record, json(folder.path(), &format!("{EVERYTHING} --json")));
    let table = |name: &str| fs::read_to_string(out.join(name)).unwrap();
    assert!(table("diagnose.csv").starts_with("answer,statement,worth,quantity,value,lower,upper,unit\n"));
    assert_eq!(table("diagnose.course.csv").lines().count(), 3);
    assert_eq!(table("diagnose.classes.csv").lines().count(), 3);
    assert!(!out.join("diagnose.left-out.csv").exists());
}

#[test]
fn rows_without_a_direction_are_left_out_and_listed() {
    let folder = folder();
    let mut z = rows(40, 4, 1);
    z.row_mut(7).fill(0.0);
    z[[9, 1]] = f64::INFINITY;
    save(folder.path(), "holes.npy", &z);
    let page = unwrapped(&stdout(folder.path(), "diagnose holes.npy --labels labels.txt --out found"));
    assert!(page.contains("2 of 40 rows have no direction") && page.contains("7 zero, 9 non-finite"), "{page}");
    let listed = fs::read_to_string(folder.path().join("found/diagnose.left-out.csv")).unwrap();
    assert_eq!(listed, "file,row,fault\nholes.npy,7,zero\nholes.npy,9,non-finite\n");
}

#[test]
fn normalized_files_are_told_what_to_save_instead() {
    let folder = folder();
    let z = load(folder.path(), "z.npy");
    let norms = z.map_axis(Axis(1), |row| row.dot(&row).sqrt()).insert_axis(Axis(1));
    save(folder.path(), "unit.npy", &(&z / &norms));
    let page = unwrapped(&stdout(folder.path(), "diagnose unit.npy --out found"));
    assert!(page.contains("normalized already") && page.contains("F.normalize"), "{page}");
    assert!(!folder.path().join("found/diagnose.norms.svg").exists());
}

#[test]
fn a_random_subset_is_stated() {
    let folder = folder();
    let page = unwrapped(&stdout(folder.path(), "diagnose z.npy --sample 25 --seed 3"));
    assert!(page.contains("a random subset of 25 rows (seed 3)"), "{page}");
    let record = json(folder.path(), "diagnose z.npy --sample 25 --seed 3 --json");
    assert_eq!((record["rows"].as_u64(), record["looked_at"].as_u64()), (Some(40), Some(25)));
    assert_ne!(record, json(folder.path(), "diagnose z.npy --sample 25 --seed 4 --json"));
}

/// A length that does not follow the norm.
fn length(row: usize) -> usize {
    (row * 17) % 40
}

#[test]
fn a_covariate_may_be_a_column_or_a_matrix() {
    let folder = folder();
    let path = folder.path();
    let lines: String =
        (0..40).map(|row| format!("{},{}\n", length(row) * length(row), 0.5 * length(row) as f64)).collect();
    fs::write(path.join("meta.csv"), format!("length,count\n{lines}")).unwrap();
    save(path, "column.npy", &Array2::from_shape_fn((40, 1), |(row, _)| 0.5 * length(row) as f64));
    let given = |covariate: &str| {
        let record = json(path, &format!("diagnose z.npy --covariate {covariate} --json"));
        let answers = record["answers"].as_array().unwrap();
        let answer = answers.iter().find(|answer| answer["key"] == "neighbour-distance").unwrap();
        let quantities = answer["quantities"].as_array().unwrap();
        let given = quantities.iter().find(|quantity| quantity["name"] == "the same given the covariates");
        given.unwrap()["value"].as_f64().unwrap()
    };
    // Ranks alone count.
    assert_eq!(given("meta.csv:length"), given("column.npy"));
    assert_eq!(given("meta.csv:count"), given("column.npy"));
}

#[test]
fn what_does_not_fit_is_refused_with_its_place_and_remedy() {
    let folder = folder();
    let path = folder.path();
    let no = |line: &str, says: &[&str]| refused(path, &format!("diagnose {line}"), says);
    save(path, "short.npy", &rows(39, 4, 1));
    save(path, "wide.npy", &rows(40, 5, 1));
    save(path, "one.npy", &Array2::ones((40, 1)));
    save(path, "zeros.npy", &Array2::zeros((40, 4)));
    save(path, "nan.npy", &Array2::from_elem((40, 1), f64::NAN));
    fs::write(path.join("more.txt"), "a\n".repeat(41)).unwrap();
    no("", &["FILE"]);
    no("missing.npy", &["missing.npy", "no such file"]);
    no("z.npy short.npy", &["short.npy", "39 rows", "40", "same samples"]);
    no("z.npy wide.npy", &["wide.npy", "5 dimensions", "z.npy has 4"]);
    no("z.npy --reference wide.npy", &["wide.npy", "5 dimensions"]);
    no("z.npy --positives short.npy", &["short.npy", "39 rows"]);
    no("one.npy", &["one.npy", "at least 2 dimensions"]);
    no("zeros.npy", &["zeros.npy", "none of 40 rows has a direction", "check the layer"]);
    no("z.npy --labels more.txt", &["more.txt", "41 labels for 40 rows", "FILE:COLUMN"]);
    no("z.npy --covariate more.txt", &["more.txt", "'a' is not a number"]);
    no("z.npy --covariate nan.npy", &["nan.npy", "row 0"]);
    no("z.npy --covariate short.npy", &["short.npy", "39 covariates for 40 rows"]);
    no("z.npy --steps-between 1", &["--steps-between needs a second FILE"]);
    no("z.npy later.npy --steps-between 0", &["--steps-between", "at least 1"]);
    no("z.npy --positives views.npy --positives views.npy", &["--positives", "2 files of positives for 1 checkpoints"]);
    no("z.npy --set momentum=0.9", &["--optimizer"]);
    no("z.npy --optimizer adm", &["--optimizer", "no optimizer 'adm'", "adam"]);
    no("z.npy --optimizer adam --set beta=0.9", &["--set", "adam has no setting 'beta'; did you mean"]);
    no("z.npy --optimizer sgd", &["--optimizer", "gradient-descent", "heavy-ball"]);
    no("z.npy --optimizer adam --set beta1=1", &["--set", "β1", "below 1"]);
    no("z.npy --format png", &["--out"]);
    no("z.npy --coupled", &["--weight-decay"]);
    no("z.npy --weight-decay 0.1 --learning-rate 20", &["γλ", "below 1"]);
    no("z.npy --learning-rate -1", &["--learning-rate", "above 0"]);
    no("z.npy --sample 0", &["--sample", "at least 1"]);
    no("z.npy --parameters some", &["--parameters", "free", "shared"]);
    no("z.npy --out z.npy", &["z.npy", "--out"]);
}

#[test]
fn checkpoints_may_have_positives_of_their_own() {
    let folder = folder();
    let z = load(folder.path(), "views.npy");
    save(
        folder.path(),
        "views2.npy",
        &concatenate![Axis(0), z.slice(ndarray::s![20.., ..]), z.slice(ndarray::s![..20, ..])],
    );
    let line = "diagnose z.npy later.npy --positives views.npy --positives views2.npy --json";
    let record = json(folder.path(), line);
    let angle = |checkpoint: usize| record["course"][checkpoint]["positive_angle"].as_f64().unwrap();
    assert!(angle(1) > angle(0), "{} {}", angle(0), angle(1));
    let one = json(folder.path(), "diagnose z.npy later.npy --positives views.npy --json");
    assert!(one["course"][1]["positive_angle"].is_null());
}

/// A page names no place of this machine, whatever the files are called.
#[test]
fn files_keep_the_names_that_they_were_given() {
    let folder = folder();
    fs::create_dir(folder.path().join("sub")).unwrap();
    save(&folder.path().join("sub"), "z.npy", &rows(40, 4, 1));
    let page = stdout(folder.path(), "diagnose sub/z.npy");
    assert!(page.starts_with("sub/z.npy: 40 embeddings") && !page.contains(&folder.path().display().to_string()));
}
