//! The modules of the library, against definitions, other implementations and multiple precision.

mod batches;
mod confidence;
mod convolutions;
mod data;
mod extremes;
mod gradients;
mod layers;
mod losses;
mod losses_reference;
#[path = "../losses_support/mod.rs"]
mod losses_support;
mod networks;
mod normalization;
mod optimizers;
mod outside;
mod photo;
mod relations;
mod simulation;
mod sphere;
#[path = "../support/mod.rs"]
mod support;
mod training;
mod update_rules;
