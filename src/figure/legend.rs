//! Which series there are, how each looks, and where their names stand.

use super::layer::{Layer, Mark};
use super::layout::{Frame, Measures, Rectangle};
use super::palette::Style;
use super::text::{self, Weight};
use super::{Figure, Panel};

/// A name in a legend with the marks that it stands for.
#[derive(Clone, Debug)]
pub struct Entry {
    pub label: String,
    pub keys: Vec<(Key, Style)>,
}

/// The kinds of marks in a legend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Patch,
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
    for name in layers().filter(|layer| layer.style.is_none() && !layer.series().is_empty()).map(Layer::series) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Style::series(names.iter().position(|name| *name == layer.series()).unwrap_or(0))
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
        Mark::Band(_) | Mark::Bars(_) | Mark::Area(_) => Some(Key::Patch),
        Mark::HorizontalLine(_) | Mark::VerticalLine(_) | Mark::Raster(_) | Mark::Disc { .. } => None,
    }
}

/// The width of the sample before a name.
pub fn sample_width(measures: &Measures) -> f64 {
    2.6 * measures.text
}

/// The width of an entry: sample, gap and name.
fn entry_width(entry: &Entry, measures: &Measures) -> f64 {
    sample_width(measures) + measures.gap() + text::width(&entry.label, measures.text, Weight::Regular)
}

/// The place of a legend in the corner of a plot that holds no data, if there is one.
pub fn free_corner(panel: &Panel, frame: &Frame, entries: &[Entry], measures: &Measures) -> Option<Rectangle> {
    let width = entries.iter().map(|entry| entry_width(entry, measures)).fold(0.0, f64::max);
    let height = entries.len() as f64 * measures.line();
    let (plot, inset) = (frame.plot, 0.8 * measures.text);
    if width + 2.0 * inset > plot.width || height + 2.0 * inset > plot.height {
        return None;
    }
    let ink = ink(panel, frame);
    let (left, right) = (plot.left + inset, plot.right() - inset - width);
    let (top, bottom) = (plot.top + inset, plot.bottom() - inset - height);
    let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
    let middles = [((left + right) / 2.0, top), ((left + right) / 2.0, bottom)];
    let places = corners.into_iter().chain(middles).map(|(left, top)| Rectangle { left, top, width, height });
    let free = |place: &Rectangle| {
        let around = place.grown(0.55 * measures.text);
        !ink.iter().any(|&point| around.holds(point))
    };
    places.into_iter().find(free)
}

/// Points on the page that the layers of a panel cover, close enough together that no legend slips between.
pub fn ink(panel: &Panel, frame: &Frame) -> Vec<(f64, f64)> {
    const STEP: f64 = 2.0;
    let place = |x: f64, y: f64| frame.place(panel, x, y);
    let (bottom, top) = (frame.plot.bottom(), frame.plot.top);
    let mut ink = Vec::new();
    let mut stroke = |from: Option<(f64, f64)>, to: Option<(f64, f64)>| {
        if let (Some(from), Some(to)) = (from, to) {
            let steps = libm::ceil(libm::hypot(to.0 - from.0, to.1 - from.1) / STEP).clamp(1.0, 1000.0);
            ink.extend((0..=steps as usize).map(|step| {
                let share = step as f64 / steps;
                (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share)
            }));
        }
    };
    for layer in &panel.layers {
        match &layer.mark {
            Mark::Line(points) | Mark::Area(points) => {
                points.windows(2).for_each(|p| stroke(place(p[0].0, p[0].1), place(p[1].0, p[1].1)));
            }
            Mark::Path(points) => {
                points.windows(2).for_each(|p| stroke(place(p[0].0, p[0].1), place(p[1].0, p[1].1)));
            }
            Mark::Markers(points) => points.iter().for_each(|p| stroke(place(p.0, p.1), place(p.0, p.1))),
            Mark::ErrorBars(points) | Mark::Band(points) => {
                points.iter().for_each(|p| stroke(place(p.0, p.1), place(p.0, p.2)));
                for p in points.windows(2) {
                    stroke(place(p[0].0, p[0].1), place(p[1].0, p[1].1));
                    stroke(place(p[0].0, p[0].2), place(p[1].0, p[1].2));
                }
            }
            Mark::Bars(bars) => {
                for &(left, right, height) in bars {
                    let (Some(from), Some(to)) = (place(left, height), place(right, height)) else { continue };
                    let strips = libm::ceil((to.0 - from.0).abs() / STEP).max(1.0);
                    for strip in 0..=strips as usize {
                        let x = from.0 + (to.0 - from.0) * strip as f64 / strips;
                        stroke(Some((x, bottom)), Some((x, from.1)));
                    }
                }
            }
            Mark::HorizontalLine(y) => {
                let y = place(panel.x.scale.value(frame.ranges.x.0), *y).map(|at| at.1);
                stroke(y.map(|y| (frame.plot.left, y)), y.map(|y| (frame.plot.right(), y)));
            }
            Mark::VerticalLine(x) => {
                let x = place(*x, panel.y.scale.value(frame.ranges.y.0)).map(|at| at.0);
                stroke(x.map(|x| (x, top)), x.map(|x| (x, bottom)));
            }
            Mark::Raster(_) | Mark::Disc { .. } => {}
        }
    }
    ink
}

