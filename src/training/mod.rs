//! The loop that trains encoders: batches as a data loader makes them, a loss of directions, the pullback through the
//! norm (statement G1), backpropagation, an update rule.
//!
//! ```
//! use embedding_norms::{encoder::Network, loss::SupervisedInfoNce, optimizer::GradientDescent, random::generator, training::*};
//! use ndarray::array;
//! let features = array![[1.0, 0.2], [0.9, 0.1], [-0.3, 1.0], [0.0, 1.1]];
//! let source = Labelled::new(features.view(), &[0, 0, 1, 1]);
//! let mut random = generator(0, b"example", 0);
//! let loss = SupervisedInfoNce::one_positive(1.0)?;
//! let method = Method::new(&loss, &GradientDescent, 0.1)?;
//! let mut trainer = Trainer::new(Network::draw(&[2, 8, 3], true, &mut random), method)?;
//! let losses: Vec<f64> = (0..100).map(|_| Ok(trainer.epoch(&source, 4, &mut random)?.unwrap())).collect::<Result<_, TrainingError>>()?;
//! assert!(losses[99] < losses[0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Learning rates here are a framework's η on the *mean* of the loss over a batch of n rows, as in published settings;
//! per embedding that is γ = η/n (convention N1).

mod batches;
mod checkpoint;
mod method;
mod objective;
mod schedule;
mod source;
mod trainer;

pub use batches::{batches, draw_positives};
pub use checkpoint::Checkpoint;
pub use method::{Method, TrainingError};
pub use schedule::{Clipping, Schedule};
pub use source::{Labelled, Source, TwoViews, Views};
pub use trainer::Trainer;
