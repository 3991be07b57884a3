//! Where everything stands, in points from the upper left corner.

use super::axis::{Axis, Scale};
use super::columns::{self, Faults};
use super::frame::Frame;
use super::labels;
use super::legend::{self, Placed};
use super::measures::{Measures, Rectangle};
use super::names;
use super::range::{self, Ranges};
use super::text::{self, Weight};
use super::ticks::{self, Room, Ticks};
use super::{Figure, FigureError, Legend, Panel, Size};

/// The whole page.
#[derive(Clone, Debug)]
pub struct Layout {
    pub measures: Measures,
    pub height: f64,
    pub title: Vec<String>,
    pub frames: Vec<Frame>,
    /// Entries of the legend below all panels, each with its upper left corner.
    pub below: Vec<Placed>,
    pub caption: Vec<String>,
    /// The base line of the first line of the caption.
    pub caption_top: f64,
}

/// The room around a plot.
#[derive(Clone, Copy, Debug, Default)]
struct Surround {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

/// Lays a figure out, with the first number of columns at which all names have room and no plot is flat, or else with the
/// one that comes nearest to that.
pub fn layout(figure: &Figure, size: Size) -> Result<Layout, FigureError> {
    if figure.panels.is_empty() {
        let figure = figure.title.as_ref().unwrap_or(&figure.alternative_text).clone();
        return Err(FigureError::NoPanels { figure });
    }
    let ranges = range::ranges(figure)?;
    // Small multiples show the same series: one legend is enough.
    let legend = |panel: &Panel| match panel.legend {
        Legend::Inside if figure.shared => Legend::Below,
        chosen => chosen,
    };
    let legends: Vec<Legend> = figure.panels.iter().map(legend).collect();
    let mut best: Option<(Faults, Layout)> = None;
    for columns in columns::candidates(figure, &Measures::of(size)) {
        let page = with_legends(figure, size, &ranges, legends.clone(), columns);
        let faults = Faults::of(&page.frames, figure);
        if faults.are_none() {
            return Ok(page);
        }
        if best.as_ref().is_none_or(|(least, _)| faults.fewer_than(least)) {
            best = Some((faults, page));
        }
    }
    let missing = || FigureError::NoPanels { figure: figure.alternative_text.clone() };
    best.map(|(_, page)| page).ok_or_else(missing)
}

/// The page with its legends inside the plots where they asked to be, or else all of those below.
fn with_legends(figure: &Figure, size: Size, ranges: &[Ranges], mut legends: Vec<Legend>, columns: usize) -> Layout {
    loop {
        let mut page = Page::new(figure, size, ranges, &legends, columns).arranged();
        if place_legends(figure, &mut page, &legends) {
            return page;
        }
        for legend in legends.iter_mut().filter(|legend| **legend == Legend::Inside) {
            *legend = Legend::Below;
        }
    }
}

/// Puts each inner legend where it covers no data; false if one of them finds no such place.
fn place_legends(figure: &Figure, page: &mut Layout, legends: &[Legend]) -> bool {
    for (index, panel) in figure.panels.iter().enumerate() {
        let entries = legend::entries(figure, std::iter::once(panel));
        if legends[index] == Legend::Inside && !entries.is_empty() {
            page.frames[index].legend = legend::free_place(panel, &page.frames[index], &entries, &page.measures);
            if page.frames[index].legend.is_none() {
                return false;
            }
        }
    }
    true
}

struct Page<'a> {
    figure: &'a Figure,
    measures: Measures,
    columns: usize,
    legends: &'a [Legend],
    frames: Vec<Frame>,
}

