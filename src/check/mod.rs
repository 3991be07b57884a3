//! Checks for what users add: one call says whether an addition keeps the promises that the rest of the crate relies on.

pub mod loss;
pub mod optimizer;
