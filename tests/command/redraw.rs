//! Figures from tables alone, and how the figure of every simulation looks.
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use assert_cmd::assert::Assert;
use assert_cmd::cargo::cargo_bin_cmd;
use embedding_norms_lab::figure;
use roxmltree::Document;

use crate::gallery::GALLERY;
use crate::rendering::{overlaps, png, text_boxes};
use crate::repository::root;

/// The variable of the environment that asks for new snapshots.
const UPDATE: &str = "UPDATE_SNAPSHOTS";

fn drawings(folder: &Path) -> BTreeMap<String, String> {
    let paths = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let drawings = paths.filter(|path| path.extension().is_some_and(|extension| extension == "svg"));
    drawings
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// Redraws with the arguments of a line, from within a folder.
fn redraw(folder: &Path, line: &str) -> Assert {
    cargo_bin_cmd!("embedding-norms").current_dir(folder).arg("redraw").args(line.split_whitespace()).assert()
}

fn table(name: &str) -> String {
    std::fs::read_to_string(GALLERY.path().join(name)).unwrap()
}

/// The columns of a table without some of them.
fn without(table: &str, column: &str) -> String {
    let place = table.lines().next().unwrap().split(',').position(|name| name == column).unwrap();
    let keep = |line: &str| {
        let fields = line.split(',').enumerate().filter(|(index, _)| *index != place);
        fields.map(|(_, field)| field).collect::<Vec<_>>().join(",") + "\n"
    };
    table.lines().map(keep).collect()
}

#[test]
fn a_folder_gives_the_same_bytes_again() {
    let folder = tempfile::tempdir().unwrap();
    redraw(folder.path(), &format!("{} --out again --quiet", GALLERY.path().display())).success();
    assert!(drawings(&folder.path().join("again")) == drawings(GALLERY.path()));
}

#[test]
fn a_table_and_its_parts_give_the_same_bytes_again() {
    let folder = tempfile::tempdir().unwrap();
    // As a shell would list them, parts included.
    for name in ["norm-effect.csv", "norm-effect.single-pairs.csv"] {
        std::fs::write(folder.path().join(name), table(name)).unwrap();
    }
    redraw(folder.path(), "norm-effect.csv norm-effect.single-pairs.csv --out again").success();
    let (found, expected) = (drawings(&folder.path().join("again")), drawings(GALLERY.path()));
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|(name, drawing)| expected[name] == *drawing));
}

#[test]
fn a_table_of_any_name_can_be_drawn() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.csv"), table("norm-effect.csv")).unwrap();
    let formats = if figure::PDF { "svg,pdf" } else { "svg" };
    redraw(folder.path(), &format!("mine.csv --as norm-effect --out . --format {formats}")).success();
    assert!(drawings(folder.path())["mine"] == drawings(GALLERY.path())["norm-effect"]);
    assert_eq!(folder.path().join("mine.pdf").is_file(), figure::PDF);
    redraw(folder.path(), "mine.csv --as norm-effect --out small --size one-column").success();
    assert!(drawings(&folder.path().join("small"))["mine"] != drawings(folder.path())["mine"]);
}

#[test]
fn numbers_that_claims_state_are_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| std::fs::write(folder.path().join(name), content).unwrap();
    write("norm-effect.csv", &table("norm-effect.csv"));
    let title = |line: &str, name: &str| {
        redraw(folder.path(), line).success();
        let svg = std::fs::read_to_string(folder.path().join("results").join(name)).unwrap();
        text_boxes(&svg).unwrap().into_iter().map(|text| text.text).collect::<Vec<_>>().join("\n")
    };
    assert!(title("norm-effect.csv", "norm-effect.svg").contains("On logarithmic axes"), "no claims, no numbers");
    let mut record: serde_json::Value = serde_json::from_str(&table("norm-effect.json")).unwrap();
    let claim = record["claims"].as_array_mut().unwrap().iter_mut().find(|claim| claim["statement"] == "L2").unwrap();
    claim["measured"] = "2.5 [2.4, 2.6]".into();
    claim["verdict"] = "not-as-stated".into();
    write("norm-effect.json", &record.to_string());
    assert!(title("norm-effect.csv", "norm-effect.svg").contains("Fitted exponent 2.5 [2.4, 2.6] (L2)"));
    // Beside a table of a name of the user's own, a file may be anything.
    write("mine.csv", &table("norm-effect.csv"));
    write("mine.json", "my own notes");
    assert!(title("mine.csv --as norm-effect", "mine.svg").contains("On logarithmic axes"));
    write("norm-effect.json", "cut sho");
    let output = redraw(folder.path(), "norm-effect.csv").code(2).get_output().clone();
    assert!(String::from_utf8_lossy(&output.stderr).contains("norm-effect.json: not the record of a run"));
}

