//! How many images are drawn.

use serde::{Deserialize, Serialize};

/// How many images are drawn of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Images to train on.
    pub images: usize,
    /// Held-out images.
    pub test: usize,
}
