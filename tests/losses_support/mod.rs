//! What the tests of losses share: the reader of the references and gradients by raw embeddings.
#![allow(dead_code)]

pub mod reference;

use embedding_norms::loss::{Loss, Parameters, catalogue};

/// The names of all losses.
pub fn names() -> impl Iterator<Item = &'static str> {
    catalogue().iter().map(|entry| entry.name)
}

/// The loss of this name with its parameters in the order of the catalogue.
pub fn build(name: &str, values: &[f64]) -> Box<dyn Loss> {
    let entry = catalogue().iter().find(|entry| entry.name == name).expect("the loss is in the catalogue");
    assert_eq!(entry.parameters.len(), values.len());
    let values = entry.parameters.iter().zip(values);
    let chosen = values.fold(Parameters::default(), |chosen, (taken, &value)| chosen.with(taken.name, value));
    entry.build(&chosen).expect("the parameters are valid")
}