impl<'a> Page<'a> {
    fn new(figure: &'a Figure, size: Size, ranges: &[Ranges], legends: &'a [Legend], columns: usize) -> Self {
        let measures = Measures::of(size);
        let alike = |axis: fn(&Panel) -> &Axis| {
            figure.shared && figure.panels.iter().all(|panel| axis(panel).same_quantity(axis(&figure.panels[0])))
        };
        let (one_x, one_y) = (alike(|panel| &panel.x), alike(|panel| &panel.y));
        let frames = figure
            .panels
            .iter()
            .enumerate()
            .map(|(index, panel)| {
                let below = figure.panels.get(index + columns);
                let left = (index % columns > 0).then(|| &figure.panels[index - 1]);
                let covered_x = figure.shared && below.is_some_and(|below| panel.x.same_quantity(&below.x));
                let covered_y = figure.shared && left.is_some_and(|left| panel.y.same_quantity(&left.y));
                let (shows_x, shows_y) = (panel.x.shown && !covered_x, panel.y.shown && !covered_y);
                Frame {
                    plot: Rectangle::default(),
                    ranges: ranges[index],
                    x_ticks: Ticks::default(),
                    y_ticks: Ticks::default(),
                    colour_ticks: Ticks::default(),
                    shows_x,
                    shows_y,
                    names_x: shows_x && !one_x,
                    names_y: shows_y && !one_y,
                    x_name: vec![panel.x.label.clone()],
                    y_name: vec![panel.y.label.clone()],
                    title: Vec::new(),
                    title_left: 0.0,
                    legend: None,
                }
            })
            .collect();
        Self { figure, measures, columns, legends, frames }
    }

    fn arranged(mut self) -> Layout {
        let m = self.measures;
        let width = m.width - 2.0 * m.margin;
        let title = self.figure.title.as_deref().unwrap_or("");
        let title = text::wrap(title, 1.12 * m.title, Weight::Bold, width);
        let caption = text::filled(self.figure.caption.as_deref().unwrap_or(""), 0.92 * m.text, Weight::Regular, width);
        let top = m.margin + if title.is_empty() { 0.0 } else { title.len() as f64 * 1.12 * m.title_line() + m.gap() };
        let named = self.figure.panels.iter().zip(self.legends).filter(|(_, legend)| **legend == Legend::Below);
        let entries = legend::entries(self.figure, named.map(|(panel, _)| panel));
        let (below, below_height) = legend::flow(entries, &m);
        let foot = below_height + caption.len() as f64 * m.line() + if caption.is_empty() { 0.0 } else { m.gap() };
        let bottom = self.arrange_plots(top, m.height - foot - m.margin);
        self.fit_pictures();
        let below = below.into_iter().map(|(entry, (x, y))| (entry, (x, y + bottom))).collect();
        Layout {
            measures: m,
            height: bottom + foot + m.margin,
            title,
            frames: self.frames,
            below,
            caption,
            caption_top: bottom + below_height + m.gap(),
        }
    }

    /// Fills the page with plots from `top` on, at most to `limit`, and says where they end.
    ///
    /// Ticks need the size of the plots, and the plots leave room for the ticks: a few rounds settle both.
    fn arrange_plots(&mut self, top: f64, limit: f64) -> f64 {
        const ROUNDS: usize = 5;
        let m = self.measures;
        let (columns, rows) = (self.columns, self.figure.panels.len().div_ceil(self.columns));
        let (column_gap, row_gap) = (1.4 * m.text, 1.1 * m.text);
        let guess = 0.8 * m.width / columns as f64;
        let mut size = (guess, guess * self.figure.aspect);
        let mut bottom = top;
        for _ in 0..ROUNDS {
            self.set_ticks(size);
            let around = self.surrounds();
            let sides: Vec<(f64, f64)> = (0..columns).map(|column| self.widest(&around, column)).collect();
            let ends: Vec<(f64, f64)> = (0..rows).map(|row| self.tallest(&around, row)).collect();
            let sum = |pairs: &[(f64, f64)]| pairs.iter().map(|pair| pair.0 + pair.1).sum::<f64>();
            let across = m.width - 2.0 * m.margin - column_gap * (columns - 1) as f64 - sum(&sides);
            let down = limit - top - row_gap * (rows - 1) as f64 - sum(&ends);
            let width = (across / columns as f64).max(4.0 * m.text);
            let height = (width * self.aspect()).min(down / rows as f64).max(4.0 * m.text);
            size = (width, height);
            let lefts = starts(&sides, m.margin, width, column_gap);
            let tops = starts(&ends, top, height, row_gap);
            for (index, frame) in self.frames.iter_mut().enumerate() {
                frame.plot = Rectangle { left: lefts[index % columns], top: tops[index / columns], width, height };
            }
            self.set_names(column_gap);
            bottom = tops[rows - 1] + height + ends[rows - 1].1;
        }
        bottom
    }

