//! What the property tests share: seeded proptest, the Taylor test of gradients, arithmetic with 32 digits, and random
//! embeddings at a planted angle.

#![allow(dead_code)] // every test binary uses a part of it

pub mod double_double;
pub mod embeddings;
pub mod losses;
pub mod seeds;
pub mod taylor;
