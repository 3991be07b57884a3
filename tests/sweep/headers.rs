//! Headers: what they say of a sweep, and how two that differ are told apart.

use std::convert::Infallible;
use std::fs;

use embedding_norms_lab::sweep::journal::{Difference, FILE, FORMAT, Header, JournalError, header_of};
use embedding_norms_lab::sweep::{Merge, MergeError, Shard, Unit, UnitContext, merge};
use serde_json::{Value, json};

use crate::support::*;

fn hash_of(parts: impl IntoIterator<Item = Vec<u8>>) -> String {
    blake3::hash(&parts.into_iter().flatten().collect::<Vec<_>>()).to_string()
}

#[test]
fn a_header_says_which_part_of_which_sweep_it_is() {
    let cells = [3.0, 11.0, 5.0].map(|cost| Setting { norm: 0.5 * cost, cost });
    let settings = json!({"pairs": 500});
    let sweep = sweep(&cells, 2, 17).with_settings(&settings).unwrap();
    // Costs 11 and 11 go to one shard each, 5 and 5 as well, and so do 3 and 3.
    let (first, second) = (Shard::new(1, 2).unwrap(), Shard::new(2, 2).unwrap());
    let shards: Vec<u32> = vec![1, 2, 1, 2, 1, 2];
    assert_eq!(sweep.plan(first).map(|planned| planned.shard.index()).collect::<Vec<_>>(), shards);
    let expected = Header {
        format: 1,
        crate_version: env!("CARGO_PKG_VERSION").to_owned(),
        simulation: "test".to_owned(),
        root_seed: 17,
        cells: 3,
        replicates: 2,
        cells_hash: hash_of((0..3).map(|cell| sweep.id(cell).as_bytes().to_vec())),
        division_hash: hash_of(shards.iter().map(|shard| shard.to_le_bytes().to_vec())),
        shard: second,
        shard_units: 3,
        settings,
    };
    assert_eq!((sweep.header(second), FORMAT), (expected.clone(), 1));
    assert_eq!((expected.units(), sweep.units()), (6, 6));
    assert_eq!(sweep.header(first), Header { shard: first, ..expected });
    // Of five shards four take one unit each, and the last the two cheapest.
    let of_five = |index| sweep.header(Shard::new(index, 5).unwrap()).shard_units;
    assert_eq!([1, 2, 3, 4, 5].map(of_five), [1, 1, 1, 1, 2]);
}

#[test]
fn the_header_of_a_journal_is_that_of_its_sweep() {
    let cells = cells(3);
    let sweep = sweep(&cells, 2, 3);
    let (folder, journal) = finished(&sweep);
    assert_eq!(header_of(folder.path()).unwrap(), sweep.header(Shard::WHOLE));
    assert_eq!(serde_json::to_value(sweep.header(Shard::WHOLE)).unwrap(), records(&journal)[0]);
    let cut = |length: usize| {
        fs::write(folder.path().join(FILE), &journal[..length]).unwrap();
        header_of(folder.path()).unwrap_err()
    };
    for length in [0, 5, line_ends(&journal)[0] - 1] {
        let JournalError::Damaged { line, reason, .. } = cut(length) else { panic!("{length}") };
        assert_eq!((line, reason.as_str()), (1, "the file ends before the header does"));
    }
    fs::remove_file(folder.path().join(FILE)).unwrap();
    let error = header_of(folder.path()).unwrap_err();
    assert!(matches!(&error, JournalError::Io { action: "open", path, .. } if path.ends_with(FILE)), "{error}");
}

/// Right checksums around numbers that no sweep has: refused by the line, and nothing overflows.
#[test]
fn absurd_numbers_of_another_program_are_refused() {
    let cells = cells(3);
    let sweep = sweep(&cells, 2, 3);
    let (folder, journal) = finished(&sweep);
    let path = folder.path().join(FILE);
    for (field, number) in [("cell", 1_u64 << 63), ("cell", u64::MAX), ("cell", 3), ("replicate", u64::MAX)] {
        let mut records = records(&journal);
        records[1][field] = number.into();
        fs::write(&path, sealed(&records)).unwrap();
        for error in [journal_error(&sweep, &journalled(folder.path())), merging_error(folder.path())] {
            let JournalError::Damaged { line: 2, reason, .. } = &error else { panic!("{field} {number}: {error}") };
            assert!(reason.starts_with("the sweep has no replicate"), "{reason}");
        }
    }
    for (field, number) in [("cells", 1_u64 << 62), ("replicates", u64::MAX), ("cells", u64::MAX)] {
        let mut records = records(&journal);
        records[0][field] = number.into();
        fs::write(&path, sealed(&records)).unwrap();
        for error in [header_of(folder.path()).unwrap_err(), merging_error(folder.path())] {
            let JournalError::Damaged { line: 1, reason, .. } = &error else { panic!("{field} {number}: {error}") };
            assert!(reason.starts_with("there is no memory for"), "{reason}");
        }
    }
}

fn merging_error(folder: &std::path::Path) -> JournalError {
    match merge::<Found>(&[folder]) {
        Err(MergeError::Journal(error)) => error,
        other => panic!("{:?}", other.err()),
    }
}

fn told(found: &Value, expected: &Value) -> Vec<String> {
    Difference::between(found, expected).iter().map(Difference::to_string).collect()
}

