//! `embedding-norms diagnose`: the page, the record, the files, and what is refused.
use crate::files_support;

use std::fs;

use embedding_norms_lab::claim::brief;
use embedding_norms_lab::{figure, statement};
use files_support::{json, load, refused, rows, save, save_column, stdout};
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
    let page = stdout(folder.path(), "diagnose z.npy --verbose");
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
    assert_eq!(page, stdout(folder.path(), "diagnose z.npy --verbose"));
    assert_eq!(stdout(folder.path(), "diagnose z.npy --quiet"), "");
}

/// The first five lines at the usual width say what matters, and the whole is short.
#[test]
fn the_page_begins_with_the_verdict() {
    let folder = folder();
    for line in ["diagnose z.npy", "diagnose z.npy later.npy --positives views.npy --labels labels.txt", EVERYTHING] {
        let page = stdout(folder.path(), line);
        let first = page.lines().take(5).collect::<Vec<_>>();
        for name in ["Norms  ", "Steps  ", "Next   "] {
            assert!(first.iter().any(|line| line.starts_with(name)), "'{name}' is not in\n{page}");
        }
        assert!(page.lines().count() < 45, "{page}");
        assert!(stdout(folder.path(), &format!("{line} --verbose")).lines().count() > 45);
    }
}

/// The sentences of the verdict hold the numbers of the answers, and say what the answers say.
#[test]
fn the_verdict_says_what_the_answers_say() {
    let folder = folder();
    let record = json(folder.path(), &format!("{EVERYTHING} --json"));
    let answer = |key: &str| record["answers"].as_array().unwrap().iter().find(|it| it["key"] == key).unwrap().clone();
    let says = |name: &str| record["verdict"][name].as_str().unwrap().to_owned();
    let shown = |quantity: &serde_json::Value| {
        let number = |value: &serde_json::Value| brief(value.as_f64().unwrap());
        let interval = &quantity["interval"];
        format!("{} [{}, {}]", number(&quantity["value"]), number(&interval[0]), number(&interval[1]))
    };
    // Labels at random say nothing, and the reference set was made shorter.
    let area = format!(
        "Yes: they tell this set from the reference set (AUROC {}).",
        shown(&answer("reference")["quantities"][0])
    );
    assert_eq!(says("norms"), area);
    let alone = json(folder.path(), "diagnose z.npy --labels labels.txt --json");
    let correlation = alone["answers"].as_array().unwrap().iter().find(|it| it["key"] == "label-agreement").unwrap();
    let number = format!("Spearman {}", shown(&correlation["quantities"][0]));
    let norms = alone["verdict"]["norms"].as_str().unwrap();
    assert!(norms.starts_with("Not as confidence") && norms.contains(&number), "{number}: {norms}");
    assert_eq!(record["standing"]["side"], "short");
    assert!(says("steps").starts_with("Too short: a step is ") && says("steps").contains('['), "{}", says("steps"));
    assert!(says("next").starts_with("Multiply the learning rate by about "), "{}", says("next"));
    let html = stdout(folder.path(), &format!("{EVERYTHING} --out found"));
    assert!(html.starts_with("Norms  "));
    let html = fs::read_to_string(folder.path().join("found/diagnose.html")).unwrap();
    assert!(html.contains("Multiply the learning rate by about "));

    // Steps from the start to far beyond the best ones.
    let line =
        |rate: &str| format!("diagnose z.npy --positives views.npy --parameters free --learning-rate {rate} --json");
    let verdict =
        |rate: &str, name: &str| json(folder.path(), &line(rate))["verdict"][name].as_str().unwrap().to_owned();
    assert!(
        verdict("1000", "steps").starts_with("Too long: ")
            && verdict("1000", "next").starts_with("Divide the learning rate")
    );
    assert!(verdict("0.8", "steps").starts_with("About right: ") && verdict("0.8", "next").starts_with("Leave "));

    // Directions that are all alike, and norms that are all one.
    let near =
        Array2::from_shape_fn(
            (40, 4),
            |(row, column)| if column == 0 { 1.0 + row as f64 } else { 0.01 * (row % (column + 3)) as f64 },
        );
    save(folder.path(), "near.npy", &near);
    let verdict = |file: &str| json(folder.path(), &format!("diagnose {file} --json"))["verdict"].clone();
    assert!(verdict("near.npy")["next"].as_str().unwrap().starts_with("First mend the collapse"));
    let norms = near.map_axis(Axis(1), |row| row.dot(&row).sqrt()).insert_axis(Axis(1));
    save(folder.path(), "unit.npy", &(&near / &norms));
    let unit = verdict("unit.npy");
    assert_eq!(unit["norms"], "They cannot: all norms of unit.npy are 1.");
    assert!(unit["next"].as_str().unwrap().starts_with("Save what goes into the normalization"));
}

