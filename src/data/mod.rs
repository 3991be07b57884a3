//! Data sets to train on, with the random changes that make views of a sample, and readers of a user's own images and
//! embeddings. Knows nothing of losses and of training.
//!
//! ```
//! use embedding_norms::{data::mixture::Mixture, random::generator};
//! // Three classes on the sphere in 8 dimensions, the first as frequent as both others together.
//! let drawn = Mixture::new(&[2.0, 1.0, 1.0], 0.3, 8)?.draw(100, &mut generator(1, b"example", 0))?;
//! assert_eq!(drawn.features.dim(), (100, 8));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod augmentation;
#[cfg(feature = "digits")]
pub mod digits;
#[cfg(feature = "readers")]
pub mod embeddings;
#[cfg(feature = "readers")]
pub mod images;
pub mod mixture;
pub mod photo;
