//! The three spheres, from the table alone.

use embedding_norms_lab::figure::{Figure, Layer, Legend, Marker, Panel, Style};

use super::PointRow;
use super::view::{Trail, globe, style, trails};

/// What the panels are called, before the number of steps.
const NAMES: [&str; 3] = [
    "Shorter than the best norm: pairs overshoot,",
    "At the best norm: pairs meet in",
    "Longer than the best norm: pairs approach,",
];

const TEXT: &str = "Three spheres with the same pairs of points. From a norm shorter than the best one the two points of a pair \
                    pass each other in the first step and come back slowly. From the best norm they meet in one step. From \
                    a longer norm they approach in many small steps.";
const CAPTION: &str = "Open circles: start. Dots: after each step. Large discs: where the pair ends. Paths on the far side are \
                       pale, and the two members' paths are drawn side by side.";

pub fn figure(rows: &[PointRow]) -> Figure {
    let panels = trails(rows).into_iter().zip(NAMES).map(|(trails, name)| {
        let title = format!("{name} {}", steps(&trails));
        trails.iter().fold(globe().title(title).legend(Legend::Below), draw)
    });
    Figure::new(TEXT).columns(3).panels(panels).caption(CAPTION)
}

/// The steps that the pairs of a panel take, in words.
fn steps(trails: &[Trail]) -> String {
    let (least, most) =
        trails.iter().fold((usize::MAX, 0), |(least, most), trail| (least.min(trail.steps()), most.max(trail.steps())));
    match (least, most) {
        (1, 1) => "1 step".to_owned(),
        (least, most) if least == most => format!("{most} steps"),
        (least, most) => format!("{least} to {most} steps"),
    }
}

/// One member's path with its start, its steps and its end.
fn draw(panel: Panel, trail: &Trail) -> Panel {
    let (last, look) = (trail.steps(), style(trail.pair).marker(Marker::Circle));
    let label = format!("from φ₀ = {} rad", trail.angle);
    let mut panel = panel.layer(Layer::path(label, trail.until(last as f64)).style(look));
    for step in 1..last {
        panel = panel.layer(spot(trail.at(step as f64), look.size(0.55)));
    }
    panel.layer(spot(trail.at(0.0), look.open().size(1.1))).layer(spot(trail.at(last as f64), look.size(1.25)))
}

/// A point with its opacity.
pub fn spot((x, y, opacity): (f64, f64, f64), style: Style) -> Layer {
    Layer::markers("", vec![(x, y)]).style(style.opacity(opacity))
}
