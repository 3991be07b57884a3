//! `confidence` and `levers` on images of a user's own, which are made here: what is found follows from the content of the
//! files alone, and what does not fit is refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use assert_cmd::assert::Assert;
use assert_cmd::cargo::cargo_bin_cmd;
use embedding_norms::random::generator;
use embedding_norms_lab::table::Table;
use rand::Rng;
use tempfile::TempDir;

const SIDE: usize = 8;
const CLASSES: usize = 4;

/// An image of a class: a bright square in one corner, of random brightness, among noise.
fn pixels(class: usize, numbers: &mut impl Rng) -> Vec<u8> {
    let ink = numbers.random_range(100..250);
    let corner = (SIDE / 2 * (class / 2), SIDE / 2 * (class % 2));
    let inside = |place: usize, first: usize| (first..first + SIDE / 2).contains(&place);
    (0..SIDE * SIDE)
        .map(|at| {
            let bright = inside(at / SIDE, corner.0) && inside(at % SIDE, corner.1);
            if bright { ink } else { numbers.random_range(0..60) }
        })
        .collect()
}

/// Files of IDX: so many images to train on and of a test.
fn write(folder: &Path, counts: [usize; 2], seed: u64) {
    let mut numbers = generator(seed, b"photos", 0);
    for (half, count) in ["train", "t10k"].into_iter().zip(counts) {
        let size = (count as u32).to_be_bytes();
        let side = (SIDE as u32).to_be_bytes();
        let mut images = [&[0, 0, 8, 3], &size[..], &side, &side].concat();
        let mut labels = [&[0, 0, 8, 1], &size[..]].concat();
        for image in 0..count {
            images.extend(pixels(image % CLASSES, &mut numbers));
            labels.push((image % CLASSES) as u8);
        }
        fs::write(folder.join(format!("{half}-images-idx3-ubyte")), images).unwrap();
        fs::write(folder.join(format!("{half}-labels-idx1-ubyte")), labels).unwrap();
    }
}

fn miniature() -> TempDir {
    let folder = TempDir::new().unwrap();
    write(folder.path(), [600, 80], 1);
    folder
}

const TINY: &str = "--images 400 --test-images 60 --left-out 0,2 --epochs 2 --replicates 2 --hidden 32 --dim 8 --batch 32 \
                    --imbalance 4 --quiet";

fn run(simulation: &str, data: &Path, options: &str) -> (TempDir, Assert) {
    let folder = TempDir::new().unwrap();
    let mut command = cargo_bin_cmd!("embedding-norms");
    let command = command.current_dir(folder.path()).arg(simulation).arg("--data").arg(data);
    let assert = command.args(options.split_whitespace()).assert();
    (folder, assert)
}

fn files(folder: &TempDir) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder.path().join("results")).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap())).collect()
}

#[test]
fn what_is_found_depends_on_the_content_of_the_files_alone() {
    let data = miniature();
    let find = |data: &Path, options: &str| {
        let (folder, assert) = run("confidence", data, &format!("{TINY} {options}"));
        assert.success();
        files(&folder)
    };
    let one = find(data.path(), "--threads 1");
    let tables = ["", ".buckets", ".tenths", ".unseen", ".labels", ".tail"].map(|part| format!("confidence{part}.csv"));
    assert!(tables.iter().all(|name| one.contains_key(name)), "{:?}", one.keys());
    let elsewhere = TempDir::new().unwrap();
    let inner = elsewhere.path().join("raw");
    fs::create_dir(&inner).unwrap();
    write(&inner, [600, 80], 1);
    assert!(one == find(elsewhere.path(), "--threads 2"));
    write(&inner, [600, 80], 2);
    let other = find(elsewhere.path(), "--threads 2");
    assert!(tables.iter().all(|name| one[name] != other[name]));

    // A path is a fact of the machine, and so no setting of the record.
    let record = String::from_utf8(one["confidence.json"].clone()).unwrap();
    assert!(!record.contains(data.path().to_str().unwrap()), "{record}");
    let text = |name: &str| String::from_utf8(one[name].clone()).unwrap();
    // Two classes and the other data set both ways, six measures, two replicates.
    assert_eq!(text("confidence.unseen.csv").lines().count(), 1 + (2 + 2) * 6 * 2);
    assert_eq!(text("confidence.buckets.csv").lines().count(), 1 + 20 * 3 * 2);
    assert_eq!(text("confidence.tail.csv").lines().count(), 1 + CLASSES * 3 * 2);
}

