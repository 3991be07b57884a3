//! Names along an axis, of rules, tasks or angles: unlike numbers, none of them can be guessed from its neighbours, so all
//! are shown: in one line, broken into lines, or upright.

use super::axis::Axis;
use super::measures::Measures;
use super::text::{self, Weight};
use super::ticks::{self, Room, Ticks};

/// The ticks of an x axis of this length with all its names, if there is a way to show them; else as many as fit.
pub fn across(axis: &Axis, range: (f64, f64), length: f64, measures: &Measures) -> Ticks {
    let (size, gap) = (measures.text, 1.3 * measures.text);
    let extent = |label: &str| width(label, size);
    let room = Room { length, extent: &extent, gap, spacing: 3.4 * size };
    let plain = ticks::ticks(axis, range, room);
    if !axis.named || dropped(axis, &plain) == 0 {
        return plain;
    }
    let share = length / plain.labelled.len().max(1) as f64;
    let broken =
        Axis { ticks: axis.ticks.as_deref().map(|ticks| broken(ticks, share - 0.7 * size, size)), ..axis.clone() };
    let lines = ticks::ticks(&broken, range, Room { gap: 0.6 * size, ..room });
    if dropped(axis, &lines) == 0 {
        return lines;
    }
    let thin = |_: &str| size;
    let upright = ticks::ticks(axis, range, Room { extent: &thin, gap: 0.2 * size, ..room });
    Ticks { upright: true, ..upright }
}

/// The same ticks with their names in lines that are no wider than this.
fn broken(ticks: &[(f64, String)], limit: f64, size: f64) -> Vec<(f64, String)> {
    let lines = |name: &str| text::wrap(name, size, Weight::Regular, limit).join("\n");
    ticks.iter().map(|(value, name)| (*value, lines(name))).collect()
}

/// How many ticks lost their names.
pub fn dropped(axis: &Axis, ticks: &Ticks) -> usize {
    let empty = |ticks: &[(f64, String)]| ticks.iter().filter(|(_, name)| name.is_empty()).count();
    empty(&ticks.labelled).saturating_sub(empty(axis.ticks.as_deref().unwrap_or_default()))
}

/// The width of the widest line of a label.
pub fn width(label: &str, size: f64) -> f64 {
    label.split('\n').map(|line| text::width(line, size, Weight::Regular)).fold(0.0, f64::max)
}

/// How far the labels of an x axis reach below its ticks.
pub fn depth(ticks: &Ticks, measures: &Measures) -> f64 {
    let labels = || ticks.labelled.iter().map(|(_, label)| label);
    if ticks.upright {
        return labels().map(|label| width(label, measures.text)).fold(0.0, f64::max) + 0.4 * measures.text;
    }
    labels().map(|label| label.split('\n').count()).max().unwrap_or(1) as f64 * measures.line()
}
