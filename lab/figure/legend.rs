//! Which series there are, how each looks, and where their names stand.

use super::frame::Frame;
use super::labels;
use super::layer::{Layer, Mark};
use super::measures::{Measures, Rectangle};
use super::palette::Style;
use super::text::{self, Weight};
use super::{Figure, Panel};

/// A name in a legend with the marks that it stands for.
#[derive(Clone, Debug)]
pub struct Entry {
    pub label: String,
    pub keys: Vec<(Key, Style)>,
}

/// An entry with its upper left corner.
pub type Placed = (Entry, (f64, f64));

/// The kinds of marks in a legend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Patch,
    Bar,
    Line,
    Interval,
    Marker,
}

/// The look of a layer: its own, or that of its series.
pub fn style(figure: &Figure, layer: &Layer) -> Style {
    if let Some(style) = layer.style {
        return style;
    }
    let layers = || figure.panels.iter().flat_map(|panel| &panel.layers);
    if let Some(like) = &layer.like
        && let Some(style) = layers().find(|other| other.label == *like).and_then(|other| other.style)
    {
        return style;
    }
    let mut names: Vec<&str> = Vec::new();
    for name in layers().filter(|layer| takes_series(layer)).map(Layer::series) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Style::series(names.iter().position(|name| *name == layer.series()).unwrap_or(0))
}

/// Whether a layer counts among the series, which the house gives a look each.
fn takes_series(layer: &Layer) -> bool {
    let pictured = matches!(layer.mark, Mark::Raster(_) | Mark::Image(_) | Mark::Disc { .. });
    layer.style.is_none() && !layer.series().is_empty() && !pictured
}

/// The entries of a legend for these panels: each label once, in the order of the layers.
pub fn entries<'a>(figure: &Figure, panels: impl Iterator<Item = &'a Panel>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for layer in panels.flat_map(|panel| &panel.layers) {
        let Some(key) = key(layer).filter(|_| !layer.label.is_empty()) else { continue };
        let look = (key, style(figure, layer));
        match entries.iter_mut().find(|entry| entry.label == layer.label) {
            Some(entry) if entry.keys.contains(&look) => {}
            Some(entry) => entry.keys.push(look),
            None => entries.push(Entry { label: layer.label.clone(), keys: vec![look] }),
        }
    }
    for entry in &mut entries {
        entry.keys.sort_by_key(|(key, _)| *key);
    }
    entries
}

fn key(layer: &Layer) -> Option<Key> {
    match layer.mark {
        Mark::Line(_) | Mark::Path(_) => Some(Key::Line),
        Mark::Markers(_) => Some(Key::Marker),
        Mark::ErrorBars(_) => Some(Key::Interval),
        Mark::Band(_) | Mark::Area(_) => Some(Key::Patch),
        Mark::Bars(_) => Some(Key::Bar),
        Mark::HorizontalLine(_) | Mark::VerticalLine(_) => None,
        Mark::Raster(_) | Mark::Image(_) | Mark::Disc { .. } => None,
    }
}

/// The least size and opacity of a marker beside its name: those of a cloud of points would be specks.
const LEAST_MARKER: (f64, f64) = (0.9, 0.85);

/// A style whose markers can be told apart one at a time.
pub fn enlarged(style: &Style) -> Style {
    let (size, opacity) = LEAST_MARKER;
    style.size(style.size.max(size)).opacity(style.opacity.max(opacity))
}

/// The width of the sample before a name.
pub fn sample_width(measures: &Measures) -> f64 {
    2.6 * measures.text
}

/// The width of an entry: sample, gap and name.
fn entry_width(entry: &Entry, measures: &Measures) -> f64 {
    sample_width(measures) + measures.gap() + text::width(&entry.label, measures.text, Weight::Regular)
}

/// The place of a legend in a part of the plot that holds no data, a corner if possible; `None` if there is none.
pub fn free_place(panel: &Panel, frame: &Frame, entries: &[Entry], measures: &Measures) -> Option<Rectangle> {
    const STEPS: i32 = 8;
    let width = entries.iter().map(|entry| entry_width(entry, measures)).fold(0.0, f64::max);
    let height = entries.len() as f64 * measures.line();
    let (plot, inset) = (frame.plot, 0.8 * measures.text);
    if width + 2.0 * inset > plot.width || height + 2.0 * inset > plot.height {
        return None;
    }
    let ink = labels::ink(panel, frame);
    let notes = labels::note_places(panel, frame, measures);
    let (left, right) = (plot.left + inset, plot.right() - inset - width);
    let (top, bottom) = (plot.top + inset, plot.bottom() - inset - height);
    // Corners first, then ever farther from them.
    let mut shares: Vec<(i32, i32)> = (0..=STEPS).flat_map(|x| (0..=STEPS).map(move |y| (x, y))).collect();
    shares.sort_by_key(|&(x, y)| x.min(STEPS - x) + y.min(STEPS - y));
    let along = |from: f64, to: f64, share: i32| from + (to - from) * f64::from(share) / f64::from(STEPS);
    let mut places = shares.into_iter().map(|(x, y)| Rectangle {
        left: along(left, right, x),
        top: along(top, bottom, y),
        width,
        height,
    });
    let free = |place: &Rectangle| {
        let around = place.grown(0.55 * measures.text);
        !ink.iter().any(|&point| around.holds(point)) && !notes.iter().any(|note| around.meets(*note))
    };
    places.find(free)
}

/// Entries side by side in rows as wide as the page; each with its upper left corner, and the height of all.
pub fn flow(entries: Vec<Entry>, measures: &Measures) -> (Vec<Placed>, f64) {
    if entries.is_empty() {
        return (Vec::new(), 0.0);
    }
    let (start, gap) = (measures.margin + measures.gap(), 1.8 * measures.text);
    let (mut x, mut y) = (start, 2.0 * measures.gap());
    let mut placed = Vec::new();
    for entry in entries {
        let width = entry_width(&entry, measures);
        if x > start && x + width > measures.width - measures.margin {
            (x, y) = (start, y + measures.line());
        }
        placed.push((entry, (x, y)));
        x += width + gap;
    }
    (placed, y + measures.line() + measures.gap())
}
