//! Shards: balance, merging, what is missing and what is doubled.

use std::fs;
use std::path::Path;

use embedding_norms_lab::sweep::journal::FILE;
use embedding_norms_lab::sweep::{Cell, Merge, MergeError, Shard, ShardError, Unit, merge};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::support::*;

#[test]
fn merged_shards_are_the_whole_in_any_order() {
    let cells = cells(9);
    let sweep = sweep(&cells, 2, 21);
    let expected = reference(&sweep);
    for count in 1..=7 {
        let folders = run_shards(&sweep, count);
        let mut paths = paths(&folders);
        for _ in 0..count.min(3) {
            paths.rotate_left(1);
            let merge = Merge::open(&paths).unwrap();
            merge.refuse_other(&sweep).unwrap();
            assert_eq!(bytes(&merge.results().unwrap()), expected, "{count} shards");
        }
    }
}

#[test]
fn missing_and_doubled_shards_and_units_are_named() {
    let cells = cells(6);
    let sweep = sweep(&cells, 2, 21);
    let folders = run_shards(&sweep, 3);
    let paths = paths(&folders);
    let error = merge::<Found>(&paths[1..2]).unwrap_err();
    assert!(error.to_string().contains("missing shard 1/3, 3/3"), "{error}");
    let error = merge::<Found>(&[&paths[..], &paths[1..2]].concat()).unwrap_err();
    let MergeError::DoubledShard { shard, first, .. } = error else { panic!("{error}") };
    assert_eq!((shard.to_string(), first), ("2/3".to_owned(), paths[1].join(FILE)));
    assert!(matches!(merge::<Found>(&[] as &[&Path]), Err(MergeError::Nothing)));

    let file = paths[2].join(FILE);
    let journal = fs::read(&file).unwrap();
    fs::write(&file, &journal[..journal.len() - 1]).unwrap();
    let error = merge::<Found>(&paths).unwrap_err();
    let MergeError::MissingUnits { units, shards } = error else { panic!("{error}") };
    assert_eq!(shards, [Shard::new(3, 3).unwrap()]);
    let said = format!("1 units are not finished, the first is {}: run shard 3/3 again to finish them", units[0]);
    assert_eq!(MergeError::MissingUnits { units: units.clone(), shards }.to_string(), said);
    let torn = records(&journal).pop().unwrap();
    assert_eq!(
        serde_json::to_value(units).unwrap(),
        serde_json::json!([{"cell": torn["cell"], "replicate": torn["replicate"]}])
    );
    fs::write(&file, &journal).unwrap();
    assert_eq!(bytes(&merge(&paths).unwrap()), reference(&sweep));
}

