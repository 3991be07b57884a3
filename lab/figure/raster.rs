//! Heat maps: a grid of values, drawn as one embedded image, and its contours.

use base64::Engine;

use super::FigureError;
use super::axis::{Axis, Scale};
use super::palette::{Colour, ColourMap};

/// A grid of values over a rectangle of the panel, and the colours that show them.
///
/// The cells are equally wide on the scale of the axis: on a logarithmic axis they stand for equal ratios. A value that
/// is not a number is grey.
#[derive(Clone, Debug, PartialEq)]
pub struct Raster {
    pub(crate) columns: usize,
    pub(crate) values: Vec<f64>,
    pub(crate) x: (f64, f64),
    pub(crate) y: (f64, f64),
    pub(crate) axis: Axis,
    pub(crate) colours: ColourMap,
}

impl Raster {
    /// A heat map of `values`, row after row from the bottom up, each of `columns` cells; `x` and `y` are the outer
    /// edges of the grid. The axis of the colour bar names the quantity, and says its scale and range.
    pub fn new(columns: usize, values: Vec<f64>, x: (f64, f64), y: (f64, f64), axis: Axis) -> Self {
        Self { columns, values, x, y, axis, colours: ColourMap::Sequential }
    }

    /// Other colours.
    #[must_use]
    pub fn colours(self, colours: ColourMap) -> Self {
        Self { colours, ..self }
    }

    /// Rows of the grid.
    pub fn rows(&self) -> usize {
        self.values.len().checked_div(self.columns).unwrap_or(0)
    }

    pub(crate) fn whole(&self) -> bool {
        self.columns > 0 && !self.values.is_empty() && self.values.len().is_multiple_of(self.columns)
    }

    /// The least and the greatest value that the colours tell apart, on the scale of the colour bar.
    pub(crate) fn positions(&self) -> Option<(f64, f64)> {
        let scale = self.axis.scale;
        if let Some((low, high)) = self.axis.range {
            return scale.position(low).zip(scale.position(high)).filter(|(low, high)| low < high);
        }
        let places = self.values.iter().filter_map(|&value| scale.position(value));
        let (low, high) =
            places.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), at| (low.min(at), high.max(at)));
        if low < high { Some((low, high)) } else { (low == high).then_some((low - 0.5, high + 0.5)) }
    }

    fn colour(&self, value: f64, (low, high): (f64, f64)) -> Colour {
        match self.axis.scale.position(value) {
            Some(place) => self.colours.colour((place - low) / (high - low)),
            None => Colour::MISSING,
        }
    }

    /// The heat map as a data URI. Few cells are enlarged, so that no viewer blurs their edges.
    pub(crate) fn image(&self) -> Result<String, FigureError> {
        let range = self.positions().unwrap_or((0.0, 1.0));
        let rows: Vec<&[f64]> = self.values.chunks(self.columns).rev().collect();
        sharp_image(&rows, 480, |value| self.colour(value, range))
    }

    /// The colours of the bar, from the top down, as a data URI.
    pub(crate) fn bar(&self) -> Result<String, FigureError> {
        const STEPS: usize = 256;
        let pixels: Vec<u8> = (0..STEPS)
            .rev()
            .flat_map(|step| {
                let Colour(red, green, blue) = self.colours.colour(step as f64 / (STEPS - 1) as f64);
                [red, green, blue]
            })
            .collect();
        data_uri(&pixels, 1, STEPS)
    }

    /// The lines along which the values equal `level`, as points for [`super::Layer::line`]: pieces are set apart by a
    /// point that is not a number. The scales are those of the panel's axes.
    pub fn contour(&self, level: f64, x_scale: Scale, y_scale: Scale) -> Vec<(f64, f64)> {
        let height = |column: usize, row: usize| {
            let place = self.axis.scale.position(self.values[row * self.columns + column])?;
            Some(place - self.axis.scale.position(level)?)
        };
        let along = |scale: Scale, (from, to): (f64, f64), cells: usize, at: f64| {
            let (from, to) = (scale.position(from).unwrap_or(0.0), scale.position(to).unwrap_or(1.0));
            scale.value(from + (to - from) * (at + 0.5) / cells as f64)
        };
        let place = |(column, row): (f64, f64)| {
            (along(x_scale, self.x, self.columns, column), along(y_scale, self.y, self.rows(), row))
        };
        let mut segments = Vec::new();
        for row in 0..self.rows().saturating_sub(1) {
            for column in 0..self.columns.saturating_sub(1) {
                segments.extend(cell_segments(column, row, &height));
            }
        }
        chain(segments).into_iter().map(place).collect()
    }
}

