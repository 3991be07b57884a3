//! Checks for what users add: one call says whether an addition keeps the promises that the rest of the crate relies on.
//!
//! ```
//! use embedding_norms::{check, loss::NtXent, optimizer::HeavyBall, random::generator, simulation::Start, sphere::uniform};
//! let mut random = generator(1, b"example", 0);
//! let start = Start::pairs(uniform(8, 5, &mut random)? * 3.0, uniform(8, 5, &mut random)? * 0.5);
//! let report = check::loss::check(&NtXent::new(0.5)?, &start, 1)?;
//! assert!((report.taylor_slope - 2.0).abs() < 0.1); // the gradient is that of the value
//! check::optimizer::check(&HeavyBall::new(0.9)?)?; // the degrees are those of the rule
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod loss;
pub mod optimizer;