#[test]
fn differences_are_told_field_by_field_with_what_is_absent() {
    let found = json!({"same": 3, "only": 5, "deep": {"x": 1, "list": [1, 2], "gone": null}, "kind": {"a": 1}});
    let expected = json!({"same": 3, "wanted": 7, "deep": {"x": 1, "list": [1, 3], "new": "y"}, "kind": 11});
    let mut differences = told(&found, &expected);
    differences.sort();
    assert_eq!(
        differences,
        [
            "deep.gone is null there, absent here",
            "deep.list is [1,2] there, [1,3] here",
            "deep.new is absent there, \"y\" here",
            r#"kind is {"a":1} there, 11 here"#,
            "only is 5 there, absent here",
            "wanted is absent there, 7 here",
        ]
    );
    assert_eq!(told(&found, &found), [""; 0]);
    let [difference] = &Difference::between(&json!({"a": {"b": 1}}), &json!({"a": {}}))[..] else { panic!("one") };
    assert_eq!(difference, &Difference { field: "a.b".to_owned(), found: Some(json!(1)), expected: None });
}

#[test]
fn long_values_are_cut_after_eighty_characters() {
    // With quotation marks as long as is shown whole, and one more; letters of more than one byte count as one.
    let text = |letters: usize| json!({"text": "ρ".repeat(letters)});
    let [whole, cut] = [78, 79].map(|letters| told(&text(letters), &json!({"text": 5})));
    assert_eq!(whole, [format!("text is \"{}\" there, 5 here", "ρ".repeat(78))]);
    assert_eq!(cut, [format!("text is \"{}… there, 5 here", "ρ".repeat(79))]);
}

/// Every field that shards have in common is compared when they are merged.
#[test]
fn whatever_shards_should_have_in_common_is_compared() {
    let cells = cells(4);
    let described = |settings: Value, seed| sweep(&cells, 3, seed).with_settings(&settings).unwrap();
    let folders = run_shards(&described(json!({"pairs": 500}), 21), 2);
    let file = folders[1].path().join(FILE);
    let original = records(&fs::read(&file).unwrap());
    let changes = [
        ("crate_version", json!("0.0.0")),
        ("simulation", json!("another")),
        ("root_seed", json!(22)),
        ("cells", json!(5)),
        ("replicates", json!(7)),
        ("cells_hash", json!("0")),
        ("division_hash", json!("0")),
    ];
    for (field, value) in changes {
        let mut records = original.clone();
        records[0][field] = value.clone();
        fs::write(&file, sealed(&records)).unwrap();
        let Err(error) = Merge::open(&paths(&folders)) else { panic!("{field}") };
        let MergeError::Different { first, second, differences } = &error else { panic!("{error}") };
        assert_eq!((first, second), (&folders[0].path().join(FILE), &file));
        let expected =
            Difference { field: field.to_owned(), found: Some(value), expected: Some(original[0][field].clone()) };
        assert_eq!(differences, &[expected]);
        assert!(error.to_string().contains(&format!("does not go with {}", first.display())), "{error}");
    }
    fs::write(&file, sealed(&original)).unwrap();
    let merge = Merge::open(&paths(&folders)).unwrap();
    assert_eq!(merge.header(), &described(json!({"pairs": 500}), 21).header(Shard::new(1, 2).unwrap()));
    merge.refuse_other(&described(json!({"pairs": 500}), 21)).unwrap();
    let other = merge.refuse_other(&described(json!({"pairs": 700}), 21)).unwrap_err();
    let MergeError::OtherSweep { path, differences } = &other else { panic!("{other}") };
    assert_eq!((path, &*differences[0].field, differences.len()), (&folders[0].path().join(FILE), "settings.pairs", 1));
    assert!(other.to_string().contains("settings.pairs is 500 there, 700 here"), "{other}");
}

/// Three units whose lines are equally long.
fn three_lines() -> (tempfile::TempDir, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let cells = cells(3);
    let alike = |_: &mut UnitContext<'_, Setting>| Ok::<_, Infallible>(Found { bits: 7, value: 0.5, steps: None });
    sweep(&cells, 1, 1).run(&journalled(folder.path()), alike).unwrap();
    let journal = fs::read(folder.path().join(FILE)).unwrap();
    (folder, journal)
}

#[test]
fn a_journal_that_is_changed_after_it_was_opened_is_noticed() {
    let (folder, journal) = three_lines();
    let ends = line_ends(&journal);
    assert!(ends.windows(2).all(|pair| pair[1] - pair[0] == ends[1] - ends[0]));
    let merge = Merge::open(&[folder.path()]).unwrap();
    assert_eq!(merge.results::<Found>().unwrap().len(), 3);
    let mut exchanged = records(&journal);
    exchanged.swap(2, 3);
    let (exchanged, cut) = (sealed(&exchanged), &journal[..ends[2]]);
    // Costs 0, 2 and 4: the units were finished in the order 2, 1, 0, and are read in the order 0, 1, 2.
    for bytes in [exchanged.as_bytes(), cut] {
        fs::write(folder.path().join(FILE), bytes).unwrap();
        let error = merge.results::<Found>().unwrap_err();
        let MergeError::Journal(JournalError::Damaged { line, reason, .. }) = &error else { panic!("{error}") };
        assert_eq!((*line, reason.as_str()), (4, "it changed while it was read"));
    }
    fs::write(folder.path().join(FILE), &journal).unwrap();
    let mut units = Vec::new();
    merge.each(|unit, _: Found| units.push(unit)).unwrap();
    assert_eq!(units, [0, 1, 2].map(|cell| Unit { cell, replicate: 0 }));
}