#[test]
fn figures_are_drawn_again_from_the_tables() {
    let data = miniature();
    let (folder, assert) = run("confidence", data.path(), TINY);
    assert.success();
    let mut redraw = cargo_bin_cmd!("embedding-norms");
    redraw.current_dir(folder.path()).args(["redraw", "results", "--out", "again", "--quiet"]).assert().success();
    for (name, bytes) in files(&folder).iter().filter(|(name, _)| name.ends_with(".svg")) {
        assert!(*bytes == fs::read(folder.path().join("again").join(name)).unwrap(), "{name}");
    }
}

/// When each file of a folder was written.
fn written(folder: &Path) -> BTreeMap<PathBuf, SystemTime> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    files.map(|file| (file.path(), file.metadata().unwrap().modified().unwrap())).collect()
}

#[test]
fn a_killed_training_goes_on_after_its_last_epoch_and_finds_the_same() {
    let data = miniature();
    let find = |options: &str| {
        let (folder, assert) = run("confidence", data.path(), &format!("{TINY} --threads 1 {options}"));
        assert.success();
        files(&folder)
    };
    let plain = find("");
    let kept = TempDir::new().unwrap();
    let option = format!("--checkpoints {}", kept.path().display());
    assert!(plain == find(&option));
    let states = || fs::read_dir(kept.path()).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    // All classes, two without one, the other data set, the long tail and the balanced sample, two replicates.
    assert_eq!(states().len(), 6 * 2);
    // Trainings that were put down after all epochs take no step, so that no state is written, and find the same again.
    let before = written(kept.path());
    assert!(plain == find(&option));
    assert_eq!(before, written(kept.path()));
    // A state that is not whole is not gone on from.
    for state in states() {
        let bytes = fs::read(&state).unwrap();
        fs::write(&state, &bytes[..bytes.len() / 2]).unwrap();
    }
    assert!(plain == find(&option));
}