    /// The height of the plots as a share of their width: a page of pictures follows the pictures.
    fn aspect(&self) -> f64 {
        let picture = |(panel, frame): (&Panel, &Frame)| {
            let (x, y) = (frame.ranges.x, frame.ranges.y);
            panel.is_picture().then_some((y.1 - y.0) / (x.1 - x.0))
        };
        let pictures: Option<Vec<f64>> = self.figure.panels.iter().zip(&self.frames).map(picture).collect();
        match pictures {
            Some(aspects) => aspects.into_iter().fold(0.0, f64::max).clamp(0.1, 2.0),
            None => self.figure.aspect,
        }
    }

    /// Pictures keep their proportions in the middle of their place.
    fn fit_pictures(&mut self) {
        for (panel, frame) in self.figure.panels.iter().zip(&mut self.frames) {
            frame.title_left = frame.plot.left;
            if panel.is_picture() {
                let (x, y) = (frame.ranges.x, frame.ranges.y);
                let unit = (frame.plot.width / (x.1 - x.0)).min(frame.plot.height / (y.1 - y.0));
                let (width, height) = (unit * (x.1 - x.0), unit * (y.1 - y.0));
                frame.plot = Rectangle {
                    left: frame.plot.left + (frame.plot.width - width) / 2.0,
                    top: frame.plot.top + (frame.plot.height - height) / 2.0,
                    width,
                    height,
                };
            }
        }
    }

    fn set_ticks(&mut self, (width, height): (f64, f64)) {
        let m = self.measures;
        let upright = |_: &str| m.text;
        let y_room = |axis: &Axis| {
            let spacing = if axis.scale == Scale::Linear { 2.8 } else { 2.1 } * m.text;
            Room { length: height, extent: &upright, gap: 0.5 * m.text, spacing }
        };
        for (panel, frame) in self.figure.panels.iter().zip(&mut self.frames) {
            if panel.is_picture() {
                continue;
            }
            let values = |scale: Scale, (low, high)| (scale.value(low), scale.value(high));
            frame.x_ticks = names::across(&panel.x, values(panel.x.scale, frame.ranges.x), width, &m);
            frame.y_ticks = ticks::ticks(&panel.y, values(panel.y.scale, frame.ranges.y), y_room(&panel.y));
            if let Some((raster, range)) = panel.raster().and_then(|raster| Some((raster, raster.positions()?))) {
                frame.colour_ticks = ticks::ticks(&raster.axis, values(raster.axis.scale, range), y_room(&raster.axis));
            }
            let wide = text::wrap(panel.title.as_deref().unwrap_or(""), m.title, Weight::Bold, width);
            frame.title = wide;
        }
        for (panel, frame) in self.figure.panels.iter().zip(&mut self.frames).filter(|(panel, _)| panel.is_picture()) {
            frame.title = text::wrap(panel.title.as_deref().unwrap_or(""), m.title, Weight::Bold, width);
        }
    }

