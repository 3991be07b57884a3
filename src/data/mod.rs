//! Data sets, and the random changes that make views of a sample. Knows nothing of training.

pub mod augmentation;
#[cfg(feature = "digits")]
pub mod digits;