#[test]
fn colours_of_cifar_and_another_folder_as_reference_are_trained_on() {
    let (data, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let mut numbers = generator(3, b"photos", 0);
    let mut records = |count: usize| -> Vec<u8> {
        let one = |image: usize| [vec![0, (image % 3) as u8], (0..3072).map(|_| numbers.random()).collect()].concat();
        (0..count).flat_map(one).collect()
    };
    for folder in [&data, &other] {
        fs::write(folder.path().join("train.bin"), records(160)).unwrap();
        fs::write(folder.path().join("test.bin"), records(40)).unwrap();
    }
    let options = format!(
        "--reference-data {} --images 160 --test-images 30 --left-out 1 --epochs 1 --replicates 1 --hidden 32 --dim 8 --batch 16 \
         --imbalance 2 --quiet",
        other.path().display()
    );
    let (folder, assert) = run("confidence", data.path(), &options);
    assert.success();
    assert!(files(&folder).contains_key("confidence.unseen.csv"));
}

#[test]
fn levers_learn_from_images() {
    let data = miniature();
    let options = "--cuts 3 --powers 1 --epochs 1 --samples 128 --test 64 --batch 32 --hidden 32 --tuning 1 --replicates 2 \
                   --batch-norm-factors 1 --digits-factors 1 --quiet";
    let (folder, assert) = run("levers", data.path(), options);
    assert.success();
    let table = String::from_utf8(files(&folder)["levers.csv"].clone()).unwrap();
    let tasks = ["contrastive", "non-contrastive", "simclr", "simsiam", "byol"].map(|task| format!("\nimages-{task},"));
    assert!(tasks.iter().all(|task| table.contains(task)), "{table}");
    assert!(!table.contains("digits-") && !table.contains("mixture-"));
    // More samples than there are digits: nothing of the crate's own data is drawn beside.
    write(data.path(), [2400, 80], 1);
    let options = options.replace("--samples 128", "--samples 2300").replace("--batch 32", "--batch 512");
    let (_, assert) = run("levers", data.path(), &format!("{options} --tasks images-contrastive"));
    assert.success();
}

#[test]
fn convolutional_networks_learn_from_images_and_depend_on_no_number_of_threads() {
    let data = miniature();
    let find = |simulation: &str, options: &str| {
        let (folder, assert) = run(simulation, data.path(), options);
        assert.success();
        files(&folder)
    };
    let tiny = TINY.replace("--hidden 32", "");
    let options = format!("{tiny} --left-out 0 --encoder convolution");
    let one = find("confidence", &format!("{options} --threads 1"));
    assert!(one == find("confidence", &format!("{options} --threads 2")));
    let record = String::from_utf8(one["confidence.json"].clone()).unwrap();
    let settings: serde_json::Value = serde_json::from_str(&record).unwrap();
    assert_eq!(settings["settings"]["encoder"], "convolution", "{record}");
    assert_eq!(settings["settings"]["hidden"], serde_json::json!([16, 32, 64]));
    let perceptron = find("confidence", &format!("{tiny} --left-out 0"));
    assert!(one["confidence.csv"] != perceptron["confidence.csv"]);
    let single = find("confidence", &format!("{options} --precision single"));
    assert!(one["confidence.csv"] != single["confidence.csv"]);
    let options = "--tasks images-contrastive,images-simclr,images-byol --cuts 3 --powers 1 --epochs 1 --samples 128 --test 64 \
                   --batch 32 --hidden 16 --tuning 1 --replicates 2 --batch-norm-factors 1 --digits-factors 1 --quiet";
    let convolved = find("levers", &format!("{options} --encoder convolution"));
    let single = find("levers", &format!("{options} --encoder convolution --precision single"));
    assert!(convolved["levers.csv"] != single["levers.csv"]);
    assert!(convolved["levers.csv"] != find("levers", options)["levers.csv"]);
}

#[test]
fn levers_that_were_killed_go_on_after_their_last_epoch_and_find_the_same() {
    let data = miniature();
    let options = "--tasks images-contrastive,images-byol --cuts 3 --powers 1 --epochs 60 --samples 256 --test 64 --batch 32 \
                   --hidden 32 --tuning 1 --replicates 2 --batch-norm-factors 1 --digits-factors 1 --threads 1 --quiet";
    let (folder, assert) = run("levers", data.path(), options);
    assert.success();
    let plain = files(&folder);
    let (kept, killed) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let options = format!("{options} --checkpoints {}", kept.path().display());
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("embedding-norms"));
    let command = command.current_dir(killed.path()).args(["levers", "--data"]).arg(data.path());
    let mut training = command.args(options.split_whitespace()).spawn().unwrap();
    let is_state = |entry: &fs::DirEntry| entry.path().extension().is_some_and(|ending| ending == "state");
    let states = || fs::read_dir(kept.path()).unwrap().filter(|entry| is_state(entry.as_ref().unwrap())).count();
    while states() == 0 && training.try_wait().unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    training.kill().unwrap();
    training.wait().unwrap();
    assert!(!killed.path().join("results/levers.csv").exists() && states() == 1);
    let (folder, assert) = run("levers", data.path(), &options);
    assert.success();
    assert!(plain == files(&folder));
    // Two tasks, two replicates.
    assert_eq!(states(), 2 * 2);
    // All epochs are done, and no step is taken again.
    let before = written(kept.path());
    let (folder, assert) = run("levers", data.path(), &options);
    assert.success();
    assert!(plain == files(&folder));
    assert_eq!(before, written(kept.path()));
}

