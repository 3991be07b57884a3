//! Values as JSON: exactly or not at all, and under the same name wherever they are written.

use std::collections::{BTreeMap, HashMap};

use embedding_norms_lab::sweep::{CellId, EncodeError, exact};
use serde::ser::{Error, SerializeMap};
use serde::{Serialize, Serializer};

/// Every form in which a number can stand in a value.
#[derive(Clone, Serialize)]
enum Form {
    Nothing,
    Alone(f64),
    Pair(u8, f32),
    Named { rate: Option<f64>, rest: (f64, Vec<Inner>) },
}

#[derive(Clone, Serialize)]
struct Inner(f64);

#[derive(Serialize)]
struct Pair(i8, f64);

#[derive(Serialize)]
struct Unit;

#[derive(Serialize)]
struct Holder<T> {
    name: &'static str,
    held: T,
}

fn held<T: Serialize>(held: T) -> Result<(), EncodeError> {
    exact(&Holder { name: "a value", held })
}

/// The path and the number at which a value is refused.
fn refused(value: impl Serialize) -> (String, f64) {
    match held(value) {
        Err(EncodeError::NotFinite { field, value }) => (field, value),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_number_that_json_cannot_hold_is_named_by_its_path() {
    const ENDLESS: f64 = f64::INFINITY;
    let named = |rate, first, inner: &[f64]| {
        let inner = inner.iter().map(|&value| Inner(value)).collect();
        Form::Named { rate, rest: (first, inner) }
    };
    let found = [
        (refused(ENDLESS), "value.held"),
        (refused(Some(ENDLESS)), "value.held"),
        (refused(f32::INFINITY), "value.held"),
        (refused(Inner(ENDLESS)), "value.held"),
        (refused(Box::new([0.0, 1.0, 2.0, ENDLESS])), "value.held[3]"),
        (refused((1_u8, "two", ENDLESS)), "value.held[2]"),
        (refused(Pair(-3, ENDLESS)), "value.held[1]"),
        (refused(vec![vec![0.0], vec![], vec![0.0, ENDLESS]]), "value.held[2][1]"),
        (refused(BTreeMap::from([("a", 0.0), ("b", 1.0), ("c", ENDLESS)])), "value.held[2]"),
        (refused(Form::Alone(ENDLESS)), "value.held.Alone"),
        (refused(Form::Pair(5, f32::INFINITY)), "value.held[1]"),
        (refused(named(Some(ENDLESS), 1.0, &[])), "value.held.rate"),
        (refused(named(Some(3.0), ENDLESS, &[])), "value.held.rest[0]"),
        (refused(named(None, 3.0, &[1.0, 2.0, 3.0, ENDLESS])), "value.held.rest[1][3]"),
    ];
    for ((field, value), expected) in found {
        assert_eq!((field.as_str(), value), (expected, ENDLESS));
    }
    // Of several the first, whichever kind it is of.
    let (field, value) = refused([0.0, f64::NEG_INFINITY, f64::NAN]);
    assert_eq!((field.as_str(), value), ("value.held[1]", f64::NEG_INFINITY));
    let error = exact(&f64::NAN).unwrap_err().to_string();
    assert!(error.starts_with("value is NaN, which JSON cannot hold"), "{error}");
}

#[test]
fn what_is_finite_or_no_number_passes() {
    held((true, -3_i8, -3_i16, -3_i32, -3_i64, 3_u8, 3_u16, 3_u32, 3_u64)).unwrap();
    held(('c', "text", (), Unit, None::<f64>, Some(f64::MAX), -0.0, f64::from_bits(1), f32::MIN)).unwrap();
    held([Form::Nothing, Form::Alone(3.0), Form::Pair(5, 7.0)]).unwrap();
    held(Form::Named { rate: None, rest: (f64::MIN, vec![Inner(0.5)]) }).unwrap();
    held(BTreeMap::from([(3, Inner(0.5)), (5, Inner(0.25))])).unwrap();
}

/// A map with one entry whose key is a number.
struct Keyed(f64);

impl Serialize for Keyed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(&self.0, &7)?;
        map.end()
    }
}

struct Unwilling;

impl Serialize for Unwilling {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom("not today"))
    }
}

#[test]
fn keys_are_looked_at_and_a_refusal_keeps_its_words() {
    assert_eq!(refused(Keyed(f64::INFINITY)), ("value.held".to_owned(), f64::INFINITY));
    held(Keyed(0.5)).unwrap();
    for value in [held(Unwilling), held(vec![Unwilling]), held(Some(BTreeMap::from([("key", Unwilling)])))] {
        assert_eq!(value.unwrap_err().to_string(), "cannot be written as JSON: not today");
    }
    // A list is no name.
    let listed = CellId::of(&BTreeMap::from([(vec![1, 2], 3)])).unwrap_err();
    assert!(matches!(listed, EncodeError::Json { .. }), "{listed:?}");
}

#[test]
fn a_name_is_the_hash_of_json_with_sorted_keys_at_every_depth() {
    let inner = || HashMap::from([("b", 0.5), ("c", 7.0), ("a", -3.0)]);
    let name = CellId::of(&Holder { name: "x", held: vec![("list", inner()), ("more", inner())] }).unwrap();
    let sorted = r#"{"a":-3.0,"b":0.5,"c":7.0}"#;
    let text = format!(r#"{{"held":[["list",{sorted}],["more",{sorted}]],"name":"x"}}"#);
    let hash = blake3::hash(text.as_bytes());
    assert_eq!(name.as_bytes(), hash.as_bytes());
    assert_eq!((name.to_string(), format!("{name:?}")), (hash.to_string(), format!("CellId({hash})")));
    assert!(CellId::of(&[0.5, f64::NAN]).is_err());
}
