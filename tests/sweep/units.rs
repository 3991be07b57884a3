//! Units: names, order, threads, results.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::num::NonZeroU64;
use std::sync::Mutex;

use embedding_norms::random::generator;
use embedding_norms_lab::sweep::{
    Cause, Cell, CellId, EncodeError, Options, PlanError, PlannedUnit, Progress, Shard, Sweep, SweepError, Unit,
    UnitContext,
};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use crate::support::*;

#[test]
fn threads_and_journals_change_no_byte() {
    let cells = cells(9);
    let sweep = sweep(&cells, 4, 11);
    let expected = reference(&sweep);
    for count in [1, 2, 5] {
        let folder = tempfile::tempdir().unwrap();
        let plain = Options { threads: threads(count), ..Options::default() };
        assert_eq!(bytes(&sweep.run(&plain, simulate).unwrap().results), expected, "{count} threads");
        let journalled = Options { journal: Some(folder.path()), ..plain };
        assert_eq!(bytes(&sweep.run(&journalled, simulate).unwrap().results), expected, "{count} threads, journal");
    }
    assert_ne!(reference(&other_seed(&cells)), expected, "another root seed gives other results");
}

#[test]
fn results_come_in_canonical_order() {
    let cells = cells(5);
    let sweep = sweep(&cells, 3, 1);
    let outcome = sweep.run(&Options { threads: threads(3), ..Options::default() }, simulate).unwrap();
    let units: Vec<(usize, u64)> = outcome.results.iter().map(|(unit, _)| (unit.cell, unit.replicate)).collect();
    let expected: Vec<(usize, u64)> = (0..5).flat_map(|cell| (0..3).map(move |replicate| (cell, replicate))).collect();
    assert_eq!(units, expected);
    let all: std::collections::HashSet<u64> = outcome.results.iter().map(|(_, found)| found.bits).collect();
    assert_eq!(all.len(), 15, "each unit has random numbers of its own");
}

#[test]
fn the_place_of_a_cell_changes_nothing() {
    let forward = cells(8);
    let by_cell = |cells: &[Setting]| -> BTreeMap<(String, u64), Found> {
        let sweep = sweep(cells, 2, 5);
        let results = sweep.run(&Options::default(), simulate).unwrap().results;
        results.into_iter().map(|(unit, found)| ((cells[unit.cell].label(), unit.replicate), found)).collect()
    };
    let mut permuted = forward.clone();
    permuted.rotate_left(3);
    permuted.swap(0, 4);
    assert_eq!(by_cell(&forward), by_cell(&permuted));
    assert_eq!(by_cell(&permuted[..2]).len(), 4);
    for (key, found) in by_cell(&permuted[..2]) {
        assert_eq!(by_cell(&forward)[&key], found, "a sweep of fewer cells gives them the same results");
    }
}