#[test]
fn what_does_not_fit_the_images_is_refused() {
    let (data, without) = (miniature(), miniature());
    for name in ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"] {
        fs::remove_file(without.path().join(name)).unwrap();
    }
    let nothing = TempDir::new().unwrap();
    let refused = |simulation: &str, data: &Path, options: &str, says: &str| {
        let (folder, assert) = run(simulation, data, options);
        let error = String::from_utf8(assert.code(2).get_output().stderr.clone()).unwrap();
        assert!(error.contains(says) && error.matches("error:").count() == 1, "{options}: {error}");
        assert!(!folder.path().join("results/confidence.csv").exists(), "{options}");
    };
    let unknown = format!("{TINY} --left-out 7");
    let cases = [
        (data.path(), "--images 601", "--images 601: there are 600 to train on; take fewer"),
        (data.path(), "--images 400 --test-images 81", "--test-images 81: take 10 to 80"),
        (
            data.path(),
            "--images 400 --test-images 60 --left-out 0 --batch 128",
            "made of 100 images, a quarter of --images, and needs 128",
        ),
        (data.path(), &unknown, "--left-out 7: the test has no image of this class"),
        (without.path(), TINY, "there are no images for the test"),
        (nothing.path(), TINY, "no images are found in this folder"),
    ];
    for (data, options, says) in cases {
        refused("confidence", data, options, says);
    }
    // Whatever is refused is refused before any work: no state of a training has been kept.
    let (unequal, kept) = (miniature(), TempDir::new().unwrap());
    let labels = unequal.path().join("train-labels-idx1-ubyte");
    let mut bytes = fs::read(&labels).unwrap();
    bytes[8..].iter_mut().skip(40).filter(|label| **label == 3).for_each(|label| *label = 0);
    fs::write(&labels, bytes).unwrap();
    for (data, options, says) in [
        (unequal.path(), TINY, "a long tail is made of 22 images, as the smallest class"),
        (data.path(), &unknown, "--left-out 7: the test has no image of this class"),
    ] {
        refused("confidence", data, &format!("{options} --checkpoints {}", kept.path().display()), says);
        assert_eq!(fs::read_dir(kept.path()).unwrap().count(), 0);
    }
    // Where they are enough for a batch, the long tail is made of as many images as leave each class as many as it has.
    let (folder, assert) = run("confidence", unequal.path(), &format!("{TINY} --batch 16 --epochs 1"));
    assert.success();
    let table = Table::read_csv(fs::File::open(folder.path().join("results/confidence.tail.csv")).unwrap()).unwrap();
    let images = table.numbers("images").unwrap().into_iter().flatten();
    assert_eq!(images.fold(0.0, f64::max), 10.0);
    refused("levers", data.path(), "--tasks digits-contrastive", "--data: no task learns from these images");
    let mut command = cargo_bin_cmd!("embedding-norms");
    let assert = command.current_dir(nothing.path()).args(["levers", "--tasks", "images-simclr"]).assert().code(2);
    let error = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert!(
        error.contains("--tasks images-simclr: it learns from images of your own; give them with --data"),
        "{error}"
    );
    for options in [
        &["confidence", "--images", "100"][..],
        &["confidence", "--encoder", "convolution"],
        &["levers", "--encoder", "convolution"],
        &["confidence", "--precision", "single"],
        &["levers", "--precision", "single"],
    ] {
        let mut command = cargo_bin_cmd!("embedding-norms");
        let assert = command.current_dir(nothing.path()).args(options).assert().code(2);
        assert!(String::from_utf8(assert.get_output().stderr.clone()).unwrap().contains("--data <DIR>"));
    }
}
