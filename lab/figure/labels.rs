//! Texts inside and beside a plot: names of lines at their ends, names of reference values, notes.

use plotters::style::text_anchor::HPos;

use super::frame::Frame;
use super::layer::{Layer, Mark};
use super::measures::{Measures, Rectangle};
use super::text::{self, CAPITAL, Weight};
use super::{Note, Panel, Side};

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
            Mark::Raster(_) | Mark::Image(_) | Mark::Disc { .. } => {}
        }
    }
    ink
}

/// The place of the base line of a note, and the end of the note that is there. A note of something in the plot stays in
/// the plot, tag and all, wherever its side would lead; captions of pictures stay where they are.
pub fn note_place(panel: &Panel, frame: &Frame, note: &Note, measures: &Measures) -> Option<((f64, f64), HPos)> {
    let (x, y) = frame.place(panel, note.x, note.y)?;
    let (gap, capital) = (measures.gap() + 1.5 * measures.stroke, CAPITAL * measures.text);
    let (place, anchor) = match note.side {
        Side::Above => ((x, y - gap), HPos::Center),
        Side::Below => ((x, y + gap + capital), HPos::Center),
        Side::Left => ((x - gap, y + capital / 2.0), HPos::Right),
        Side::Right => ((x + gap, y + capital / 2.0), HPos::Left),
    };
    // What is in a corner is in the plot, whatever rounding says.
    let has_pictures = panel.layers.iter().any(|layer| matches!(layer.mark, Mark::Image(_)));
    if has_pictures || !frame.plot.grown(1e-6).holds((x, y)) {
        return Some((place, anchor));
    }
    let room = note_room(&note.text, place, anchor, measures);
    let margin = if panel.raster().is_some() { 0.6 } else { 0.3 } * measures.text;
    let (across, down) = room.grown(margin).shift_into(frame.plot);
    Some(((place.0 + across, place.1 + down), anchor))
}

/// The space of a note whose base line begins, is centred or ends at a place.
fn note_room(note: &str, (x, y): (f64, f64), anchor: HPos, measures: &Measures) -> Rectangle {
    let width = text::width(note, measures.text, Weight::Regular);
    let left = match anchor {
        HPos::Left => x,
        HPos::Center => x - width / 2.0,
        HPos::Right => x - width,
    };
    Rectangle::of_text((left, y), width, measures.text)
}

/// The space that the notes of a panel take.
pub fn note_places(panel: &Panel, frame: &Frame, measures: &Measures) -> Vec<Rectangle> {
    let room = |note: &Note| {
        let (place, anchor) = note_place(panel, frame, note, measures)?;
        Some(note_room(&note.text, place, anchor, measures))
    };
    panel.notes.iter().filter_map(room).collect()
}

/// Where the name of a reference value stands: beside its line, where it covers the least.
pub fn reference_place(panel: &Panel, frame: &Frame, layer: &Layer, measures: &Measures) -> Option<(f64, f64)> {
    const FORBIDDEN: usize = 100_000;
    let plot = frame.plot;
    let width = text::width(&layer.label, measures.text, Weight::Regular);
    let (capital, gap) = (CAPITAL * measures.text, 0.4 * measures.text);
    let (left, low) = (panel.x.scale.value(frame.ranges.x.0), panel.y.scale.value(frame.ranges.y.0));
    let places: Vec<(f64, f64)> = match layer.mark {
        Mark::HorizontalLine(y) => {
            let (_, y) = frame.place(panel, left, y)?;
            // The ends and the middle first, then what lies between.
            let free = (plot.width - width - 2.0 * gap).max(0.0);
            let shares = [1.0, 0.0, 0.5].into_iter().chain((1..16).map(|part| f64::from(part) / 16.0));
            let sides: Vec<f64> = shares.map(|share| plot.left + gap + share * free).collect();
            sides.iter().flat_map(|&x| [(x, y - gap), (x, y + gap + capital)]).collect()
        }
        Mark::VerticalLine(x) => {
            let (x, _) = frame.place(panel, x, low)?;
            let heights = [plot.top + gap + capital, plot.bottom() - gap, plot.top + (plot.height + capital) / 2.0];
            heights.iter().flat_map(|&y| [(x + gap, y), (x - gap - width, y)]).collect()
        }
        _ => return None,
    };
    let ink = ink(panel, frame);
    let taken: Vec<Rectangle> = note_places(panel, frame, measures).into_iter().chain(frame.legend).collect();
    let cost = |&place: &(f64, f64)| {
        let room = Rectangle::of_text(place, width, measures.text);
        let corners = [(room.left, room.top), (room.right(), place.1)];
        let outside = corners.into_iter().any(|corner| !plot.holds(corner));
        let hidden = taken.iter().any(|other| other.meets(room));
        let covered = ink.iter().filter(|&&point| room.grown(0.1 * measures.text).holds(point)).count();
        covered + if outside || hidden { FORBIDDEN } else { 0 }
    };
    places.into_iter().min_by_key(cost)
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
    let mut limit = plot.bottom() - 0.4 * distance;
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
