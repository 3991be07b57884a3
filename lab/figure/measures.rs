//! The measures of a page: rectangles, sizes of text, gaps.

use super::Size;
use super::text::CAPITAL;

/// A rectangle on the page.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rectangle {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

impl Rectangle {
    /// The rectangle with these two opposite corners.
    pub fn between(one: (f64, f64), other: (f64, f64)) -> Self {
        Self {
            left: one.0.min(other.0),
            top: one.1.min(other.1),
            width: (one.0 - other.0).abs(),
            height: (one.1 - other.1).abs(),
        }
    }

    /// Whether two rectangles have a point in common.
    pub fn meets(self, other: Self) -> bool {
        self.left < other.right() && other.left < self.right() && self.top < other.bottom() && other.top < self.bottom()
    }

    /// By how much across and down this has to move to lie in another one; where it is too large, to begin with it.
    pub fn shift_into(self, other: Self) -> (f64, f64) {
        let shift = |from: f64, to: f64, low: f64, high: f64| (high - to).min(0.0).max(low - from);
        (
            shift(self.left, self.right(), other.left, other.right()),
            shift(self.top, self.bottom(), other.top, other.bottom()),
        )
    }

    pub fn right(self) -> f64 {
        self.left + self.width
    }

    pub fn bottom(self) -> f64 {
        self.top + self.height
    }

    pub fn holds(self, (x, y): (f64, f64)) -> bool {
        self.left <= x && x <= self.right() && self.top <= y && y <= self.bottom()
    }

    /// The room of a line of text whose base line begins here.
    pub fn of_text((left, base): (f64, f64), width: f64, size: f64) -> Self {
        Self { left, top: base - CAPITAL * size, width, height: (CAPITAL + 0.2) * size }
    }

    /// Larger by this much on every side.
    pub fn grown(self, by: f64) -> Self {
        Self { left: self.left - by, top: self.top - by, width: self.width + 2.0 * by, height: self.height + 2.0 * by }
    }
}

/// The measures of a size: all in points.
#[derive(Clone, Copy, Debug)]
pub struct Measures {
    pub width: f64,
    /// The height that must not be exceeded.
    pub height: f64,
    /// The size of the text.
    pub text: f64,
    pub title: f64,
    /// How much thicker lines are than in a paper.
    pub stroke: f64,
    pub margin: f64,
}

impl Measures {
    pub fn of(size: Size) -> Self {
        let (width, height, text, title, stroke, margin) = match size {
            Size::OneColumn => (244.0, 660.0, 7.0, 7.6, 0.9, 3.0),
            Size::TwoColumns => (504.0, 660.0, 7.6, 8.4, 1.0, 4.0),
            Size::Slides => (960.0, 540.0, 16.5, 18.0, 2.1, 16.0),
        };
        Self { width, height, text, title, stroke, margin }
    }

    /// The distance of lines of text.
    pub fn line(&self) -> f64 {
        1.3 * self.text
    }

    pub fn title_line(&self) -> f64 {
        1.3 * self.title
    }

    /// The length of a tick.
    pub fn tick(&self) -> f64 {
        0.33 * self.text
    }

    /// The gap between a mark and the text that belongs to it.
    pub fn gap(&self) -> f64 {
        0.45 * self.text
    }

    /// The gap between a plot and its colour bar.
    pub fn bar_offset(&self) -> f64 {
        0.9 * self.text
    }

    /// The width of a colour bar.
    pub fn bar_width(&self) -> f64 {
        1.1 * self.text
    }
}