/// What is said of the learning rate and of a cut depends on what is said of the network.
#[test]
fn a_cut_is_asked_about_named_by_layer_or_offered() {
    let folder = folder();
    let z = rows(40, 4, 1);
    save(folder.path(), "step0.npy", &z);
    save(folder.path(), "step1.npy", &(&z + &(rows(40, 4, 2) * 1e-3)));
    let page = |rest: &str| {
        let line = "diagnose step0.npy step1.npy --positives views.npy --steps-between 1 --optimizer adamw --verbose";
        unwrapped(&stdout(folder.path(), &format!("{line} {rest}")))
    };
    let unknown = page("");
    assert!(unknown.contains("depends on the kind of network: say --network KIND."), "{unknown}");
    assert!(unknown.contains("a criterion, not tested here") && !unknown.contains("tested, not proved"), "{unknown}");
    let normalized = page("--network batch-norm");
    assert!(normalized.contains("the same thing as the learning rate times c^1"), "{normalized}");
    assert!(
        normalized.contains("tested, not proved") && normalized.contains("or cut the initialization"),
        "{normalized}"
    );
    let biases = page("--network biases");
    assert!(biases.contains("Do not cut the initialization") && biases.contains("by layer"), "{biases}");
    assert!(!biases.contains("or cut the initialization"), "{biases}");
    for text in [unknown, normalized, biases] {
        let first = text.find("Multiply the learning rate of this step").unwrap();
        assert!(first < text.find("Embeddings turn by").unwrap() && text.contains("under a schedule"), "{text}");
    }
    let refused_with = |rest: &str, says: &[&str]| refused(folder.path(), &format!("diagnose step0.npy {rest}"), says);
    refused_with("--network transformer", &["--network", "biases", "batch-norm"]);
    refused_with("--network biases --parameters free", &["--network", "--parameters free", "leave one"]);
    refused_with("--under-way", &["--under-way", "--steps-between"]);
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
    let formats: &[&str] = if figure::PNG { &["svg", "png"] } else { &["svg"] };
    let page = stdout(folder.path(), &format!("{EVERYTHING} --out found --format {}", formats.join(",")));
    assert!(page.contains("found/diagnose.html"));
    let out = folder.path().join("found");
    for part in ["norms", "step", "confidence", "course"] {
        for extension in formats {
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
    let mut printed = json(folder.path(), &format!("{EVERYTHING} --json"));
    let files = printed.as_object_mut().unwrap().remove("files").unwrap();
    assert_eq!((record, files), (printed, serde_json::json!([])), "the record, and the files that were written: none");
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
    // A number per row without a second axis, and a column on its own.
    let numbers: Vec<f64> = (0..40).map(|row| 0.5 * length(row) as f64).collect();
    save_column(path, "vector.npy", &numbers);
    fs::write(
        path.join("one.csv"),
        format!("frequency\n{}", numbers.iter().map(|n| format!("{n}\n")).collect::<String>()),
    )
    .unwrap();
    for same in ["vector.npy", "one.csv", "one.csv:frequency", "lengths.txt"] {
        assert_eq!(given(same), given("column.npy"), "{same}");
    }
}

/// Checkpoints of which each has lost a row more: the file is known by the rows that are left out.
fn checkpoints(folder: &TempDir) {
    for (name, holes) in [("ck1.npy", 1), ("ck2.npy", 2), ("ck10.npy", 3)] {
        let mut z = rows(40, 4, 1);
        z.slice_mut(ndarray::s![..holes, ..]).fill(0.0);
        save(folder.path(), name, &z);
        save(folder.path(), &format!("views.{name}"), &z);
    }
}

#[test]
fn checkpoints_are_ordered_by_the_numbers_in_their_names() {
    let folder = folder();
    checkpoints(&folder);
    let files = |record: &serde_json::Value| -> Vec<String> {
        let course = record["course"].as_array().unwrap();
        course.iter().map(|state| state["name"].as_str().unwrap().to_owned()).collect()
    };
    let line = "diagnose ck1.npy ck10.npy ck2.npy";
    let record = json(folder.path(), &format!("{line} --json"));
    assert_eq!(files(&record), ["ck1.npy", "ck2.npy", "ck10.npy"]);
    assert_eq!(record["settings"]["checkpoints"], serde_json::json!(["ck1.npy", "ck2.npy", "ck10.npy"]));
    let page = unwrapped(&stdout(folder.path(), line));
    assert!(
        page.contains("3 checkpoints, ck1.npy to ck10.npy") && page.contains("by the numbers in their names"),
        "{page}"
    );
    let kept = json(folder.path(), &format!("{line} --keep-order --json"));
    assert_eq!(files(&kept), ["ck1.npy", "ck10.npy", "ck2.npy"]);
    let page = unwrapped(&stdout(folder.path(), &format!("{line} --keep-order")));
    assert!(page.contains("ck1.npy to ck2.npy") && page.contains("as given"), "{page}");
    // Names that differ in more than numbers say nothing of their order.
    assert_eq!(files(&json(folder.path(), "diagnose z.npy later.npy --json")), ["z.npy", "later.npy"]);
}

#[test]
fn positives_move_with_their_checkpoints() {
    let folder = folder();
    checkpoints(&folder);
    let angles = |line: &str| -> Vec<f64> {
        let record = json(folder.path(), &format!("{line} --json"));
        record["course"].as_array().unwrap().iter().map(|state| state["positive_angle"].as_f64().unwrap()).collect()
    };
    let pairs = |files: [&str; 3]| -> String {
        let positives = files.iter().map(|file| format!(" --positives views.{file}")).collect::<String>();
        format!("diagnose {}{positives}", files.join(" "))
    };
    save(folder.path(), "views.ck10.npy", &rows(40, 4, 9));
    let sorted = angles(&pairs(["ck1.npy", "ck2.npy", "ck10.npy"]));
    assert!(sorted[0] < 1e-6 && sorted[1] < 1e-6 && sorted[2] > 0.1, "{sorted:?}");
    assert_eq!(angles(&pairs(["ck10.npy", "ck1.npy", "ck2.npy"])), sorted);
    // Steps lie between the first two in the order that is used.
    let step = |line: &str| json(folder.path(), &format!("{line} --steps-between 1 --json"))["course"].clone();
    assert_eq!(step("diagnose ck2.npy ck10.npy"), step("diagnose ck10.npy ck2.npy"));
}

#[test]
fn index_columns_are_refused_and_dropped_by_name() {
    let folder = folder();
    let path = folder.path();
    let z = load(path, "z.npy");
    let text = |ids: bool| -> String {
        let header = if ids { "id,a,b,c,d\n" } else { "a,b,c,d\n" };
        let row = |(row, values): (usize, ndarray::ArrayView1<'_, f64>)| {
            let numbers: Vec<String> = values.iter().map(f64::to_string).collect();
            let id = if ids { format!("{},", 1000 + row) } else { String::new() };
            format!("{id}{}\n", numbers.join(","))
        };
        header.to_owned() + &z.rows().into_iter().enumerate().map(row).collect::<String>()
    };
    fs::write(path.join("ids.csv"), text(true)).unwrap();
    fs::write(path.join("plain.csv"), text(false)).unwrap();
    refused(path, "diagnose ids.csv", &["column 1 'id' (1000, 1001, 1002, …)", "--drop-columns id"]);
    let same = |line: &str| stdout(path, line).split_once(':').unwrap().1.to_owned();
    let named = |page: String| page.replace("ids.csv", "plain.csv");
    assert_eq!(named(same("diagnose ids.csv --drop-columns id")), same("diagnose plain.csv"));
    assert!(stdout(path, "diagnose ids.csv --keep-columns id").contains("in 5 dimensions"));
    refused(path, "diagnose ids.csv --drop-columns idd", &["--drop-columns id,"]);
    refused(
        path,
        "diagnose plain.csv --drop-columns id",
        &["--drop-columns", "no column 'id'", "plain.csv has a, b, c, d"],
    );
    refused(
        path,
        "diagnose z.npy --drop-columns id",
        &["--drop-columns", "none of the files of embeddings is a table"],
    );
    refused(path, "diagnose plain.csv --header maybe", &["--header", "yes", "no"]);
    refused(path, "diagnose plain.csv --header no", &["line 1, column 1: 'a' is not a number"]);
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
    fs::write(path.join("half.txt"), "a\n".repeat(20)).unwrap();
    no("", &["FILE"]);
    no("missing.npy", &["missing.npy", "no such file"]);
    no("z.npy short.npy", &["short.npy", "39 rows", "40", "same samples"]);
    no("z.npy wide.npy", &["wide.npy", "5 dimensions", "z.npy has 4"]);
    no("z.npy --reference wide.npy", &["wide.npy", "5 dimensions"]);
    no("z.npy --positives short.npy", &["short.npy", "39 rows"]);
    no("one.npy", &["one.npy", "at least 2 dimensions"]);
    no("zeros.npy", &["zeros.npy", "none of 40 rows has a direction", "check the layer"]);
    no("z.npy --labels more.txt", &["more.txt", "41 labels for 40 rows", "FILE:COLUMN"]);
    no("z.npy --covariate more.txt", &["more.txt", "line 1", "'a' is not a number"]);
    no("z.npy --labels half.txt", &["20 labels for 40 rows", "z.npy:0-19 z.npy:20-39"]);
    no("z.npy --covariate nan.npy", &["nan.npy", "row 0"]);
    no("z.npy --covariate short.npy", &["short.npy", "39 covariates for 40 rows"]);
    no("z.npy --steps-between 1", &["--steps-between needs a second FILE"]);
    no("z.npy later.npy --steps-between 0", &["--steps-between", "at least 1"]);
    no("z.npy --positives views.npy --positives views.npy", &["--positives", "2 files of positives for 1 checkpoints"]);
    no("z.npy --set momentum=0.9", &["--optimizer"]);
    no("z.npy --optimizer adm", &["--optimizer", "no optimizer 'adm'", "adam"]);
    no("z.npy --optimizer adam --set beta=0.9", &["--set", "adam has no setting 'beta'; did you mean"]);
    no(
        "z.npy --optimizer sgd --set momentum=0.9",
        &["--set", "gradient-descent has no setting", "heavy-ball, nesterov"],
    );
    no("z.npy --optimizer adam --set beta1=1", &["--set", "β1", "below 1"]);
    no("z.npy --format svg", &["--out"]);
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
    assert!(page.contains("\nsub/z.npy: 40 embeddings") && !page.contains(&folder.path().display().to_string()));
}