    /// Breaks the names of axes that would reach beyond the page or into the neighbour's: all alike.
    fn set_names(&mut self, gap: f64) {
        let m = self.measures;
        let to_edge = |frame: &Frame| {
            let middle = frame.plot.left + frame.plot.width / 2.0;
            2.0 * (middle - m.margin).min(m.width - m.margin - middle)
        };
        let page = self.frames.iter().map(to_edge).fold(f64::INFINITY, f64::min);
        let pitch = (m.width - 2.0 * m.margin) / self.columns as f64 - gap;
        let across = if self.columns > 1 { pitch.min(page) } else { page };
        for (panel, frame) in self.figure.panels.iter().zip(&mut self.frames) {
            let wrapped = |name: &str, limit: f64| text::wrap(name, m.text, Weight::Regular, limit);
            frame.x_name = wrapped(&panel.x.label, across);
            // Above and below a plot there is room for two lines at least.
            frame.y_name = wrapped(&panel.y.label, frame.plot.height + 2.0 * m.line());
        }
    }

    fn surrounds(&self) -> Vec<Surround> {
        let all = self.figure.panels.iter().zip(&self.frames).zip(self.legends);
        all.map(|((panel, frame), &legend)| self.surround(panel, frame, legend)).collect()
    }

    fn surround(&self, panel: &Panel, frame: &Frame, legend: Legend) -> Surround {
        let m = self.measures;
        let mut around = Surround { top: frame.title.len() as f64 * m.title_line() + m.gap(), ..Surround::default() };
        if frame.title.is_empty() {
            around.top = 0.6 * m.text;
        }
        if panel.is_picture() {
            around.bottom = m.gap();
            return around;
        }
        if frame.shows_y {
            let label = if panel.y.label.is_empty() { 0.0 } else { frame.y_name.len() as f64 * m.line() };
            around.left = label + widest_label(&frame.y_ticks, &m) + m.tick() + m.gap();
        }
        if frame.shows_x {
            let label = if panel.x.label.is_empty() { 0.0 } else { frame.x_name.len() as f64 * m.line() };
            around.bottom = label + m.tick() + names::depth(&frame.x_ticks, &m);
        }
        around.right = self.overhang(panel, frame);
        if let Some(raster) = panel.raster() {
            let label = if raster.axis.label.is_empty() { 0.0 } else { m.line() };
            around.right =
                m.bar_offset() + m.bar_width() + m.tick() + m.gap() + widest_label(&frame.colour_ticks, &m) + label;
        }
        if legend == Legend::LineEnds {
            around.right = around.right.max(labels::end_room(panel, frame, &m));
        }
        around
    }

    /// How far the last label of the x axis reaches beyond the plot.
    fn overhang(&self, panel: &Panel, frame: &Frame) -> f64 {
        let size = self.measures.text;
        let (low, high) = frame.ranges.x;
        let beyond = |(value, label): &(f64, String)| {
            let at = panel.x.scale.position(*value).map_or(0.0, |at| (at - low) / (high - low));
            let width = if frame.x_ticks.upright { size } else { names::width(label, size) };
            width / 2.0 - (1.0 - at) * frame.plot.width
        };
        frame.x_ticks.labelled.iter().map(beyond).fold(0.0, f64::max)
    }

    fn widest(&self, around: &[Surround], column: usize) -> (f64, f64) {
        let panels = around.iter().skip(column).step_by(self.columns);
        panels.fold((0.0, 0.0), |(left, right), one| (one.left.max(left), one.right.max(right)))
    }

    fn tallest(&self, around: &[Surround], row: usize) -> (f64, f64) {
        let panels = around.iter().skip(row * self.columns).take(self.columns);
        panels.fold((0.0, 0.0), |(top, bottom), one| (one.top.max(top), one.bottom.max(bottom)))
    }
}

/// Where plots of one length begin that stand in a line, each with room of its own on both sides.
fn starts(around: &[(f64, f64)], from: f64, length: f64, gap: f64) -> Vec<f64> {
    let mut at = from;
    let next = |&(before, after): &(f64, f64)| {
        let start = at + before;
        at = start + length + after + gap;
        start
    };
    around.iter().map(next).collect()
}

fn widest_label(ticks: &Ticks, measures: &Measures) -> f64 {
    let widths = ticks.labelled.iter().map(|(_, label)| text::width(label, measures.text, Weight::Regular));
    widths.fold(0.0, f64::max)
}
