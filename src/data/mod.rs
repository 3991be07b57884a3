//! Data sets to train on, with the random changes that make views of a sample, and readers of a user's own embeddings.
//! Knows nothing of losses and of training.

pub mod augmentation;
#[cfg(feature = "digits")]
pub mod digits;
#[cfg(feature = "readers")]
pub mod embeddings;
pub mod mixture;