/// Entries side by side in rows as wide as the page; each with its upper left corner, and the height of all.
pub fn flow(entries: Vec<Entry>, measures: &Measures) -> (Vec<(Entry, (f64, f64))>, f64) {
    if entries.is_empty() {
        return (Vec::new(), 0.0);
    }
    let (start, gap) = (measures.margin + measures.gap(), 1.8 * measures.text);
    let (mut x, mut y) = (start, measures.gap());
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

/// A name beside the end of its line.
#[derive(Clone, Debug)]
pub struct EndLabel {
    pub label: String,
    /// Where the line ends.
    pub end: (f64, f64),
    /// The middle of the left edge of the name.
    pub place: (f64, f64),
    pub series: usize,
}

/// The names at the ends of the lines of a panel, moved apart where they would touch. `series` is the index of a layer.
pub fn end_labels(panel: &Panel, frame: &Frame, measures: &Measures) -> Vec<EndLabel> {
    let mut labels: Vec<EndLabel> = Vec::new();
    for (series, layer) in panel.layers.iter().enumerate() {
        let points: Vec<(f64, f64)> = match &layer.mark {
            Mark::Line(points) | Mark::Markers(points) => points.clone(),
            Mark::Path(points) => points.iter().map(|p| (p.0, p.1)).collect(),
            _ => continue,
        };
        let named = layer.label.is_empty() || labels.iter().any(|other| other.label == layer.label);
        let seen = points.iter().rev().filter_map(|p| frame.place(panel, p.0, p.1));
        let inside = frame.plot.grown(0.5);
        if let Some(end) = seen.into_iter().find(|&point| inside.holds(point)).filter(|_| !named) {
            let gap = measures.gap() + 0.3 * measures.text;
            labels.push(EndLabel { label: layer.label.clone(), end, place: (end.0 + gap, end.1), series });
        }
    }
    labels.sort_by(|a, b| a.end.1.total_cmp(&b.end.1));
    spread(&mut labels, frame.plot, 1.25 * measures.text);
    labels
}

/// Moves names apart, each as little as possible, within the height of the plot.
fn spread(labels: &mut [EndLabel], plot: Rectangle, distance: f64) {
    for index in 1..labels.len() {
        let least = labels[index - 1].place.1 + distance;
        labels[index].place.1 = labels[index].place.1.max(least);
    }
    let mut limit = plot.bottom();
    for label in labels.iter_mut().rev() {
        label.place.1 = label.place.1.min(limit);
        limit = label.place.1 - distance;
    }
}

/// How far the names at the ends of lines reach beyond the plot.
pub fn end_room(panel: &Panel, frame: &Frame, measures: &Measures) -> f64 {
    let labels = end_labels(panel, frame, measures);
    let reach = labels
        .iter()
        .map(|label| label.place.0 + text::width(&label.label, measures.text, Weight::Regular) - frame.plot.right());
    reach.fold(0.0, f64::max)
}
