//! Norms as confidence (statement S5): what the norm of an embedding is compared with, and how.
//!
//! ```
//! use embedding_norms::confidence::{auroc, spearman};
//! // Short embeddings where the loss is large: a rank correlation of −1.
//! assert!(spearman(&[0.5, 1.0, 2.0, 4.0], &[3.0, 2.0, 1.0, 0.0])? < -0.999);
//! // How often a known sample is longer than an unknown one; ties count half.
//! assert_eq!(auroc(&[3.0, 1.0], &[0.0, 1.0])?, 0.875);
//! # Ok::<(), embedding_norms::confidence::ConfidenceError>(())
//! ```
//!
//! | question | answer |
//! |---|---|
//! | Is the neighbourhood of an embedding crowded, and of one class? | [`Neighbours`] |
//! | Are norms correlated with something, within classes, and given covariates? | [`spearman`], [`spearman_within`], [`spearman_given`], [`spearman_interval`] |
//! | Does a small norm separate one set from another? | [`auroc`] |
//! | What is true of short embeddings, and of long ones? | [`quantile_groups`], [`group_means`] |
//! | How certain is that? | [`bootstrap`], [`shuffle_control`] |
//! | Have the embeddings collapsed? | [`effective_rank`], [`mean_cosine`] |
//!
//! The module knows nothing of training: embeddings come in as rows of a matrix, measures as plain numbers.

mod collapse;
mod error;
mod neighbours;
mod quantiles;
mod ranks;
mod resampling;
mod separation;

pub use collapse::{effective_rank, mean_cosine};
pub use error::ConfidenceError;
pub use neighbours::Neighbours;
pub use quantiles::{group_means, quantile_groups};
pub use ranks::{WithinGroups, spearman, spearman_given, spearman_interval, spearman_within};
pub use resampling::{ShuffleControl, Strata, bootstrap, shuffle_control};
pub use separation::auroc;
