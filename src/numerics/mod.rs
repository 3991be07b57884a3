//! Kernels: the arithmetic of vectors and matrices whose results are the same bytes on every processor.

pub(crate) mod exponential;
pub(crate) mod groups;
pub(crate) mod logarithm;
pub(crate) mod mirror;
pub(crate) mod power;
pub(crate) mod product;
pub(crate) mod scaled;
pub(crate) mod symmetric;
pub(crate) mod vectorize;