type Point = (f64, f64);

/// The pieces of a contour inside one square of four neighbouring cells: where the height changes its sign.
fn cell_segments(column: usize, row: usize, height: &impl Fn(usize, usize) -> Option<f64>) -> Vec<(Point, Point)> {
    let corners = [(0, 0), (1, 0), (1, 1), (0, 1)].map(|(right, up)| (column + right, row + up));
    let heights = corners.map(|(column, row)| height(column, row));
    let [Some(a), Some(b), Some(c), Some(d)] = heights else { return Vec::new() };
    let heights = [a, b, c, d];
    let crossings: Vec<Point> = (0..4)
        .filter(|&edge| (heights[edge] < 0.0) != (heights[(edge + 1) % 4] < 0.0))
        .map(|edge| {
            let (from, to) = (corners[edge], corners[(edge + 1) % 4]);
            // From the lower corner, so that both squares beside an edge find the same point to the last bit.
            let ((from, low), (to, high)) = if from < to {
                ((from, heights[edge]), (to, heights[(edge + 1) % 4]))
            } else {
                ((to, heights[(edge + 1) % 4]), (from, heights[edge]))
            };
            let share = low / (low - high);
            let between = |from: usize, to: usize| from as f64 + (to as f64 - from as f64) * share;
            (between(from.0, to.0), between(from.1, to.1))
        })
        .collect();
    crossings.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
}

/// Joins segments that share an end into runs, which are set apart by a point that is not a number.
fn chain(segments: Vec<(Point, Point)>) -> Vec<Point> {
    use std::collections::BTreeMap;
    let key = |point: Point| (point.0.to_bits(), point.1.to_bits());
    let mut ends: BTreeMap<(u64, u64), Vec<usize>> = BTreeMap::new();
    for (index, (from, to)) in segments.iter().enumerate() {
        ends.entry(key(*from)).or_default().push(index);
        ends.entry(key(*to)).or_default().push(index);
    }
    let mut used = vec![false; segments.len()];
    let mut follow = |mut at: Point| {
        let mut run = vec![at];
        while let Some(&next) = ends[&key(at)].iter().find(|&&index| !used[index]) {
            used[next] = true;
            let (from, to) = segments[next];
            at = if key(from) == key(at) { to } else { from };
            run.push(at);
        }
        run
    };
    let open = segments.iter().flat_map(|(from, to)| [*from, *to]).filter(|point| ends[&key(*point)].len() == 1);
    let starts: Vec<Point> = open.chain(segments.iter().map(|(from, _)| *from)).collect();
    let mut points = Vec::new();
    for start in starts {
        let run = follow(start);
        if run.len() > 1 {
            points.extend(run);
            points.push((f64::NAN, f64::NAN));
        }
    }
    points
}

/// Rows of values in colours, the top one first, as a data URI; cells are enlarged until a side has `sharp` pixels.
pub(super) fn sharp_image(
    rows: &[&[f64]],
    sharp: usize,
    colour: impl Fn(f64) -> Colour,
) -> Result<String, FigureError> {
    let columns = rows.first().map_or(0, |row| row.len());
    let enlarge = sharp.div_ceil(columns.max(rows.len()).max(1)).max(1);
    let mut pixels = Vec::with_capacity(3 * columns * rows.len() * enlarge * enlarge);
    for row in rows {
        let line: Vec<u8> = row
            .iter()
            .flat_map(|&value| {
                let Colour(red, green, blue) = colour(value);
                std::iter::repeat_n([red, green, blue], enlarge).flatten()
            })
            .collect();
        for _ in 0..enlarge {
            pixels.extend_from_slice(&line);
        }
    }
    data_uri(&pixels, columns * enlarge, rows.len() * enlarge)
}

fn data_uri(pixels: &[u8], width: usize, height: usize) -> Result<String, FigureError> {
    let size = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, size(width), size(height));
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header().map_err(|error| FigureError::Image(error.to_string()))?;
    writer.write_image_data(pixels).map_err(|error| FigureError::Image(error.to_string()))?;
    writer.finish().map_err(|error| FigureError::Image(error.to_string()))?;
    Ok(format!("data:image/png;base64,{}", base64::engine::general_purpose::STANDARD.encode(file)))
}
