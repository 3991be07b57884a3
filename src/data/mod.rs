//! Data sets to train on: what goes into an encoder, with its labels; and the random changes that make views of a
//! sample. Knows nothing of training.

pub mod augmentation;
#[cfg(feature = "digits")]
pub mod digits;
pub mod mixture;
