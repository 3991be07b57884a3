//! Data sets to train on: what goes into an encoder, with its labels. Knows nothing of training.

pub mod mixture;
