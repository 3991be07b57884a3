//! The picture of the sphere: where pairs stand, the camera, the lines of the globe, and paths upon it.

use std::f64::consts::PI;

use embedding_norms::sphere::{geodesic, inner, norm_of};
use embedding_norms_lab::figure::{Colour, Layer, Panel, Style};
use ndarray::{Array1, ArrayView1, array};

use super::{Member, PointRow, REGIMES, Regime};
use crate::simulations::grouping::by;

/// How far the camera looks down, in radians.
const ELEVATION: f64 = 0.3;
/// How opaque paths on the far side are.
const FAR: f64 = 0.22;
/// How far each member's path is drawn beside the great circle, in radii, so that both are seen where they pass.
const BESIDE: f64 = 0.02;

/// The directions of pair `index` of `pairs`: one above the other in front of the camera, tilted in turn.
pub fn placed(index: usize, pairs: usize, angle: f64) -> ([f64; 3], [f64; 3]) {
    let share = if pairs > 1 { index as f64 / (pairs - 1) as f64 } else { 0.5 };
    let (latitude, tilt) = (ELEVATION + 0.85 - 1.7 * share, if index.is_multiple_of(2) { 0.2 } else { -0.25 });
    // The camera looks along −x, from above by its elevation; y is to its right.
    let (sine, cosine) = (libm::sin(latitude), libm::cos(latitude));
    let middle = [cosine, 0.0, sine];
    let (across, up) = ([0.0, 1.0, 0.0], [-sine, 0.0, cosine]);
    let way = [0, 1, 2].map(|k| libm::cos(tilt) * across[k] + libm::sin(tilt) * up[k]);
    let (along, aside) = (libm::cos(0.5 * angle), libm::sin(0.5 * angle));
    ([0, 1, 2].map(|k| along * middle[k] - aside * way[k]), [0, 1, 2].map(|k| along * middle[k] + aside * way[k]))
}

/// A point as the camera sees it: right, up, and towards the camera.
fn seen(point: &Array1<f64>) -> (f64, f64, f64) {
    let (sine, cosine) = (libm::sin(ELEVATION), libm::cos(ELEVATION));
    (point[1], cosine * point[2] - sine * point[0], cosine * point[0] + sine * point[2])
}

/// A path of one member: its directions after each step.
pub struct Trail {
    pub pair: usize,
    pub angle: f64,
    directions: Vec<Array1<f64>>,
    /// By how much the path is drawn beside its place.
    shift: Array1<f64>,
}

impl Trail {
    /// Both paths of a pair.
    fn both(rows: &[&PointRow]) -> [Self; 2] {
        let (pair, angle) = (rows[0].pair, rows[0].angle);
        let [first, second] = [Member::First, Member::Second].map(|member| directions(rows, member));
        let normal = cross(first[0].view(), second[0].view());
        let shift = &normal * (BESIDE / norm_of(normal.view()));
        let first = Self { pair, angle, directions: first, shift: -&shift };
        [first, Self { pair, angle, directions: second, shift }]
    }

    /// The number of steps.
    pub fn steps(&self) -> usize {
        self.directions.len() - 1
    }

    /// Where the member is at a time, counted in steps: x, y, opacity. Within a step it follows the great circle.
    pub fn at(&self, time: f64) -> (f64, f64, f64) {
        let time = time.clamp(0.0, self.steps() as f64);
        let step = (time.floor() as usize).min(self.steps().saturating_sub(1));
        let (from, to) = (&self.directions[step], &self.directions[(step + 1).min(self.steps())]);
        // Steps rotate by less than a right angle, so the shortest path is always unique.
        let point = geodesic(from.view(), to.view(), time - step as f64).unwrap_or_else(|_| to.clone());
        let (x, y, near) = seen(&(point + &self.shift));
        (x, y, if near >= 0.0 { 1.0 } else { FAR })
    }

    /// The path until a time, as points.
    pub fn until(&self, time: f64) -> Vec<(f64, f64, f64)> {
        const PIECES: usize = 24;
        let end = time.min(self.steps() as f64);
        let mut points = Vec::new();
        for step in 0..end.ceil() as usize {
            let last = (step as f64 + 1.0).min(end);
            let turned = 1.0 - inner(self.directions[step].view(), self.directions[step + 1].view());
            // Small steps need few pieces.
            let pieces = ((PIECES as f64 * turned.max(0.0).sqrt()).ceil() as usize).clamp(1, PIECES);
            let within = (0..pieces).map(|piece| step as f64 + (last - step as f64) * piece as f64 / pieces as f64);
            points.extend(within.map(|time| self.at(time)));
        }
        points.push(self.at(end));
        points
    }
}

/// The directions of a member after each step.
fn directions(rows: &[&PointRow], member: Member) -> Vec<Array1<f64>> {
    let points = rows.iter().filter(|row| row.member == member).map(|row| array![row.x, row.y, row.z]);
    points.map(|point| &point / norm_of(point.view())).collect()
}

/// The vector product.
pub fn cross(x: ArrayView1<'_, f64>, y: ArrayView1<'_, f64>) -> Array1<f64> {
    array![x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]]
}

/// An empty globe.
pub fn globe() -> Panel {
    let edge = 1.05;
    let mut panel = Panel::picture((-edge, edge), (-edge, edge)).layer(Layer::disc((0.0, 0.0), 1.0));
    let style =
        Style::reference().colour(Colour::PAPER).dash(embedding_norms_lab::figure::Dash::Solid).width(0.7).opacity(0.8);
    for line in graticule() {
        panel = panel.layer(Layer::line("", line).style(style));
    }
    panel
}

/// The near side of every sixth of a half turn of latitude and longitude.
fn graticule() -> Vec<Vec<(f64, f64)>> {
    let line = |point: &dyn Fn(f64) -> Array1<f64>| -> Vec<(f64, f64)> {
        let points = (0..=120).map(|part| seen(&point(2.0 * PI * f64::from(part) / 120.0)));
        points.map(|(x, y, near)| if near >= 0.0 { (x, y) } else { (f64::NAN, f64::NAN) }).collect()
    };
    let parallels = (-2..=2).map(|band| {
        let latitude = PI / 6.0 * f64::from(band);
        let (radius, height) = (libm::cos(latitude), libm::sin(latitude));
        line(&|turn| array![radius * libm::cos(turn), radius * libm::sin(turn), height])
    });
    let meridians = (0..6).map(|band| {
        let longitude = PI / 6.0 * f64::from(band);
        line(&|turn| {
            let across = libm::cos(turn);
            array![across * libm::cos(longitude), across * libm::sin(longitude), libm::sin(turn)]
        })
    });
    parallels.chain(meridians).collect()
}

/// The look of a pair.
pub fn style(pair: usize) -> Style {
    Style::series(pair).dash(embedding_norms_lab::figure::Dash::Solid)
}

/// The paths of all regimes, in the order of the panels.
pub fn trails(rows: &[PointRow]) -> Vec<Vec<Trail>> {
    let of_regime = |regime: Regime| {
        let pairs = by(rows.iter().filter(|row| row.regime == regime), |row| row.pair as f64);
        pairs.iter().flat_map(|(_, rows)| Trail::both(rows)).collect()
    };
    REGIMES.map(of_regime).into()
}