#[test]
fn journals_of_different_sweeps_or_divisions_do_not_merge() {
    let cells = cells(6);
    let (sweep, other) = (sweep(&cells, 2, 21), sweep(&cells, 2, 22));
    let (thirds, halves, others) = (run_shards(&sweep, 3), run_shards(&sweep, 2), run_shards(&other, 3));
    let differing = |first: &TempDir, second: &TempDir| match merge::<Found>(&[first.path(), second.path()]) {
        Err(MergeError::Different { differences, second: named, .. }) => {
            assert_eq!(named, second.path().join(FILE));
            differences.into_iter().map(|difference| difference.field).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(differing(&thirds[0], &others[1]), ["root_seed"]);
    assert_eq!(differing(&thirds[0], &halves[1]), ["shards", "division_hash"]);
    let error = Merge::open(&paths(&others)).unwrap().refuse_other(&sweep).unwrap_err();
    assert!(matches!(&error, MergeError::OtherSweep { differences, .. } if differences[0].field == "root_seed"));
}

proptest! {
    #![proptest_config(crate::seeds::seeded(200))]
    #[test]
    fn shards_are_balanced_and_take_each_unit_once(
        exponents in prop::collection::vec(-3.0..6.0_f64, 1..40), replicates in 1..5_u64, count in 1..9_u32,
    ) {
        let cells: Vec<Setting> = exponents.iter().enumerate()
            .map(|(index, exponent)| Setting { norm: index as f64, cost: 10_f64.powf(*exponent) }).collect();
        let sweep = sweep(&cells, replicates, 1);
        let plan: Vec<_> = sweep.plan(Shard::new(1, count).unwrap()).collect();
        prop_assert_eq!(plan.len(), cells.len() * replicates as usize);
        let mut loads = vec![0.0; count as usize];
        for (place, planned) in plan.iter().enumerate() {
            prop_assert_eq!(sweep.unit(place), Unit { cell: planned.cell, replicate: planned.replicate });
            prop_assert_eq!(planned.cost, cells[planned.cell].cost);
            loads[planned.shard.index() as usize - 1] += planned.cost;
        }
        let mean = loads.iter().sum::<f64>() / f64::from(count);
        let largest = cells.iter().map(Cell::cost).fold(0.0, f64::max);
        let greatest = loads.iter().copied().fold(0.0, f64::max);
        let bound = (mean + largest) * (1.0 + 1e-12);
        prop_assert!(greatest <= bound, "{} of mean {} and largest {}", greatest, mean, largest);
    }
}

#[test]
fn one_costly_unit_weighs_as_much_as_many_cheap_ones() {
    let cost = |index: u32| if index == 4 { 9.0 } else { 1.0 };
    let cells: Vec<Setting> = (0..10).map(|index| Setting { norm: f64::from(index), cost: cost(index) }).collect();
    let plan: Vec<_> = sweep(&cells, 1, 1).plan("1/2".parse().unwrap()).collect();
    let first = plan.iter().filter(|planned| planned.shard.index() == 1);
    assert_eq!(first.map(|planned| planned.cell).collect::<Vec<_>>(), [4]);
}

#[test]
fn units_without_a_cost_are_spread_too() {
    let cells: Vec<Setting> = (0..10).map(|index| Setting { norm: f64::from(index), cost: 0.0 }).collect();
    let mut units = [0; 4];
    for planned in sweep(&cells, 2, 1).plan("1/4".parse().unwrap()) {
        units[planned.shard.index() as usize - 1] += 1;
    }
    assert_eq!(units, [5; 4]);
}

/// Most costly first, each to the shard with the least cost so far, of these to that with the fewest units, and of these
/// to the first.
#[test]
fn units_go_one_by_one_to_the_shard_that_has_least() {
    let shards_of = |costs: &[f64], text: &str| -> Vec<u32> {
        let setting = |(index, &cost): (usize, &f64)| Setting { norm: index as f64, cost };
        let cells: Vec<Setting> = costs.iter().enumerate().map(setting).collect();
        let plan: Vec<_> = sweep(&cells, 1, 1).plan(text.parse().unwrap()).collect();
        plan.iter().for_each(|planned| assert_eq!(planned.shard.count().to_string(), text[2..]));
        plan.iter().map(|planned| planned.shard.index()).collect()
    };
    // 7 to the first, 5 to the second, 4 to the second (9), 3 to the first (10), 2 to the second (11), 1 to the first.
    assert_eq!(shards_of(&[2.0, 5.0, 1.0, 7.0, 3.0, 4.0], "1/2"), [2, 2, 1, 1, 1, 2]);
    // The order of costs decides and not that of cells; which of the shards is asked for decides nothing.
    assert_eq!(shards_of(&[4.0, 3.0, 7.0, 1.0, 5.0, 2.0], "2/2"), [2, 1, 1, 1, 2, 2]);
    // 5 and 3 + 2 are level; the first has fewer units, and then both have two.
    assert_eq!(shards_of(&[5.0, 3.0, 2.0, 0.0, 0.0], "1/2"), [1, 2, 2, 1, 1]);
    assert_eq!(shards_of(&[0.0; 7], "3/3"), [1, 2, 3, 1, 2, 3, 1]);
    assert_eq!(shards_of(&[5.0, 3.0, 2.0], "1/1"), [1, 1, 1]);
}

#[test]
fn shards_are_written_index_of_count() {
    for (text, index, count) in [("1/1", 1, 1), ("2/7", 2, 7), ("7/7", 7, 7)] {
        let shard: Shard = text.parse().unwrap();
        assert_eq!((shard.index(), shard.count(), shard.to_string().as_str()), (index, count, text));
    }
    for text in ["", "3", "0/3", "4/3", "1/0", "a/3", "1/3/5", "-1/3", "1 / 3"] {
        let error = text.parse::<Shard>().unwrap_err();
        assert!(error.to_string().contains("shard"), "{text}: {error}");
    }
    assert_eq!("4/3".parse::<Shard>(), Err(ShardError::Range { index: 4, count: 3 }));
    assert_eq!("4-3".parse::<Shard>(), Err(ShardError::Form { text: "4-3".to_owned() }));
    assert_eq!([(3, 3), (0, 3), (1, 0)].map(|(index, count)| Shard::new(index, count).is_ok()), [true, false, false]);
    let shard: Shard = serde_json::from_str("\"3/5\"").unwrap();
    assert_eq!((serde_json::to_string(&shard).unwrap().as_str(), shard.index(), shard.count()), ("\"3/5\"", 3, 5));
    assert!(serde_json::from_str::<Shard>("\"7/5\"").unwrap_err().to_string().contains("there is no shard 7 of 5"));
    let siblings: Vec<String> = shard.siblings().map(String::from).collect();
    assert_eq!(siblings, ["1/5", "2/5", "3/5", "4/5", "5/5"]);
    assert_eq!((Shard::default(), Shard::WHOLE.to_string().as_str()), (Shard::WHOLE, "1/1"));
}

// Ending early
