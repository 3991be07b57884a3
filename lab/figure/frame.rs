//! The place of one panel on the page.

use super::Panel;
use super::measures::Rectangle;
use super::range::Ranges;
use super::ticks::Ticks;

/// Where one panel stands and what its axes show.
#[derive(Clone, Debug)]
pub struct Frame {
    pub plot: Rectangle,
    /// As positions on the scales.
    pub ranges: Ranges,
    pub x_ticks: Ticks,
    pub y_ticks: Ticks,
    pub colour_ticks: Ticks,
    /// Whether the labels of an axis are this panel's to show.
    pub shows_x: bool,
    pub shows_y: bool,
    /// Whether the name of an axis stands at this panel, rather than once for all.
    pub names_x: bool,
    pub names_y: bool,
    /// The names of the axes, in lines.
    pub x_name: Vec<String>,
    pub y_name: Vec<String>,
    pub title: Vec<String>,
    /// The left edge of the title: of the place of a picture, which may be wider than the picture.
    pub title_left: f64,
    /// Where the legend stands, if inside.
    pub legend: Option<Rectangle>,
}

impl Frame {
    /// The place of a pair of values on the page; `None` if either has no place on its scale.
    pub fn place(&self, panel: &Panel, x: f64, y: f64) -> Option<(f64, f64)> {
        let share = |at: f64, (low, high): (f64, f64)| (at - low) / (high - low);
        let x = share(panel.x.scale.position(x)?, self.ranges.x);
        let y = share(panel.y.scale.position(y)?, self.ranges.y);
        Some((self.plot.left + x * self.plot.width, self.plot.bottom() - y * self.plot.height))
    }
}
