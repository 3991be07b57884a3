//! Progress on stderr, on a terminal only.

use std::fmt::Write;
use std::io::IsTerminal;

use embedding_norms_lab::sweep::Progress;
use indicatif::{HumanDuration, ProgressBar, ProgressState, ProgressStyle};

/// A bar that counts predicted cost, so that the time left is right where units differ in size.
pub struct Bar(Option<ProgressBar>);

/// The bar's resolution.
const PARTS: f64 = 10_000.0;

impl Bar {
    /// A bar for a simulation; none if nobody would see it.
    pub fn new(simulation: &str, quiet: bool) -> Self {
        if quiet || !std::io::stderr().is_terminal() {
            return Self(None);
        }
        let template = "{prefix:>20} {wide_bar} {percent:>3}% {msg} {left}";
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let style = style.with_key("left", left);
        Self(Some(ProgressBar::new(PARTS as u64).with_style(style).with_prefix(simulation.to_owned())))
    }

    /// Shows how far the run is.
    pub fn show(&self, progress: Progress) {
        if let Some(bar) = &self.0 {
            let share = if progress.cost_total > 0.0 { progress.cost_finished / progress.cost_total } else { 1.0 };
            bar.set_position((PARTS * share) as u64);
            bar.set_message(format!("{}/{} units,", progress.finished, progress.total));
        }
    }

    /// Shows how much of a run of known length is done.
    pub fn show_share(&self, done: u64, total: u64, what: &str) {
        if let Some(bar) = &self.0 {
            bar.set_position((PARTS * done as f64 / total as f64) as u64);
            bar.set_message(format!("{done}/{total} {what},"));
        }
    }

    /// Removes the bar.
    pub fn finish(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// The time left, which nothing tells before a first unit is done.
fn left(state: &ProgressState, out: &mut dyn Write) {
    let written = match state.pos() {
        0 => Ok(()),
        _ => write!(out, "{:#} left", HumanDuration(state.eta())),
    };
    // Writing to the text of a line does not fail.
    written.unwrap_or_default();
}
