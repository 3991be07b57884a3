//! The descent loop: what does happen, step by step, to vectors in R^d. Single-threaded and pure: the same settings and
//! the same start give the same bytes. Knows nothing of threads and files.
//!
//! ```
//! use embedding_norms::{loss::NegativeCosine, optimizer::GradientDescent, simulation::*};
//! use ndarray::array;
//! // A pair at a right angle: at twice the norm it takes about four times the steps.
//! let steps = |norm: f64| -> Result<u64, Box<dyn std::error::Error>> {
//!     let start = Start::pairs(array![[norm, 0.0]], array![[0.0, norm]]);
//!     let stops = StopRules::budget(10_000).mean_cosine(1e-3)?;
//!     Ok(Descent::new(&NegativeCosine::symmetric(), &GradientDescent, 0.02)?.run(start, &stops)?.steps)
//! };
//! assert_eq!((steps(1.0)?, steps(2.0)?), (95, 380));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Descent`] takes any loss and any optimizer through the modules of this crate. [`PairDescent`] is the fused
//! kernel for pairs under plain gradient descent of the cosine, bit for bit the same and an order of magnitude faster.
//! Both are driven by one loop, [`StopRules`] that say which one ended the run, and a [`Cadence`] of records.

mod descent;
mod gradient;
mod kernel;
mod motion;
mod pairs;
mod persistent;
mod record;
mod rows;
mod run;
mod stop;

pub use descent::{Descent, SimulationError, Start, StartView};
pub use gradient::{Gradient, gradient};
pub use pairs::PairDescent;
pub use persistent::{Averages, PersistentDescent, PersistentRun};
pub use record::{Cadence, Record};
pub use run::Outcome;
pub use stop::{Stop, StopRules};
