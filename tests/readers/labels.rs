//! Classes and row indices, in every format that has them.

use embedding_norms::data::embeddings::{Labels, TableOptions, read_indices};

use crate::file;

fn labels(name: &str) -> (Vec<usize>, Vec<String>) {
    let labels = Labels::open(file(name)).unwrap_or_else(|error| panic!("{error}"));
    (labels.classes().to_vec(), labels.names().to_vec())
}

#[test]
fn integers_are_classes_in_every_width_and_byte_order() {
    let names = ["labels.i1.little.npy", "labels.i2.little.npy", "labels.i2.big.npy", "labels.i4.little.npy"];
    let more = ["labels.i8.little.npy", "labels.i8.big.npy", "labels.column.npy", "several.npz:labels"];
    let tables = ["several.safetensors:labels", "labels.txt", "labels.label.csv", "z.label.csv", "z.number.csv:number"];
    for name in names.into_iter().chain(more).chain(tables) {
        let expected = (vec![0, 0, 1, 2, 0], ["3", "-1", "7"].map(str::to_owned).to_vec());
        assert_eq!(labels(name), expected, "{name}");
    }
    assert_eq!(labels("labels.u1.npy").1, ["4", "0", "8"]);
    assert_eq!(labels("labels.bool.npy"), (vec![0, 0, 1, 1, 0], vec!["1".to_owned(), "0".to_owned()]));
}

#[test]
fn text_is_classes_too() {
    let named = ["labels.unicode.npy", "labels.unicode.big.npy", "several.npz:names", "z.species.csv"];
    for name in named.into_iter().chain(["z.name.bare.csv", "labels.species.csv:species"]) {
        let expected = (vec![0, 1, 0, 2, 3], ["cat", "dog", "bird", "dög"].map(str::to_owned).to_vec());
        assert_eq!(labels(name), expected, "{name}");
    }
    assert_eq!(labels("labels.bytes.npy"), (vec![0, 1, 0, 2, 1], ["cat", "dog", "bird"].map(str::to_owned).to_vec()));
    // A single column of names has no header that could be told from them.
    assert_eq!(labels("labels.species.csv").0.len(), 6);
}

#[test]
fn row_indices_are_whole_numbers_from_0() {
    assert_eq!(read_indices(file("labels.u1.npy"), &TableOptions::default()).unwrap(), [4, 4, 0, 8, 4]);
    let error = read_indices(file("labels.txt"), &TableOptions::default()).unwrap_err().to_string();
    assert!(error.contains("labels.txt: row 2: '-1' is not the index of a row"), "{error}");
}
