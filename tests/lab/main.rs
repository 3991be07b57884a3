//! The laboratory: fits of laws, claims, published numbers, and the look of figures.

mod claim;
mod figure;
mod law;
mod reference;
#[path = "../rendering/mod.rs"]
mod rendering;
#[path = "../support/repository.rs"]
mod repository;
#[path = "../support/mod.rs"]
mod support;
