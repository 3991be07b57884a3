//! The seed of the permuted control of a task's criterion.

use serde::{Deserialize, Serialize};

use super::task::Task;
use crate::simulations::study::Row;

/// The random number of a unit from which its permutations are drawn.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Seed {
    pub task: Task,
    pub replicate: u64,
    pub seed: u32,
}

impl Row for Seed {
    const TABLE: &'static str = "seeds";
}
