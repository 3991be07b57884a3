//! Published numbers that the simulations are compared with, compiled into the library, with their provenance.

use serde::Deserialize;

use crate::table::{Table, TableError};

/// The step counts printed in the authors' public notebook, with a header that says how they were made.
pub const PUBLISHED_STEPS: &str = include_str!("published_steps.csv");

/// One published step count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PublishedCount {
    /// The norm of both members, or the initial angle in radians, after the sweep.
    pub x: f64,
    /// Steps until the mean cosine reached 1 − 10⁻³.
    pub steps: f64,
}

/// The published counts of one sweep, `norm` or `angle`.
///
/// # Errors
/// Only if the compiled-in file were malformed.
pub fn published(sweep: &str) -> Result<Vec<PublishedCount>, TableError> {
    let rows: Vec<PublishedRow> = Table::read_csv(PUBLISHED_STEPS.as_bytes())?.typed()?;
    let rows = rows.into_iter().filter(|row| row.sweep == sweep);
    Ok(rows.map(|row| PublishedCount { x: row.x, steps: row.steps }).collect())
}

/// A row of the file.
#[derive(Deserialize)]
struct PublishedRow {
    sweep: String,
    x: f64,
    steps: f64,
}
