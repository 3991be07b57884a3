//! The three spheres in motion: one clock for all, a loop without a jump.

use embedding_norms_lab::figure::{Figure, Layer, Legend, Marker, Panel};

use super::PointRow;
use super::figures::spot;
use super::view::{Trail, globe, style, trails};

/// Frames in which the points move, in which they rest at the end, and in which the paths fade.
const MOVING: usize = 42;
const RESTING: usize = 9;
const FADING: usize = 9;

/// What a frame shows: the time in steps, and how visible the paths still are.
#[derive(Clone, Copy)]
struct Moment {
    time: f64,
    shown: f64,
}

/// The frames of one loop.
pub fn frames(rows: &[PointRow]) -> Vec<Figure> {
    let all = trails(rows);
    let longest = all.iter().flatten().map(Trail::steps).max().unwrap_or(0) as f64;
    let moments = (0..MOVING + RESTING + FADING).map(|frame| moment(frame, longest));
    moments.map(|moment| figure(&all, moment)).collect()
}

/// The clock runs slowly at first, when the steps are large.
fn moment(frame: usize, longest: f64) -> Moment {
    let share = (frame as f64 / MOVING as f64).min(1.0);
    let faded = frame.saturating_sub(MOVING + RESTING - 1) as f64 / FADING as f64;
    Moment { time: longest * share * share, shown: 1.0 - faded }
}

fn figure(all: &[Vec<Trail>], moment: Moment) -> Figure {
    let names = ["Short norm", "Best norm", "Long norm"];
    let panels = all.iter().zip(names).map(|(trails, name)| {
        let last = trails.iter().map(Trail::steps).max().unwrap_or(0) as f64;
        let title = format!("{name}: step {}", moment.time.min(last).floor());
        trails.iter().fold(globe().title(title).legend(Legend::Hidden), |panel, trail| draw(panel, trail, moment))
    });
    Figure::new("Pairs of points move over three spheres until they meet.").columns(3).panels(panels)
}

fn draw(panel: Panel, trail: &Trail, Moment { time, shown }: Moment) -> Panel {
    let look = style(trail.pair).marker(Marker::Circle);
    let faded = |(x, y, opacity): (f64, f64, f64), share: f64| (x, y, opacity * share);
    let way = trail.until(time).into_iter().map(|point| faded(point, shown)).collect();
    let start = trail.at(0.0);
    // While the paths fade, the points appear at the start again.
    panel
        .layer(Layer::path("", way).style(look))
        .layer(spot(start, look.open().size(1.1)))
        .layer(spot(faded(start, 1.0 - shown), look.size(1.25)))
        .layer(spot(faded(trail.at(time), shown), look.size(1.25)))
}