#[test]
fn tables_that_lack_something_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |line: &str, says: &[&str]| {
        let output = redraw(folder.path(), line).code(2).get_output().clone();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.stdout.is_empty() && stderr.lines().count() == 1, "{stderr}");
        for words in says {
            assert!(stderr.contains(words), "'{words}' is not in: {stderr}");
        }
        assert!(!folder.path().join("results").exists(), "nothing is written");
    };
    let write = |name: &str, content: &str| std::fs::write(folder.path().join(name), content).unwrap();
    write("mine.csv", &without(&table("norm-effect.csv"), "flow_steps"));
    refused("mine.csv --as norm-effect", &["mine.csv", "no column 'flow_steps'", "it has norm, replicate"]);
    refused("mine.csv", &["mine.csv", "there is no simulation 'mine'", "--as"]);
    write("norm-effect.csv", &table("norm-effect.csv").replacen("\n0.5,", "\nhalf,", 1));
    refused("norm-effect.csv", &["norm-effect.csv", "row 1, column 'norm'", "found 'half'"]);
    write("ragged.csv", "norm,steps\n1\n");
    refused("ragged.csv --as norm-effect", &["ragged.csv", "row 1 has 1 fields"]);
    refused("none.csv --as norm-effect", &["none.csv", "no such file"]);
    refused(". --as norm-effect", &["--as is for a table"]);
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    refused("empty", &["empty", "no table of a simulation"]);
}

/// What a drawing holds: how many marks of each kind, and every text.
fn structure(svg: &str) -> String {
    let document = Document::parse(svg).unwrap();
    let mut classes: BTreeMap<&str, usize> = BTreeMap::new();
    for class in document.descendants().filter_map(|node| node.attribute("class")) {
        *classes.entry(class).or_default() += 1;
    }
    let mut text = String::new();
    for (class, count) in classes {
        writeln!(text, "{count} {class}").unwrap();
    }
    for label in text_boxes(svg).unwrap() {
        writeln!(text, "{}", label.text).unwrap();
    }
    text
}

fn snapshot(name: &str) -> PathBuf {
    root().join("tests/snapshots").join(name)
}

/// What was kept under this name; what is there now, if new snapshots are asked for.
fn kept(name: &str, now: &[u8]) -> Vec<u8> {
    let path = snapshot(name);
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, now).unwrap();
    }
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; look, then set {UPDATE}=1", path.display()))
}

#[test]
fn the_figures_of_every_simulation_hold_what_they_did() {
    for (name, drawing) in drawings(GALLERY.path()) {
        let found = structure(&drawing);
        let kept = kept(&format!("{name}.txt"), found.as_bytes());
        assert_eq!(found, String::from_utf8(kept).unwrap(), "{name}: look, then set {UPDATE}=1");
    }
}

#[test]
fn the_figures_of_every_simulation_look_as_they_did() {
    for (name, drawing) in drawings(GALLERY.path()) {
        let image = png(&drawing, 1.0).unwrap();
        let share = difference(&image, &kept(&format!("{name}.png"), &image));
        assert!(share < 0.002, "{name}: {share} of the pixels differ; look, then set {UPDATE}=1");
    }
}

/// Figures whose notes have no room at small settings, by size. One that is mended is to be taken off this list.
const CROWDED: &[(&str, &str)] = &[];

#[test]
fn no_text_of_a_simulation_overlaps_another() {
    let folder = tempfile::tempdir().unwrap();
    for size in ["one-column", "two-columns", "slides"] {
        redraw(folder.path(), &format!("{} --size {size} --out {size} --quiet", GALLERY.path().display())).success();
        for (name, drawing) in drawings(&folder.path().join(size)) {
            let found = overlaps(&drawing).unwrap();
            let crowded = CROWDED.contains(&(name.as_str(), size));
            assert_eq!(!found.is_empty(), crowded, "{name}, {size}: {found:?}");
        }
    }
}

/// The share of pixels that differ by more than an eighth of the range in a channel; 1 for images of different size.
fn difference(one: &[u8], other: &[u8]) -> f64 {
    let decode = |file: &[u8]| {
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        ((info.width, info.height), pixels)
    };
    let ((size, one), (other_size, other)) = (decode(one), decode(other));
    if size != other_size {
        return 1.0;
    }
    let differ = |(a, b): (&[u8], &[u8])| a.iter().zip(b).any(|(a, b)| a.abs_diff(*b) > 32);
    let count = one.chunks(4).zip(other.chunks(4)).filter(|pair| differ(*pair)).count();
    count as f64 / f64::from(size.0 * size.1)
}
