//! The loop that trains encoders: batches as a data loader makes them, a loss of directions, the pullback through the
//! norm (statement G1), backpropagation, an update rule.
//!
//! Learning rates here are a framework's η on the *mean* of the loss over a batch of n rows, as in published settings;
//! per embedding that is γ = η/n (convention N1).

mod batches;
mod method;
mod objective;
mod schedule;
mod source;
mod trainer;

pub use batches::{batches, draw_positives};
pub use method::{Method, TrainingError};
pub use schedule::{Clipping, Schedule};
pub use source::{Labelled, Source, TwoViews, Views};
pub use trainer::Trainer;
