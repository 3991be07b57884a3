//! Where everything stands, in points from the upper left corner.

use super::legend::{self, Entry};
use super::range::{self, Ranges};
use super::text::{self, Weight};
use super::ticks::{self, Room, Ticks};
use super::{Figure, FigureError, Legend, Panel, Size};

/// A rectangle on the page.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rectangle {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

impl Rectangle {
    pub fn right(self) -> f64 {
        self.left + self.width
    }

    pub fn bottom(self) -> f64 {
        self.top + self.height
    }

    pub fn holds(self, (x, y): (f64, f64)) -> bool {
        self.left <= x && x <= self.right() && self.top <= y && y <= self.bottom()
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
            Size::Slides => (960.0, 540.0, 17.0, 20.0, 2.2, 16.0),
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
}

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
    pub title: Vec<String>,
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

/// The whole page.
#[derive(Clone, Debug)]
pub struct Layout {
    pub measures: Measures,
    pub height: f64,
    pub title: Vec<String>,
    pub frames: Vec<Frame>,
    /// Entries of the legend below all panels, each with its upper left corner.
    pub below: Vec<(Entry, (f64, f64))>,
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

/// Lays a figure out.
pub fn layout(figure: &Figure, size: Size) -> Result<Layout, FigureError> {
    if figure.panels.is_empty() {
        let figure = figure.title.as_ref().unwrap_or(&figure.alternative_text).clone();
        return Err(FigureError::NoPanels { figure });
    }
    let ranges = range::ranges(figure)?;
    let mut legends: Vec<Legend> = figure.panels.iter().map(|panel| panel.legend).collect();
    loop {
        let mut page = Page::new(figure, size, &ranges, &legends).arranged();
        let crowded = place_legends(figure, &mut page, &legends);
        if crowded.is_empty() {
            return Ok(page);
        }
        for index in crowded {
            legends[index] = Legend::Below;
        }
    }
}

/// Puts each inner legend into a free corner; the panels that have none are returned.
fn place_legends(figure: &Figure, page: &mut Layout, legends: &[Legend]) -> Vec<usize> {
    let mut crowded = Vec::new();
    for (index, panel) in figure.panels.iter().enumerate() {
        let entries = legend::entries(figure, std::iter::once(panel));
        if legends[index] != Legend::Inside || entries.is_empty() {
            continue;
        }
        match legend::free_corner(panel, &page.frames[index], &entries, &page.measures) {
            Some(corner) => page.frames[index].legend = Some(corner),
            None => crowded.push(index),
        }
    }
    crowded
}

struct Page<'a> {
    figure: &'a Figure,
    measures: Measures,
    columns: usize,
    legends: &'a [Legend],
    frames: Vec<Frame>,
}

impl<'a> Page<'a> {
    fn new(figure: &'a Figure, size: Size, ranges: &[Ranges], legends: &'a [Legend]) -> Self {
        let measures = Measures::of(size);
        let least = if figure.shared { 12.0 } else { 22.0 } * measures.text;
        let most = libm::floor((measures.width / least).max(1.0)) as usize;
        let columns = figure.columns.min(figure.panels.len()).min(most);
        // A row that is not full would look like a mistake: rather fewer panels side by side.
        let columns = if columns < figure.columns {
            (1..=columns).rev().find(|columns| figure.panels.len().is_multiple_of(*columns)).unwrap_or(1)
        } else {
            columns
        };
        let frames = figure
            .panels
            .iter()
            .enumerate()
            .map(|(index, panel)| {
                let below = figure.panels.get(index + columns);
                let left = (index % columns > 0).then(|| &figure.panels[index - 1]);
                let covered_x = figure.shared && below.is_some_and(|below| panel.x.same_quantity(&below.x));
                let covered_y = figure.shared && left.is_some_and(|left| panel.y.same_quantity(&left.y));
                Frame {
                    plot: Rectangle::default(),
                    ranges: ranges[index],
                    x_ticks: Ticks::default(),
                    y_ticks: Ticks::default(),
                    colour_ticks: Ticks::default(),
                    shows_x: panel.x.shown && !covered_x,
                    shows_y: panel.y.shown && !covered_y,
                    title: Vec::new(),
                    legend: None,
                }
            })
            .collect();
        Self { figure, measures, columns, legends, frames }
    }

