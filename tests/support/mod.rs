//! What the property tests share: seeded proptest, the Taylor test of gradients, arithmetic with 32 digits, random
//! embeddings at a planted angle, one step of a pair of them, and batches that encoders train on.

#![allow(dead_code)] // every test binary uses a part of it

pub mod contrast;
pub mod double_double;
pub mod embeddings;
pub mod losses;
pub mod pair_gradient;
pub mod pairs;
pub mod real_step;
pub mod seeds;
pub mod taylor;
pub mod training;
pub mod triplets;
