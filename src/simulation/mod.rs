//! The descent loop: what does happen, step by step, to vectors in R^d. Single-threaded and pure: the same settings and
//! the same start give the same bytes. Knows nothing of threads and files.
//!
//! [`Descent`] takes any loss and any optimizer through the small rooms of this crate. [`PairDescent`] is the fused
//! kernel for pairs under plain gradient descent of the cosine, bit for bit the same and an order of magnitude faster.
//! Both are driven by one loop, [`StopRules`] that say which one ended the run, and a [`Cadence`] of records.

mod descent;
mod kernel;
mod motion;
mod pairs;
mod persistent;
mod record;
mod rows;
mod run;
mod stop;

pub use descent::{Descent, SimulationError, Start};
pub use pairs::PairDescent;
pub use persistent::{Averages, PersistentDescent, PersistentRun};
pub use record::{Cadence, Record};
pub use run::Outcome;
pub use stop::{Stop, StopRules};