    /// Ticks need the size of the plots, and the plots leave room for the ticks: a few rounds settle both.
    fn arranged(mut self) -> Layout {
        let m = self.measures;
        let rows = self.figure.panels.len().div_ceil(self.columns);
        let width = m.width - 2.0 * m.margin;
        let title = self.figure.title.as_deref().unwrap_or("");
        let title = text::wrap(title, 1.12 * m.title, Weight::Bold, width);
        let caption = text::wrap(self.figure.caption.as_deref().unwrap_or(""), 0.92 * m.text, Weight::Regular, width);
        let top = m.margin + if title.is_empty() { 0.0 } else { title.len() as f64 * 1.12 * m.title_line() + m.gap() };
        let named = self.figure.panels.iter().zip(self.legends).filter(|(_, legend)| **legend == Legend::Below);
        let entries = legend::entries(self.figure, named.map(|(panel, _)| panel));
        let (below, below_height) = legend::flow(entries, &m);
        let foot = below_height + caption.len() as f64 * m.line() + if caption.is_empty() { 0.0 } else { m.gap() };
        let mut bottom = 0.0;
        let mut plot = (width / self.columns as f64 * 0.8, width / self.columns as f64 * 0.8 * self.figure.aspect);
        for _ in 0..4 {
            self.set_ticks(plot);
            let around = self.surrounds();
            let (lefts, rights): (Vec<f64>, Vec<f64>) =
                (0..self.columns).map(|column| self.widest(&around, column)).unzip();
            let gaps = 1.4 * m.text * (self.columns - 1) as f64;
            let free = width - gaps - lefts.iter().chain(&rights).sum::<f64>();
            let plot_width = (free / self.columns as f64).max(4.0 * m.text);
            let (tops, bottoms): (Vec<f64>, Vec<f64>) = (0..rows).map(|row| self.tallest(&around, row)).unzip();
            let row_gaps = 1.1 * m.text * (rows - 1) as f64;
            let used = top + row_gaps + tops.iter().chain(&bottoms).sum::<f64>() + foot + m.margin;
            let plot_height = (plot_width * self.aspect()).min((m.height - used) / rows as f64).max(4.0 * m.text);
            plot = (plot_width, plot_height);
            let mut y = top;
            for row in 0..rows {
                y += tops[row];
                let mut x = m.margin;
                for column in 0..self.columns {
                    x += lefts[column];
                    if let Some(frame) = self.frames.get_mut(row * self.columns + column) {
                        frame.plot = Rectangle { left: x, top: y, width: plot_width, height: plot_height };
                    }
                    x += plot_width + rights[column] + 1.4 * m.text;
                }
                y += plot_height + bottoms[row] + 1.1 * m.text;
            }
            bottom = y - 1.1 * m.text;
        }
        self.fit_pictures();
        let below = below.into_iter().map(|(entry, (x, y))| (entry, (x, y + bottom))).collect();
        let caption_top = bottom + below_height + m.gap();
        Layout {
            measures: m,
            height: bottom + foot + m.margin,
            title,
            frames: self.frames,
            below,
            caption,
            caption_top,
        }
    }

    /// The height of the plots as a share of their width: a page of pictures follows the pictures.
    fn aspect(&self) -> f64 {
        let picture = |(panel, frame): (&Panel, &Frame)| {
            let (x, y) = (frame.ranges.x, frame.ranges.y);
            panel.is_picture().then_some((y.1 - y.0) / (x.1 - x.0))
        };
        let pictures: Option<Vec<f64>> = self.figure.panels.iter().zip(&self.frames).map(picture).collect();
        match pictures {
            Some(aspects) => aspects.into_iter().fold(0.0, f64::max).clamp(0.2, 2.0),
            None => self.figure.aspect,
        }
    }

    /// Pictures keep their proportions in the middle of their place.
    fn fit_pictures(&mut self) {
        for (panel, frame) in self.figure.panels.iter().zip(&mut self.frames) {
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
        let across = |label: &str| text::width(label, m.text, Weight::Regular);
        let upright = |_: &str| m.text;
        let x_room = Room { length: width, extent: &across, gap: 0.9 * m.text, spacing: 2.6 * m.text };
        let y_room = Room { length: height, extent: &upright, gap: 0.5 * m.text, spacing: 2.0 * m.text };
        for (panel, frame) in self.figure.panels.iter().zip(&mut self.frames) {
            if panel.is_picture() {
                continue;
            }
            let values = |scale: super::Scale, (low, high)| (scale.value(low), scale.value(high));
            frame.x_ticks = ticks::ticks(&panel.x, values(panel.x.scale, frame.ranges.x), x_room);
            frame.y_ticks = ticks::ticks(&panel.y, values(panel.y.scale, frame.ranges.y), y_room);
            if let Some((raster, range)) = panel.raster().and_then(|raster| Some((raster, raster.positions()?))) {
                frame.colour_ticks = ticks::ticks(&raster.axis, values(raster.axis.scale, range), y_room);
            }
            let wide = text::wrap(panel.title.as_deref().unwrap_or(""), m.title, Weight::Bold, width + 3.0 * m.text);
            frame.title = wide;
        }
        for (panel, frame) in self.figure.panels.iter().zip(&mut self.frames).filter(|(panel, _)| panel.is_picture()) {
            frame.title = text::wrap(panel.title.as_deref().unwrap_or(""), m.title, Weight::Bold, width);
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
            return around;
        }
        if frame.shows_y {
            let label = if panel.y.label.is_empty() { 0.0 } else { m.line() };
            around.left = label + widest_label(&frame.y_ticks, &m) + m.tick() + m.gap();
        }
        if frame.shows_x {
            let label = if panel.x.label.is_empty() { 0.0 } else { m.line() };
            around.bottom = label + m.tick() + m.line();
        }
        around.right = self.overhang(panel, frame);
        if let Some(raster) = panel.raster() {
            let label = if raster.axis.label.is_empty() { 0.0 } else { m.line() };
            around.right =
                bar_offset(&m) + bar_width(&m) + m.tick() + m.gap() + widest_label(&frame.colour_ticks, &m) + label;
        }
        if legend == Legend::LineEnds {
            around.right = around.right.max(legend::end_room(panel, frame, &m));
        }
        around
    }

    /// How far the last label of the x axis reaches beyond the plot.
    fn overhang(&self, panel: &Panel, frame: &Frame) -> f64 {
        let size = self.measures.text;
        let (low, high) = frame.ranges.x;
        let beyond = |(value, label): &(f64, String)| {
            let at = panel.x.scale.position(*value).map_or(0.0, |at| (at - low) / (high - low));
            text::width(label, size, Weight::Regular) / 2.0 - (1.0 - at) * frame.plot.width
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

fn widest_label(ticks: &Ticks, measures: &Measures) -> f64 {
    let widths = ticks.labelled.iter().map(|(_, label)| text::width(label, measures.text, Weight::Regular));
    widths.fold(0.0, f64::max)
}

/// The gap between a plot and its colour bar.
pub fn bar_offset(measures: &Measures) -> f64 {
    0.9 * measures.text
}

/// The width of a colour bar.
pub fn bar_width(measures: &Measures) -> f64 {
    1.1 * measures.text
}
