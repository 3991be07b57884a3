//! How many panels stand side by side: as the figure wishes, unless names have no room there or plots would be flat.

use super::frame::Frame;
use super::measures::Measures;
use super::{Figure, names};

/// Plots flatter than this hide slopes: more of them side by side are better.
const LEAST_ASPECT: f64 = 0.36;

/// The numbers of panels side by side to be tried, the usual one first.
pub fn candidates(figure: &Figure, measures: &Measures) -> Vec<usize> {
    let wanted = figure.columns.min(figure.panels.len());
    let most = |least: f64| libm::floor((measures.width / (least * measures.text)).max(1.0)) as usize;
    let usual = wanted.min(most(if figure.shared { 12.0 } else { 22.0 }));
    // A row that is not full looks like a mistake: fewer panels side by side are better.
    let full = |columns: &usize| figure.panels.len().is_multiple_of(*columns);
    let usual = if usual < figure.columns { (1..=usual).rev().find(full).unwrap_or(1) } else { usual };
    std::iter::once(usual).chain((1..usual).rev()).chain(usual + 1..=wanted.min(most(12.0))).collect()
}

/// What is wrong with a layout.
pub struct Faults {
    /// Names that have no room.
    dropped: usize,
    /// By how much the plots are too flat.
    flat: f64,
}

impl Faults {
    pub fn of(frames: &[Frame], figure: &Figure) -> Self {
        let named = frames.iter().zip(&figure.panels).flat_map(|(frame, panel)| {
            let x = (frame.shows_x && panel.x.named).then_some((&panel.x, &frame.x_ticks));
            let y = (frame.shows_y && panel.y.named).then_some((&panel.y, &frame.y_ticks));
            x.into_iter().chain(y)
        });
        let dropped = named.map(|(axis, ticks)| names::dropped(axis, ticks)).sum();
        let aspects = frames.iter().map(|frame| frame.plot.height / frame.plot.width);
        let flattest = aspects.fold(f64::INFINITY, f64::min);
        Self { dropped, flat: (LEAST_ASPECT.min(figure.aspect) - flattest).max(0.0) }
    }

    /// Whether nothing is wrong.
    pub fn are_none(&self) -> bool {
        self.dropped == 0 && self.flat < 1e-6
    }

    /// Whether less is wrong than with another layout; a name without room is worse than a flat plot.
    pub fn fewer_than(&self, other: &Self) -> bool {
        (self.dropped, self.flat) < (other.dropped, other.flat)
    }
}