#[test]
fn a_cell_is_named_by_its_values_not_by_their_order() {
    #[derive(Serialize)]
    struct Reordered {
        cost: f64,
        norm: f64,
    }
    let name = CellId::of(&Setting { norm: 2.0, cost: 3.0 }).unwrap();
    assert_eq!(name, CellId::of(&Reordered { cost: 3.0, norm: 2.0 }).unwrap());
    assert_eq!(name, CellId::of(&HashMap::from([("norm", 2.0), ("cost", 3.0)])).unwrap());
    assert_ne!(name, CellId::of(&Reordered { cost: 2.0, norm: 3.0 }).unwrap());
    assert_eq!(name.to_string(), blake3::hash(br#"{"cost":3.0,"norm":2.0}"#).to_string());
}

#[test]
fn the_most_costly_unit_comes_first() {
    let cells = cells(6);
    let order = Mutex::new(Vec::new());
    let work = |unit: &mut UnitContext<'_, Setting>| {
        order.lock().unwrap().push(unit.cell.cost);
        simulate(unit)
    };
    sweep(&cells, 2, 1).run(&Options::default(), work).unwrap();
    assert_eq!(order.into_inner().unwrap(), [4.0, 4.0, 3.0, 3.0, 2.0, 2.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
}

#[test]
fn cells_without_a_name_or_a_cost_are_refused() {
    let plan = |cells: &[Setting]| Sweep::new("test", cells, NonZeroU64::MIN, 1).map(|_| ()).unwrap_err();
    let error = plan(&[Setting { norm: f64::NAN, cost: 1.0 }]);
    assert!(error.to_string().contains("value.norm is NaN"), "{error}");
    assert!(matches!(plan(&[Setting { norm: 1.0, cost: -1.0 }]), PlanError::Cost { cost: -1.0, .. }));
    let twice = [1.0, 2.0, 1.0].map(|norm| Setting { norm, cost: 1.0 });
    assert!(matches!(plan(&twice), PlanError::Duplicate { first: 0, second: 2, .. }));
    let too_many = Sweep::new("test", &twice[..2], NonZeroU64::MAX, 1).map(|_| ()).unwrap_err();
    assert!(matches!(too_many, PlanError::TooMany { cells: 2, replicates: u64::MAX }));
    let described = sweep(&twice[..2], 1, 1).with_settings(&[0.5, f64::NAN]).map(|_| ()).unwrap_err();
    assert!(matches!(&described, PlanError::SweepSettings(_)) && described.to_string().contains("value[1] is NaN"));
}

/// A cell whose cost is no part of its name.
#[derive(Serialize)]
struct Priced {
    name: &'static str,
    #[serde(skip)]
    cost: f64,
}

impl Cell for Priced {
    fn label(&self) -> String {
        self.name.to_owned()
    }

    fn cost(&self) -> f64 {
        self.cost
    }
}

#[test]
fn a_cost_is_finite_and_at_least_0() {
    let plan =
        |cost| Sweep::new("test", &[Priced { name: "priced", cost }], NonZeroU64::MIN, 1).map(|sweep| sweep.units());
    assert_eq!([0.0, -0.0, f64::MAX].map(|cost| plan(cost).unwrap()), [1; 3]);
    for cost in [-1e-300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
        let error = plan(cost).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the predicted cost of cell 'priced' is {cost}: it must be finite and at least 0")
        );
    }
}

#[test]
fn a_plan_lists_every_unit_with_its_cell_cost_and_words() {
    let cells = [7.0, 3.0, 11.0].map(|cost| Setting { norm: 0.5 * cost, cost });
    let sweep = sweep(&cells, 4, 1);
    assert_eq!(sweep.units(), 12);
    let plan: Vec<_> = sweep.plan(Shard::WHOLE).collect();
    assert_eq!(plan.len(), 12);
    for (place, planned) in plan.into_iter().enumerate() {
        let unit = Unit { cell: place / 4, replicate: place as u64 % 4 };
        let (label, cost) = (["norm 3.5", "norm 1.5", "norm 5.5"][unit.cell].to_owned(), cells[unit.cell].cost);
        let Unit { cell, replicate } = unit;
        assert_eq!(planned, PlannedUnit { cell, label, replicate, cost, shard: Shard::WHOLE });
        assert_eq!(
            (sweep.unit(place), sweep.cost(unit), sweep.id(cell)),
            (unit, cost, CellId::of(&cells[cell]).unwrap())
        );
    }
    assert_eq!(sweep.unit(11).to_string(), "replicate 3 of cell 2 (counted from 0)");
}

/// One after the other, the whole, nothing on the disk, and an end at the first failure.
#[test]
fn a_run_without_options_and_a_sweep_without_cells_are_the_plain_ones() {
    let Options { threads, shard, journal, force, keep_going, cancelled, .. } = Options::default();
    assert_eq!((threads.get(), shard, journal, force, keep_going), (1, Shard::WHOLE, None, false, false));
    assert!(!cancelled.load(std::sync::atomic::Ordering::Relaxed));
    let nothing = sweep(&[], 3, 1).run(&Options::default(), simulate).unwrap();
    assert_eq!((nothing.results.len(), nothing.summary.progress), (0, Progress::default()));
    assert!(!nothing.summary.is_cancelled() && nothing.summary.torn_bytes == 0);
}

#[test]
fn random_numbers_follow_from_seed_name_and_replicate_alone() {
    let cells = cells(3);
    let sweep = sweep(&cells, 4, 17);
    let outcome = sweep.run(&Options { threads: threads(2), ..Options::default() }, |unit| {
        let expected = |replicate| generator(17, CellId::of(unit.cell).unwrap().as_bytes(), replicate);
        assert_eq!(unit.generator, expected(unit.unit.replicate));
        (0..7).for_each(|replicate| assert_eq!(unit.generator_of(replicate), expected(replicate)));
        assert_eq!(unit.shared_generator(b"data"), generator(17, b"data", unit.unit.replicate));
        assert_eq!(unit.cell.norm, cells[unit.unit.cell].norm);
        simulate(unit)
    });
    assert_eq!(outcome.unwrap().results.len(), 12);
}

// Numbers

#[test]
fn a_result_that_json_cannot_hold_is_a_named_failure() {
    #[derive(Serialize, Deserialize)]
    struct Measured {
        angles: Vec<Option<f64>>,
    }
    let cells = cells(1);
    let folder = tempfile::tempdir().unwrap();
    for options in [Options::default(), journalled(folder.path())] {
        let outcome = sweep(&cells, 1, 1)
            .run(&options, |_| Ok::<_, Infallible>(Measured { angles: vec![Some(1.0), None, Some(f64::INFINITY)] }));
        let Err(SweepError::Failed(failure)) = outcome else { panic!("an infinity was accepted") };
        let said = "cell 'norm 0', replicate 0: the result has no exact JSON form: value.angles[2] is inf";
        assert!(failure.to_string().starts_with(said), "{failure}");
        let Cause::Result(EncodeError::NotFinite { field, value }) = failure.cause else { panic!("{failure}") };
        assert_eq!((field.as_str(), value), ("value.angles[2]", f64::INFINITY));
    }
}

proptest! {
    #![proptest_config(crate::seeds::seeded(64))]
    #[test]
    fn every_finite_number_keeps_its_bits(bits in prop::collection::vec(any::<u64>(), 1..40)) {
        let numbers: Vec<f64> = bits.into_iter().map(f64::from_bits).filter(|value| value.is_finite()).collect();
        let numbers = [numbers, vec![-0.0, f64::MAX, f64::from_bits(1), 0.1 + 0.2]].concat();
        let (cells, folder) = (cells(1), tempfile::tempdir().unwrap());
        let sweep = sweep(&cells, 1, 1);
        let outcome = sweep.run(&journalled(folder.path()), |_| Ok::<_, Infallible>(numbers.clone())).unwrap();
        let to_bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(to_bits(&outcome.results[0].1), to_bits(&numbers));
    }
}

// Resuming
