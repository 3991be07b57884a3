//! Data sets, and readers of a user's own. Knows nothing of losses.

#[cfg(feature = "readers")]
pub mod embeddings;
